"""What the days behind say of one machine: its longest pause, and how often the rule would have been wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.rules.idle_episode import alerts
from bot.rules.idle_facts import Resource, Series, Usage, Verdict
from bot.rules.idle_finding import BackTest
from bot.rules.idle_running import Machine, weigh
from bot.rules.idle_track import Track
from bot.rules.policy_idle import IdleRule

SPARK = timedelta(hours=24)
MOST_POINTS = 96


@dataclass(frozen=True, slots=True)
class Past:
    """What a long look showed."""

    pause: timedelta  # the longest after which it went back to work
    back_test: BackTest


def past(resource: Resource, usage: Usage, rule: IdleRule) -> Past | None:
    """What *usage* over many days says; None where nothing says how busy it was."""
    basis = _basis(usage.series, rule)
    if basis is None:
        return None
    name, busy = basis
    track = Track(usage.series[name])
    graded = [one for one in alerts(resource.id, usage.series, rule) if one.level == "nag" and one.wrong is not None]
    days = track.reach / timedelta(days=1)
    wrong = sum(1 for one in graded if one.wrong)
    return Past(track.pause(busy, track.reach), BackTest(days, len(graded), wrong))


def spark(usage: Usage, rule: IdleRule) -> tuple[str, tuple[float, ...]]:
    """The signal that decides and its last day, for a picture; several datapoints share a value by their highest."""
    basis = _basis(usage.series, rule)
    if basis is None:
        return ("invocations", _thinned(usage.series["invocations"])) if "invocations" in usage.series else ("", ())
    return basis[0], _thinned(usage.series[basis[0]])


def needs_a_day(usage: Usage, verdict: Verdict) -> bool:
    """Whether only the CPU can tell, and a day of it was not measured."""
    return verdict.level == "unknown" and "gpu_max_pct" not in usage.series and "cpu_max_pct" in usage.series


def _basis(series: Mapping[str, Series], rule: IdleRule) -> tuple[str, float] | None:
    weighed = weigh({name: Track(one) for name, one in series.items() if one.points}, rule, Machine())
    if weighed is None:
        return None
    names = ("gpu_max_pct", "gpu_avg_pct") if weighed.basis.kind == "gpu" else ("cpu_max_pct", "cpu_avg_pct")
    return next(name for name in names if name in series and series[name].points), weighed.basis.busy


def _thinned(series: Series) -> tuple[float, ...]:
    if not series.points:
        return ()
    begin = series.points[-1][0] - SPARK
    values = [value for at, value in series.points if at > begin]
    size = max(1, -(-len(values) // MOST_POINTS))
    return tuple(round(max(values[first : first + size]), 1) for first in range(0, len(values), size))
