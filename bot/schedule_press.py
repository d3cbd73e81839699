"""Setting, overriding and removing the hours of a machine: its owner or an approver, after a fresh look at it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot import audit, ops, outbox
from bot.idle_answer import answered_there
from bot.idle_remind import refresh
from bot.instances import approvers
from bot.kinds import KINDS, Look
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import idle_finding
from bot.rules.click import Click
from bot.rules.errors import CloudError, NotAllowed, SlackError, Unsure, UserError
from bot.rules.idle import Resource
from bot.rules.idle_words import usd
from bot.rules.instances import GONE, Ask, decide, label, may_not, saved_by_a_stop
from bot.rules.people import Person
from bot.rules.remind import zone
from bot.rules.schedule import Hours, Kept, Schedule, back_at, hours_of, local, preset, saves_a_month
from bot.rules.stopping import HOURS
from bot.store import holds, idle, resources, schedules
from bot.store.db import Row, Tx
from bot.store.values import moment, stamp

KIND = KINDS["ec2_instance"]
STALE = timedelta(minutes=15)  # a press that could not be carried out for so long is dropped and said so
UNKNOWN = "This menu is of a machine that mlbot does not know any more."
KEEPS = ("keep_day", "keep_week")


@dataclass(frozen=True, slots=True)
class Wish:
    """One press with everything that a decision about it needs; *choice* is a preset, own, remove or a keep."""

    parts: Parts
    op: Op
    ref: str
    choice: str
    person: Person
    one: Resource
    zone: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What a press changed: *what* for the log, *words* for the one who pressed and the messages."""

    what: str
    words: str
    hours: str = ""


def press(parts: Parts, click: Click) -> None:
    """Write a choice from the menu, or a filled form, down as one op row; the same again changes nothing."""
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        payload = {**click.payload(), "at": stamp(now)}
        ops.enqueue(tx, kind="schedule.press", key=click.key, payload=payload, now=now)
    parts.wake()


def answer(parts: Parts, op: Op) -> Outcome:
    """The op function of a press."""
    if parts.clock.now() - moment(op.payload["at"]) > STALE:
        return _end(parts, op, "AWS or Slack did not answer for a quarter of an hour; nothing was changed.")
    ref, _, choice = str(op.payload["value"]).partition(":")
    try:
        wish = _wish(parts, op, ref, choice)
        if wish is None:
            return _end(parts, op, UNKNOWN)
        with parts.store.transaction() as tx:
            _keep(tx, wish, _change(tx, wish))
    except Unsure as error:
        return Retry(str(error))
    except (CloudError, UserError) as error:
        return _end(parts, op, str(error), ref=ref)
    parts.wake()
    return Done()


def _wish(parts: Parts, op: Op, ref: str, choice: str) -> Wish | None:
    """The press with its person and its machine as they are now; raises UserError where it may not be."""
    now = parts.clock.now()
    with parts.store.reading() as tx:
        row: Row | None = resources.find(tx, ref)
    if row is None or row["kind"] != KIND.name:
        return None
    person = parts.people.fresh(str(op.payload["user"]))
    one = KIND.read(Look(parts.cloud, row["account"], row["region"], now), row["aws_id"])
    if one is None or one.state in GONE:
        return None
    one = KIND.price(one, parts.catalog)
    asked = _ask(parts, ref, one, person)
    if why := may_not(asked, one, parts.policy(), now, HOURS):  # hours start it, too: an open stop is not enough
        raise NotAllowed(why.replace("may set the hours of it", "may set its hours"))
    one = replace(one, owner=asked.claimant or one.owner)
    decision = decide(asked, one, parts.policy(), now)
    if not decision.allowed and one.state != "pending" and choice != "remove":
        raise NotAllowed(f"It gets no schedule: {decision.reason}")
    return Wish(parts, op, ref, choice, person, one, _zone(parts, one, person), now)


def _ask(parts: Parts, ref: str, one: Resource, person: Person) -> Ask:
    with parts.store.reading() as tx:
        claimant = idle.claimant(tx, ref, tag=one.owner)
    may_for_all, team = person.id in approvers(parts, parts.policy()), parts.people.team()
    return Ask(verb="stop", person=person, approver=may_for_all, team=team, claimant=claimant)


def _zone(parts: Parts, one: Resource, person: Person) -> str:
    """The owner's zone, else that of who presses."""
    name = person.tz
    if one.owner and one.owner != person.id:
        try:
            name = parts.people.get(one.owner).tz
        except SlackError:
            name = person.tz
    return zone(name, parts.policy().reminders.zone).key


def _change(tx: Tx, wish: Wish) -> Result:
    plan = schedules.find(tx, wish.ref)
    if wish.choice == "remove":
        return _remove(tx, wish, plan)
    if wish.choice in KEEPS:
        return _keep_on(tx, wish, plan)
    given = dict(wish.op.payload.get("data") or {})
    if wish.choice == "own":
        hours = hours_of(*(str(given.get(name, "")) for name in ("days", "start", "end", "zone")))
    else:
        found = preset(wish.choice, wish.zone)
        if found is None:
            raise UserError("This menu belongs to an older version of mlbot; open the list again.")
        hours = found
    return _set(tx, wish, hours)


def _set(tx: Tx, wish: Wish, hours: Hours) -> Result:
    plan = schedules.put(tx, wish.ref, hours, by=wish.person.id, now=wish.now)
    edge = plan.coming(wish.now, running=wish.one.state != "stopped")
    saves = saves_a_month(saved_by_a_stop(wish.one), hours)
    money = f", saves about {usd(saves)} a month against running all the time" if saves is not None else ""
    first = f"It {'starts' if edge.on else 'stops'} next {local(edge.at, hours.zone)}"
    only = ", unless it works then"
    if edge.on and plan.asleep_at is None:
        first, only = "It is stopped, and what somebody stopped by hand is never started; Start it when you need it", ""
    elif edge.on:
        only = ""
    words = f"Runs {hours.words}{money}. {first}{only}."
    return Result("scheduled", words, hours.words)


def _keep_on(tx: Tx, wish: Wish, plan: Schedule | None) -> Result:
    if plan is None:
        raise UserError("It has no schedule, so nothing stops it.")
    until = back_at(wish.choice, wish.now, plan.hours.zone)
    kept = Kept(wish.now, until)
    again = Schedule(hours=plan.hours, by=plan.by, set_at=plan.set_at, done=plan.done, kept=kept)
    due = wish.now if again.due(wish.now) else again.next_edge(wish.now).at
    schedules.keep(tx, wish.ref, kept, due=due)
    words = f"Kept on until {local(until, plan.hours.zone)}; then its hours count again ({plan.hours.words})."
    if wish.one.state == "stopped":
        words += " It is being started." if plan.asleep_at else " It was stopped by hand: Start it in `/ml-instances`."
    return Result("kept_on", words, plan.hours.words)


def _remove(tx: Tx, wish: Wish, plan: Schedule | None) -> Result:
    if plan is None or not schedules.remove(tx, wish.ref):
        raise UserError("It has no schedule any more.")
    stays = " It stays stopped: Start it in `/ml-instances`." if plan.asleep_at and wish.one.state == "stopped" else ""
    return Result("unscheduled", f"No schedule any more: nothing stops or starts it by the clock.{stays}")


def _keep(tx: Tx, wish: Wish, result: Result) -> None:
    """The log, the messages that name it, the one who pressed, its owner, the audit; and the op's end."""
    person, now = wish.person, wish.now
    words = f"{label(wish.one)}: {result.words}"
    outcome = idle_finding.Outcome(result.what, person.id, now, f"{result.words} Set by {person.name or person.id}.")
    holds.answered(tx, wish.ref, outcome)
    refresh(tx, wish.ref, now)
    if not answered_there(tx, wish.op, wish.ref, result.what, now):
        _whisper(tx, wish.op, words, now)
    if wish.one.owner and wish.one.owner != person.id:
        data = {"text": f"<@{person.id}>: {words}"}
        outbox.say(tx, what="notice", subject=wish.op.key, to=wish.one.owner, now=now, data=data)
    detail: dict[str, Any] = {
        "account": wish.one.account,
        "region": wish.one.region,
        "ref": wish.ref,
        "hours": result.hours,
        "after": result.words,
        "slack_ts": wish.op.payload.get("ts", ""),
        "slack_channel": wish.op.payload.get("channel", ""),
    }
    team = str(wish.op.payload.get("team", ""))
    audit.record(
        tx, actor=person.id, team=team, action=f"schedule.{result.what}", subject=wish.one.id, now=now, detail=detail
    )
    ops.finish(tx, wish.op, now)


def _end(parts: Parts, op: Op, words: str, *, ref: str = "") -> Done:
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        if ref:
            audit.record(
                tx,
                actor=str(op.payload["user"]),
                team=str(op.payload.get("team", "")),
                action="schedule.refused",
                subject=_aws_id(tx, ref),
                now=now,
                detail={"reason": words, "ref": ref, "choice": str(op.payload["value"])},
            )
        _whisper(tx, op, words, now)
        ops.finish(tx, op, now)
    parts.wake()
    return Done()


def _aws_id(tx: Tx, ref: str) -> str:
    row: Row | None = resources.find(tx, ref)
    return str(row["aws_id"]) if row else ref


def _whisper(tx: Tx, op: Op, words: str, now: datetime) -> None:
    where = {name: str(op.payload.get(name) or "") for name in ("channel", "response_url")}
    outbox.say(tx, what="whisper", subject=op.key, to=str(op.payload["user"]), now=now, data={**where, "text": words})
