"""What people answer from a reminder or from /ml-idle: snooze, keep, not mine, claim; stops are in idle_stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot import audit, outbox
from bot import ops as work
from bot.idle_remind import ownerless, refresh, says_so
from bot.idle_scan import finding
from bot.instances import approvers
from bot.ops import Done, Op
from bot.parts import Parts
from bot.rules import idle_answers
from bot.rules.click import Click
from bot.rules.errors import UserError
from bot.rules.idle import Hold, Resource
from bot.rules.idle_finding import BUSY, REFUSED, Finding, Outcome
from bot.rules.idle_undo import REOPENED
from bot.rules.idle_words import inert, usd
from bot.rules.people import Person, may_act
from bot.rules.remind import zone
from bot.rules.stopping import owner_for
from bot.store import holds, idle
from bot.store.db import Tx
from bot.store.values import stamp

UNKNOWN = "This button is of something that mlbot does not know any more."


@dataclass(frozen=True, slots=True)
class Answer:
    """One press with everything that a decision about it needs."""

    parts: Parts
    op: Op
    ref: str
    action: str
    found: Finding
    person: Person
    now: datetime
    ownerless: bool = False  # of a claim: its owner is nobody, left, or may press nothing here

    @property
    def data(self) -> Mapping[str, Any]:
        """What a form added."""
        given: Mapping[str, Any] = self.op.payload.get("data") or {}
        return given


def press(parts: Parts, click: Click) -> None:
    """Write a pressed button down as one op row; the same press again changes nothing."""
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        payload = {**click.payload(), "at": stamp(now)}
        work.enqueue(tx, kind="idle.press", key=click.key, payload=payload, now=now)
    parts.wake()


def read(parts: Parts, op: Op) -> Answer | None:
    """The press with its finding and its person as they are now; None (and told so) when it may not be answered."""
    now, ref, action = parts.clock.now(), str(op.payload["value"]), str(op.payload["action"])
    found = finding(parts, ref)
    if found is None:
        end(parts, op, UNKNOWN)
        return None
    person = parts.people.fresh(str(op.payload["user"]))
    why = may_act(person, team=parts.people.team())
    try:
        if why is None:
            who, owner = approvers(parts, parts.policy()), found.owner
            if action.startswith("undo") and _answered_by(parts, ref) == person.id:
                owner = person.id  # who said Not mine owns it no more, and may take that back
            one, rules = as_owned(parts, found, found.resource, action), parts.policy().stop
            idle_answers.allowed(action, person.id, resource=one, owner=owner, approvers=who, rules=rules, now=now)
            nobodys = action == "claim" and bool(ownerless(parts, [found]))
            return Answer(parts, op, ref, action, found, person, now, nobodys)
    except UserError as error:
        why = str(error)
    with parts.store.transaction() as tx:
        _audit(tx, op, f"idle.{action}.refused", found, now, {"reason": why})
        tell(tx, op, str(why), now)
        work.finish(tx, op, now)
    parts.wake()
    return None


def as_owned(parts: Parts, found: Finding, one: Resource, verb: str) -> Resource:
    """*one*, which is what was *found*, with the owner who counts for *verb*: by its tag, or by a claim."""
    with parts.store.reading() as tx:
        claimant = idle.claimant(tx, found.ref, tag=one.owner)
    return replace(one, owner=owner_for(verb, one.owner, claimant, parts.policy().stop))


def _answered_by(parts: Parts, ref: str) -> str:
    with parts.store.reading() as tx:
        last = holds.latest(tx).get(ref)
    return last.by if last else ""


def soft(answer: Answer) -> Done:
    """Snooze, keep, not mine or claim: nothing changes in AWS."""
    parts, op = answer.parts, answer.op
    action = next((name for name in SOFT if answer.action.startswith(name)), "")
    if not action:
        return end(parts, op, UNKNOWN)
    try:
        with parts.store.transaction() as tx:
            outcome = SOFT[action](tx, answer)
            settle(tx, answer, outcome, {"after": outcome.words})
    except UserError as error:
        return end(parts, op, str(error))
    parts.wake()
    return Done()


def settle(tx: Tx, answer: Answer, outcome: Outcome, detail: Mapping[str, Any]) -> None:
    """
    Keep an answer: the log, the messages that name it, the audit; and end the op.

    Who pressed is told where the message that they pressed does not say it.
    """
    holds.answered(tx, answer.ref, outcome)
    refresh(tx, answer.ref, answer.now)
    if not answered_there(tx, answer.op, answer.ref, outcome.what, answer.now):
        tell(tx, answer.op, outcome.words, answer.now)
    _log(tx, answer, outcome, detail)
    work.finish(tx, answer.op, answer.now)


def refuse(answer: Answer, words: str) -> Done:
    """Say why nothing happens, which leaves the message as it is, and end the op."""
    with answer.parts.store.transaction() as tx:
        tell(tx, answer.op, words, answer.now)
        _log(tx, answer, Outcome(REFUSED, answer.person.id, answer.now, words), {})
        work.finish(tx, answer.op, answer.now)
    answer.parts.wake()
    return Done()


def _log(tx: Tx, answer: Answer, outcome: Outcome, detail: Mapping[str, Any]) -> None:
    refused = outcome.what in (BUSY, REFUSED)
    said = {**detail, "reason": outcome.words} if refused else detail
    _audit(tx, answer.op, f"idle.{REFUSED if refused else outcome.what}", answer.found, answer.now, said)


def answered_there(tx: Tx, op: Op, ref: str, what: str, now: datetime) -> bool:
    """Whether the message in which *op* was pressed is edited to tell of the answer *what*, so that nobody need."""
    where = {name: str(op.payload.get(name) or "") for name in ("channel", "ts")}
    return what not in REOPENED and says_so(tx, ref, now, **where)


def tell(tx: Tx, op: Op, words: str, now: datetime) -> None:
    """Answer the one who pressed."""
    where = {name: str(op.payload.get(name) or "") for name in ("channel", "response_url")}
    user = str(op.payload["user"])
    outbox.say(tx, what="whisper", subject=op.key, to=user, now=now, data={**where, "text": words})


def end(parts: Parts, op: Op, words: str) -> Done:
    """Say why nothing happens, and end the op."""
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        tell(tx, op, words, now)
        work.finish(tx, op, now)
    parts.wake()
    return Done()


def local(at: datetime, person: Person) -> str:
    """A time as *person*'s clock shows it: Tue 24 Nov 09:00."""
    return f"{at.astimezone(zone(person.tz)):%a %d %b %H:%M}"


def _snooze(tx: Tx, answer: Answer) -> Outcome:
    rules = answer.parts.policy().reminders
    days = "snooze_1w" if answer.action.startswith("snooze_1w") else "snooze_1d"
    hold = idle_answers.snooze(days, answer.person.id, answer.now, zone(answer.person.tz, rules.zone), rules)
    return _held(tx, answer, hold, "snoozed", "Snoozed")


def _keep(tx: Tx, answer: Answer) -> Outcome:
    rules = answer.parts.policy().reminders
    until, reason = str(answer.data.get("until", "")), str(answer.data.get("reason", ""))
    where = zone(answer.person.tz, rules.zone)
    hold = idle_answers.keep(until, reason, answer.person.id, answer.now, where, rules)
    return _held(tx, answer, hold, "kept", "Kept")


def _held(tx: Tx, answer: Answer, hold: Hold, what: str, word: str) -> Outcome:
    holds.put(tx, answer.ref, hold, now=answer.now)
    price = idle_answers.price(hold, answer.found.resource.usd_per_hour, answer.now)
    costs = f", {usd(price)}" if price is not None else ", at a price that is not known"
    because = f" ({inert(hold.reason)})" if hold.reason else ""
    words = (
        f"{word} by {answer.person.name or answer.person.id} until {local(hold.until, answer.person)}{costs}{because}."
    )
    return Outcome(what, answer.person.id, answer.now, words)


def _not_mine(tx: Tx, answer: Answer) -> Outcome:
    channel = answer.parts.policy().reminders.channel
    tag = answer.found.resource.owner or ""
    idle.assign(tx, answer.ref, owner="", how="not_mine", tag=tag, by=answer.person.id, now=answer.now)
    idle.reassign(tx, answer.ref, owner=None, how="not_mine")
    if channel:
        day = answer.now.date().isoformat()
        outbox.say(tx, what="unclaimed", subject=answer.ref, to=channel, now=answer.now, key=day)
    asked = " The channel is asked whose it is." if channel else ""
    words = f"Not {answer.person.name or answer.person.id}'s.{asked}"
    return Outcome("not_mine", answer.person.id, answer.now, words)


def _claim(tx: Tx, answer: Answer) -> Outcome:
    if answer.found.owner and answer.found.owner != answer.person.id and not answer.ownerless:
        raise UserError(f"It is <@{answer.found.owner}>'s already; they can say that it is not.")
    tag = answer.found.resource.owner or ""
    idle.assign(tx, answer.ref, owner=answer.person.id, how="claim", tag=tag, by=answer.person.id, now=answer.now)
    idle.reassign(tx, answer.ref, owner=answer.person.id, how="claim")
    words = f"Claimed by {answer.person.name or answer.person.id}, who hears of it from now on."
    return Outcome("claimed", answer.person.id, answer.now, words)


def _audit(tx: Tx, op: Op, action: str, found: Finding, now: datetime, detail: Mapping[str, Any]) -> None:
    one = found.resource
    place = {"account": one.account, "region": one.region, "kind": one.kind, "ref": found.ref}
    before = {"state": one.state, "level": found.verdict.level, "usd_per_hour": one.usd_per_hour}
    slack = {"slack_ts": op.payload.get("ts", ""), "slack_channel": op.payload.get("channel", "")}
    audit.record(
        tx,
        actor=str(op.payload["user"]),
        team=str(op.payload.get("team", "")),
        action=action,
        subject=one.id,
        now=now,
        detail={**place, **slack, "before": before, **detail},
    )


SOFT: Mapping[str, Callable[[Tx, Answer], Outcome]] = {
    "snooze": _snooze,
    "keep": _keep,
    "not_mine": _not_mine,
    "claim": _claim,
}
