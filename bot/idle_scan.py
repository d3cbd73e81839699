"""One idle scan over every account and region, and what the latest one said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot import idle_money, idle_owner, idle_patience, idle_record
from bot.idle_looks import LongLooks
from bot.idle_patience import GIVEN_UP, Patience
from bot.idle_survey import ScanLook, Survey, survey
from bot.kinds import KINDS
from bot.parts import Parts
from bot.rules.idle_finding import Finding, Gap, ScanReport
from bot.rules.idle_sweep import guard
from bot.store import holds, homes, idle, reminders, schedules
from bot.store.values import moment, unpack

Where = tuple[str, str]  # account, region
THREADS = 8
LONG_LOOKS = 40  # a scan; an account that is new to mlbot is looked back over in several
KEEP = timedelta(days=60)  # of scans and morning messages
GONE = ("terminated", "deleted", "parked")  # answers after which it is not there any more
ENDED = ("stopped", "started", *GONE)  # answers after which a verdict is past


def scan(parts: Parts, now: datetime) -> ScanReport:
    """Find, measure and judge everything as of *now*, and record it; what could not be seen is named in the gaps."""
    places = [(account, region) for account in parts.cloud.accounts() for region in parts.cloud.regions(account)]
    with parts.store.reading() as tx:
        before = idle.counts_a_day_before(tx, now)
    long_looks = LongLooks(LONG_LOOKS, places, turn=int(now.timestamp() // 900))

    def look(place: Where, patience: Patience) -> tuple[Survey, list[Finding]]:
        try:
            known = idle_record.remembered(parts, *place, now)
            found = survey(parts, ScanLook(parts, *place, now, patience), known, long_looks)
            kept = [] if patience.given_up else idle_record.record(parts, found, now)
            return replace(found, seen=()), kept
        finally:
            parts.store.close()  # this thread's connection

    looks = idle_patience.run([partial(look, place) for place in places], threads=THREADS)
    done = [one or (_silent(place), []) for place, one in zip(places, looks, strict=True)]
    written = parts.clock.now()
    findings = _enriched(parts, [(one, written) for _, found in done for one in found], now)
    owners = idle_owner.name_owners(parts, findings, now)
    findings = [
        replace(one, owner=owners[one.ref], owner_by="started") if one.ref in owners else one for one in findings
    ]
    gaps = tuple(gap for found, _ in done for gap in found.gaps)
    counts = {f"{found.account}/{found.region}": len(seen) for found, seen in done if not found.gaps}
    alarm = guard(before, counts, parts.policy().idle)
    idle_money.account_for(parts, findings, since=_close(parts, now, counts, gaps, alarm), now=now)
    return ScanReport(at=now, findings=tuple(findings), gaps=gaps, alarm=alarm)


def _silent(place: Where) -> Survey:
    """A place that kept the scan waiting until it was given up."""
    return Survey(*place, seen=(), gaps=(Gap(*place, "", GIVEN_UP),), blind=frozenset(KINDS))


def last_scan(parts: Parts, now: datetime | None = None) -> ScanReport | None:
    """The latest scan with what it found, as answered since; None before the first."""
    with parts.store.reading() as tx:
        row = idle.last_scan(tx)
        found = idle.findings(tx) if row is not None else []
    if row is None:
        return None
    data = unpack(row["data"])
    return ScanReport(
        at=moment(row["at"]),
        findings=tuple(_enriched(parts, found, now or parts.clock.now())),
        gaps=tuple(Gap(one["account"], one["region"], one["kind"], one["reason"]) for one in data["gaps"]),
        alarm=data["alarm"],
    )


def findings(parts: Parts, *, user: str | None) -> list[Finding]:
    """The latest verdicts on what is there, or on what of it is *user*'s; answers and holds as they stand now."""
    with parts.store.reading() as tx:
        found = idle.findings(tx, owner=user)
    known = _enriched(parts, found, parts.clock.now())
    gone = {_place(one, one.resource.id) for one in known if one.outcome and one.outcome.what in GONE}
    return [one for one in known if not gone & {_place(one, one.resource.id), _place(one, _host(one))}]


def _place(one: Finding, aws_id: str) -> tuple[str, str, str]:
    return one.resource.account, one.resource.region, aws_id


def _host(one: Finding) -> str:
    """The machine that a disk or an address is of; a scan says what became of it."""
    return str(one.resource.details.get("counted_with") or "")


def finding(parts: Parts, ref: str) -> Finding | None:
    """The latest verdict on one resource; None for a reference that is unknown or gone."""
    with parts.store.reading() as tx:
        found = idle.finding(tx, ref)
    return _enriched(parts, [found], parts.clock.now())[0] if found else None


def _enriched(parts: Parts, found: Iterable[tuple[Finding, datetime]], now: datetime) -> list[Finding]:
    """With the holds, answers and unanswered mornings of now; an answer to an older verdict is past."""
    with parts.store.reading() as tx:
        held, answers, days = holds.every(tx), holds.latest(tx), reminders.unanswered(tx)
        plans = schedules.every(tx)
    enriched = []
    for one, written in found:
        hold, outcome, plan = held.get(one.ref), answers.get(one.ref), plans.get(one.ref)
        since = (one.verdict.since or one.at).date()
        enriched.append(
            replace(
                one,
                hold=hold if hold and hold.stands(now) else None,
                outcome=outcome if outcome and outcome.what in ENDED and outcome.at >= written else None,
                told=sum(1 for day in days.get(one.ref, ()) if day >= since),
                schedule=plan.hours.words if plan else "",
                asleep=bool(plan and plan.asleep_at and one.resource.state == "stopped"),
            )
        )
    return enriched


def _close(parts: Parts, now: datetime, counts: dict[str, int], gaps: Sequence[Gap], alarm: str) -> datetime | None:
    """Write the scan down; returns as of when the latest one before it was, read in the same transaction."""
    written = [{"account": gap.account, "region": gap.region, "kind": gap.kind, "reason": gap.reason} for gap in gaps]
    with parts.store.transaction() as tx:
        before = idle.latest_scan(tx)
        idle.scanned(tx, now=now, counts=counts, gaps=written, alarm=alarm)
        idle.forget(tx, before=now - KEEP)
        reminders.forget(tx, before=now - KEEP)
        homes.touch(tx, parts.clock.now())
    return before
