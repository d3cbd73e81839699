"""What was spent, wasted, kept alive and saved, by day and owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.store.db import Tx
from bot.store.values import moment, stamp


@dataclass(frozen=True, slots=True)
class Spend:
    """USD of one owner over some days; idle is part of usd, kept is part of idle."""

    usd: float = 0.0
    idle: float = 0.0
    kept: float = 0.0
    saved: float = 0.0


def add(tx: Tx, *, day: date, owner: str, spend: Spend) -> None:
    """Add to what is known of *owner* on *day*; an empty owner is nobody."""
    tx.run(
        "INSERT INTO spend (day, owner, usd, idle, kept, saved) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (day, owner)"
        " DO UPDATE SET usd = spend.usd + excluded.usd, idle = spend.idle + excluded.idle,"
        " kept = spend.kept + excluded.kept, saved = spend.saved + excluded.saved",
        day.isoformat(),
        owner,
        spend.usd,
        spend.idle,
        spend.kept,
        spend.saved,
    )


def between(tx: Tx, first: date, last: date) -> Mapping[str, Spend]:
    """By owner, from *first* to *last* inclusive."""
    found = tx.all(
        "SELECT owner, SUM(usd) AS usd, SUM(idle) AS idle, SUM(kept) AS kept, SUM(saved) AS saved FROM spend"
        " WHERE day BETWEEN ? AND ? GROUP BY owner",
        first.isoformat(),
        last.isoformat(),
    )
    return {row["owner"]: Spend(row["usd"], row["idle"], row["kept"], row["saved"]) for row in found}


def by_day(tx: Tx, first: date, last: date) -> Mapping[date, Spend]:
    """By day, from *first* to *last* inclusive."""
    found = tx.all(
        "SELECT day, SUM(usd) AS usd, SUM(idle) AS idle, SUM(kept) AS kept, SUM(saved) AS saved FROM spend"
        " WHERE day BETWEEN ? AND ? GROUP BY day ORDER BY day",
        first.isoformat(),
        last.isoformat(),
    )
    return {date.fromisoformat(row["day"]): Spend(row["usd"], row["idle"], row["kept"], row["saved"]) for row in found}


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
