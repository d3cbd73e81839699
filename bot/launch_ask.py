"""A request is first a row with the work to check it; what went stale is checked again."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot import ops
from bot.launch_rows import move, note
from bot.rules.launch import Launch, Reply, Wanted
from bot.rules.launch_text import what
from bot.store import launches
from bot.store.db import Tx
from bot.store.values import new_id


def write_ask(
    tx: Tx, wanted: Wanted, *, asker: str, team: str, key: str, reply: Reply, now: datetime, hours: float
) -> str:
    """The row of a new request and the work to check it, once by *key*; *hours* is how long it stays open."""
    identity = new_id("l")
    launch = Launch(
        id=identity,
        state="checking",
        wanted=wanted,
        asker=asker,
        team=team,
        usd_per_hour=None,
        usd_total=None,
        asked_at=now,
        expires_at=now + timedelta(hours=hours),
        reply=reply,
    )
    known = launches.add(tx, launch, key=key)
    if known == identity:
        detail = {"wanted": what(wanted), "key": key, "asker": asker, "slack_channel": reply.channel}
        note(tx, launch, "ask", actor=reply.by or asker, now=now, detail=detail)
        ops.enqueue(tx, kind="launch.check", key=identity, payload={"launch": identity, "user": asker}, now=now)
    return known


def check_again(tx: Tx, launch: Launch, now: datetime, *, why: str) -> None:
    """What was shown does not hold any more: votes for it are void, and it is checked and shown anew."""
    moved = move(tx, launch, "checking", actor="mlbot", now=now, detail={"why": why})
    if moved is not None:
        launches.forget_votes(tx, launch.id)
        ops.again(tx, kind="launch.check", key=launch.id, payload={"launch": launch.id, "user": launch.asker}, now=now)
