"""Images of machines, from the press to their deletion; a change names the states it may start from."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.rules.images import SavedImage, State
from bot.rules.launch import Wanted
from bot.store.db import Row, Tx, Value
from bot.store.values import moment, moment_or_none, pack, stamp, unpack

OPEN: tuple[State, ...] = ("saving", "ending")


def add(tx: Tx, image: SavedImage, *, key: str) -> bool:
    """Add a row; False when the key is known or the machine is being saved already."""
    values = {**asdict(image), "wanted": pack(asdict(image.wanted)), "asked_at": stamp(image.asked_at)}
    return tx.add("image", **values, key=key, changed_at=stamp(image.asked_at))


def find(tx: Tx, identity: str) -> SavedImage | None:
    """One image; None for an id that was never given out."""
    row = tx.one("SELECT * FROM image WHERE id = ?", identity)
    return None if row is None else _image(row)


def in_state(tx: Tx, *states: State) -> list[SavedImage]:
    """Every image in one of *states*, newest first."""
    holders = ", ".join("?" * len(states))
    return [
        _image(row) for row in tx.all(f"SELECT * FROM image WHERE state IN ({holders}) ORDER BY asked_at DESC", *states)
    ]


def change(tx: Tx, identity: str, *, be: tuple[State, ...], now: datetime, **values: Any) -> SavedImage | None:
    """Set columns if it still is in one of the states *be*; None when somebody was first."""
    changes: dict[str, Value] = {name: _column(value) for name, value in values.items()}
    changes["changed_at"] = stamp(now)
    sets = ", ".join(f"{name} = ?" for name in changes)
    holders = ", ".join("?" * len(be))
    sql = f"UPDATE image SET {sets} WHERE id = ? AND state IN ({holders})"
    return find(tx, identity) if tx.run(sql, *changes.values(), identity, *be) == 1 else None


def _column(value: Any) -> Value:
    if isinstance(value, datetime):
        return stamp(value)
    return pack(asdict(value)) if isinstance(value, Wanted) else value


def _image(row: Row) -> SavedImage:
    names = (
        "id state after ref account region instance was label name owner by team gb usd_per_month machine aws_id "
        "progress error launch"
    )
    return SavedImage(
        **{name: row[name] for name in names.split()},
        wanted=Wanted(**unpack(row["wanted"])),
        asked_at=moment(row["asked_at"]),
        called_at=moment_or_none(row["called_at"]),
    )
