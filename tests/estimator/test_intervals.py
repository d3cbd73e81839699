"""Intervals as factors and as sums of independent uncertainties."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimator.intervals import Spread, interval, quantiles, spread, together


def test_an_80_percent_interval_of_a_log_normal_ends_at_1_28_deviations() -> None:
    around = interval(100.0, spread(0.2))
    assert (around.low, around.high) == pytest.approx((100 * math.exp(-0.2563), 100 * math.exp(0.2563)), rel=1e-3)


def test_independent_uncertainties_add_in_quadrature() -> None:
    assert together((0.3, 0.4)) == pytest.approx(0.5)
    assert together(()) == 0


def test_quantiles_always_hold_the_best_guess() -> None:
    assert quantiles(1.1, 1.4) == Spread(1.0, 1.4)


@given(st.floats(0, 1e308), st.floats(0, 3))
def test_a_range_is_ordered_and_finite(mid: float, sigma: float) -> None:
    found = interval(mid, spread(sigma))
    assert 0 <= found.low <= found.mid <= found.high < math.inf


@given(st.floats(0.01, 3))
def test_a_spread_of_speeds_is_that_of_times_turned_round(sigma: float) -> None:
    around = spread(sigma)
    assert around.inverse.width == pytest.approx(around.width)
