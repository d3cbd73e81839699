"""The edges of schedules: each is taken once, late if need be, and carried out after a fresh look at its machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot import audit, idle_record, instances_start, ops, outbox
from bot.idle_remind import refresh
from bot.idle_survey import fresh
from bot.kinds import KINDS, Look
from bot.launch_rows import frozen
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import idle_finding, schedule_edge
from bot.rules.errors import CloudError, Gone, NoCapacity, Unsure
from bot.rules.idle import HOURS_PER_MONTH, Known, Resource, Verdict
from bot.rules.idle_words import usd
from bot.rules.instances import Ask, Verb, decide, label, saved_by_a_stop
from bot.rules.people import Person
from bot.rules.schedule import Edge, Schedule, local
from bot.rules.schedule_edge import LATER, Step
from bot.store import holds, idle, money, resources, schedules
from bot.store.db import Tx
from bot.store.values import moment, stamp

KIND = KINDS["ec2_instance"]


@dataclass(frozen=True, slots=True)
class Case:
    """One edge of one machine's schedule while it is worked on."""

    parts: Parts
    op: Op
    ref: str
    edge: Edge
    plan: Schedule
    look: Look
    aws_id: str

    @property
    def now(self) -> datetime:
        """When this look began."""
        return self.look.now


def tick(parts: Parts) -> int:
    """Write down every edge that has come as an op, once over restarts and replicas; returns how many. No network."""
    now = parts.clock.now()
    with parts.store.reading() as tx:
        found = schedules.due(tx, now)
    taken = 0
    for ref, plan in found.items():
        edge, following = plan.due(now), plan.next_edge(now).at
        with parts.store.transaction() as tx:
            if edge is None:
                schedules.wait(tx, ref, due=following)
            elif schedules.take(tx, ref, edge, before=plan.done, due=following):
                payload = {"ref": ref, "at": stamp(edge.at), "on": edge.on}
                taken += ops.enqueue(tx, kind="schedule.edge", key=f"{ref}:{stamp(edge.at)}", payload=payload, now=now)
    if taken:
        parts.wake()
    return taken


def at_edge(parts: Parts, op: Op) -> Outcome:
    """The op function of an edge; does nothing where a later edge, another schedule or an override took its place."""
    case = _case(parts, op)
    if case is None:
        return Done()
    one: Resource | None = None
    try:
        one = _read(case)
        step = _step(case, one)
        request_id = _effect(case, one, step) if one else ""
    except Unsure as error:
        return Retry(str(error))
    except Gone as error:
        step, request_id = Step("forget", str(error)), ""
    except NoCapacity as error:
        step, request_id = Step("wait", str(error), LATER, tell=True), ""
    except CloudError as error:
        return _failed(case, one, error)
    if step.effect == "wait":
        return _waits(case, one, step)
    with parts.store.transaction() as tx:
        _write(tx, case, one, step, request_id)
        ops.finish(tx, op, case.now)
    parts.wake()
    return Done()


def _case(parts: Parts, op: Op) -> Case | None:
    ref, edge = str(op.payload["ref"]), Edge(moment(op.payload["at"]), bool(op.payload["on"]))
    with parts.store.reading() as tx:
        plan, row = schedules.find(tx, ref), resources.find(tx, ref)
    if plan is None or row is None or plan.done != edge.at:
        return None
    look = Look(parts.cloud, row["account"], row["region"], parts.clock.now(), person=plan.by)
    return Case(parts, op, ref, edge, plan, look, row["aws_id"])


def _read(case: Case) -> Resource | None:
    found = KIND.read(case.look, case.aws_id)
    return KIND.price(found, case.parts.catalog) if found else None


def _step(case: Case, one: Resource | None) -> Step:
    """What the rules of schedules say, and then those of machines: protection, spot, freeze, limits."""
    policy, now = case.parts.policy(), case.now
    if case.edge.on:
        step = schedule_edge.on(one, case.plan, now)
    else:
        verdict = _verdict(case, one) if one and one.state == "running" else None
        step = schedule_edge.off(one, verdict, case.edge, policy.schedule, now)
    if step.effect not in ("stop", "start"):
        return step
    verb: Verb = "stop" if step.effect == "stop" else "start"
    with case.parts.store.reading() as tx:
        why, no = frozen(tx), None
        if verb == "start" and one is not None:
            no = instances_start.refusal(tx, case.parts, [one], user=case.plan.by, approver=False)
    unstartable = no.why if no else ""
    wish = Ask(
        verb=verb, person=Person(audit.BOT), approver=True, team="", frozen=why, itself=True, unstartable=unstartable
    )
    decision = decide(wish, one, policy, now)
    return step if decision.effect == verb else Step("none", decision.reason, tell=True)


def _verdict(case: Case, one: Resource) -> Verdict:
    """A fresh look over the minutes that the schedule asks for; what somebody keeps on purpose works."""
    parts, policy = case.parts, case.parts.policy()
    known = idle_record.remembered(parts, one.account, one.region, case.now).get((one.kind, one.id))
    hold = known.known.hold if known else None
    kept = Known(hold=hold if hold and hold.what == "keep" else None)
    return fresh(parts, KIND, case.look, one, kept, by=schedule_edge.quick(policy.idle, policy.schedule))


def _effect(case: Case, one: Resource, step: Step) -> str:
    """Do it, unless something newer came while the machine was looked at; doing it twice is doing it once."""
    if step.effect not in ("stop", "start"):
        return ""
    with case.parts.store.transaction() as tx:
        ops.hold(tx, case.op, case.now)
        plan = schedules.find(tx, case.ref)
    if plan is None or plan.done != case.edge.at:
        raise ops.LeaseLost
    return KIND.verbs[step.effect](case.look, one)


def _waits(case: Case, one: Resource | None, step: Step) -> Outcome:
    """Look again later, until the next edge; who it belongs to hears of it once."""
    with case.parts.store.transaction() as tx:
        schedules.noted(tx, case.ref, step.reason)
        if step.tell and step.reason != case.plan.note:
            _tell(tx, case, one, f"{step.reason}. mlbot looks again every half hour until its hours change")
        if not case.plan.note:
            _audit(tx, case, "waits", step.reason, {})
    case.parts.wake()
    return Retry(step.reason, step.after)


def _failed(case: Case, one: Resource | None, error: CloudError) -> Outcome:
    """AWS said no: this edge is over, the next one tries again."""
    with case.parts.store.transaction() as tx:
        schedules.noted(tx, case.ref, str(error))
        _tell(tx, case, one, str(error))
        _audit(tx, case, "failed", str(error), {"code": error.code, "aws_request_id": error.request_id})
        ops.finish(tx, case.op, case.now)
    case.parts.wake()
    return Done()


def _write(tx: Tx, case: Case, one: Resource | None, step: Step, request_id: str) -> None:
    if step.effect == "forget" or one is None:
        schedules.remove(tx, case.ref)
        _audit(tx, case, "removed", step.reason, {})
        return
    before = {"state": one.state, "usd_per_hour": one.usd_per_hour}
    _audit(tx, case, step.effect, step.reason, {"before": before, "aws_request_id": request_id})
    if step.effect == "stop":
        schedules.came(tx, case.ref, asleep_at=case.now, note="")
        _stopped(tx, case, one)
        return
    asleep = None if case.edge.on or one.state == "running" else case.plan.asleep_at
    schedules.came(tx, case.ref, asleep_at=asleep, note=step.reason if step.effect == "none" else "")
    if step.effect == "start":
        money.saves_no_more(tx, case.ref)
        words = f"Started by its schedule at {local(case.now, case.plan.hours.zone)}."
        holds.answered(tx, case.ref, idle_finding.Outcome("started", audit.BOT, case.now, words))
    if step.tell:
        _tell(tx, case, one, step.reason)


def _stopped(tx: Tx, case: Case, one: Resource) -> None:
    saves, zone = saved_by_a_stop(one), case.plan.hours.zone
    if saves:
        money.save_from(tx, case.ref, by=case.plan.by, usd_per_hour=saves, now=case.now)
    words = f"Stopped by its schedule until {local(case.plan.next_edge(case.now).at, zone)}"
    left = one.usd_per_hour_stopped
    costs = f"; its disks and addresses still cost {usd(left * HOURS_PER_MONTH)} a month." if left is not None else "."
    holds.answered(tx, case.ref, idle_finding.Outcome("stopped", audit.BOT, case.now, words + costs))
    refresh(tx, case.ref, case.now)
    if case.plan.note:  # somebody read that it waits: the same message says how it ended
        text = f"{label(one)} was stopped at {local(case.now, zone)}, after it had worked past its hours."
        _notice(tx, case, one, text)


def _tell(tx: Tx, case: Case, one: Resource | None, why: str) -> None:
    done = "started" if case.edge.on else "stopped"
    at = local(case.edge.at, case.plan.hours.zone)
    name = label(one) if one else case.aws_id
    text = f"{name} was not {done} by its schedule at {at}: {why.rstrip('.')}."
    _notice(tx, case, one, text)


def _notice(tx: Tx, case: Case, one: Resource | None, text: str) -> None:
    """To the owner, else to who set the hours; one message an edge, edited as it goes on."""
    claimant = idle.claimant(tx, case.ref, tag=one.owner) if one else ""
    to = claimant or (one.owner if one else None) or case.plan.by
    outbox.say(tx, what="notice", subject=case.op.key, to=to, now=case.now, data={"text": text})


def _audit(tx: Tx, case: Case, what: str, reason: str, detail: dict[str, Any]) -> None:
    place = {"account": case.look.account, "region": case.look.region, "ref": case.ref}
    edge = {"edge": case.edge.at, "on": case.edge.on, "set_by": case.plan.by, "hours": case.plan.hours.words}
    audit.record(
        tx,
        actor=audit.BOT,
        action=f"schedule.{what}",
        subject=case.aws_id,
        now=case.now,
        detail={**place, **edge, "reason": reason, **detail},
    )
