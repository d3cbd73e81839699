"""80 % intervals: the quantiles of what calibration left unexplained, as factors around a best guess."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from estimator.result import Range

Z80 = 1.2816  # standard deviations from the middle to the 10th and to the 90th percentile


@dataclass(frozen=True, slots=True)
class Spread:
    """Factors from the best guess to the low and to the high end (low <= 1 <= high), and the rows behind them."""

    low: float
    high: float
    rows: int = 0

    @property
    def width(self) -> float:
        """high / low of the interval."""
        return self.high / self.low

    def widened(self, log_sigma: float) -> Spread:
        """The spread with another independent uncertainty of *log_sigma* (standard deviation of the logarithm)."""
        more = Z80 * log_sigma
        return Spread(
            math.exp(-math.hypot(math.log(self.low), more)), math.exp(math.hypot(math.log(self.high), more)), self.rows
        )

    def inverse(self) -> Spread:
        """The same spread for the reciprocal: speeds to times."""
        return Spread(1 / self.high, 1 / self.low, self.rows)


def interval(mid: float, spread: Spread) -> Range:
    """The range around *mid*; an overflow stays at the largest float."""
    return Range(mid * spread.low, mid, min(mid * spread.high, 1.7e308))


def spreads(rows: tuple[Mapping[str, str], ...]) -> dict[tuple[str, str], Spread]:
    """A calibration table with columns what, told, low, high, rows -> (what, told): Spread."""
    return {
        (row["what"], row["told"]): Spread(float(row["low"]), float(row["high"]), int(row["rows"] or 0)) for row in rows
    }
