"""Which due moment of a scheduled job was taken: whoever adds the row runs it, once over all replicas."""

from __future__ import annotations

from datetime import datetime

from bot.store.db import Tx
from bot.store.values import stamp


def claim(tx: Tx, *, job: str, due: str, now: datetime, owner: str = "") -> bool:
    """Take one due moment of a job; False when somebody has it."""
    return tx.add("tick", job=job, due=due, owner=owner, at=stamp(now))


def last(tx: Tx, job: str) -> str | None:
    """The latest due moment that was taken."""
    found: str | None = tx.value("SELECT MAX(due) FROM tick WHERE job = ?", job)
    return found


def forget(tx: Tx, *, before: datetime) -> int:
    """Drop old ticks, but each job's latest."""
    return tx.run(
        "DELETE FROM tick WHERE at < ? AND due < (SELECT MAX(t.due) FROM tick t WHERE t.job = tick.job)", stamp(before)
    )


def known(tx: Tx, *, job: str, due: str) -> bool:
    """Whether somebody took this due moment."""
    return tx.one("SELECT 1 FROM tick WHERE job = ? AND due = ?", job, due) is not None
