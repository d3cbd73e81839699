"""Stopping, terminating and deleting what is idle: looked at afresh first, refused where it works by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import audit, idle_gp3, idle_record, launch_gone, outbox
from bot import ops as work
from bot.idle_answer import Answer, as_owned, end, read, settle, soft
from bot.idle_remind import refresh
from bot.idle_scan import finding
from bot.idle_survey import fresh
from bot.idle_undo import offer_ends, offered, undo
from bot.instances import approvers
from bot.kinds import KINDS, Kind, Look
from bot.ops import Done, Op, OpFunction, Retry
from bot.parts import Parts
from bot.rules.errors import CloudError, NotAllowed, Unsure
from bot.rules.idle import Known, Resource, Verdict
from bot.rules.idle_answers import STRONG, allowed
from bot.rules.idle_finding import AT_WORK, BUSY, REFUSED, Finding, Outcome, ScanReport
from bot.rules.idle_lost import after
from bot.rules.idle_sweep import auto_stop
from bot.rules.idle_words import usd
from bot.rules.instances import Ask, Verb, decide
from bot.rules.people import Person
from bot.store import holds, money, ticks
from bot.store.db import Tx
from bot.store.values import moment

VERBS = {"stop": "stopped", "terminate": "terminated", "delete": "deleted"}
STALE = timedelta(minutes=15)  # a press that could not be carried out for so long is dropped and said so
PATIENCE = 8  # calls of AWS without an answer before the person is told


@dataclass(frozen=True, slots=True)
class Target:
    """One thing as it is this moment."""

    kind: Kind
    look: Look
    resource: Resource
    verdict: Verdict


def answer(parts: Parts, op: Op) -> work.Outcome:
    """The op function of a press: quiet answers are kept, strong ones carried out after a fresh look."""
    given = read(parts, op)
    if given is None:
        return Done()
    strong, undone = given.action.startswith(STRONG), given.action.startswith("undo")
    if not strong and not undone:
        return soft(given)
    if strong and given.now - moment(op.payload["at"]) > STALE:
        return end(parts, op, "AWS or Slack did not answer for a quarter of an hour; nothing was done.")
    try:
        if given.action == "change_gp3":
            return idle_gp3.change(given)
        return undo(given) if undone else _strong(given)
    except Unsure as error:
        return Retry(str(error)) if op.attempts < PATIENCE else _failed(given, error)
    except CloudError as error:
        return _failed(given, error)


def _strong(given: Answer) -> work.Outcome:
    verb = next(verb for verb in VERBS if given.action.startswith(verb))
    target = _target(given.parts, given.found, given.now, person=given.person.id)
    if target is None or target.resource.state in ("terminated", "shutting-down"):
        return _settle(given, Outcome("deleted", given.person.id, given.now, "It does not exist any more."))
    if verb == "stop" and target.resource.state in ("stopping", "stopped", "Stopping", "Stopped"):
        return _settle(given, Outcome("stopped", given.person.id, given.now, "It is stopped already."))
    try:
        why = _refusal(given, verb, target)
    except NotAllowed as error:
        why = str(error)
    if why:
        what = BUSY if target.verdict.level == "active" else REFUSED
        return _settle(given, Outcome(what, given.person.id, given.now, f"Not {VERBS[verb]}: {why}"))
    request_id = target.kind.verbs[verb](target.look, target.resource)
    who = given.person.name or given.person.id
    words = f"{VERBS[verb].capitalize()} by {who}; {after(target.resource, verb, given.found.usd_since)}"
    return _settle(given, Outcome(VERBS[verb], given.person.id, given.now, words), request_id)


def _refusal(given: Answer, verb: str, target: Target) -> str:
    """Why not, as things are now: it works, the kind cannot, or the rules of machines forbid it."""
    if verb not in target.kind.verbs:
        return f"a {target.kind.title} has no {verb}."
    if target.verdict.level == "active":
        by_force = " `/ml-instances` stops it all the same." if verb == "stop" else ""
        return f"{target.verdict.reason}.{by_force}"
    one = as_owned(given.parts, given.found, target.resource, given.action)
    who = approvers(given.parts, given.parts.policy())
    if one.state in AT_WORK and not given.found.at_work:
        return f"it is {one.state} again."
    if target.kind.name != "ec2_instance":
        rules, user = given.parts.policy().stop, given.person.id
        allowed(given.action, user, resource=one, owner=one.owner, approvers=who, rules=rules, now=given.now)
        return ""
    wish = Ask(
        verb="stop" if verb == "stop" else "terminate",
        person=given.person,
        approver=given.person.id in who,
        team=given.parts.people.team(),
    )
    decision = decide(wish, one, given.parts.policy(), given.now)
    return "" if decision.effect == wish.verb else decision.reason


def _settle(given: Answer, outcome: Outcome, request_id: str = "") -> Done:
    with given.parts.store.transaction() as tx:
        if outcome.what == "stopped":
            offered(tx, given.ref, given.now)
        if request_id:
            _saves(tx, given.found, given.person.id, given.now)
        if request_id and given.action.startswith("terminate"):
            launch_gone.terminated(tx, given.found.resource, by=given.person.id, now=given.now)
        after_words = {} if outcome.what in (BUSY, REFUSED) else {"after": outcome.words}
        settle(tx, given, outcome, {**after_words, "aws_request_id": request_id})
    given.parts.wake()
    return Done()


def _failed(given: Answer, error: CloudError) -> Done:
    outcome = Outcome(REFUSED, given.person.id, given.now, f"Nothing was done. {error}")
    with given.parts.store.transaction() as tx:
        detail = {"error": str(error), "code": error.code, "aws_request_id": error.request_id}
        settle(tx, given, outcome, detail)
    given.parts.wake()
    return Done()


def _target(parts: Parts, found: Finding, now: datetime, *, person: str = "") -> Target | None:
    """The thing read, priced and judged as of this moment; raises CloudError where that cannot be."""
    one = found.resource
    kind, look = KINDS[one.kind], Look(parts.cloud, one.account, one.region, now, person=person)
    there = kind.read(look, one.id)
    if there is None:
        return None
    there = kind.price(there, parts.catalog)
    known = idle_record.remembered(parts, one.account, one.region, now).get((one.kind, one.id))
    without_hold = replace(known.known, hold=None) if known else Known()
    return Target(kind, look, there, fresh(parts, kind, look, there, without_hold))


def _saves(tx: Tx, found: Finding, by: str, now: datetime) -> None:
    before, after = found.resource.usd_per_hour, found.resource.usd_per_hour_stopped
    left = (after or 0.0) if found.at_work else 0.0
    if before is not None and before > left:
        money.save_from(tx, found.ref, by=by, usd_per_hour=before - left, now=now)


# --- without a click ------------------------------------------------------------------------------------------------


def sweep(parts: Parts, report: ScanReport) -> int:
    """Write down what this scan stops by itself, which is nothing unless the policy opts in; returns how many."""
    plan = auto_stop(report.findings, parts.policy().idle, report.alarm)
    channel, day, written = parts.policy().reminders.channel, report.at.date().isoformat(), parts.clock.now()
    with parts.store.transaction() as tx:
        for one in plan.stop:
            key = f"{one.ref}:{report.at.isoformat()}"
            payload = {"value": one.ref, "user": audit.BOT}
            work.enqueue(tx, kind="idle.auto_stop", key=key, payload=payload, now=written)
        if plan.would and channel and ticks.claim(tx, job="idle.dry_run", due=day, now=written):
            names = "; ".join(_would(one) for one in plan.would)
            text = f"Dry run: mlbot would have stopped {names}. Nothing was done."
            outbox.say(tx, what="notice", subject=f"auto-stop:{day}", to=channel, now=written, data={"text": text})
    parts.wake()
    return len(plan.stop)


def _would(one: Finding) -> str:
    price = f", {usd(one.usd_per_day)} a day" if one.usd_per_day is not None else ""
    return f"{one.resource.name or one.resource.id} ({one.verdict.reason}{price}; {one.told} unanswered reminders)"


def stop_by_itself(parts: Parts, op: Op) -> work.Outcome:
    """The op function of an automatic stop: only what a fresh look still calls safe, and the rules allow."""
    now, found = parts.clock.now(), finding(parts, str(op.payload["value"]))
    if found is None or found.hold or found.outcome:
        return Done()
    try:
        target = _target(parts, found, now)
        if target is None or target.resource.state not in ("running", "InService"):
            return Done()
        if not (target.verdict.level == "idle" and target.verdict.safe) or _forbidden(parts, target, now):
            return Done()
        request_id = target.kind.verbs["stop"](target.look, target.resource)
    except Unsure as error:
        return Retry(str(error)) if op.attempts < PATIENCE else Done()
    except CloudError:
        return Done()
    words = (
        f"Stopped by mlbot after {found.told} unanswered reminders; {after(target.resource, 'stop', found.usd_since)}"
    )
    with parts.store.transaction() as tx:
        holds.answered(tx, found.ref, Outcome("stopped", audit.BOT, now, words))
        _saves(tx, found, audit.BOT, now)
        offered(tx, found.ref, now)
        refresh(tx, found.ref, now)
        detail = {"reason": target.verdict.reason, "aws_request_id": request_id, "told": found.told}
        audit.record(tx, actor=audit.BOT, action="idle.auto_stop", subject=found.resource.id, now=now, detail=detail)
        if found.owner:
            text = f"{found.resource.name or found.resource.id}: {words}"
            outbox.say(tx, what="notice", subject=op.key, to=found.owner, now=now, data={"text": text})
        work.finish(tx, op, now)
    parts.wake()
    return Done()


def _forbidden(parts: Parts, target: Target, now: datetime) -> bool:
    """Whether machines' own rules forbid a stop (protection, one-time spot, local root)."""
    verb: Verb = "stop"
    wish = Ask(verb=verb, person=Person(audit.BOT), approver=True, team="", itself=True)
    return target.kind.name == "ec2_instance" and decide(wish, target.resource, parts.policy(), now).effect != verb


OPS: Mapping[str, OpFunction] = {
    "idle.press": answer,
    "idle.auto_stop": stop_by_itself,
    "idle.undo_ends": offer_ends,
    "idle.gp3": idle_gp3.follow,
}
