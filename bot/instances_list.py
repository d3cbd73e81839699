"""The list of machines over all accounts and regions; a place that does not answer is named and stops nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.kinds import KINDS, Look
from bot.parts import Parts
from bot.rules.errors import CloudError
from bot.rules.idle import Resource
from bot.rules.idle_finding import Gap
from bot.rules.instances import Verb, fits
from bot.rules.schedule import Schedule
from bot.store import idle, resources, schedules
from bot.store.db import Tx

THREADS = 8  # AWS limits an account's calls; a region that hangs holds one thread for twenty seconds
KIND = KINDS["ec2_instance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One machine of a list; money is None where the price is not known."""

    ref: str  # r_...: what buttons carry
    resource: Resource
    age: timedelta | None  # since it runs, or since it is stopped
    usd_so_far: float | None  # over *age*, at the rate of now
    verbs: tuple[Verb, ...]
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Machines, dearest first, and the places that could not be seen."""

    at: datetime
    rows: tuple[Listed, ...]
    gaps: tuple[Gap, ...]


def listing(parts: Parts, *, whose: Literal["mine", "all"], user: str) -> Listing:
    """What runs or is stopped, of *user* or of all; asks every region at once."""
    now = parts.clock.now()
    places = [(account, region) for account in parts.cloud.accounts() for region in parts.cloud.regions(account)]
    with ThreadPoolExecutor(max_workers=min(THREADS, len(places) or 1), thread_name_prefix="listing") as pool:
        answers = list(pool.map(lambda place: _look(parts, place, now), places))
    gaps = tuple(answer for answer in answers if isinstance(answer, Gap))
    found = _as_claimed(parts, (one for answer in answers if not isinstance(answer, Gap) for one in answer))
    mine = [one for one in found if whose == "all" or one.owner == user]
    return Listing(now, tuple(_rows(parts, mine, now)), gaps)


def narrowed(found: Listing, words: Sequence[str]) -> Listing:
    """The machines in whose name, type, state, region, zone, market or id each of *words* (lower case) stands."""
    return replace(found, rows=tuple(one for one in found.rows if all(word in _text(one.resource) for word in words)))


def _as_claimed(parts: Parts, found: Iterable[Resource]) -> list[Resource]:
    """With who claimed it as the owner, while its tag is what it was then."""
    with parts.store.reading() as tx:
        claims = idle.claims(tx)
    return [
        replace(one, owner=claims.get((one.account, one.region, one.id, one.owner or "")) or one.owner) for one in found
    ]


def _text(one: Resource) -> str:
    return " ".join((one.name, one.type, one.state, one.region, one.zone, one.market, one.id)).lower()


def _look(parts: Parts, place: tuple[str, str], now: datetime) -> list[Resource] | Gap:
    account, region = place
    try:
        look = Look(parts.cloud, account, region, now)
        return [KIND.price(one, parts.catalog) for one in KIND.find(look)]
    except CloudError as error:
        return Gap(account, region, KIND.name, str(error))


def _rows(parts: Parts, found: Iterable[Resource], now: datetime) -> list[Listed]:
    ordered = sorted(found, key=lambda one: (one.state != "running", -(one.usd_per_hour or 0.0), one.name, one.id))
    with parts.store.transaction() as tx:
        plans = schedules.every(tx)
        return [_listed(tx, one, now, plans) for one in ordered]


def _listed(tx: Tx, one: Resource, now: datetime, plans: Mapping[str, Schedule]) -> Listed:
    ref = resources.see(tx, account=one.account, region=one.region, kind=one.kind, aws_id=one.id, now=now)
    age = now - one.since if one.since else None
    spent = age.total_seconds() / 3600 * one.usd_per_hour if age is not None and one.usd_per_hour is not None else None
    return Listed(ref=ref, resource=one, age=age, usd_so_far=spent, verbs=fits(one), schedule=plans.get(ref))
