"""Series against derivatives by autograd, and the weighed sum against the normal equations."""

from math import factorial

import numpy as np
import pytest
import torch

from cnnviz.insight.terms import FUNCTIONS, MOST, coefficients, terms
from cnnviz.specs.labs.dense import DenseLabSpec

BY_TORCH = {
    "log": torch.log1p,
    "exp": torch.exp,
    "sin": torch.sin,
    "bell": lambda x: 1 / (1 + x**2),
    "tanh": torch.tanh,
}
EVERY = pytest.mark.parametrize("function", FUNCTIONS)


def test_every_function_can_be_chosen():
    assert set(FUNCTIONS) == set(BY_TORCH) == set(DenseLabSpec.model_fields["function"].annotation.__args__)


@EVERY
def test_coefficients_are_derivatives_at_zero(function):
    x = torch.zeros((), dtype=torch.float64, requires_grad=True)
    derivative, found = BY_TORCH[function](x), []
    for n in range(MOST):
        found.append(derivative.item() / factorial(n))
        (derivative,) = torch.autograd.grad(derivative, x, create_graph=True)
    assert coefficients(function, MOST) == pytest.approx(found, abs=1e-9)


@EVERY
@pytest.mark.parametrize("count", range(1, MOST + 1))
def test_weighing_is_never_worse_and_cannot_be_bettered(function, count):
    found = terms(DenseLabSpec(function=function, terms=count))
    assert found.terms.shape == (count, len(found.x))
    assert np.allclose(found.added, found.terms.sum(0))
    assert np.allclose(found.y, BY_TORCH[function](torch.from_numpy(found.x)).numpy())
    assert found.error_weighed <= found.error_added + 1e-12
    # least squares: what is left over is at right angles to every power of x
    scaled = found.x / np.abs(found.x).max()
    left = found.y - found.weighed
    for power in range(count):
        assert abs(left @ scaled**power) < 1e-8 * len(found.x)


def test_added_terms_of_the_logarithm_fail_beyond_one_and_weighed_ones_do_not():
    """The series of log(1 + x) has radius of convergence 1; the interval goes to 2."""
    errors = [terms(DenseLabSpec(function="log", terms=count)) for count in (2, 6, 10)]
    assert [error.error_added for error in errors] == sorted(error.error_added for error in errors)
    assert errors[-1].error_added > 5
    assert [error.error_weighed for error in errors] == sorted((e.error_weighed for e in errors), reverse=True)
    assert errors[-1].error_weighed < 0.01


def test_added_terms_of_the_exponential_obey_lagranges_bound():
    for count in range(1, MOST + 1):
        found = terms(DenseLabSpec(function="exp", terms=count))
        bound = np.exp(np.maximum(found.x, 0)) * np.abs(found.x) ** count / factorial(count)
        assert (np.abs(found.added - found.y) <= bound + 1e-12).all()


def test_the_answer_on_the_logarithm_holds_term_by_term():
    """Near 0 each further term helps; beyond 1 each does harm from the third on; weighed anew, each helps."""
    every = [terms(DenseLabSpec(function="log", terms=count)) for count in range(1, MOST + 1)]
    near, beyond = np.abs(every[0].x) <= 0.5, every[0].x > 1.05
    close = [np.abs(one.added - one.y)[near].max() for one in every]
    assert close == sorted(close, reverse=True)
    far = [np.sqrt(np.mean((one.added - one.y)[beyond] ** 2)) for one in every]
    assert far[0] > far[1], "the second term still helps"
    assert far[1:] == sorted(far[1:])
    weighed = [one.error_weighed for one in every]
    assert weighed == sorted(weighed, reverse=True)
