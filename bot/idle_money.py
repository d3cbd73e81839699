"""The money that passed since things were looked at before, by day and owner: spent, idle, kept, saved and unseen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from bot.parts import Parts
from bot.rules import spent
from bot.rules.idle_finding import Finding
from bot.rules.spent import Billed, Stretch
from bot.store import holds, homes, money
from bot.store.db import Tx
from bot.store.money import Spend

ROWS = 200  # a transaction: the ack of a command never waits for longer than some of these take
SAVED_FOR = timedelta(days=7)  # a machine that somebody stopped counts as saved for so long, unless it runs again

Sums = dict[tuple[date, str], Spend]


def account_for(parts: Parts, findings: Sequence[Finding], *, since: datetime | None, now: datetime) -> None:
    """Add what passed until *now*: for each thing since it was counted last, for a new one since *since*."""
    with parts.store.reading() as tx:
        before = money.billed(tx)
    for first in range(0, len(findings), ROWS):
        with parts.store.transaction() as tx:
            _count(tx, findings[first : first + ROWS], before, since=since or now)
    with parts.store.transaction() as tx:
        _count_gone(tx, now)
        if since is not None and since < now:
            _add(tx, _saved(tx, findings, since=since, now=now))
        homes.touch(tx, parts.clock.now())


def _count(tx: Tx, findings: Sequence[Finding], before: Mapping[str, Billed], *, since: datetime) -> None:
    """Money and how far it is counted change together, so that nothing is lost or counted twice."""
    sums: Sums = defaultdict(Spend)
    for one in findings:
        known = before.get(one.ref)
        for stretch in spent.stretches(known, one, since):
            _share(sums, one.owner or "", stretch, one)
        money.count_until(tx, one.ref, spent.now_billed(one, known))
    _add(tx, sums)


def _count_gone(tx: Tx, now: datetime) -> None:
    sums: Sums = defaultdict(Spend)
    gone = money.gone(tx)
    answers = holds.latest(tx) if gone else {}
    for ref, known in gone.items():
        for stretch in spent.after_it_went(known, answers.get(ref), now):
            _share(sums, known.owner, stretch)
    money.count_no_more(tx, gone)
    _add(tx, sums)


def _share(sums: Sums, owner: str, stretch: Stretch, found: Finding | None = None) -> None:
    for day, one in spent.by_day(stretch, found):
        sums[day, owner] = _plus(sums[day, owner], Spend(one.usd, one.idle, one.kept, unseen=one.unseen))


def _add(tx: Tx, sums: Sums) -> None:
    for (day, owner), spend in sums.items():
        if spend != Spend():
            money.add(tx, day=day, owner=owner, spend=spend)


def _saved(tx: Tx, findings: Iterable[Finding], *, since: datetime, now: datetime) -> Sums:
    """What people save by what they stopped; it ends when it runs again, or after a week."""
    started = {one.ref: one.resource.since or since for one in findings if one.at_work}
    sums: Sums = defaultdict(Spend)
    for ref, (by, per_hour, begun) in money.savings(tx).items():
        end = min(started.get(ref, now), begun + SAVED_FOR, now)
        for day, one in spent.by_day(Stretch(max(begun, since), end, per_hour)):
            sums[day, by] = _plus(sums[day, by], Spend(saved=one.usd))
        if ref in started or now - begun > SAVED_FOR:
            money.saves_no_more(tx, ref)
    return sums


def _plus(one: Spend, other: Spend) -> Spend:
    return Spend(
        one.usd + other.usd,
        one.idle + other.idle,
        one.kept + other.kept,
        one.saved + other.saved,
        one.unseen + other.unseen,
    )
