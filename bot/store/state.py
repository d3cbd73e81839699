"""Switches and notes of the whole bot, by name: the freeze, when the audit head was last posted."""

from __future__ import annotations

from datetime import datetime

from bot.store.db import Row, Tx
from bot.store.values import stamp


def put(tx: Tx, name: str, value: str, *, by: str, now: datetime) -> None:
    """Set *name*; empty clears it."""
    tx.run(
        "INSERT INTO setting (name, value, at, by) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at, by = excluded.by",
        name,
        value,
        stamp(now),
        by,
    )


def get(tx: Tx, name: str) -> Row | None:
    """The row of *name* while it is set: value, at, by."""
    row = tx.one("SELECT * FROM setting WHERE name = ?", name)
    return row if row is not None and row["value"] else None
