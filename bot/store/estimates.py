"""The shown options of an estimate, so that a button carries an id and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.store.db import Tx
from bot.store.values import new_id, pack, stamp, unpack


def save(tx: Tx, *, key: str, team: str, asker: str, at: datetime, data: Mapping[str, Any]) -> str:
    """Keep an answer and return its id (e_...); the same key keeps the first."""
    tx.add("estimate", id=new_id("e"), key=key, team=team, asker=asker, at=stamp(at), data=pack(data))
    return str(tx.value("SELECT id FROM estimate WHERE key = ?", key))


def find(tx: Tx, identity: str) -> Mapping[str, Any] | None:
    """What was kept under *identity*, with its asker and team; None when nothing was."""
    row = tx.one("SELECT * FROM estimate WHERE id = ?", identity)
    return None if row is None else {**unpack(row["data"]), "asker": row["asker"], "team": row["team"], "at": row["at"]}


def forget(tx: Tx, *, before: datetime) -> int:
    """Drop old estimates; their buttons then say so."""
    return tx.run("DELETE FROM estimate WHERE at < ?", stamp(before))
