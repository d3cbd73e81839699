"""The hours that machines keep: one row a machine, with the edge that was taken last and the one that comes."""

from __future__ import annotations

from datetime import datetime, time

from bot.rules.schedule import Edge, Hours, Kept, Schedule
from bot.store.db import Row, Tx
from bot.store.values import moment, moment_or_none, stamp


def put(tx: Tx, ref: str, hours: Hours, *, by: str, now: datetime) -> Schedule:
    """Set the hours of a machine; edges before *now* are past. One that its hours put to sleep stays theirs to wake."""
    before = find(tx, ref)
    asleep = before.asleep_at if before else None
    plan = Schedule(hours=hours, by=by, set_at=now, done=now, asleep_at=asleep)
    tx.run(
        "INSERT INTO schedule (ref, days, begins, ends, zone, by, set_at, done, due, asleep_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ref) DO UPDATE SET days = excluded.days,"
        " begins = excluded.begins, ends = excluded.ends, zone = excluded.zone, by = excluded.by,"
        " set_at = excluded.set_at, done = excluded.done, due = excluded.due, kept_since = NULL, kept_until = NULL,"
        " note = ''",
        ref,
        ",".join(str(day) for day in hours.days),
        hours.start.isoformat("minutes"),
        hours.end.isoformat("minutes"),
        hours.zone,
        by,
        stamp(now),
        stamp(now),
        stamp(plan.next_edge(now).at),
        stamp(asleep) if asleep else None,
    )
    return plan


def keep(tx: Tx, ref: str, kept: Kept, *, due: datetime) -> None:
    """Have it on for a while whatever its hours say; *due* is when that is to be looked at."""
    tx.run(
        "UPDATE schedule SET kept_since = ?, kept_until = ?, due = ? WHERE ref = ?",
        stamp(kept.since),
        stamp(kept.until),
        stamp(due),
        ref,
    )


def take(tx: Tx, ref: str, edge: Edge, *, before: datetime, due: datetime) -> bool:
    """Take an edge; False when somebody took it. *due* is the edge after it."""
    sql = "UPDATE schedule SET done = ?, due = ?, note = '' WHERE ref = ? AND done = ?"
    return tx.run(sql, stamp(edge.at), stamp(due), ref, stamp(before)) == 1


def wait(tx: Tx, ref: str, *, due: datetime) -> None:
    """Nothing is due before *due*."""
    tx.run("UPDATE schedule SET due = ? WHERE ref = ?", stamp(due), ref)


def came(tx: Tx, ref: str, *, asleep_at: datetime | None, note: str) -> None:
    """Write down what came of an edge."""
    value = stamp(asleep_at) if asleep_at else None
    tx.run("UPDATE schedule SET asleep_at = ?, note = ? WHERE ref = ?", value, note, ref)


def noted(tx: Tx, ref: str, note: str) -> None:
    """Write down why an edge waits."""
    tx.run("UPDATE schedule SET note = ? WHERE ref = ?", note, ref)


def remove(tx: Tx, ref: str) -> bool:
    """No hours any more; False when there were none."""
    return tx.run("DELETE FROM schedule WHERE ref = ?", ref) == 1


def find(tx: Tx, ref: str) -> Schedule | None:
    """The schedule of one machine."""
    row = tx.one("SELECT * FROM schedule WHERE ref = ?", ref)
    return _schedule(row) if row else None


def every(tx: Tx) -> dict[str, Schedule]:
    """Every schedule by reference."""
    return {row["ref"]: _schedule(row) for row in tx.all("SELECT * FROM schedule")}


def due(tx: Tx, now: datetime) -> dict[str, Schedule]:
    """Those that have an edge to look at by *now*."""
    found = tx.all("SELECT * FROM schedule WHERE due <= ? ORDER BY due", stamp(now))
    return {row["ref"]: _schedule(row) for row in found}


def _schedule(row: Row) -> Schedule:
    since, until = moment_or_none(row["kept_since"]), moment_or_none(row["kept_until"])
    return Schedule(
        hours=Hours(
            days=tuple(int(day) for day in row["days"].split(",")),
            start=time.fromisoformat(row["begins"]),
            end=time.fromisoformat(row["ends"]),
            zone=row["zone"],
        ),
        by=row["by"],
        set_at=moment(row["set_at"]),
        done=moment(row["done"]),
        kept=Kept(since, until) if since and until else None,
        asleep_at=moment_or_none(row["asleep_at"]),
        note=row["note"],
    )
