"""Reminders without a click: approvers of what waits for them, and the audit log's head once a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot import audit, launch_answer, mute, ops, ops_tidy, outbox
from bot.launch_rows import notice
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules.extension import Extension
from bot.rules.launch import Launch
from bot.rules.launch_money import is_quiet
from bot.rules.launch_text import at, hours, person, usd, what, which
from bot.store import extensions, launches, state
from bot.store.db import Tx

LATER = timedelta(minutes=15)
HEAD = "audit_head_day"


def plan(tx: Tx, launch: Launch, after_hours: Iterable[float], now: datetime) -> None:
    """Write down when approvers are to be reminded of a request."""
    for count in after_hours:
        ops.enqueue(
            tx,
            kind="launch.remind",
            key=f"{launch.id}:{launch.shown[:12]}:{count:g}",
            payload={"launch": launch.id, "after": count},
            now=now,
            due=launch.asked_at + timedelta(hours=count),
        )


def remind(parts: Parts, op: Op) -> Outcome:
    """Tell every approver who has not said yes, outside the quiet hours, while it still waits."""
    approvals, now = parts.policy().approvals, parts.clock.now()
    with parts.store.reading() as tx:
        launch = launches.find(tx, str(op.payload["launch"]))
    if launch is None or launch.state != "asked":
        return Done()
    if is_quiet(approvals.quiet, now):
        return Retry("quiet hours", LATER)
    text = (
        f"{person(launch.asker)} waits since {at(launch.asked_at)} for a decision on {what(launch.wanted)}, "
        f"in <#{launch.card_channel}>; it expires at {at(launch.expires_at)}."
    )
    approvers = launch_answer.everybody(parts, parts.policy())
    with parts.store.transaction() as tx:
        ops.finish(tx, op, now)
        voted = launches.votes(tx, launch.id, shown=launch.shown)
        for approver in approvers:
            if approver not in (*launch.askers, *voted) and mute.until(tx, approver, now) is None:
                notice(tx, launch, "waits", text, now=now, to=approver, key=f"{op.payload['after']:g}")
    parts.wake()
    return Done()


def plan_extension(tx: Tx, one: Extension, after_hours: Iterable[float], now: datetime) -> None:
    """The same of more hours that wait."""
    for count in after_hours:
        payload = {"extension": one.id, "after": count}
        due = one.asked_at + timedelta(hours=count)
        ops.enqueue(tx, kind="launch.remind_extension", key=f"{one.id}:{count:g}", payload=payload, now=now, due=due)


def remind_extension(parts: Parts, op: Op) -> Outcome:
    """Tell every approver who has not said yes that more hours wait, outside the quiet hours."""
    approvals, now = parts.policy().approvals, parts.clock.now()
    with parts.store.reading() as tx:
        one = extensions.find(tx, str(op.payload["extension"]))
        launch = launches.find(tx, one.launch) if one else None
    if one is None or launch is None or one.state != "asked":
        return Done()
    if is_quiet(approvals.quiet, now):
        return Retry("quiet hours", LATER)
    text = (
        f"{person(one.asker)} waits since {at(one.asked_at)} for a decision on {hours(one.more)} more for "
        f"{which(launch)} ({usd(one.usd_more)}), in <#{one.channel}>; it expires at {at(one.expires_at)}."
    )
    approvers = launch_answer.everybody(parts, parts.policy())
    concerned = {*launch.askers, one.asker, *one.votes}
    with parts.store.transaction() as tx:
        ops.finish(tx, op, now)
        for approver in approvers:
            if approver not in concerned and mute.until(tx, approver, now) is None:
                notice(tx, launch, "waits", text, now=now, to=approver, key=f"{one.id}:{op.payload['after']:g}")
    parts.wake()
    return Done()


def plan_head(tx: Tx, now: datetime) -> None:
    """Once a day has passed, have the audit log's head of that day posted."""
    today = now.date().isoformat()
    last = state.get(tx, HEAD)
    if last is not None and last["value"] < today:
        ops.enqueue(tx, kind="audit.head", key=last["value"], payload={"day": last["value"]}, now=now)
        ops_tidy.plan(tx, today, now)
    if last is None or last["value"] < today:
        state.put(tx, HEAD, today, by=audit.BOT, now=now)


def post_head(parts: Parts, op: Op) -> Outcome:
    """Post row and hash where everybody sees them: a log that was cut off later does not hold them any more."""
    channel, now = parts.policy().approvals.channel, parts.clock.now()
    rows, digest = audit.head(parts.store)
    with parts.store.transaction() as tx:
        ops.finish(tx, op, now)
        state.put(tx, audit.POSTED, f"{rows}:{digest}", by=audit.BOT, now=now)
        if channel and rows:
            text = f"Audit log at the end of {op.payload['day']}: {rows}:{digest} (mlbot audit verify --published)."
            outbox.say(
                tx, what="notice", subject=f"audit:{op.payload['day']}", to=channel, now=now, data={"text": text}
            )
    parts.wake()
    return Done()
