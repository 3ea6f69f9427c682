"""Activations looked at: formulas from the papers and spectral norms are the witnesses."""

import math

import numpy as np
import pytest
import torch

from cnnviz.architectures.activation import ACTIVATIONS
from cnnviz.insight.activations import INPUTS, SCHEMES, SIGMOID_BOUND, UNITS, curve, layers, stack
from cnnviz.specs.labs.activations import VIEWS, ActivationsSpec

X = np.linspace(-6, 6, 49)
SIGMOID = 1 / (1 + np.exp(-X))
NORMAL = np.exp(-(X**2) / 2) / math.sqrt(2 * math.pi)
CUMULATED = np.array([0.5 * (1 + math.erf(x / math.sqrt(2))) for x in X])
SLOPES = {  # each written down from its definition
    "relu": np.where(X > 0, 1.0, 0.0),
    "sigmoid": SIGMOID * (1 - SIGMOID),
    "tanh": 1 - np.tanh(X) ** 2,
    "leaky_relu": np.where(X > 0, 1.0, 0.01),
    "gelu": CUMULATED + X * NORMAL,
    "silu": SIGMOID * (1 + X * (1 - SIGMOID)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_slope_is_the_derivative(name):
    found = curve(name, X)
    np.testing.assert_allclose(found.slope, SLOPES[name], atol=1e-9)
    step = 1e-6
    away = np.abs(X) > step  # ReLU has a corner at 0
    ahead, behind = curve(name, X + step).value, curve(name, X - step).value
    np.testing.assert_allclose(found.slope[away], ((ahead - behind) / (2 * step))[away], atol=1e-6)


def test_the_sigmoids_slope_is_at_most_a_quarter_and_only_at_zero():
    found = curve("sigmoid", X)
    assert found.slope.max() == pytest.approx(SIGMOID_BOUND)
    assert X[found.slope.argmax()] == 0
    assert SIGMOID_BOUND**10 < 1e-6


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("depth", [1, 5, 12])
def test_the_gradient_through_sigmoids_keeps_the_bound(scheme, depth):
    """At most 4^−n times the product of the weights' spectral norms, by the chain rule."""
    found = stack("sigmoid", depth, scheme, 3)
    weights = [part.weight.detach().numpy() for part in layers("sigmoid", depth, scheme, 3)[::2]]
    norms = [np.linalg.norm(weight, 2) for weight in weights]
    for level in range(depth + 1):
        assert found.gradients[level] <= 4.0 ** (level - depth) * math.prod(norms[level:]) * (1 + 1e-9)
    assert found.gradients[-1] == 1


@pytest.mark.parametrize("name", ["sigmoid", "relu", "tanh"])
def test_a_stack_is_what_numpy_makes_of_the_same_weights(name):
    depth, seed = 6, 5
    found, network = stack(name, depth, "xavier", seed), layers(name, depth, "xavier", seed)
    generator = torch.Generator().manual_seed(seed)
    signal, gradient = (torch.randn(INPUTS, UNITS, generator=generator, dtype=torch.float64).numpy() for _ in range(2))
    functions = {
        "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda y: y * (1 - y)),
        "relu": (lambda x: np.maximum(x, 0), lambda y: y > 0),
        "tanh": (np.tanh, lambda y: 1 - y**2),
    }
    function, slope_of_output = functions[name]
    signals = [signal]
    dense = network[::2]
    for layer in dense:
        signals.append(function(signals[-1] @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()))
    np.testing.assert_allclose(found.deviations, [one.std() for one in signals], rtol=1e-9)
    single = [np.sqrt(np.mean([np.std(column) ** 2 for column in one.T])) for one in signals]
    np.testing.assert_allclose(found.spreads, single, rtol=1e-9)
    norms = [np.linalg.norm(gradient)]
    for layer, out in zip(reversed(dense), reversed(signals), strict=False):
        gradient = (gradient * slope_of_output(out)) @ layer.weight.detach().numpy()
        norms.append(np.linalg.norm(gradient))
    np.testing.assert_allclose(found.gradients, np.array(norms[::-1]) / norms[0], rtol=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_the_answers_say_is_so_for_any_draw(seed):
    ten, twenty = (stack("sigmoid", depth, "xavier", seed).arrives for depth in (10, 20))
    assert twenty < 1e-6 * ten
    kept = {scheme: stack("relu", 30, scheme, seed).deviations[-1] for scheme in SCHEMES}
    assert kept["default"] < kept["xavier"] < kept["he"]
    assert 0.2 < kept["he"] < 5, "He's weights keep the size"
    assert kept["xavier"] < 0.1, "what is left comes from the biases"


def test_xavier_and_he_draw_what_their_papers_say():
    """Var = 2 / (in + out) and 2 / in; PyTorch's own is uniform within ±1/√in, so its variance is 1 / (3 in)."""
    expected = {"xavier": 1 / UNITS, "he": 2 / UNITS, "default": 1 / (3 * UNITS)}
    for scheme, variance in expected.items():
        weights = torch.cat([part.weight.detach().flatten() for part in layers("relu", 20, scheme, 1)[::2]])
        assert float(weights.var()) == pytest.approx(variance, rel=0.02)


def test_relu_halves_the_mean_square():
    """What the lab's answer says of signals: behind Xavier's weights x is as likely as −x, and one of them goes."""
    inputs = np.random.default_rng(0).normal(size=100_000)
    assert np.square(curve("relu", inputs).value).mean() == pytest.approx(0.5 * np.square(inputs).mean(), rel=0.02)
    squares = []
    network = layers("relu", 6, "xavier", 1)
    with torch.no_grad():
        signal = torch.randn(INPUTS, UNITS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        for layer in network:
            if isinstance(layer, torch.nn.Linear):
                torch.nn.init.zeros_(layer.bias)  # which keeps a signal from vanishing altogether
            signal = layer(signal)
            squares.append(float(signal.square().mean()))
    behind_relu = np.array(squares[1::2])
    assert (behind_relu[1:] / behind_relu[:-1]).mean() == pytest.approx(0.5, abs=0.1)


def test_the_sigmoid_is_flat_where_it_saturates_and_the_texts_name_the_stack_that_is_computed():
    assert curve("sigmoid", np.array([-6.0, 6.0])).slope.max() < 0.003
    assert f"{UNITS} units" in ActivationsSpec.model_fields["depth"].description
    assert f"{INPUTS} random inputs" in VIEWS["signal"].text


def test_behind_sigmoids_units_differ_and_inputs_do_not():
    """What the text on signals says: all outputs together keep their deviation, each unit's own shrinks towards 0."""
    found = stack("sigmoid", 20, "xavier", 1)
    assert found.deviations[-1] > 0.05 and found.spreads[-1] < 1e-6
