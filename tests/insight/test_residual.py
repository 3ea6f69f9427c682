"""Residual networks looked at: geometry, the definition of a block and backward hooks are the witnesses."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.architectures import build
from cnnviz.data import fashion_mnist
from cnnviz.insight.residual import PICTURES, classes, gradient_norms, loses, through_blocks
from cnnviz.inspection import inspect
from cnnviz.specs.labs.residual import ResidualLabSpec, network, racers

PLACES = st.floats(-3, 3)


def test_nested_classes_contain_one_another_and_the_others_do_not():
    for nested in (True, False):
        discs = classes(nested)
        assert [disc.radius for disc in discs] == sorted(disc.radius for disc in discs)
        for small, large in pairwise(discs):
            apart = np.hypot(small.x - large.x, small.y - large.y)
            assert bool(apart + small.radius <= large.radius) is nested


@given(x=PLACES, y=PLACES)
def test_nested_classes_never_lose(x, y):
    assert loses(classes(nested=True), x, y) is None


@given(x=PLACES, y=PLACES, nested=st.booleans(), which=st.integers(0, 5))
def test_the_distance_is_the_least_over_the_class(x, y, nested, which):
    disc = classes(nested)[which]
    angles = np.linspace(0, 2 * np.pi, 4000)
    rim = np.hypot(disc.x + disc.radius * np.cos(angles) - x, disc.y + disc.radius * np.sin(angles) - y).min()
    inside = np.hypot(x - disc.x, y - disc.y) <= disc.radius
    assert disc.distance(x, y) == pytest.approx(0 if inside else rim, abs=1e-3)
    member = disc.nearest(x, y)
    assert np.hypot(member[0] - disc.x, member[1] - disc.y) <= disc.radius + 1e-9
    assert np.hypot(member[0] - x, member[1] - y) == pytest.approx(disc.distance(x, y), abs=1e-9)


def test_where_the_lab_begins_a_larger_class_stays_further_away():
    start = ResidualLabSpec()
    discs = classes(nested=False)
    before, after = loses(discs, start.x, start.y)
    assert after == before + 1 <= start.number
    assert discs[after - 1].distance(start.x, start.y) > discs[before - 1].distance(start.x, start.y)


@pytest.mark.parametrize("blocks", [1, 5, 12])
def test_with_weights_of_zero_a_residual_block_is_the_identity(blocks):
    found = through_blocks(0.0, blocks)
    np.testing.assert_array_equal(found.residual, found.picture)
    np.testing.assert_array_equal(found.plain, 0)
    assert (found.difference, found.left) == (0, 0)
    np.testing.assert_array_equal(found.picture, fashion_mnist("test").images[0] / 255)


def test_one_block_adds_its_input():
    found = through_blocks(0.7, 1, seed=4)
    np.testing.assert_allclose(found.residual, found.picture + found.plain, atol=1e-12)


def test_g_is_homogeneous_in_both_its_convolutions():
    """ReLU lets a positive factor pass, so weights of half the size make a quarter of g."""
    whole, half = (through_blocks(scale, 1, seed=2).plain for scale in (1.0, 0.5))
    np.testing.assert_allclose(half, whole / 4, atol=1e-12)


@pytest.mark.parametrize("depth", [20, 56])
@pytest.mark.parametrize("residual", [True, False])
def test_the_networks_have_as_many_layers_as_they_say(depth, residual):
    report = inspect(lambda: build(network(depth, residual)), (1, 1, 28, 28))
    weighted = [row for row in report.leaves if row.type in ("Conv2d", "Linear") and "shortcut" not in row.path]
    assert len(weighted) == depth
    assert any(row.type == "Add" for row in report.leaves) is residual


@pytest.mark.parametrize("residual", [True, False])
def test_the_gradients_are_those_of_an_ordinary_backward_pass(residual):
    spec = network(20, residual)
    model = build(spec, generator=torch.Generator().manual_seed(3), initialization="he")
    garments = fashion_mnist("test")
    pictures = torch.tensor(garments.images[:PICTURES] / 255, dtype=torch.float32)[:, None]
    logits = model(pictures).log_softmax(1)
    (-logits[range(PICTURES), garments.labels[:PICTURES].astype(int)].mean()).backward()
    expected = [
        float(parameter.grad.norm())
        for name, parameter in model.named_parameters()
        if parameter.ndim == 4 and "shortcut" not in name
    ]
    assert len(expected) == 19
    np.testing.assert_allclose(gradient_norms(spec, 3), expected, rtol=1e-3)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_the_answer_says_of_56_layers_is_so_for_any_draw(seed):
    plain, residual = (gradient_norms(network(56, kind), seed) for kind in (False, True))
    assert plain[0] / plain[-1] > 50, "it explodes"
    assert 0.2 < residual[0] / residual[-1] < 20, "it keeps its size"
    without = gradient_norms(network(56, False, norm=False), seed)
    assert without[0] / without[-1] < 0.1, "and vanishes without batch norm"


def test_the_racers_differ_in_the_network_alone():
    configs = [racer.config for racer in racers()]
    assert len({config.replace(architecture=configs[0].architecture) for config in configs}) == 1
    assert len({config.architecture for config in configs}) == 4


def test_batch_norms_of_a_plain_network_divide_by_less_than_one():
    """1 − 1/π in an infinitely wide network; the bias of a convolution does not change a variance."""
    network_ = build(network(56, False), generator=torch.Generator().manual_seed(1), initialization="he")
    deviations = []
    for part in network_.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.register_forward_pre_hook(lambda _part, got: deviations.append(float(got[0].var((0, 2, 3)).mean())))
    with torch.no_grad():
        network_(torch.tensor(fashion_mnist("test").images[:PICTURES] / 255, dtype=torch.float32)[:, None])
    assert len(deviations) == 55
    assert np.mean(deviations[1:]) == pytest.approx(1 - 1 / np.pi, abs=0.12)


def test_the_networks_have_a_quarter_of_the_papers_width():
    """16, 32 and 64 channels in the paper's table 6."""
    for kind in (True, False):
        report = inspect(lambda kind=kind: build(network(20, kind)), (1, 1, 28, 28))
        assert {row.output_shape[1] for row in report.leaves if row.type == "Conv2d"} == {4, 8, 16}
