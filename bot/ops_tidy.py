"""Housekeeping without network: a clock that jumped back, and rows that nobody needs any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot import ops
from bot.ops import LEASE, Done, Op, Outcome
from bot.outbox import LONGEST_PAUSE
from bot.parts import Parts
from bot.store import estimates, outbox
from bot.store import ops as table
from bot.store.db import Tx

KEEP = timedelta(days=30)  # longer than anybody sends the same again, or presses an old button


def steady(tx: Tx, now: datetime) -> None:
    """After the clock jumped back, nothing waits for a time that would have come already."""
    table.steady(tx, now=now, lease=LEASE)
    outbox.steady(tx, now=now, lease=LEASE, pause=LONGEST_PAUSE)


def plan(tx: Tx, day: str, now: datetime) -> None:
    """Have old rows dropped, once a day."""
    ops.enqueue(tx, kind="ops.tidy", key=day, payload={}, now=now)


def tidy(parts: Parts, op: Op) -> Outcome:
    """Drop what is done and old; requests, attempts and the audit log stay for ever."""
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        for forget in (table.forget, outbox.forget, estimates.forget):
            forget(tx, before=now - KEEP)
    return Done()
