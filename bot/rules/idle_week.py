"""A week in money, for the leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.rules.idle_finding import Finding, Gap

LEAST = 0.01  # USD below which nobody is named


@dataclass(frozen=True, slots=True)
class Spent:
    """USD of one owner (empty: nobody) or one day; idle is part of usd, kept of idle, unseen may come on top of usd."""

    usd: float
    idle: float
    kept: float
    saved: float
    unseen: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What was spent, wasted, kept alive and saved from *first* to *last*, and what nobody can judge."""

    to: str
    first: date
    last: date
    by_owner: tuple[tuple[str, Spent], ...]  # most spent first
    by_day: tuple[tuple[date, Spent], ...]
    unknown: tuple[Finding, ...] = ()
    kept: tuple[Finding, ...] = ()  # what somebody keeps alive now, dearest first
    gaps: tuple[Gap, ...] = ()

    @property
    def savers(self) -> tuple[tuple[str, float], ...]:
        """Who saved how many USD by stopping, deleting or changing something; most first."""
        found = ((who, spent.saved) for who, spent in self.by_owner if who and spent.saved >= LEAST)
        return tuple(sorted(found, key=lambda pair: -pair[1]))

    @property
    def total(self) -> Spent:
        """All owners together."""
        every = [spent for _, spent in self.by_owner]
        return Spent(
            sum(one.usd for one in every),
            sum(one.idle for one in every),
            sum(one.kept for one in every),
            sum(one.saved for one in every),
            sum(one.unseen for one in every),
        )
