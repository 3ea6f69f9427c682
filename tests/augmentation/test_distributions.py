"""What is drawn has the distribution of torchvision's own class: 10,000 draws of each, compared."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from cnnviz.augmentation import Pipeline
from cnnviz.specs.augmentation import (
    ADJUSTMENTS,
    PICTURE_OPERATIONS,
    Affine,
    AugMix,
    AutoAugment,
    Autocontrast,
    Brightness,
    CenterCrop,
    ChannelPermutation,
    ColorJitter,
    Contrast,
    Elastic,
    Equalize,
    GaussianBlur,
    GaussianNoise,
    Grayscale,
    HorizontalFlip,
    Hue,
    Invert,
    Lighting,
    Pad,
    Perspective,
    Posterize,
    RandAugment,
    RandomCrop,
    RandomErasing,
    RandomResizedCrop,
    Resize,
    Rotation,
    Saturation,
    Sharpness,
    Solarize,
    TrivialAugmentWide,
    VerticalFlip,
)
from tests.augmentation.torchvision_draws import torchvisions

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
    (RandomCrop(size=28, padding=4), (28, 28)),
    (RandomCrop(size=50), (50, 60)),
    (Rotation(), (28, 28)),
    (Affine(shear_y=(-5, 20)), (30, 45)),
    (Perspective(), (30, 45)),
    (Perspective(distortion=0.9, p=1), (7, 4)),
    (Lighting(), (4, 4)),
    (Grayscale(p=0.1), (4, 4)),
    (ChannelPermutation(), (4, 4)),
    (Invert(), (4, 4)),
    (Posterize(p=0.7), (4, 4)),
    (Solarize(), (4, 4)),
    (Equalize(p=0.3), (4, 4)),
    (Autocontrast(), (4, 4)),
    (GaussianBlur(sigma=(0.5, 3)), (28, 28)),
    (Sharpness(p=0.8), (4, 4)),
    (RandomErasing(), (30, 45)),
    (RandomErasing(p=1, scale=(0.5, 1)), (28, 28)),  # often none that fits
]
POLICIES = [
    AutoAugment(), AutoAugment(policy="cifar10"), AutoAugment(policy="svhn"), RandAugment(),
    RandAugment(num_ops=3, magnitude=22), TrivialAugmentWide(),
    AugMix(severity=8, mixture_width=2, alpha=0.4),
]  # fmt: skip
NOTHING_DRAWN = {CenterCrop, Resize, Pad}
PATTERNS = {GaussianNoise, Elastic}  # in test_patterns


def _ours(operation, size) -> dict[str, np.ndarray]:
    pipeline = Pipeline(operations=(operation,))
    (values,) = pipeline.draw_batch(torch.Generator().manual_seed(7), COUNT, size)
    return {name: value.numpy() for name, value in values.items()}


def _torchvisions(operation, size) -> dict[str, np.ndarray]:
    """The same names and meanings, from torchvision's class."""
    return torchvisions(operation, size, COUNT)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """The largest distance between two empirical distribution functions."""
    points = np.union1d(first, second)
    shares = [np.searchsorted(np.sort(values), points, side="right") / len(values) for values in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


def test_every_operation_is_compared():
    compared = {type(operation) for operation, _size in OPERATIONS_AND_SIZES} | {type(policy) for policy in POLICIES}
    assert compared | NOTHING_DRAWN | PATTERNS == set(PICTURE_OPERATIONS)
    assert all(not kind().parameters() for kind in NOTHING_DRAWN)


@pytest.mark.parametrize(("operation", "size"), OPERATIONS_AND_SIZES, ids=lambda value: str(value)[:60])
def test_draws_have_torchvisions_distribution(operation, size):
    ours, theirs = _ours(operation, size), _torchvisions(operation, size)
    assert set(ours) == set(theirs)
    for name in ours:
        if name == "order":
            continue
        assert ours[name].shape == theirs[name].shape
        for own, other in zip(_columns(ours[name]), _columns(theirs[name]), strict=True):
            assert distance(own, other) < LIMIT, name
            if ours[name].dtype != bool and not isinstance(operation, Lighting):  # a normal amount has no ends
                assert other.min() - own.min() == pytest.approx(0, abs=0.02 * np.ptp(other) + 2)


def _columns(values):
    """Each number of a draw on its own."""
    return values.reshape(len(values), -1).T.astype(float)


@pytest.mark.parametrize("operation", POLICIES, ids=lambda value: str(value)[:60])
def test_policies_take_torchvisions_steps_as_often_and_as_strongly(operation):
    ours, theirs = _ours(operation, (28, 40)), _torchvisions(operation, (28, 40))
    compared = [_counts(drawn) for drawn in (ours, theirs)]
    totals = [sum(counts.values()) for counts in compared]
    assert totals[0] == pytest.approx(totals[1], rel=0.02)
    keys = sorted(set().union(*compared), key=str)
    counts = np.array([[one[key] for key in keys] for one in compared], dtype=float)
    counts = counts[:, counts.sum(0) >= 10]  # rarer ones say little and upset the statistic
    expected = counts.sum(0) * (np.array(totals) / sum(totals))[:, None]
    freedom = counts.shape[1] - 1
    assert freedom > 10 or isinstance(operation, AutoAugment)
    assert ((counts - expected) ** 2 / expected).sum() < freedom + 5 * math.sqrt(2 * freedom) + 5
    if "share" in theirs:
        assert np.allclose(ours["share"].sum(1), 1)
        for own, other in zip(_columns(ours["share"]), _columns(theirs["share"]), strict=True):
            assert distance(own, other) < LIMIT


def _counts(drawn):
    """How often each step was taken with each strength; of one row also which came together."""
    steps, strengths = (drawn[name].reshape(COUNT, -1) for name in ("step", "strength"))
    pairs = Counter(
        (step, round(strength, 3)) for step, strength in zip(steps.flat, strengths.flat, strict=True) if step >= 0
    )
    if "share" not in drawn:
        pairs.update((tuple(step for step in row if step >= 0), "together") for row in steps.tolist())
    return pairs


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
