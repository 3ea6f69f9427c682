"""A function as a sum of terms, and the same terms kept apart and weighed anew: the analogy behind dense blocks.

A Taylor series writes f(x) = f(0) + f′(0)·x + f″(0)/2!·x² + … : addition fixes every term's weight by what happens at
0. If the terms are kept side by side, a last layer may weigh them for the whole interval: here by least squares.
"""

from dataclasses import dataclass
from math import factorial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cnnviz.specs.labs.dense import DenseLabSpec

POINTS: Final = 241
MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one number around 0: its formula and the interval it is looked at on."""

    formula: str
    low: float
    high: float


FUNCTIONS: Final = {
    "log": Function("log(1 + x)", -0.9, 2.0),
    "exp": Function("eˣ", -3.0, 3.0),
    "sin": Function("sin x", -5.0, 5.0),
    "bell": Function("1 / (1 + x²)", -2.0, 2.0),
    "tanh": Function("tanh x", -2.5, 2.5),
}


def values(function: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The function at some places."""
    if function == "log":
        return np.log1p(x)
    if function == "exp":
        return np.exp(x)
    if function == "sin":
        return np.sin(x)
    if function == "bell":
        return 1 / (1 + x**2)
    return np.tanh(x)


def coefficients(function: str, count: int) -> tuple[float, ...]:
    """The first coefficients of the series around 0, f⁽ⁿ⁾(0)/n! for n from 0."""
    orders = range(count)
    if function == "log":
        return tuple(0.0 if n == 0 else (-1.0) ** (n + 1) / n for n in orders)
    if function == "exp":
        return tuple(1 / factorial(n) for n in orders)
    if function == "sin":
        return tuple((-1.0) ** (n // 2) / factorial(n) if n % 2 else 0.0 for n in orders)
    if function == "bell":
        return tuple(0.0 if n % 2 else (-1.0) ** (n // 2) for n in orders)
    series: list[float] = []  # tanh′ = 1 − tanh², power by power
    for n in orders:
        square = sum(series[i] * series[n - 1 - i] for i in range(n)) if n else 0.0
        series.append(0.0 if n == 0 else ((1.0 if n == 1 else 0.0) - square) / n)
    return tuple(series)


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """A function and two ways to use the same terms; all arrays are (POINTS,) unless said otherwise.

    Attributes:
        x: the places.
        y: the function there.
        terms: (terms, POINTS), each term with the series' own weight.
        added: their sum.
        weighed: the best sum of the same terms with weights of one's own.
        error_added, error_weighed: root mean square of the difference to the function over the places.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    terms: NDArray[np.float64]
    added: NDArray[np.float64]
    weighed: NDArray[np.float64]
    error_added: float
    error_weighed: float


def terms(spec: DenseLabSpec) -> Terms:
    """The terms of a function over its interval, added and weighed anew."""
    function = FUNCTIONS[spec.function]
    x = np.linspace(function.low, function.high, POINTS)
    y = values(spec.function, x)
    powers = x[None, :] ** np.arange(spec.terms)[:, None]
    parts = powers * np.asarray(coefficients(spec.function, spec.terms))[:, None]
    added = parts.sum(0)
    weighed = np.polynomial.Polynomial.fit(x, y, spec.terms - 1)(x)  # the same powers, on a scale that rounds well
    return Terms(x, y, parts, added, weighed, _distance(added, y), _distance(weighed, y))


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))
