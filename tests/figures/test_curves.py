"""The reduction of curves: small, and nothing that stands out is missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnnviz.figures.curves import columns, extremes, tail

LIMITS = st.integers(4, 200)
CURVES = st.integers(1, 2_000).flatmap(
    lambda count: arrays(np.float32, count, elements=st.floats(-1e6, 1e6, width=32, allow_nan=False))
)


@given(values=CURVES, limit=LIMITS)
def test_the_reduced_curve_is_a_part_of_the_curve_with_its_ends_and_extremes(values, limit):
    where = extremes(values, limit)
    kept = values[where]
    assert 1 <= len(where) <= max(limit, min(len(values), limit))
    assert np.all(np.diff(where) > 0)
    assert where[0] == 0
    assert where[-1] == len(values) - 1
    assert kept.min() == values.min()
    assert kept.max() == values.max()


@pytest.mark.parametrize("at", [0, 1, 777, 49_998, 49_999])
@pytest.mark.parametrize("spike", [50.0, -50.0])
def test_one_bad_step_of_fifty_thousand_stays(at, spike):
    values = np.random.default_rng(0).normal(size=50_000).astype(np.float32)
    values[at] = spike
    where = extremes(values, 200)
    assert len(where) <= 200
    assert spike in values[where]


def test_every_stretch_keeps_its_own_spike():
    values = np.zeros(10_000)
    values[500::1000] = 1.0 + np.arange(10)
    kept = values[extremes(values, 200)]
    assert set(1.0 + np.arange(10)) <= set(kept.tolist())


def test_a_short_curve_is_left_as_it_is():
    assert extremes([1.0, np.nan, 2.0], 4).tolist() == [0, 1, 2]


def test_a_number_is_preferred_to_what_is_none():
    values = np.full(1_000, np.nan)
    values[417] = 3.0
    assert 417 in extremes(values, 50)


def test_what_cannot_be_reduced_is_refused():
    with pytest.raises(ValueError, match="smallest is 4"):
        extremes([1.0, 2.0], 3)
    with pytest.raises(ValueError, match="2 steps and 3 values"):
        columns([1, 2], [1.0, 2.0], [1.0, 2.0, 3.0])


def test_the_tail_begins_after_a_step_or_earlier():
    steps = [10, 20, 30, 40]
    assert tail(steps, after=0) == 0
    assert tail(steps, after=20) == 2
    assert tail(steps, after=25) == 2
    assert tail(steps, after=40) == 4
    assert tail(steps, after=40, count=3) == 1
    assert tail([], after=5, count=3) == 0
