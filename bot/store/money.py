"""What was spent, wasted, kept alive and saved, by day and owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.rules.spent import Billed
from bot.store.db import Row, Tx
from bot.store.values import moment, stamp

SUMS = "SUM(usd) AS usd, SUM(idle) AS idle, SUM(kept) AS kept, SUM(saved) AS saved, SUM(unseen) AS unseen"


@dataclass(frozen=True, slots=True)
class Spend:
    """USD of one owner over some days; idle is part of usd, kept is part of idle, unseen may come on top of usd."""

    usd: float = 0.0
    idle: float = 0.0
    kept: float = 0.0
    saved: float = 0.0
    unseen: float = 0.0


def add(tx: Tx, *, day: date, owner: str, spend: Spend) -> None:
    """Add to what is known of *owner* on *day*; an empty owner is nobody."""
    tx.run(
        "INSERT INTO spend (day, owner, usd, idle, kept, saved, unseen) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (day, owner)"
        " DO UPDATE SET usd = spend.usd + excluded.usd, idle = spend.idle + excluded.idle,"
        " kept = spend.kept + excluded.kept, saved = spend.saved + excluded.saved,"
        " unseen = spend.unseen + excluded.unseen",
        day.isoformat(),
        owner,
        spend.usd,
        spend.idle,
        spend.kept,
        spend.saved,
        spend.unseen,
    )


def between(tx: Tx, first: date, last: date) -> Mapping[str, Spend]:
    """By owner, from *first* to *last* inclusive."""
    found = tx.all(
        f"SELECT owner, {SUMS} FROM spend WHERE day BETWEEN ? AND ? GROUP BY owner",
        first.isoformat(),
        last.isoformat(),
    )
    return {row["owner"]: _spend(row) for row in found}


def by_day(tx: Tx, first: date, last: date) -> Mapping[date, Spend]:
    """By day, from *first* to *last* inclusive."""
    found = tx.all(
        f"SELECT day, {SUMS} FROM spend WHERE day BETWEEN ? AND ? GROUP BY day ORDER BY day",
        first.isoformat(),
        last.isoformat(),
    )
    return {date.fromisoformat(row["day"]): _spend(row) for row in found}


def _spend(row: Row) -> Spend:
    return Spend(row["usd"], row["idle"], row["kept"], row["saved"], row["unseen"])


def billed(tx: Tx) -> dict[str, Billed]:
    """How far the spending of each thing is counted, by reference."""
    return {row["ref"]: _billed(row) for row in tx.all("SELECT * FROM billed")}


def gone(tx: Tx) -> dict[str, Billed]:
    """The same of what is not there any more."""
    sql = "SELECT billed.* FROM billed JOIN resource USING (ref) WHERE resource.gone_at IS NOT NULL"
    return {row["ref"]: _billed(row) for row in tx.all(sql)}


def _billed(row: Row) -> Billed:
    return Billed(moment(row["until"]), row["usd_per_hour"], bool(row["at_work"]), row["owner"])


def count_until(tx: Tx, ref: str, known: Billed) -> None:
    """Its spending is counted so far."""
    tx.run(
        "INSERT INTO billed (ref, until, usd_per_hour, at_work, owner) VALUES (?, ?, ?, ?, ?) ON CONFLICT (ref) DO"
        " UPDATE SET until = excluded.until, usd_per_hour = excluded.usd_per_hour, at_work = excluded.at_work,"
        " owner = excluded.owner",
        ref,
        stamp(known.until),
        known.usd_per_hour,
        int(known.at_work),
        known.owner,
    )


def count_no_more(tx: Tx, refs: Iterable[str]) -> None:
    """They are gone, and what they cost is counted."""
    for ref in refs:
        tx.run("DELETE FROM billed WHERE ref = ?", ref)


def save_from(tx: Tx, ref: str, *, by: str, usd_per_hour: float, now: datetime) -> None:
    """From now on *by* saves *usd_per_hour*, for as long as the resource stays as it is."""
    tx.run(
        "INSERT INTO saving (ref, by, usd_per_hour, begun) VALUES (?, ?, ?, ?) ON CONFLICT (ref) DO UPDATE SET"
        " by = excluded.by, usd_per_hour = excluded.usd_per_hour, begun = excluded.begun",
        ref,
        by,
        usd_per_hour,
        stamp(now),
    )


def savings(tx: Tx) -> dict[str, tuple[str, float, datetime]]:
    """Who saves how much per hour, and since when, by reference."""
    found = tx.all("SELECT * FROM saving")
    return {row["ref"]: (row["by"], row["usd_per_hour"], moment(row["begun"])) for row in found}


def saves_no_more(tx: Tx, ref: str) -> None:
    """It runs again, or nobody would have let it run this long."""
    tx.run("DELETE FROM saving WHERE ref = ?", ref)
