"""80 % intervals: how far a best guess may be off, as factors around it or as a sum of independent uncertainties."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from estimator.result import Range

Z80 = 1.2816  # standard deviations from the middle to the 10th and to the 90th percentile of a normal
LARGEST = 1.7e308


@dataclass(frozen=True, slots=True)
class Spread:
    """Factors from the best guess to the low and to the high end of its 80 % interval; low <= 1 <= high."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """high / low."""
        return self.high / self.low

    @property
    def inverse(self) -> Spread:
        """The same spread for the reciprocal: of speeds for times."""
        return Spread(1 / self.high, 1 / self.low)


def spread(sigma: float) -> Spread:
    """The spread of a log-normal with standard deviation *sigma* of the logarithm."""
    factor = math.exp(Z80 * sigma)
    return Spread(1 / factor, factor)


def quantiles(low: float, high: float) -> Spread:
    """The spread from the 10th and 90th percentile of actual / predicted."""
    return Spread(min(low, 1.0), max(high, 1.0))


def together(sigmas: Iterable[float]) -> float:
    """The standard deviation of the logarithm that independent uncertainties have together."""
    return math.sqrt(sum(sigma * sigma for sigma in sigmas))


def interval(mid: float, around: Spread) -> Range:
    """The range around *mid*; what would overflow stays at the largest float."""
    return Range(mid * around.low, mid, min(mid * around.high, LARGEST))
