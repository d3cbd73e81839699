"""Which morning messages were written, what each names, and who was told of what on which day."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import TypeAdapter

from bot.rules.remind import Digest, Told
from bot.store.db import Tx
from bot.store.values import moment, stamp

DIGEST: TypeAdapter[Digest] = TypeAdapter(Digest)


def dump(digest: Digest) -> str:
    """A message as JSON."""
    return DIGEST.dump_json(digest, fallback=str).decode()


def parse(text: str) -> Digest:
    """The message that `dump` wrote."""
    return DIGEST.validate_json(text)


def take(tx: Tx, *, to: str, day: date, now: datetime, data: str = "", over_empty: bool = False) -> bool:
    """
    Take *to*'s message of *day*; False when it was taken, by another replica or before a restart.

    A day with nothing to say is taken too (empty *data*); *over_empty* takes such a day over.
    """
    if tx.add("reminder", owner=to, day=day.isoformat(), dest=to, data=data, at=stamp(now)):
        return True
    if not over_empty or not data:
        return False
    sql = "UPDATE reminder SET data = ?, at = ? WHERE owner = ? AND day = ? AND data = ''"
    return tx.run(sql, data, stamp(now), to, day.isoformat()) == 1


def taken(tx: Tx, *, to: str, day: date) -> tuple[str, datetime] | None:
    """What the message of that day says and when it was written, where there is one."""
    row = tx.one("SELECT data, at FROM reminder WHERE owner = ? AND day = ?", to, day.isoformat())
    return (row["data"], moment(row["at"])) if row else None


def unknown_told(tx: Tx, *, to: str) -> date | None:
    """The last day whose message to *to* named something unknown."""
    sql = "SELECT MAX(day) FROM reminder WHERE owner = ? AND data LIKE '%\"unknown\":[{%'"
    day = tx.value(sql, to)
    return date.fromisoformat(day) if day else None


def tell(tx: Tx, ref: str, *, to: str, told: Told, now: datetime) -> None:
    """Note that *to* was told of a resource."""
    tx.add("told", ref=ref, dest=to, day=told.day.isoformat(), marks=told.marks, at=stamp(now))


def told(tx: Tx, *, to: str) -> dict[str, Told]:
    """When *to* was last told of each resource."""
    sql = (
        "SELECT told.* FROM told JOIN (SELECT ref, MAX(day) AS day FROM told WHERE dest = ?"
        " GROUP BY ref) AS last ON last.ref = told.ref AND last.day = told.day WHERE told.dest = ?"
    )
    found = tx.all(sql, to, to)
    return {row["ref"]: Told(date.fromisoformat(row["day"]), row["marks"], moment(row["at"])) for row in found}


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
