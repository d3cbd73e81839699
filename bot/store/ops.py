"""The op table: work that survives the process, claimed with a lease and finished only by who holds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.store.db import Row, Tx
from bot.store.values import pack, stamp

# What people wait for comes first; a switch that stops everything comes before all.
RANKS = {"launch.freeze": 0, "launch.answer": 1, "launch.more": 1, "instances.press": 1, "launch.drive": 2}
RANKS |= {"home.spread": 6, "home.publish": 7, "home.draw": 8}  # pages follow what they show
LAST = 5
DUE = "state = 'ready' AND next_at <= ? AND (lease IS NULL OR lease <= ?)"


def add(tx: Tx, *, kind: str, key: str, payload: Mapping[str, Any], now: datetime, due: datetime) -> bool:
    """Add an op unless its key is known; returns whether it was added."""
    rank, at = RANKS.get(kind, LAST), stamp(now)
    return tx.add("op", kind=kind, key=key, rank=rank, payload=pack(payload), next_at=stamp(due), created_at=at)


def is_due(tx: Tx, now: datetime) -> bool:
    """Whether anything could be claimed."""
    at = stamp(now)
    return tx.one(f"SELECT 1 FROM op WHERE {DUE} LIMIT 1", at, at) is not None


def claim(tx: Tx, *, owner: str, now: datetime, lease: timedelta) -> Row | None:
    """Take the op of the first rank that has been due longest; its row, or None when nothing is due."""
    at = stamp(now)
    return tx.one(
        "UPDATE op SET owner = ?, lease = ?, attempts = attempts + 1"
        f" WHERE id = (SELECT id FROM op WHERE {DUE} ORDER BY rank, next_at, id LIMIT 1) RETURNING *",
        owner,
        stamp(now + lease),
        at,
        at,
    )


def is_ready(tx: Tx, op: int) -> bool:
    """Whether it has not ended."""
    return tx.one("SELECT 1 FROM op WHERE id = ? AND state = 'ready'", op) is not None


def renew(tx: Tx, *, op: int, owner: str, lease: datetime) -> bool:
    """Hold it longer; False when somebody else took it."""
    return tx.run("UPDATE op SET lease = ? WHERE id = ? AND owner = ?", stamp(lease), op, owner) == 1


def finish(tx: Tx, *, op: int, owner: str, now: datetime, state: str = "done", error: str = "") -> bool:
    """End it; False when its lease lapsed and somebody else took it."""
    changed = tx.run(
        "UPDATE op SET state = ?, error = ?, ended_at = ?, lease = NULL WHERE id = ? AND owner = ? AND state = 'ready'",
        state,
        error,
        stamp(now),
        op,
        owner,
    )
    return changed == 1


def postpone(tx: Tx, *, op: int, owner: str, until: datetime, error: str, failed: bool) -> bool:
    """Let go of it until a later time; one that is only early has not *failed*."""
    changed = tx.run(
        "UPDATE op SET next_at = ?, error = ?, lease = NULL, owner = NULL,"
        " failures = CASE ? WHEN 1 THEN failures + 1 ELSE 0 END WHERE id = ? AND owner = ? AND state = 'ready'",
        stamp(until),
        error,
        int(failed),
        op,
        owner,
    )
    return changed == 1


def hasten(tx: Tx, *, kind: str, key: str, now: datetime) -> None:
    """Make an op that waits due now."""
    tx.run("UPDATE op SET next_at = ? WHERE kind = ? AND key = ? AND state = 'ready'", stamp(now), kind, key)


def again(tx: Tx, *, kind: str, key: str, payload: Mapping[str, Any], now: datetime, due: datetime) -> None:
    """Add an op, or make the ended one of this key ready once more; one that is ready stays as it is."""
    if add(tx, kind=kind, key=key, payload=payload, now=now, due=due):
        return
    tx.run(
        "UPDATE op SET state = 'ready', next_at = ?, attempts = 0, failures = 0, owner = NULL, lease = NULL, error = ''"
        " WHERE kind = ? AND key = ? AND state != 'ready'",
        stamp(due),
        kind,
        key,
    )


def counts(tx: Tx) -> Mapping[str, int]:
    """How many ops there are in each state."""
    return {row["state"]: row["n"] for row in tx.all("SELECT state, COUNT(*) AS n FROM op GROUP BY state")}


def oldest_due(tx: Tx, now: datetime) -> str | None:
    """When the op that waits longest became due."""
    found: str | None = tx.value("SELECT MIN(next_at) FROM op WHERE state = 'ready' AND next_at <= ?", stamp(now))
    return found


def steady(tx: Tx, *, now: datetime, lease: timedelta) -> None:
    """Bring back leases and times that lie where only a clock that jumped back can have left them."""
    at, most = stamp(now), stamp(now + lease)
    tx.run("UPDATE op SET lease = ? WHERE state = 'ready' AND lease > ?", most, most)
    tx.run("UPDATE op SET created_at = ?, next_at = ? WHERE state = 'ready' AND created_at > ?", at, at, at)


def forget(tx: Tx, *, before: datetime) -> int:
    """Drop what was done before *before*; keys need not be kept longer than anybody sends again."""
    return tx.run("DELETE FROM op WHERE state = 'done' AND ended_at < ?", stamp(before))
