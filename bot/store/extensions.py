"""Extensions of launches: one waits at a time for each; a decision is written only while it waits."""

from __future__ import annotations

from datetime import datetime

from pydantic import TypeAdapter

from bot.rules.extension import Extension
from bot.store.db import Row, Tx
from bot.store.values import stamp

RECORD: TypeAdapter[Extension] = TypeAdapter(Extension)


def add(tx: Tx, one: Extension, *, key: str) -> bool:
    """Add one; False when the key is known, or another one waits for the same launch."""
    return tx.add(
        "extension",
        id=one.id,
        key=key,
        launch=one.launch,
        state=one.state,
        expires_at=stamp(one.expires_at),
        data=RECORD.dump_json(one).decode(),
    )


def find(tx: Tx, identity: str) -> Extension | None:
    """One extension; None for an id that was never given out."""
    row = tx.one("SELECT data FROM extension WHERE id = ?", identity)
    return None if row is None else _read(row)


def of(tx: Tx, launch: str) -> tuple[Extension, ...]:
    """Every extension of a launch, in their order."""
    return tuple(_read(row) for row in tx.all("SELECT data FROM extension WHERE launch = ? ORDER BY rowid", launch))


def change(tx: Tx, one: Extension) -> bool:
    """Write what became of one that waits; False when somebody was first."""
    sql = "UPDATE extension SET state = ?, data = ? WHERE id = ? AND state = 'asked'"
    return tx.run(sql, one.state, RECORD.dump_json(one).decode(), one.id) == 1


def waiting(tx: Tx) -> list[Extension]:
    """Those that wait for a decision, oldest first."""
    return [_read(row) for row in tx.all("SELECT data FROM extension WHERE state = 'asked' ORDER BY rowid")]


def expired(tx: Tx, now: datetime) -> list[Extension]:
    """Those that wait and whose time is over."""
    rows = tx.all("SELECT data FROM extension WHERE state = 'asked' AND expires_at <= ?", stamp(now))
    return [_read(row) for row in rows]


def _read(row: Row) -> Extension:
    return RECORD.validate_json(row["data"])
