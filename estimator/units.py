"""Numbers as people say them: money, time, counts, and their ranges. Pure text, used by the terminal and by Slack."""

from __future__ import annotations

import math

from estimator.result import Range

MONTH_HOURS = 730.0
UNKNOWN = "unknown"
# From how many hours a unit is used, its length in hours and its name.
_TIMES = (
    (2 * 365 * 24.0, 365 * 24.0, " years"),
    (120 * 24.0, MONTH_HOURS, " months"),
    (48.0, 24.0, " days"),
    (1.0, 1.0, " h"),
    (1 / 60, 1 / 60, " min"),
    (0.0, 1 / 3600, " s"),
)
_COUNTS = ((1e15, 1e15, "Q"), (1e12, 1e12, "T"), (1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))


def figure(value: float) -> str:
    """Three significant figures with thousands separators: 1,240; 124; 12.4; 0.012."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        digits = max(0, len(str(int(abs(value)))) - 3)
        return f"{round(value, -digits):,.0f}"
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else _small(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _small(value: float) -> str:
    """Two significant figures of a number below 1, without an exponent."""
    return f"{value:.{min(12, 1 - math.floor(math.log10(abs(value))))}f}"


def count(value: float) -> str:
    """A count in K, M, B, T: 25.6M, 2T, 512."""
    for start, size, name in _COUNTS:
        if abs(value) >= start:
            return f"{figure(value / size)}{name}"
    return f"{value:,.0f}" if value == round(value) else figure(value)


def money(usd: float | None) -> str:
    """US dollars: $0.52, $12.40, $1,240, $1.24M; unknown when None."""
    return UNKNOWN if usd is None else "$" + _amount(usd)


def _amount(usd: float) -> str:
    if usd >= 1e6:
        return f"{figure(usd / 1e6)}M" if usd < 1e9 else f"{figure(usd / 1e9)}B"
    if usd >= 100:
        return figure(usd)
    return f"{usd:.2f}" if usd >= 0.01 or usd == 0 else _small(usd)


def money_range(usd: Range | None) -> str:
    """From low to high: $980-1,610."""
    if usd is None:
        return UNKNOWN
    low, high = _amount(usd.low), _amount(usd.high)
    return f"${low}" if low == high else f"${low}-{high}"


def rate(usd_per_hour: float | None) -> str:
    """A price per hour, to the cent: $1.01/h."""
    return UNKNOWN if usd_per_hour is None else f"${usd_per_hour:,.2f}/h"


def duration(hours: float | None) -> str:
    """A time in the unit that suits it: 25 min, 3.2 h, 2.1 days; unknown when None."""
    if hours is None:
        return UNKNOWN
    size, name = _unit(hours)
    return _in_unit(hours, size) + name


def duration_range(hours: Range | None) -> str:
    """From low to high in the unit of the best guess: 2.6-4.1 h."""
    if hours is None:
        return UNKNOWN
    size, name = _unit(hours.mid)
    low, high = _in_unit(hours.low, size), _in_unit(hours.high, size)
    return (low if low == high else f"{low}-{high}") + name


def _unit(hours: float) -> tuple[float, str]:
    return next((size, name) for start, size, name in _TIMES if hours >= start or start == 0)


def _in_unit(hours: float, size: float) -> str:
    value = hours / size
    if size < 1 and value >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}".removesuffix(".0") if 1 <= value < 100 else figure(value)


def milliseconds(value: float | None) -> str:
    """A latency: 38 ms, 1.2 s."""
    if value is None:
        return UNKNOWN
    return f"{figure(value)} ms" if value < 1000 else f"{figure(value / 1000)} s"


def gigabytes(value: float | None) -> str:
    """Decimal GB: 17.3 GB."""
    return UNKNOWN if value is None else f"{figure(value)} GB"


def plural(number: float, one: str, many: str | None = None) -> str:
    """1 node, 2 nodes."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"
