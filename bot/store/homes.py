"""Whose Home tab was ever opened, and how far what is drawn there is behind what is known."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.store import ops
from bot.store.db import Row, Tx
from bot.store.values import moment_or_none, stamp

SPREAD, PUBLISH = "home.spread", "home.publish"  # kinds of ops
PACE = timedelta(seconds=3)  # between two drawings that nobody asked for


def touch(tx: Tx, now: datetime) -> None:
    """Something changed that a Home tab may show; nothing is written while nobody has opened one."""
    if tx.one("SELECT 1 FROM home LIMIT 1") is not None:
        ops.again(tx, kind=SPREAD, key="all", payload={}, now=now, due=now)


def opened(tx: Tx, user: str, now: datetime) -> Row:
    """Remember that *user* looks at their Home tab; its row."""
    tx.run(
        "INSERT INTO home (user, opened_at) VALUES (?, ?)"
        " ON CONFLICT (user) DO UPDATE SET opened_at = excluded.opened_at",
        user,
        stamp(now),
    )
    row = find(tx, user)
    assert row is not None
    return row


def find(tx: Tx, user: str) -> Row | None:
    """The row of somebody who opened their Home tab."""
    return tx.one("SELECT * FROM home WHERE user = ?", user)


def spread(tx: Tx, now: datetime) -> int:
    """Have every Home tab looked at again, each at its pace; returns how many."""
    rows = tx.all("UPDATE home SET version = version + 1 RETURNING *")
    for row in rows:
        again(tx, row, now)
    return len(rows)


def again(tx: Tx, row: Row, now: datetime, *, after: timedelta = timedelta()) -> None:
    """Have one Home tab looked at again *after* a while, no sooner than its pace allows."""
    before = moment_or_none(row["published_at"])
    due = max(now + after, before + PACE) if before else now + after
    ops.again(tx, kind=PUBLISH, key=row["user"], payload={"home": row["user"]}, now=now, due=due)


def shown(tx: Tx, row: Row, *, digest: str, published: datetime | None) -> bool:
    """Keep what is drawn of *row*'s version and when it was published unasked; False when it is behind again."""
    tx.run(
        "UPDATE home SET shown = ?, digest = ?, published_at = COALESCE(?, published_at) WHERE user = ?",
        row["version"],
        digest,
        stamp(published) if published else None,
        row["user"],
    )
    return tx.one("SELECT 1 FROM home WHERE user = ? AND version > shown", row["user"]) is None


def forget(tx: Tx, user: str) -> None:
    """Draw nothing for them any more, until they open it again."""
    tx.run("DELETE FROM home WHERE user = ?", user)
