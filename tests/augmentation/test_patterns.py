"""Noise and elastic waves: patterns told by a number, as random as torchvision's own."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from cnnviz.augmentation import Pipeline
from cnnviz.augmentation.behaviours.patterns import draw_patterns, normal_pattern, uniform_pattern
from cnnviz.augmentation.behaviours.smoothing import blurred, gaussian_kernel
from cnnviz.augmentation.behaviours.warp import displacements
from cnnviz.specs.augmentation import Elastic, GaussianNoise
from tests.augmentation.test_distributions import COUNT, LIMIT, distance

CPU = torch.device("cpu")


def _seeded(function):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(17)
        return function()


@pytest.mark.parametrize("sigma", [0.05, 0.1])
def test_noise_has_torchvisions_distribution(sigma):
    """Added to a middle grey, on levels and on floats; also one pixel of 10,000 pictures."""
    operation = GaussianNoise(sigma=sigma)
    pipeline = Pipeline(operations=(operation,))
    for grey in (torch.full((1, 100, 100), 0.5), torch.full((1, 100, 100), 128, dtype=torch.uint8)):
        ours = pipeline.apply(grey, [("gaussian_noise", {"pattern": 5, "sigma": sigma})])
        theirs = _seeded(lambda grey=grey: functional.gaussian_noise(grey, sigma=sigma))
        assert distance(ours.numpy().ravel().astype(float), theirs.numpy().ravel().astype(float)) < LIMIT
        many = pipeline.apply_batch(grey[:, :1, :1].expand(COUNT, -1, -1, -1), torch.Generator().manual_seed(2))
        assert distance(many.numpy().ravel().astype(float), theirs.numpy().ravel().astype(float)) < LIMIT


def test_patterns_are_uniform_normal_and_unlike_each_other():
    numbers = torch.arange(200)
    uniform, normal = uniform_pattern(numbers, COUNT, CPU), normal_pattern(numbers, COUNT, CPU)
    for values in (uniform[0], uniform[:, 0].repeat(1), uniform[:100, :100].flatten()):
        ordered = values.double().sort().values.numpy()
        assert np.abs(ordered - (np.arange(len(ordered)) + 0.5) / len(ordered)).max() < 2.3 / np.sqrt(len(ordered))
    assert uniform.min() > 0 and uniform.max() < 1 and normal.isfinite().all()
    assert normal.mean() == pytest.approx(0, abs=0.004)
    assert normal.var() == pytest.approx(1, abs=0.006)
    assert normal.pow(4).mean() == pytest.approx(3, abs=0.06)
    correlations = torch.corrcoef(torch.cat((uniform[:40], uniform[:40].roll(1, 1), uniform[:40].roll(5000, 1))))
    off = correlations - torch.eye(len(correlations))
    assert off.abs().max() < 5.2 / np.sqrt(COUNT)
    assert torch.equal(uniform_pattern(numbers[7:8], 50, CPU)[0], uniform[7, :50])  # a number is a pattern


def test_drawn_patterns_are_spread():
    drawn = draw_patterns(torch.Generator().manual_seed(0), COUNT)
    assert drawn.unique().numel() > 0.98 * COUNT


@pytest.mark.parametrize(("sigma", "alpha"), [(0, 50), (1, 20), (5, 50)])
def test_waves_have_torchvisions_distribution(sigma, alpha):
    """Without smoothing value by value; with smoothing, which ties neighbours together, how far and how smoothly."""
    size = (48, 56)
    operation = Elastic(sigma=sigma, alpha=alpha)
    drawn = {"pattern": torch.arange(60), "strength": torch.full((60,), float(alpha))}
    ours = displacements(operation, drawn, size, CPU)
    transform = v2.ElasticTransform(alpha=float(alpha), sigma=float(sigma))
    image = torch.zeros(1, *size)
    theirs = _seeded(lambda: torch.cat([transform.make_params([image])["displacement"] for _ in range(60)]))
    assert ours.shape == theirs.shape
    if sigma == 0:
        assert distance(ours[:2].numpy().ravel(), theirs[:2].numpy().ravel()) < LIMIT
    for values in (lambda shifts: shifts, lambda shifts: shifts.diff(dim=1), lambda shifts: shifts.diff(dim=2)):
        for axis in range(2):
            spreads = [values(shifts)[..., axis].std().item() for shifts in (ours, theirs)]
            assert spreads[0] == pytest.approx(spreads[1], rel=0.06)


@pytest.mark.parametrize("size", [3, 9, 41])
def test_the_blur_is_torchvisions(size):
    image = torch.rand((3, 2, 45, 50), generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor([0.1, 2.0, 5.0])
    ours = blurred(image, gaussian_kernel(size, sigma))
    for one, picture, width in zip(ours, image, sigma.tolist(), strict=True):
        torch.testing.assert_close(one, functional.gaussian_blur(picture, [size] * 2, [width] * 2), atol=1e-5, rtol=0)
