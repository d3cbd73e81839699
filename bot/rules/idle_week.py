"""A week in money, for the leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.rules.idle_finding import Finding, Gap


@dataclass(frozen=True, slots=True)
class Spent:
    """USD of one owner (empty: nobody) or one day; idle is part of usd, kept is part of idle."""

    usd: float
    idle: float
    kept: float
    saved: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What was spent, wasted, kept alive and saved from *first* to *last*, and what nobody can judge."""

    to: str
    first: date
    last: date
    by_owner: tuple[tuple[str, Spent], ...]  # most spent first
    by_day: tuple[tuple[date, Spent], ...]
    unknown: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def total(self) -> Spent:
        """All owners together."""
        every = [spent for _, spent in self.by_owner]
        return Spent(
            sum(one.usd for one in every),
            sum(one.idle for one in every),
            sum(one.kept for one in every),
            sum(one.saved for one in every),
        )
