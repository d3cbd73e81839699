"""What a scan found, written down in short transactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.idle_survey import SHORT, Key, Remembered, Seen, Survey
from bot.parts import Parts
from bot.rules.idle import Known
from bot.rules.idle_finding import Finding
from bot.store import holds, idle, resources
from bot.store.db import Row, Tx
from bot.store.values import moment, moment_or_none

ROWS = 200  # a transaction: the ack of a command never waits for longer than some of these take


def remembered(parts: Parts, account: str, region: str, now: datetime) -> dict[Key, Remembered]:
    """What the database knows of one place."""
    with parts.store.reading() as tx:
        rows = idle.rows(tx, account=account, region=region)
    return {key: _remembered(row, now) for key, row in rows.items()}


def record(parts: Parts, survey: Survey, now: datetime) -> list[Finding]:
    """Keep every verdict of *survey*, and that what it does not show any more is gone."""
    with parts.store.reading() as tx:
        rows = idle.rows(tx, account=survey.account, region=survey.region)
        launches = idle.launched_by(tx)
    findings = [_finding(one, rows.get((one.resource.kind, one.resource.id)), launches, now) for one in survey.seen]
    written = parts.clock.now()
    for first in range(0, len(findings), ROWS):
        with parts.store.transaction() as tx:
            for n in range(first, min(first + ROWS, len(findings))):
                findings[n] = _save(tx, findings[n], survey.seen[n], written)
    seen = {(one.resource.kind, one.resource.id) for one in survey.seen}
    missing = [row for key, row in rows.items() if key not in seen and key[0] not in survey.blind]
    with parts.store.transaction() as tx:
        idle.gone(tx, [row["ref"] for row in missing if row["gone_at"] is None], now=now)
    return findings


def _remembered(row: Row, now: datetime) -> Remembered:
    touches = now - moment(row["last_seen"]) <= SHORT  # the present data begin before the last scan ended
    known = Known(
        idle_since=moment_or_none(row["idle_since"]) if touches else None,
        at_least=bool(row["at_least"]),
        was_safe=bool(row["safe"]) and touches,
        pause=timedelta(seconds=row["pause"] or 0),
        first_seen=moment(row["first_seen"]),
        state_since=moment_or_none(row["state_since"]),
        hold=holds.of_row(row),
    )
    return Remembered(known, moment_or_none(row["looked_at"]))


def _finding(seen: Seen, row: Row | None, launches: Mapping[str, str], now: datetime) -> Finding:
    owner, how = _owner(seen, row, launches)
    back_test = seen.past.back_test if seen.past else idle.back_test(row) if row else None
    forbidden = seen.forbidden if seen.past or row is None else idle.forbidden(row)
    return Finding(
        ref="",
        resource=seen.resource,
        verdict=seen.verdict,
        owner=owner,
        owner_by=how,
        at=now,
        spark=seen.spark,
        spark_of=seen.spark_of,
        back_test=back_test if seen.verdict.level == "idle" else None,
        verbs=tuple(verb for verb in seen.verbs if verb not in forbidden),
    )


def _save(tx: Tx, found: Finding, seen: Seen, written: datetime) -> Finding:
    """The same with its reference, which is given out at its first sight."""
    one, now = found.resource, found.at
    ref = resources.see(tx, account=one.account, region=one.region, kind=one.kind, aws_id=one.id, now=now)
    found = replace(found, ref=ref)
    if seen.past:
        idle.looked_back(tx, ref, seen.past, forbidden=seen.forbidden, now=now)
    idle.save(tx, found, written=written)
    return found


def _owner(seen: Seen, row: Row | None, launches: Mapping[str, str]) -> tuple[str | None, str]:
    """Whose it is: as somebody pressed, else by its tag, else by the launch that made it, else by who started it."""
    one = seen.resource
    tag = one.owner or ""
    pressed = row is not None and row["belongs_how"] in ("claim", "not_mine") and row["belongs_tag"] == tag
    if row is not None and pressed:
        return row["belongs_to"] or None, row["belongs_how"]
    if tag:
        return tag, "tag"
    if asker := launches.get(one.request or ""):
        return asker, "launch"
    if row is not None and row["belongs_how"] == "started" and row["belongs_to"]:
        return row["belongs_to"], "started"
    return None, ""
