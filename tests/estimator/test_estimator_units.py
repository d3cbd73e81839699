"""Numbers are said as people say them."""

from __future__ import annotations

import pytest

from estimator import units
from estimator.parse_numbers import dollars, hours, milliseconds, number, tokens
from estimator.result import Range


@pytest.mark.parametrize(
    ("usd", "said"),
    [(None, "unknown"), (0.0015, "$0.0015"), (9e-5, "$0.000090"), (0.5, "$0.50"), (12.4, "$12.40"), (124.4, "$124"),
     (1240, "$1,240"), (181_400, "$181,000"), (1.24e6, "$1.24M"), (3.5e9, "$3.5B"), (0, "$0.00")],
)  # fmt: skip
def test_money(usd: float | None, said: str) -> None:
    assert units.money(usd) == said


@pytest.mark.parametrize(
    ("time", "said"),
    [(None, "unknown"), (0.005, "18 s"), (0.42, "25 min"), (3.21, "3.2 h"), (50.0, "2.1 days"), (2000.0, "83.3 days"),
     (5000.0, "6.8 months"), (30_000.0, "3.4 years")],
)  # fmt: skip
def test_time(time: float | None, said: str) -> None:
    assert units.duration(time) == said


def test_ranges_share_their_unit() -> None:
    assert units.money_range(Range(980, 1200, 1610)) == "$980-1,610"
    assert units.money_range(Range(5, 5, 5)) == "$5.00"
    assert units.duration_range(Range(20, 30, 60)) == "20-60 h"
    assert units.duration_range(Range(2.6, 3.2, 4.1)) == "2.6-4.1 h"


@pytest.mark.parametrize(
    ("value", "said"), [(512, "512"), (50_000, "50k"), (2e12, "2T"), (25.6e6, "25.6M"), (8192, "8,192")]
)
def test_counts(value: float, said: str) -> None:
    assert units.count(value) == said


@pytest.mark.parametrize(("value", "said"), [(38.2, "38.2 ms"), (1234, "1.23 s")])
def test_latencies(value: float, said: str) -> None:
    assert units.milliseconds(value) == said


@pytest.mark.parametrize(
    ("read", "said", "value"),
    [
        (number, "2T", 2e12),
        (number, "50,000", 5e4),
        (number, "1.5 billion", 1.5e9),
        (number, "1e12", 1e12),
        (number, "a million", 1e6),
        (hours, "24", 24),
        (hours, "2 days", 48),
        (hours, "90min", 1.5),
        (milliseconds, "200", 200),
        (milliseconds, "1.5s", 1500),
        (dollars, "$1.5k", 1500),
        (dollars, "200 USD", 200),
        (tokens, "8k", 8192),
        (tokens, "5k", 5000),
        (tokens, "4096 tokens", 4096),
    ],
)
def test_numbers_are_read_as_they_are_written(read: object, said: str, value: float) -> None:
    assert read(said) == pytest.approx(value)  # type: ignore[operator]


@pytest.mark.parametrize("said", ["", "x", "1,2,3", "--5", "1e", "five hundred"])
def test_what_is_no_number_is_none(said: str) -> None:
    assert number(said) != number(said)
