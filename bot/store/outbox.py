"""The outbox table: one row a Slack message, due while its version is ahead of what was sent; a lane a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bot.store.db import Row, Tx
from bot.store.values import moment_or_none, pack, stamp

NEXT_TURN = "(SELECT COALESCE(MAX(turn), 0) + 1 FROM outbox)"


class Name(NamedTuple):
    """What makes two messages the same one; *dest* is a channel or a user."""

    what: str
    subject: str
    dest: str
    key: str = ""


def put(tx: Tx, name: Name, *, data: Mapping[str, Any], now: datetime, again: bool) -> None:
    """Add a message, or, with *again*, have the one that is known sent anew as it is now."""
    at = stamp(now)
    conflict = (
        "UPDATE SET version = outbox.version + 1, data = excluded.data, turn = excluded.turn,"
        " next_at = excluded.next_at, attempts = 0"
    )
    tx.run(
        "INSERT INTO outbox (what, subject, dest, key, data, turn, next_at, created_at)"
        f" VALUES (?, ?, ?, ?, ?, {NEXT_TURN}, ?, ?)"
        f" ON CONFLICT (what, subject, dest, key) DO {conflict if again else 'NOTHING'}",
        *name,
        pack(data),
        at,
        at,
    )
    tx.add("lane", dest=name.dest, next_at=at)


def is_due(tx: Tx, now: datetime) -> bool:
    """Whether a lane that nobody holds has a message to send."""
    return _free_lane(tx, now) is not None


def claim(tx: Tx, *, owner: str, now: datetime, lease: timedelta) -> Row | None:
    """Take the lane that waits longest and return the first message in it; None when nothing is due."""
    lane = _free_lane(tx, now)
    if lane is None:
        return None
    tx.run("UPDATE lane SET owner = ?, lease = ? WHERE dest = ?", owner, stamp(now + lease), lane["dest"])
    return tx.one("SELECT * FROM outbox WHERE id = ?", lane["id"])


def _free_lane(tx: Tx, now: datetime) -> Row | None:
    at = stamp(now)
    return tx.one(
        "SELECT outbox.id, lane.dest FROM outbox JOIN lane ON lane.dest = outbox.dest"
        " WHERE outbox.version > outbox.sent_version AND outbox.next_at <= ?"
        " AND lane.next_at <= ? AND (lane.lease IS NULL OR lane.lease <= ?) ORDER BY outbox.turn LIMIT 1",
        at,
        at,
        at,
    )


def sent(tx: Tx, *, row: Row, channel: str, ts: str, now: datetime) -> None:
    """Remember where a message stands and which version of it."""
    tx.run(
        "UPDATE outbox SET sent_version = ?, channel = ?, ts = ?, sent_at = ?, attempts = 0, error = '' WHERE id = ?",
        row["version"],
        channel,
        ts,
        stamp(now),
        row["id"],
    )


def lost(tx: Tx, *, row: Row) -> None:
    """The message is not there any more: the next sending posts it anew."""
    tx.run("UPDATE outbox SET channel = '', ts = '' WHERE id = ?", row["id"])


def postpone(tx: Tx, *, row: Row, until: datetime, error: str) -> None:
    """Try this message again later."""
    tx.run(
        "UPDATE outbox SET next_at = ?, attempts = attempts + 1, error = ? WHERE id = ?",
        stamp(until),
        error,
        row["id"],
    )


def release(tx: Tx, *, dest: str, owner: str, next_at: datetime) -> None:
    """Let go of a lane; nothing is sent there before *next_at*."""
    tx.run(
        "UPDATE lane SET owner = NULL, lease = NULL, next_at = ? WHERE dest = ? AND owner = ?",
        stamp(next_at),
        dest,
        owner,
    )


class Pace(NamedTuple):
    """One post into a channel each *gap*, *burst* of them at once; none waits longer than *patience* for its turn."""

    gap: timedelta
    burst: int
    patience: timedelta


def paced(tx: Tx, *, dest: str, now: datetime, pace: Pace) -> datetime:
    """Count a post into *dest*; returns when the next one may go."""
    gap, burst, patience = pace
    known = moment_or_none(tx.value("SELECT paced_to FROM lane WHERE dest = ?", dest))
    # A clock that jumped back must not hold a channel up.
    ahead = known if known and now < known <= now + gap * burst else now
    paced_to = ahead + gap
    tx.run("UPDATE lane SET paced_to = ? WHERE dest = ?", stamp(paced_to), dest)
    sql = "SELECT MIN(created_at) FROM outbox WHERE dest = ? AND version > sent_version AND ts = ''"
    longest = moment_or_none(tx.value(sql, dest)) or now
    return max(now, min(paced_to - gap * (burst - 1), longest + patience))


def slow(tx: Tx, *, dest: str, until: datetime) -> None:
    """Note that Slack asked for a slower pace there."""
    tx.run("UPDATE lane SET slow_until = ? WHERE dest = ?", stamp(until), dest)


def is_slow(tx: Tx, *, dest: str, now: datetime) -> bool:
    """Whether that note still stands."""
    return tx.one("SELECT 1 FROM lane WHERE dest = ? AND slow_until > ?", dest, stamp(now)) is not None


def steady(tx: Tx, *, now: datetime, lease: timedelta, pause: timedelta) -> None:
    """Bring back leases and pauses that are longer than the longest: only a clock that jumped back leaves those."""
    at, most, latest = stamp(now), stamp(now + lease), stamp(now + pause)
    tx.run("UPDATE lane SET lease = ? WHERE lease > ?", most, most)
    tx.run("UPDATE outbox SET created_at = ?, next_at = ? WHERE version > sent_version AND created_at > ?", at, at, at)
    tx.run("UPDATE lane SET next_at = ? WHERE next_at > ? AND slow_until IS NULL", at, latest)


def hush(tx: Tx, *, now: datetime) -> int:
    """Let messages that were never posted count as sent: nobody could read them when they were news."""
    return tx.run("UPDATE outbox SET sent_version = version, sent_at = ? WHERE ts = ''", stamp(now))


def forget(tx: Tx, *, before: datetime) -> int:
    """Drop whispers and replies that were heard long ago; messages that may be edited stay."""
    sql = "DELETE FROM outbox WHERE what IN ('whisper', 'reply') AND version = sent_version AND sent_at < ?"
    return tx.run(sql, stamp(before))


def find(tx: Tx, *, what: str, subject: str, dest: str = "") -> Row | None:
    """The message of this kind about *subject*, in *dest* or anywhere."""
    return tx.one(
        "SELECT * FROM outbox WHERE what = ? AND subject = ? AND (? = '' OR dest = ?) ORDER BY id LIMIT 1",
        what,
        subject,
        dest,
        dest,
    )


def about(tx: Tx, *, what: str, subject: str) -> list[Row]:
    """Every message of this kind about *subject*."""
    return tx.all("SELECT * FROM outbox WHERE what = ? AND subject = ? ORDER BY id", what, subject)


def at(tx: Tx, *, whats: Sequence[str], channel: str, ts: str) -> Row | None:
    """The message of one of these kinds that stands there."""
    marks = ", ".join("?" for _ in whats)
    return tx.one(f"SELECT * FROM outbox WHERE what IN ({marks}) AND channel = ? AND ts = ?", *whats, channel, ts)


def waiting(tx: Tx) -> int:
    """How many messages are not sent as they should be by now."""
    return int(tx.value("SELECT COUNT(*) FROM outbox WHERE version > sent_version"))
