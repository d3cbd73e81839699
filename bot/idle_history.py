"""The rule over the past metrics of every machine in the accounts, before anybody turns it on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.idle_survey import ScanLook
from bot.kinds import KINDS, Kind
from bot.parts import Parts
from bot.rules.errors import CloudError, Unsure
from bot.rules.idle import Resource, rule_for
from bot.rules.idle_episode import Alert, alerts, rested
from bot.rules.idle_finding import AT_WORK, Gap
from bot.rules.policy_idle import Idle

THREADS = 8


@dataclass(frozen=True, slots=True)
class Replayed:
    """Every alert of every machine, what a stop at each safe one would have saved, and what could not be seen."""

    alerts: tuple[Alert, ...]
    usd_saved: float  # of machines whose price is known
    gaps: tuple[Gap, ...]


def replay(parts: Parts, *, days: float, now: datetime) -> Replayed:
    """Run the policy's rule over the last *days* of CloudWatch, machine by machine, regions at once."""
    places = [(account, region) for account in parts.cloud.accounts() for region in parts.cloud.regions(account)]
    with ThreadPoolExecutor(min(THREADS, max(1, len(places))), thread_name_prefix="replay") as pool:
        found = list(pool.map(lambda place: _place(parts, ScanLook(parts, place[0], place[1], now), days), places))
    return Replayed(
        alerts=tuple(alert for one in found for alert in one.alerts),
        usd_saved=sum(one.usd_saved for one in found),
        gaps=tuple(gap for one in found for gap in one.gaps),
    )


def _place(parts: Parts, look: ScanLook, days: float) -> Replayed:
    kept: list[Alert] = []
    gaps: list[Gap] = []
    saved = 0.0
    for kind in KINDS.values():
        try:
            for found, usd in _machines(parts, look, kind, days):
                kept += found
                saved += usd
        except CloudError as error:
            gaps.append(Gap(look.account, look.region, kind.name, str(error)))
            if isinstance(error, Unsure):
                break
    return Replayed(tuple(kept), saved, tuple(gaps))


def _machines(parts: Parts, look: ScanLook, kind: Kind, days: float) -> Iterator[tuple[list[Alert], float]]:
    """One at a time: a month of one machine fills a call of GetMetricData."""
    rules = parts.policy().idle
    for one in kind.find(look):
        if one.state in AT_WORK:
            yield _machine(look, kind, kind.price(one, parts.catalog), rules, days)


def _machine(look: ScanLook, kind: Kind, one: Resource, rules: Idle, days: float) -> tuple[list[Alert], float]:
    usage = kind.measure(look, [one], look.now - timedelta(days=days), look.now)[one.id]
    rule = rule_for(rules, one)
    found = alerts(one.id, usage.series, rule)
    per_hour = (one.usd_per_hour or 0.0) - (one.usd_per_hour_stopped or 0.0)
    hours = sum(rested(alert, usage.series, rule) / timedelta(hours=1) for alert in found if alert.level == "safe")
    return found, max(0.0, per_hour) * hours
