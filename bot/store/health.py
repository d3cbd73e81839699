"""What operators are told of the rows: counts and ages, read in one look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.store import idle, launches, ops, outbox, state
from bot.store.db import Tx
from bot.store.values import moment, moment_or_none, stamp, unpack

CHECKED = "health"  # the note that the health page writes to see whether it can


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How the work stands; an age is zero when nothing waits, None when it never happened."""

    ops: Mapping[str, int]
    oldest_op: timedelta
    outbox: int
    oldest_message: timedelta
    launches: Mapping[str, int]
    frozen: bool
    last_scan: timedelta | None
    gaps: int | None  # of the last scan


def counts(tx: Tx, now: datetime) -> Counts:
    """Everything at once."""
    scan = idle.last_scan(tx)
    return Counts(
        ops=ops.counts(tx),
        oldest_op=_since(moment_or_none(ops.oldest_due(tx, now)), now),
        outbox=outbox.waiting(tx),
        oldest_message=_since(_oldest_message(tx), now),
        launches=launches.counts(tx),
        frozen=state.get(tx, "freeze") is not None,
        last_scan=_since(moment(scan["at"]), now) if scan else None,
        gaps=len(unpack(scan["data"]).get("gaps", ())) if scan else None,
    )


def note(tx: Tx, now: datetime) -> None:
    """Write one row, which fails where the database cannot be written."""
    state.put(tx, CHECKED, stamp(now), by="mlbot", now=now)


def _oldest_message(tx: Tx) -> datetime | None:
    """Since when the oldest message waits: a first one since it was made, an edit since it became due."""
    return moment_or_none(
        tx.value(
            "SELECT MIN(CASE WHEN sent_version = 0 THEN created_at ELSE next_at END) FROM outbox"
            " WHERE version > sent_version"
        )
    )


def _since(at: datetime | None, now: datetime) -> timedelta:
    return max(now - at, timedelta()) if at else timedelta()
