"""Batch norm looked at: PyTorch's own layers and the definitions are the witnesses."""

import numpy as np
import pytest
import torch

import cnnviz.insight.batch_norm as batch_norm_module
from cnnviz.data import fashion_mnist
from cnnviz.insight.batch_norm import (
    DRAWS,
    EPS,
    KEPT,
    PICTURES,
    SEED,
    SIZES,
    batch_norm,
    companions,
    difference_to_torch,
    inputs,
    running,
    start_left,
)
from cnnviz.specs.labs.batch_norm import VIEWS

LAYERS = {"convolution": torch.nn.BatchNorm2d, "dense_layer": torch.nn.BatchNorm1d}
EVERY_LAYER = pytest.mark.parametrize("layer", LAYERS)


@pytest.fixture(scope="module")
def found():
    return inputs()


def for_torch(values):
    tensor = torch.tensor(values)
    return tensor.flatten(1) if tensor.shape[2:] == (1, 1) else tensor


@pytest.mark.parametrize(("layer", "shape"), [("convolution", (6, 24, 24)), ("dense_layer", (120, 1, 1))])
def test_the_shapes_are_those_of_lenet_with_batch_norm(found, layer, shape):
    assert found[layer].values.shape == (KEPT, *shape)  # the chapter's table: 6×24² and 120
    assert found[layer].means.shape == found[layer].squares.shape == (PICTURES, shape[0])


def test_the_first_inputs_are_a_convolution_of_the_first_garments(found):
    """A 5×5 convolution is linear in its picture: a black picture gives the bias, so two differ by the kernel's sum."""
    from cnnviz.architectures import build

    network = build("lenet_bn", generator=torch.Generator().manual_seed(SEED), initialization="xavier")
    kernel = next(network.parameters()).detach().numpy()  # (6, 1, 5, 5)
    bias = dict(network.named_parameters())[next(iter(dict(network.named_parameters()))).replace("weight", "bias")]
    picture = fashion_mnist("test").images[3] / 255
    y, x = 10, 7
    expected = (kernel[:, 0] * picture[y : y + 5, x : x + 5]).sum((1, 2)) + bias.detach().numpy()
    np.testing.assert_allclose(found["convolution"].values[3, :, y, x], expected, atol=1e-5)


@EVERY_LAYER
def test_the_moments_are_those_of_the_values(found, layer):
    values = found[layer].values.astype(float)
    np.testing.assert_allclose(found[layer].means[:KEPT], values.mean((2, 3)), atol=1e-9)
    np.testing.assert_allclose(found[layer].squares[:KEPT], (values**2).mean((2, 3)), atol=1e-9)


@EVERY_LAYER
@pytest.mark.parametrize("size", [2, 16, KEPT])
def test_written_out_it_equals_pytorchs_layer(found, layer, size):
    values = found[layer].values[:size]
    norm = LAYERS[layer](values.shape[1])
    trained = norm(for_torch(values)).detach().numpy().reshape(values.shape)
    np.testing.assert_allclose(batch_norm(values), trained, atol=2e-5)
    assert difference_to_torch(values) < 2e-5
    norm.eval()
    asked = norm(for_torch(values)).detach().numpy().reshape(values.shape)
    mine = batch_norm(values, norm.running_mean.numpy(), norm.running_var.numpy())
    np.testing.assert_allclose(mine, asked, atol=2e-5)


@EVERY_LAYER
def test_the_axes_leave_only_the_channel(found, layer):
    """Mean 0 and variance 1 over pictures and positions of each channel, and of nothing smaller."""
    out = batch_norm(found[layer].values.astype(float))
    np.testing.assert_allclose(out.mean((0, 2, 3)), 0, atol=1e-9)
    variance = found[layer].values.astype(float).var((0, 2, 3))
    np.testing.assert_allclose(out.var((0, 2, 3)), variance / (variance + EPS), rtol=1e-6)
    assert np.abs(out.mean((1, 2, 3))).max() > 0.01, "a single picture keeps its own mean"


@EVERY_LAYER
@pytest.mark.parametrize("momentum", [0.1, 0.6])
def test_running_statistics_are_pytorchs(found, layer, momentum, monkeypatch):
    """The same batches, drawn again from their seed, through a real layer."""
    monkeypatch.setattr(batch_norm_module, "PICTURES", KEPT)  # whose values are all at hand
    size, batches, channel = 8, 12, 2
    random = np.random.default_rng(SEED)
    values = found[layer].values
    norm = LAYERS[layer](values.shape[1], momentum=momentum)
    moving = running(found[layer], channel, size, momentum, batches)
    for batch in range(1, batches + 1):
        norm(for_torch(values[random.integers(0, KEPT, size)]))
        assert moving.means[batch] == pytest.approx(float(norm.running_mean[channel]), abs=1e-4)
        assert moving.variances[batch] == pytest.approx(float(norm.running_var[channel]), rel=1e-3)


@EVERY_LAYER
def test_running_statistics_start_at_nothing_and_reach_the_truth(found, layer):
    moving = running(found[layer], 0, 64, 0.1, 100)
    assert (moving.means[0], moving.variances[0]) == (0, 1)
    assert moving.means[-1] == pytest.approx(moving.true_mean, abs=0.1 * moving.true_variance**0.5)
    assert moving.variances[-1] == pytest.approx(moving.true_variance, rel=0.15)


@EVERY_LAYER
def test_one_picture_among_others_is_what_a_real_batch_makes_of_it(found, layer, monkeypatch):
    monkeypatch.setattr(batch_norm_module, "PICTURES", KEPT)
    size, channel = 4, 1
    draws = companions(found[layer], channel, [size])[size]
    random = np.random.default_rng((SEED, size))
    batches = random.integers(1, KEPT, (DRAWS, size))
    batches[:, 0] = 0
    _count, channels, height, width = found[layer].values.shape
    norm = LAYERS[layer](channels)
    for row in range(DRAWS):
        out = norm(for_torch(found[layer].values[batches[row]])).detach().numpy().reshape(size, -1, height, width)
        assert draws[row] == pytest.approx(out[0, channel, height // 2, width // 2], abs=1e-3)


@EVERY_LAYER
def test_the_spread_falls_with_the_root_of_the_batch(found, layer):
    draws = companions(found[layer], 0)
    assert list(draws) == list(SIZES)
    ratio = draws[16].std() / draws[256].std()
    assert 2.5 < ratio < 6, "√16 = 4, measured over 60 draws"


def test_a_batch_of_one_leaves_zeros_after_a_dense_layer(found):
    assert np.abs(companions(found["dense_layer"], 0, [1])[1]).max() == 0
    assert np.abs(batch_norm(found["dense_layer"].values[:1])).max() == 0
    with pytest.raises(ValueError, match="more than 1 value"):
        torch.nn.BatchNorm1d(120)(torch.zeros(1, 120))


@EVERY_LAYER
def test_before_any_batch_prediction_leaves_the_values_up_to_epsilon(found, layer):
    values = found[layer].values[:8]
    channels = values.shape[1]
    mine = batch_norm(values, np.zeros(channels), np.ones(channels))
    norm = LAYERS[layer](channels).eval()
    np.testing.assert_allclose(mine, norm(for_torch(values)).detach().numpy().reshape(values.shape), atol=1e-6)
    np.testing.assert_allclose(mine, values, rtol=EPS)


@pytest.mark.parametrize(("momentum", "batches"), [(0.1, 0), (0.1, 5), (0.37, 9), (1.0, 1)])
def test_the_start_counts_as_much_as_it_moves_pytorchs_average(momentum, batches):
    """Two layers that differ by 1 in their start alone."""
    norms = [torch.nn.BatchNorm1d(1, momentum=momentum) for _ in range(2)]
    norms[1].running_mean += 1
    for _ in range(batches):
        batch = torch.randn(16, 1, generator=torch.Generator().manual_seed(batches))
        for norm in norms:
            norm(batch)
    difference = float(norms[1].running_mean - norms[0].running_mean)
    assert start_left(momentum, batches) == pytest.approx(difference, abs=1e-6)


def test_the_numbers_of_the_texts_are_those_of_the_lab(found):
    choices = VIEWS["axes"].question.choices
    _pictures, channels, height, width = found["convolution"].values.shape
    assert choices[0].startswith(f"{channels},") and choices[1].startswith(f"{8 * channels},")
    assert choices[2].startswith(f"{channels * height * width:,},")
    assert f"{DRAWS} different batches" in VIEWS["noise"].text
