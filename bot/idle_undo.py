"""Taking an answer back: a stopped machine is started again, a snooze, keep or Not mine is as if it had never been."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot import instances_start, outbox
from bot import ops as work
from bot.idle_answer import Answer, as_owned, end, refuse, settle
from bot.idle_remind import refresh
from bot.instances import approvers
from bot.kinds import KINDS, Look
from bot.launch_rows import frozen
from bot.ops import Done, Op, Retry
from bot.parts import Parts
from bot.rules.errors import NotAllowed
from bot.rules.idle import Resource
from bot.rules.idle_answers import allowed
from bot.rules.idle_finding import Outcome
from bot.rules.idle_undo import STOPS, refusal, way_back
from bot.rules.instances import Ask, decide
from bot.store import holds, idle, money
from bot.store.db import Tx
from bot.store.values import moment

STOPPING = ("stopping", "Stopping")
SOON = timedelta(seconds=10)  # how often what is still stopping is looked at again
PATIENCE = timedelta(minutes=15)


def undo(answer: Answer) -> work.Outcome:
    """The op function of Undo and Start again; raises CloudError."""
    with answer.parts.store.reading() as tx:
        last = holds.latest(tx).get(answer.ref)
    match way_back(last, tuple(KINDS[answer.found.resource.kind].verbs), answer.now):
        case "start":
            return _start(answer)
        case "lift":
            return _soft(answer, "Quiet no more: reminders go on.", _lift)
        case "reassign":
            return _soft(answer, f"It is {answer.person.name or answer.person.id}'s again.", _reassign)
    return end(answer.parts, answer.op, refusal(last))


def offer_ends(parts: Parts, op: Op) -> Done:
    """The op function that takes the button away when its time is over."""
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        refresh(tx, str(op.payload["ref"]), now)
        work.finish(tx, op, now)
    parts.wake()
    return Done()


def offered(tx: Tx, ref: str, now: datetime) -> None:
    """Note that a stop was answered at *now*: its message is drawn anew when it cannot be undone any more."""
    work.enqueue(
        tx, kind="idle.undo_ends", key=f"{ref}:{now.isoformat()}", payload={"ref": ref}, now=now, due=now + STOPS
    )


def _start(answer: Answer) -> work.Outcome:
    """Start again, as soon as it has stopped; the rules of a start by hand hold."""
    parts, one = answer.parts, answer.found.resource
    kind = KINDS[one.kind]
    look = Look(parts.cloud, one.account, one.region, answer.now, person=answer.person.id)
    there = kind.read(look, one.id)
    if there is None:
        return end(parts, answer.op, "It does not exist any more.")
    there = kind.price(there, parts.catalog)
    if why := _may_not_start(answer, there):
        return refuse(answer, f"Not started: {why}")
    if there.state in STOPPING:
        return _wait(answer)
    request_id = "" if there.state not in ("stopped", "Stopped") else kind.verbs["start"](look, there)
    words = f"Started again by {answer.person.name or answer.person.id}."
    with parts.store.transaction() as tx:
        money.saves_no_more(tx, answer.ref)
        outcome = Outcome("started", answer.person.id, answer.now, words)
        settle(tx, answer, outcome, {"after": words, "aws_request_id": request_id})
    parts.wake()
    return Done()


def _may_not_start(answer: Answer, there: Resource) -> str:
    parts, who = answer.parts, approvers(answer.parts, answer.parts.policy())
    there = as_owned(parts, answer.found, there, "start_idle")
    if there.kind != "ec2_instance":
        try:
            user, rules = answer.person.id, parts.policy().stop
            allowed("start_idle", user, resource=there, owner=there.owner, approvers=who, rules=rules, now=answer.now)
        except NotAllowed as error:
            return str(error)
        return ""
    with parts.store.reading() as tx:
        why, approver = frozen(tx), answer.person.id in who
        no = instances_start.refusal(tx, parts, [there], user=answer.person.id, approver=approver)
    wish = Ask(
        verb="start",
        person=answer.person,
        approver=approver,
        team=parts.people.team(),
        frozen=why,
        unstartable=no.why if no else "",
    )
    decision = decide(wish, there, parts.policy(), answer.now)
    return "" if decision.allowed or there.state in STOPPING else decision.reason


def _wait(answer: Answer) -> work.Outcome:
    if answer.now - moment(answer.op.payload["at"]) > PATIENCE:
        return end(answer.parts, answer.op, "It has been stopping for a quarter of an hour; start it by hand later.")
    if answer.op.attempts == 1:
        where = {name: str(answer.op.payload.get(name) or "") for name in ("channel", "response_url")}
        data = {**where, "text": "It is still stopping; it is started as soon as it has stopped."}
        with answer.parts.store.transaction() as tx:
            subject = f"{answer.op.key}:waits"
            outbox.say(tx, what="whisper", subject=subject, to=answer.person.id, now=answer.now, data=data)
        answer.parts.wake()
    return Retry("it is still stopping", SOON)


def _soft(answer: Answer, words: str, change: Callable[[Tx, Answer], None]) -> Done:
    with answer.parts.store.transaction() as tx:
        change(tx, answer)
        settle(tx, answer, Outcome("undone", answer.person.id, answer.now, words), {"after": words})
    answer.parts.wake()
    return Done()


def _lift(tx: Tx, answer: Answer) -> None:
    holds.lift(tx, answer.ref)


def _reassign(tx: Tx, answer: Answer) -> None:
    """By its tag where that names the one who disowned it; else by their word."""
    person, tag = answer.person.id, answer.found.resource.owner or ""
    how = "tag" if tag == person else "claim"
    idle.assign(tx, answer.ref, owner=person, how=how, tag=tag, by=person, now=answer.now)
    idle.reassign(tx, answer.ref, owner=person, how=how)
