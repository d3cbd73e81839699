"""Attempts: one row for each place tried, written before the call; its id is the ClientToken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.rules.launch import Attempt
from bot.store.db import Row, Tx
from bot.store.values import moment_or_none, pack, stamp, unpack


def add(tx: Tx, attempt: Attempt, *, now: datetime) -> bool:
    """Add a try; False when one is open already or was made under this number."""
    return tx.add(
        "attempt",
        id=attempt.id,
        launch=attempt.launch,
        n=attempt.n,
        region=attempt.region,
        zone=attempt.zone,
        params=pack(attempt.params),
        created_at=stamp(now),
    )


def standing(tx: Tx, launch: str) -> Attempt | None:
    """The try that is open or was launched; there is at most one."""
    row = tx.one("SELECT * FROM attempt WHERE launch = ? AND state != 'refused'", launch)
    return None if row is None else _attempt(row)


def all_of(tx: Tx, launch: str) -> tuple[Attempt, ...]:
    """Every try, in their order."""
    return tuple(_attempt(row) for row in tx.all("SELECT * FROM attempt WHERE launch = ? ORDER BY n", launch))


def calling(tx: Tx, identity: str, *, now: datetime) -> None:
    """Note that the call is about to be made."""
    tx.run(
        "UPDATE attempt SET calls = calls + 1, called_at = COALESCE(called_at, ?) WHERE id = ? AND state = 'open'",
        stamp(now),
        identity,
    )


def unsure(tx: Tx, identity: str, *, code: str, error: str) -> None:
    """Note that nobody answered the call."""
    tx.run(
        "UPDATE attempt SET unsure = unsure + 1, error_code = ?, error = ? WHERE id = ? AND state = 'open'",
        code,
        error,
        identity,
    )


def launched(tx: Tx, identity: str, *, instance_ids: Sequence[str], request_id: str, now: datetime) -> bool:
    """Note that it runs; False when the row was settled already."""
    changed = tx.run(
        "UPDATE attempt SET state = 'launched', instance_ids = ?, request_id = ?, ended_at = ?"
        " WHERE id = ? AND state = 'open'",
        pack(list(instance_ids)),
        request_id,
        stamp(now),
        identity,
    )
    return changed == 1


def refused(tx: Tx, identity: str, *, code: str, error: str, request_id: str, now: datetime) -> bool:
    """Note a definite no; False when the row was settled already."""
    changed = tx.run(
        "UPDATE attempt SET state = 'refused', error_code = ?, error = ?, request_id = ?, ended_at = ?"
        " WHERE id = ? AND state = 'open'",
        code,
        error,
        request_id,
        stamp(now),
        identity,
    )
    return changed == 1


def _attempt(row: Row) -> Attempt:
    return Attempt(
        id=row["id"],
        launch=row["launch"],
        n=row["n"],
        region=row["region"],
        zone=row["zone"],
        params=unpack(row["params"]),
        state=row["state"],
        calls=row["calls"],
        called_at=moment_or_none(row["called_at"]),
        unsure=row["unsure"],
        error_code=row["error_code"],
        error=row["error"],
    )
