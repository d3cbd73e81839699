"""The end of the hours that were asked for: a reminder before, then the owner is asked or, by policy, it is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot import audit, idle_done, ops
from bot.kinds import KINDS, Look
from bot.launch_rows import KIND, note, notice
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules.errors import CloudError, Unsure
from bot.rules.idle import Resource
from bot.rules.launch import Launch
from bot.rules.launch_text import at, person, usd, which
from bot.rules.policy_idle import Reminders
from bot.rules.policy_launch import End
from bot.store import launches, resources
from bot.store.db import Tx
from bot.store.values import stamp

DAY = timedelta(days=1)
STOPPED = "was stopped; its disk still bills"


def watch(tx: Tx, parts: Parts, launch: Launch, now: datetime) -> None:
    """Write down when the end is to be looked at; after an extension, or a restart, once more."""
    if launch.until is not None:
        remind = timedelta(minutes=parts.policy().launch.end.remind_minutes)
        ops.again(
            tx,
            kind="launch.end",
            key=launch.id,
            payload={"launch": launch.id},
            now=now,
            due=max(launch.until - remind, now),
        )


def end(parts: Parts, op: Op) -> Outcome:
    """Remind, ask or stop, whichever is due; an end that was moved is waited for."""
    with parts.store.reading() as tx:
        launch = launches.find(tx, str(op.payload["launch"]))
    if launch is None or launch.state != "running" or launch.progress == "stopped" or launch.until is None:
        return Done()
    rules, now = parts.policy().launch.end, parts.clock.now()
    if (wait := launch.until - timedelta(minutes=rules.remind_minutes) - now) > timedelta():
        return Retry("its end is not near", wait)
    if now < launch.until:
        _remind(parts, launch, rules, now)
        return Retry("its end is near", launch.until - now)
    if not rules.stop:
        return _ask(parts, op, launch, now)
    if (grace := launch.until + timedelta(minutes=rules.grace_minutes) - now) > timedelta():
        return Retry("its end is over, the grace is not", grace)
    return _stop(parts, op, launch)


def _remind(parts: Parts, launch: Launch, rules: End, now: datetime) -> None:
    then = "it is stopped then, with its disk kept" if rules.stop else "it runs on, and bills, until you stop it"
    text = f"{which(launch)} ends at {at(launch.until)}: {then}. Extend it if you need longer."
    with parts.store.transaction() as tx:
        notice(tx, launch, "end_soon", text, now=now, key=str(launch.until))
    parts.wake()


def _ask(parts: Parts, op: Op, launch: Launch, now: datetime) -> Outcome:
    """Ask at the end and once a day after it, while it runs on; later the channel hears of it, and the leads."""
    assert launch.until is not None
    days = (now - launch.until) // DAY
    key = f"{launch.until}:{days}"
    text = _over(launch, days, now) + " Stop or extend?"
    with parts.store.transaction() as tx:
        ops.finish(tx, op, now)
        notice(tx, launch, "end_over", text, now=now, key=key)
        for to in _others(parts.policy().reminders, launch, days):
            told = f"{person(launch.asker)} has not answered. {_over(launch, days, now)}"
            notice(tx, launch, "end_escalated", told, now=now, to=to, key=key)
        note(tx, launch, "end_over", actor="mlbot", now=now, detail={"until": launch.until, "days": days})
        payload = {"launch": launch.id, "until": stamp(launch.until)}
        due = launch.until + (days + 1) * DAY
        ops.again(tx, kind="launch.overdue", key=f"{launch.id}:{key}", payload=payload, now=now, due=due)
    parts.wake()
    return Done()


def overdue(parts: Parts, op: Op) -> Outcome:
    """Ask again, a day later, unless it was stopped or its end was moved."""
    with parts.store.reading() as tx:
        launch = launches.find(tx, str(op.payload["launch"]))
    if launch is None or launch.state != "running" or launch.progress == "stopped" or launch.until is None:
        return Done()
    return _ask(parts, op, launch, parts.clock.now()) if stamp(launch.until) == op.payload["until"] else Done()


def _over(launch: Launch, days: int, now: datetime) -> str:
    assert launch.until is not None
    text = f"{which(launch)} was to end {at(launch.until)} and still runs"
    if days < 1:
        return f"{text} and bills."
    money = (launch.usd_total or 0.0) / launch.wanted.hours * ((now - launch.until).total_seconds() / 3600)
    since = "its price is not known" if launch.usd_total is None else f"{usd(money)} since then"
    return f"{text}, {days} {'day' if days == 1 else 'days'} later: {since}."


def _others(rules: Reminders, launch: Launch, days: int) -> Iterator[str]:
    """Who hears of it besides its owner, as for idle machines: the channel, and after as long again the leads."""
    if rules.channel and days >= rules.escalate_after:
        yield rules.channel
    if days >= 2 * rules.escalate_after:
        yield from (lead for lead in rules.leads if lead not in launch.askers)


def _stop(parts: Parts, op: Op, launch: Launch) -> Outcome:
    """Stop every machine of it that still is the one that was launched; each is read again first."""
    look = Look(parts.cloud, "default", launch.wanted.region, parts.clock.now())
    done: dict[str, str] = {}
    for identity in launch.instance_ids:
        one = KINDS[KIND].read(look, identity)
        if one is None or one.request != launch.id or one.state not in ("running", "pending"):
            done[identity] = "left alone: " + ("gone" if one is None else one.state)
        else:
            done[identity] = _halt(look, one)
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        note(tx, launch, "end_stopped", actor="mlbot", now=now, detail={"machines": done})
        for identity, came in done.items():
            ref = resources.ref(tx, account="default", region=look.region, kind=KIND, aws_id=identity)
            effect = "stop" if came == STOPPED else ""
            idle_done.note(tx, parts, ref, effect, by=audit.BOT, now=now, why=" at the end of its hours")
        told = "; ".join(f"{identity} {came}" for identity, came in done.items())
        text = f"The hours of {which(launch)} are over: {told}."
        notice(tx, launch, "end_stopped", text, now=now, key=str(launch.until))
    parts.wake()
    return Done()


def _halt(look: Look, one: Resource) -> str:
    """A one-time spot machine cannot be stopped; ending it would lose its disk, so its owner decides."""
    if one.details.get("one_time_spot"):
        return "runs on: it is one-time spot, which can only be terminated; press Terminate in /ml-instances"
    try:
        KINDS[KIND].verbs["stop"](look, one)
    except Unsure:
        raise
    except CloudError as error:
        return f"could not be stopped: {error}"
    return STOPPED
