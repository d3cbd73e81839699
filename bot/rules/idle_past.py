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
LEAST_TEST = timedelta(days=2)  # a back-test over less says nothing


@dataclass(frozen=True, slots=True)
class Past:
    """What a long look showed."""

    pause: timedelta  # the longest after which it went back to work
    back_test: BackTest | None  # None where the data are too young to tell


def past(resource: Resource, usage: Usage, rule: IdleRule) -> Past | None:
    """What *usage* over many days says; None where nothing says how busy it was."""
    basis = _basis(usage.series, rule)
    if basis is None:
        return None
    name, limit, busy = basis
    track = Track(usage.series[name])
    pause = track.pause(busy, track.reach)
    if track.end is None or track.reach < LEAST_TEST:
        return Past(pause, None)
    begun = track.end - track.quiet(limit)  # of the present episode, of which nobody knows yet how it ends
    before = [one for one in alerts(resource.id, usage.series, rule) if one.level == "nag" and one.at <= begun]
    wrong = sum(1 for one in before if one.wrong)
    return Past(pause, BackTest(track.reach / timedelta(days=1), len(before), wrong))


def spark(usage: Usage, rule: IdleRule) -> tuple[str, tuple[float, ...]]:
    """The signal that decides and its last day, for a picture; several datapoints share a value by their highest."""
    basis = _basis(usage.series, rule)
    if basis is None:
        return ("invocations", _thinned(usage.series["invocations"])) if "invocations" in usage.series else ("", ())
    return basis[0], _thinned(usage.series[basis[0]])


def needs_a_day(usage: Usage, verdict: Verdict) -> bool:
    """Whether only the CPU can tell, and a day of it was not measured."""
    return verdict.level == "unknown" and "gpu_max_pct" not in usage.series and "cpu_max_pct" in usage.series


def _basis(series: Mapping[str, Series], rule: IdleRule) -> tuple[str, float, float] | None:
    """The signal that decides, its limit, and from where on it works."""
    weighed = weigh({name: Track(one) for name, one in series.items() if one.points}, rule, Machine())
    if weighed is None:
        return None
    names = ("gpu_max_pct", "gpu_avg_pct") if weighed.basis.kind == "gpu" else ("cpu_max_pct", "cpu_avg_pct")
    name = next(name for name in names if name in series and series[name].points)
    return name, weighed.basis.limit, weighed.basis.busy


def _thinned(series: Series) -> tuple[float, ...]:
    if not series.points:
        return ()
    begin = series.points[-1][0] - SPARK
    values = [value for at, value in series.points if at > begin]
    size = max(1, -(-len(values) // MOST_POINTS))
    return tuple(round(max(values[first : first + size]), 1) for first in range(0, len(values), size))
