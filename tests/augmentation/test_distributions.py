"""What is drawn has the distribution of torchvision's own class: 10,000 draws of each, compared."""

import math

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from cnnviz.augmentation import OPERATIONS, Pipeline
from cnnviz.specs.augmentation import (
    ADJUSTMENTS,
    Brightness,
    ColorJitter,
    Contrast,
    HorizontalFlip,
    Hue,
    RandomResizedCrop,
    Saturation,
    VerticalFlip,
)

COUNT = 10_000
# A Kolmogorov–Smirnov distance this large comes up once in ten thousand comparisons of equal distributions.
LIMIT = math.sqrt(-math.log(1e-4 / 2) / 2) * math.sqrt(2 / COUNT)

OPERATIONS_AND_SIZES = [
    (HorizontalFlip(), (28, 28)),
    (HorizontalFlip(p=0.1), (28, 28)),
    (VerticalFlip(p=0.8), (28, 28)),
    (Brightness(), (28, 28)),
    (Brightness(brightness=1), (28, 28)),
    (Contrast(contrast=0.3), (28, 28)),
    (Saturation(), (28, 28)),
    (Hue(), (28, 28)),
    (ColorJitter(), (28, 28)),
    (ColorJitter(contrast=0, hue=0.1), (28, 28)),
    (RandomResizedCrop(), (300, 451)),
    (RandomResizedCrop(), (28, 28)),
    (RandomResizedCrop(scale=(0.05, 0.3), ratio=(0.75, 4 / 3)), (96, 96)),
    (RandomResizedCrop(scale=(0.9, 1.0), ratio=(2.0, 3.0)), (60, 90)),  # nearly always the middle
    (RandomResizedCrop(scale=(0.8, 1.0)), (200, 40)),
    (RandomResizedCrop(scale=(0.01, 0.02), ratio=(0.1, 10)), (9, 9)),
]


def _ours(operation, size) -> dict[str, np.ndarray]:
    pipeline = Pipeline(operations=(operation,))
    (values,) = pipeline.draw_batch(torch.Generator().manual_seed(7), COUNT, size)
    return {name: value.numpy() for name, value in values.items()}


def _torchvisions(operation, size) -> dict[str, np.ndarray]:
    """The same names and meanings, from torchvision's class."""
    name, arguments = operation.torchvision_call()
    transform = getattr(v2, name)(**arguments)
    image = torch.zeros((3, *size), dtype=torch.uint8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        if "Flip" in name:
            marked = torch.tensor([[[0, 1], [2, 3]]])
            return {"flipped": np.array([bool((transform(marked) != marked).any()) for _ in range(COUNT)])}
        draws = [transform.make_params([image]) for _ in range(COUNT)]
    if name == "RandomResizedCrop":
        values = {key: np.array([draw[key] for draw in draws]) for key in ("top", "left", "height", "width")}
        area = values["height"] * values["width"] / (size[0] * size[1])
        return {**values, "area": area, "ratio": values["width"] / values["height"]}
    values = {
        key: np.array([draw[f"{key}_factor"] for draw in draws])
        for key in ADJUSTMENTS
        if draws[0][f"{key}_factor"] is not None
    }
    if isinstance(operation, ColorJitter):
        values["order"] = np.array([draw["fn_idx"].tolist() for draw in draws])
    return values


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """The largest distance between two empirical distribution functions."""
    points = np.union1d(first, second)
    shares = [np.searchsorted(np.sort(values), points, side="right") / len(values) for values in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


def test_every_operation_is_compared():
    assert {type(operation) for operation, _size in OPERATIONS_AND_SIZES} == set(OPERATIONS)


@pytest.mark.parametrize(("operation", "size"), OPERATIONS_AND_SIZES, ids=lambda value: str(value)[:60])
def test_draws_have_torchvisions_distribution(operation, size):
    ours, theirs = _ours(operation, size), _torchvisions(operation, size)
    assert set(ours) == set(theirs)
    for name in ours:
        if name == "order":
            continue
        assert distance(ours[name].astype(float), theirs[name].astype(float)) < LIMIT, name
        if ours[name].dtype != bool:
            assert theirs[name].min() - ours[name].min() == pytest.approx(0, abs=0.02 * np.ptp(theirs[name]) + 2)


@pytest.mark.parametrize("size", [(300, 451), (28, 28)])
def test_a_crops_numbers_belong_together_as_torchvisions_do(size):
    """Not only each number's own distribution: where a crop of a given size stands, and area against ratio."""
    ours, theirs = _ours(RandomResizedCrop(), size), _torchvisions(RandomResizedCrop(), size)
    for first, second in (("height", "width"), ("top", "height"), ("left", "width"), ("area", "ratio")):
        pair = [np.corrcoef(values[first], values[second])[0, 1] for values in (ours, theirs)]
        assert pair[0] == pytest.approx(pair[1], abs=5 * math.sqrt(2 / COUNT)), (first, second)
    places = [values["top"] / np.maximum(size[0] - values["height"], 1) for values in (ours, theirs)]
    assert distance(*places) < LIMIT


def test_the_area_is_uniform_and_the_ratio_log_uniform():
    """Where every try fits, against the formulas themselves."""
    crop = RandomResizedCrop(scale=(0.1, 0.4), ratio=(0.5, 2.0))
    values = _ours(crop, (2000, 2000))
    area = np.sort((values["area"] - 0.1) / 0.3)
    ratio = np.sort(np.log2(values["ratio"]) / 2 + 0.5)
    for sample in (area, ratio):
        assert np.abs(sample - np.arange(COUNT) / COUNT).max() < LIMIT
    assert np.median(values["ratio"]) == pytest.approx(1, abs=0.03)  # a uniform ratio would have 1.25


def test_all_orders_of_the_four_adjustments_are_equally_likely():
    """Chi-square over the 24 permutations; 23 degrees of freedom exceed 58.6 once in twenty thousand."""
    for values in (_ours(ColorJitter(), (28, 28)), _torchvisions(ColorJitter(), (28, 28))):
        _orders, counts = np.unique(values["order"], axis=0, return_counts=True)
        assert len(counts) == 24
        assert ((counts - COUNT / 24) ** 2 / (COUNT / 24)).sum() < 58.6


def test_factors_of_one_image_are_independent():
    values = _ours(ColorJitter(), (28, 28))
    for first in ADJUSTMENTS:
        for second in ADJUSTMENTS:
            if first != second:
                assert abs(np.corrcoef(values[first], values[second])[0, 1]) < 0.05


def test_the_samples_of_one_seed_and_of_neighbouring_seeds_are_independent():
    """Each sample has a generator of its own; together they must still look like one good stream."""
    pipeline = Pipeline(operations=(HorizontalFlip(), Brightness()))
    from PIL import Image

    dot = Image.new("L", (1, 1))
    draws = [[sample.drawn for sample in pipeline.samples(dot, count=40, seed=seed)] for seed in range(50)]
    flips = np.array([[drawn[0].values["flipped"] for drawn in grid] for grid in draws], dtype=float)
    factors = np.array([[drawn[1].values["brightness"] for drawn in grid] for grid in draws])
    assert flips.mean() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(flips.size))
    assert np.abs(np.sort(factors.ravel()) - 0.5 - np.arange(factors.size) / factors.size).max() < 0.05
    for shifted in (factors[:, 1:], factors[1:]):
        base = factors[:, :-1] if shifted.shape[1] < 40 else factors[:-1]
        assert abs(np.corrcoef(base.ravel(), shifted.ravel())[0, 1]) < 0.1
