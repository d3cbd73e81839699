"""The verbs from a request's own message: each machine is read again, decided and done; one answer tells of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from bot import idle_done, launch_gone, ops
from bot.instances import (
    PATIENCE,
    STALE,
    Target,
    ask,
    audited,
    brief,
    effect,
    packed,
    target_of,
    tell,
    tell_and_end,
    tell_owner,
    unpacked,
    verb_of,
)
from bot.kinds import Look
from bot.launch_rows import KIND
from bot.ops import Done, Op, OpFunction, Outcome, Retry
from bot.parts import Parts
from bot.rules.errors import CloudError, Unsure
from bot.rules.idle import Resource
from bot.rules.instances import GONE, Ask, Decision, Verb, decide
from bot.rules.instances_launch import Came, before, summed
from bot.rules.launch import Launch
from bot.rules.launch_text import lost_with, which
from bot.store import launches, resources
from bot.store.db import Tx
from bot.store.values import moment

UNKNOWN = "This button is of a machine that mlbot does not know."
Step = dict[str, Any]
Offer = Verb | Literal[""]


def answer(parts: Parts, op: Op) -> Outcome:
    """Look at every machine of the request and at the person, decide on each, and write down what shall happen."""
    now, verb = parts.clock.now(), verb_of(str(op.payload["action"]))
    if now - moment(op.payload["at"]) > STALE:
        return tell_and_end(parts, op, "AWS or Slack did not answer for a quarter of an hour; nothing was done.")
    with parts.store.reading() as tx:
        launch = launches.find(tx, str(op.payload["value"]))
    if verb is None or launch is None or not launch.instance_ids:
        return tell_and_end(parts, op, UNKNOWN)
    try:
        found = [(target, target.read(parts)) for target in _targets(parts, launch)]
    except Unsure as error:
        return Retry(str(error))
    except CloudError as error:
        return tell_and_end(parts, op, str(error))
    if verb == "extend":
        return _extend(parts, op, found)
    return _decide(parts, op, ask(parts, op, verb, [one for _, one in found if one]), found)


def _targets(parts: Parts, launch: Launch) -> list[Target]:
    look = Look(parts.cloud, "default", launch.wanted.region, parts.clock.now())
    with parts.store.transaction() as tx:
        return [
            Target(
                resources.see(tx, account="default", region=look.region, kind=KIND, aws_id=one, now=look.now), one, look
            )
            for one in launch.instance_ids
        ]


def _extend(parts: Parts, op: Op, found: list[tuple[Target, Resource | None]]) -> Outcome:
    """More hours are asked for the request as a whole, so one machine that is there stands for all."""
    there = next((target for target, one in found if one is not None and one.state not in GONE), None)
    if there is None:
        return tell_and_end(parts, op, "No machine of it is left.")
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        ops.enqueue(tx, kind="instances.press", key=op.key, payload={**op.payload, "value": there.ref}, now=now)
        ops.finish(tx, op, now)
    parts.wake()
    return Done()


def _decide(parts: Parts, op: Op, asked: Ask, found: list[tuple[Target, Resource | None]]) -> Outcome:
    now, policy = parts.clock.now(), parts.policy()
    came: list[Came] = []
    steps: list[Step] = []
    offer: Offer = ""
    with parts.store.transaction() as tx:
        for target, one in found:
            decision = decide(asked, one, policy, now)
            word = "allowed" if decision.allowed else "refused"
            detail = {"reason": decision.reason, "before": brief(one), "effect": decision.effect}
            audited(tx, op, f"instance.{asked.verb}.{word}", target, now, detail)
            offer = offer or decision.offer
            known = before(one, target.aws_id, decision, asked.verb)
            if known is not None:
                came.append(known)
            else:
                steps.append({"ref": target.ref, "decision": packed(decision), "before": brief(one)})
        if steps:
            payload = {**op.payload, "steps": steps, "known": [_kept(one) for one in came], "offer": offer}
            ops.enqueue(tx, kind="instances.carry_out_launch", key=op.key, payload=payload, now=now)
        ops.finish(tx, op, now)
        if not steps:
            _told(tx, parts, op, asked.verb, came, offer)
    parts.wake()
    return Done()


def _carry_out(parts: Parts, op: Op) -> Outcome:
    """Do what was decided on each machine; doing it twice is doing it once."""
    user = str(op.payload["user"])
    done: list[tuple[Step, Target, Resource | None, Came, str]] = []
    for step in op.payload["steps"]:
        with parts.store.transaction() as tx:
            ops.hold(tx, op, parts.clock.now())
        target = target_of(parts, str(step["ref"]), parts.clock.now(), person=user)
        if target is None:
            continue
        found, came, request_id = _one(parts, target, unpacked(step["decision"]), last=op.attempts >= PATIENCE)
        if came is None:
            return Retry("AWS did not answer")
        done.append((step, target, found, came, request_id))
    verb = unpacked(op.payload["steps"][0]["decision"]).effect
    assert verb != "none"
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        for step, target, found, came, request_id in done:
            failed = {"error": came.why} if came.how == "refused" else {}
            detail = {"before": step["before"], "aws_request_id": request_id, **failed}
            audited(tx, op, f"instance.{verb}{'.failed' if failed else ''}", target, now, detail)
            if not failed:
                idle_done.note(tx, parts, target.ref, verb, by=user, now=now)
            if verb == "terminate" and not failed:
                launch_gone.terminated(tx, found, by=user, now=now)
        ops.finish(tx, op, now)
        known = [Came(**{**one, "notes": tuple(one["notes"])}) for one in op.payload["known"]]
        _told(tx, parts, op, verb, [*(came for _, _, _, came, _ in done), *known], op.payload["offer"])
    parts.wake()
    return Done()


def _one(parts: Parts, target: Target, decision: Decision, *, last: bool) -> tuple[Resource | None, Came | None, str]:
    """What came of one machine, and AWS's request id; no Came where nobody knows and it is worth another try."""
    try:
        found = target.read(parts)
        request_id = effect(target, found, decision) if found else ""
        return found, Came(target.aws_id, "done", notes=decision.notes), request_id
    except Unsure as error:
        return None, Came(target.aws_id, "refused", str(error)) if last else None, error.request_id
    except CloudError as error:
        return None, Came(target.aws_id, "refused", str(error)), error.request_id


def _told(tx: Tx, parts: Parts, op: Op, verb: Verb, came: list[Came], offer: Offer) -> None:
    launch = launches.find(tx, str(op.payload["value"]))
    assert launch is not None
    now = parts.clock.now()
    decision = Decision(allowed=True, reason=f"{which(launch)}: {summed(verb, came)}", offer=offer)
    tell(tx, op, decision, now, launch.id, lost_with(launch))
    if any(one.how == "done" for one in came):
        tell_owner(tx, op, decision, launch.asker, now)


def _kept(one: Came) -> Mapping[str, Any]:
    return {"id": one.id, "how": one.how, "why": one.why, "notes": one.notes}


OPS: Mapping[str, OpFunction] = {"instances.press_launch": answer, "instances.carry_out_launch": _carry_out}
