"""Which morning messages were written, what each names, and who was told of what on which day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from bot.rules.remind import Told
from bot.store.db import Row, Tx
from bot.store.values import pack, stamp, unpack


def take(tx: Tx, *, to: str, day: date, now: datetime, data: Mapping[str, Any], empty_too: bool = False) -> bool:
    """
    Take *to*'s message of *day*; False when it was taken, by another replica or before a restart.

    A day with nothing to say is taken too (empty *data*); *empty_too* takes such a day over.
    """
    if tx.add("reminder", owner=to, day=day.isoformat(), dest=to, data=pack(data), at=stamp(now)):
        return True
    if not empty_too or not data:
        return False
    sql = "UPDATE reminder SET data = ?, at = ? WHERE owner = ? AND day = ? AND data = '{}'"
    return tx.run(sql, pack(data), stamp(now), to, day.isoformat()) == 1


def taken(tx: Tx, *, to: str, day: date) -> Row | None:
    """The message of that day, where there is one."""
    return tx.one("SELECT * FROM reminder WHERE owner = ? AND day = ?", to, day.isoformat())


def named(row: Row) -> dict[str, Any]:
    """What a message names."""
    found: dict[str, Any] = unpack(row["data"])
    return found


def tell(tx: Tx, ref: str, *, to: str, told: Told, now: datetime) -> None:
    """Note that *to* was told of a resource."""
    tx.add("told", ref=ref, dest=to, day=told.day.isoformat(), marks=told.marks, at=stamp(now))


def told(tx: Tx, *, to: str) -> dict[str, Told]:
    """When *to* was last told of each resource."""
    sql = (
        "SELECT told.ref, told.day, told.marks FROM told JOIN (SELECT ref, MAX(day) AS day FROM told WHERE dest = ?"
        " GROUP BY ref) AS last ON last.ref = told.ref AND last.day = told.day WHERE told.dest = ?"
    )
    found = tx.all(sql, to, to)
    return {row["ref"]: Told(date.fromisoformat(row["day"]), row["marks"]) for row in found}


def unanswered(tx: Tx) -> dict[str, list[date]]:
    """The days on which anybody was told of a resource since it was last answered."""
    days: dict[str, list[date]] = {}
    sql = (
        "SELECT DISTINCT told.ref, told.day FROM told LEFT JOIN (SELECT ref, MAX(at) AS at FROM answer GROUP BY ref)"
        " AS last USING (ref) WHERE last.at IS NULL OR told.at > last.at ORDER BY told.day"
    )
    for row in tx.all(sql):
        days.setdefault(row["ref"], []).append(date.fromisoformat(row["day"]))
    return days


def messages(tx: Tx, ref: str, *, since: datetime) -> list[tuple[str, date]]:
    """To whom and of which day the messages are that name a resource."""
    found = tx.all("SELECT dest, day FROM told WHERE ref = ? AND at >= ? ORDER BY day", ref, stamp(since))
    return [(row["dest"], date.fromisoformat(row["day"])) for row in found]


def forget(tx: Tx, *, before: datetime) -> None:
    """Drop what is older than anybody edits."""
    tx.run("DELETE FROM told WHERE at < ?", stamp(before))
    tx.run("DELETE FROM reminder WHERE at < ?", stamp(before))
