"""The alerts that the rule gives over past metrics, and whether each was right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.rules.idle_facts import Series
from bot.rules.idle_running import Machine, judge, too_soon, weigh
from bot.rules.idle_track import Track
from bot.rules.policy_idle import IdleRule

AlertLevel = Literal["nag", "safe"]
HOUR = timedelta(hours=1)
BASES = ("gpu_max_pct", "gpu_avg_pct", "cpu_max_pct", "cpu_avg_pct")


@dataclass(frozen=True, slots=True)
class Alert:
    """The start of an episode at a level; *wrong*: it worked again within the hour, None where the data end before."""

    resource: str
    at: datetime  # the end of the datapoint's interval
    level: AlertLevel
    why: str
    wrong: bool | None = None


def alerts(resource: str, series: Mapping[str, Series], rule: IdleRule) -> list[Alert]:
    """
    Every alert of *rule* over *series*, oldest first.

    An episode opens when the machine turns idle (nag) and deepens once (safe). It ends only when the signal that it
    rests on reaches the busy limit: a blip below that, a busy CPU or missing data do not open another one.
    """
    tracks = {name: Track(one, at_end=False) for name, one in series.items() if one.points}
    moments = sorted({at for one in series.values() for at, _ in one.points})
    found = [Alert(resource, at, level, why) for at, level, why in _walk(tracks, moments, rule)]
    return graded(found, *_work(series, rule)) if found else found


def rested(alert: Alert, series: Mapping[str, Series], rule: IdleRule) -> timedelta:
    """For how long it went on resting after *alert*, as far as the data go."""
    points, busy = _work(series, rule)
    later = [(at, value) for at, value in points if at > alert.at]
    end = next((at for at, value in later if value >= busy), later[-1][0] if later else alert.at)
    return end - alert.at


def _work(series: Mapping[str, Series], rule: IdleRule) -> tuple[Sequence[tuple[datetime, float]], float]:
    """The signal that says whether it works, and from where on it does."""
    name = next(name for name in BASES if name in series and series[name].points)
    return series[name].points, rule.cpu_pct if name.startswith("cpu") else rule.gpu_busy_pct


def _walk(
    tracks: Mapping[str, Track], moments: Sequence[datetime], rule: IdleRule
) -> Iterator[tuple[datetime, AlertLevel, str]]:
    reached, begun, weighed = 0, 0, None
    for now in moments:
        for track in tracks.values():
            track.advance(now)
        if begun < len(tracks) and (count := sum(track.end is not None for track in tracks.values())) > begun:
            begun, weighed = count, weigh(tracks, rule, Machine())
        if weighed is None:
            continue
        basis = weighed.basis
        if basis.track.last >= basis.busy:
            reached = 0
        if reached == 2 or too_soon(weighed, safe=reached == 1):
            continue
        verdict = judge(weighed, now)
        if verdict.level != "idle":
            continue
        if reached == 0:
            yield now, "nag", verdict.reason
            reached = 1
        if verdict.safe:
            yield now, "safe", verdict.reason
            reached = 2


def graded(found: Sequence[Alert], points: Sequence[tuple[datetime, float]], busy: float) -> list[Alert]:
    """The same alerts, each told whether *points* reached *busy* within the hour after it."""
    graded_alerts, index = [], 0
    last = points[-1][0]
    for alert in found:
        while index < len(points) and points[index][0] <= alert.at:
            index += 1
        ahead = index
        wrong = False
        while ahead < len(points) and points[ahead][0] <= alert.at + HOUR and not wrong:
            wrong = points[ahead][1] >= busy
            ahead += 1
        known = wrong or last >= alert.at + HOUR
        graded_alerts.append(Alert(alert.resource, alert.at, alert.level, alert.why, wrong=wrong if known else None))
    return graded_alerts
