"""Requests and their votes; a change names the states it may start from, so that the first one wins."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.rules.launch import Launch, Offer, Place, Reply, State, Wanted
from bot.rules.launch_money import Spending
from bot.store.db import Row, Tx, Value
from bot.store.values import moment, moment_or_none, pack, stamp, unpack


def add(tx: Tx, launch: Launch, *, key: str) -> str:
    """Add a request and return its id; a key that is known keeps the first."""
    tx.add(
        "launch",
        id=launch.id,
        key=key,
        team=launch.team,
        asker=launch.asker,
        state=launch.state,
        wanted=pack(asdict(launch.wanted)),
        reply=pack(asdict(launch.reply)),
        asked_at=stamp(launch.asked_at),
        expires_at=stamp(launch.expires_at),
        changed_at=stamp(launch.asked_at),
    )
    return str(tx.value("SELECT id FROM launch WHERE key = ?", key))


def find(tx: Tx, identity: str) -> Launch | None:
    """One request; None for an id that was never given out."""
    row = tx.one("SELECT * FROM launch WHERE id = ?", identity)
    return None if row is None else _launch(row)


def in_state(tx: Tx, *states: State) -> list[Launch]:
    """Every request in one of *states*, oldest first."""
    holders = ", ".join("?" * len(states))
    return [
        _launch(row) for row in tx.all(f"SELECT * FROM launch WHERE state IN ({holders}) ORDER BY asked_at", *states)
    ]


def change(tx: Tx, identity: str, *, be: tuple[State, ...], now: datetime, **values: Any) -> bool:
    """Set columns if the request still is in one of the states *be*; False when somebody was first."""
    changes: dict[str, Value] = {name: _column(value) for name, value in values.items()}
    changes["changed_at"] = stamp(now)
    sets = ", ".join(f"{name} = ?" for name in changes)
    holders = ", ".join("?" * len(be))
    sql = f"UPDATE launch SET {sets} WHERE id = ? AND state IN ({holders})"
    return tx.run(sql, *changes.values(), identity, *be) == 1


def approve(tx: Tx, identity: str, *, now: datetime, **values: Any) -> bool:
    """Turn asked into approved unless it expired meanwhile; exactly one caller gets True."""
    row = tx.one("SELECT 1 FROM launch WHERE id = ? AND state = 'asked' AND expires_at > ?", identity, stamp(now))
    return row is not None and change(tx, identity, be=("asked",), now=now, state="approved", **values)


def expired(tx: Tx, now: datetime) -> list[Launch]:
    """Open requests whose time is over."""
    rows = tx.all("SELECT * FROM launch WHERE state IN ('checking', 'asked') AND expires_at <= ?", stamp(now))
    return [_launch(row) for row in rows]


def vote(tx: Tx, identity: str, *, person: str, shown: str, now: datetime) -> None:
    """Remember a yes to what was shown; a person has one, and it is the latest."""
    tx.run(
        "INSERT INTO vote (launch, person, shown, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (launch, person) DO UPDATE SET shown = excluded.shown, at = excluded.at",
        identity,
        person,
        shown,
        stamp(now),
    )


def votes(tx: Tx, identity: str, *, shown: str) -> tuple[str, ...]:
    """Who said yes to what is shown now, in their order."""
    rows = tx.all("SELECT person FROM vote WHERE launch = ? AND shown = ? ORDER BY at, person", identity, shown)
    return tuple(row["person"] for row in rows)


def forget_votes(tx: Tx, identity: str) -> None:
    """Nobody has said yes to what will be shown next; the audit log keeps who had."""
    tx.run("DELETE FROM vote WHERE launch = ?", identity)


def spending(tx: Tx, since: datetime) -> list[Spending]:
    """What is approved, runs, or ran since a moment, whenever it was approved; as far as budgets care."""
    rows = tx.all(
        "SELECT * FROM launch WHERE state IN ('approved', 'launching', 'running') OR ended_at >= ?", stamp(since)
    )
    return [_spending(row) for row in rows]


def _spending(row: Row) -> Spending:
    total, hours = row["usd_total"], Wanted(**unpack(row["wanted"])).hours
    return Spending(
        asker=row["asker"],
        state=row["state"],
        usd_per_hour=None if total is None else total / hours,
        usd_total=total,
        started_at=moment_or_none(row["started_at"]),
        ended_at=moment_or_none(row["ended_at"]),
        until=moment_or_none(row["until"]),
        ran=_ran(row),
    )


def _ran(row: Row) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((moment(begin), moment(end)) for begin, end in unpack(row["ran"]))


def counts(tx: Tx) -> dict[str, int]:
    """How many requests there are in each state."""
    return {row["state"]: row["n"] for row in tx.all("SELECT state, COUNT(*) AS n FROM launch GROUP BY state")}


def _column(value: Any) -> Value:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, Offer):
        return pack(asdict(value))
    if isinstance(value, (dict, list, tuple)):
        return pack(value)
    kept: Value = value
    return kept


def _launch(row: Row) -> Launch:
    return Launch(
        id=row["id"],
        state=row["state"],
        wanted=Wanted(**unpack(row["wanted"])),
        asker=row["asker"],
        team=row["team"],
        usd_per_hour=row["usd_per_hour"],
        usd_total=row["usd_total"],
        asked_at=moment(row["asked_at"]),
        expires_at=moment(row["expires_at"]),
        offer=_offer(unpack(row["offer"])),
        shown=row["shown"],
        needed=row["needed"],
        reply=Reply(**unpack(row["reply"])),
        card_channel=row["card_channel"],
        decided_by=tuple(unpack(row["decided_by"])),
        decided_at=moment_or_none(row["decided_at"]),
        how=row["how"],
        reason=row["reason"],
        until=moment_or_none(row["until"]),
        instance_ids=tuple(unpack(row["instance_ids"])),
        machine=unpack(row["machine"]),
        progress=row["progress"],
        started_at=moment_or_none(row["started_at"]),
        ended_at=moment_or_none(row["ended_at"]),
        error_code=row["error_code"],
        error=row["error"],
        way_out=row["way_out"],
        changed_at=moment(row["changed_at"]),
        ran=_ran(row),
        ended_by=row["ended_by"],
    )


def _offer(found: dict[str, Any]) -> Offer | None:
    if not found:
        return None
    places = tuple(Place(**place) for place in found["places"])
    return Offer(**{**found, "places": places, "notes": tuple(found["notes"])})
