"""What runs or is stopped in the accounts, and the four verbs: stop, start, terminate, extend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from bot import audit, idle_done, instances_start, launch_extend, launch_gone, ops, outbox
from bot.instances_list import Listed, Listing, listing, narrowed
from bot.kinds import KINDS, Look
from bot.kinds.ec2_instance import set_tag
from bot.kinds.tags import UNTIL
from bot.launch_rows import frozen
from bot.ops import Done, Op, OpFunction, Outcome, Retry
from bot.parts import Parts
from bot.rules.click import Click
from bot.rules.errors import CloudError, Unsure
from bot.rules.idle import Resource
from bot.rules.instances import VERBS, Ask, Decision, Verb, decide, label, lost_at_termination
from bot.rules.policy import Policy
from bot.store import idle, launches, resources
from bot.store.db import Row, Tx
from bot.store.values import moment, moment_or_none, stamp

__all__ = ["OPS", "Listed", "Listing", "listing", "narrowed", "press"]

KIND = KINDS["ec2_instance"]
STALE = timedelta(minutes=15)  # a click that could not be carried out for so long is dropped and said so
OF_LAUNCH = "l_"  # a button of a request's message, for every machine of it
PATIENCE = 8  # calls of AWS without an answer before the person is told


@dataclass(frozen=True, slots=True)
class Target:
    """Which machine a reference means, and how to look at it."""

    ref: str
    aws_id: str
    look: Look

    def read(self, parts: Parts) -> Resource | None:
        """The machine as it is now, with its price."""
        found = KIND.read(self.look, self.aws_id)
        return KIND.price(found, parts.catalog) if found else None


def press(parts: Parts, click: Click) -> None:
    """Write a pressed button down as one op row; the same press again changes nothing."""
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        payload = {**click.payload(), "at": stamp(now)}
        kind = "instances.press_launch" if click.value.startswith(OF_LAUNCH) else "instances.press"
        ops.enqueue(tx, kind=kind, key=click.key, payload=payload, now=now)
    parts.wake()


def _answer(parts: Parts, op: Op) -> Outcome:
    """Look at the machine and at the person, decide, and write down what shall happen."""
    now, verb = parts.clock.now(), verb_of(str(op.payload["action"]))
    if now - moment(op.payload["at"]) > STALE:
        return tell_and_end(parts, op, "AWS or Slack did not answer for a quarter of an hour; nothing was done.")
    target = target_of(parts, str(op.payload["value"]), now)
    if verb is None or target is None:
        return tell_and_end(parts, op, "This button is of a machine that mlbot does not know.")
    try:
        found = target.read(parts)
    except Unsure as error:
        return Retry(str(error))
    except CloudError as error:
        return tell_and_end(parts, op, str(error))
    asked = ask(parts, op, verb, [found] if found else [])
    decision = decide(asked, found, parts.policy(), now)
    with parts.store.transaction() as tx:
        if decision.effect == "extend" and found and asked.judged:
            decision = _more_hours(tx, parts, found, op, decision)
        detail = {"reason": decision.reason, "before": brief(found), "effect": decision.effect}
        audited(tx, op, f"instance.{verb}.{'allowed' if decision.allowed else 'refused'}", target, now, detail)
        if decision.effect == "none":
            tell(tx, op, decision, now, target.ref, lost(found))
        else:
            payload = {**op.payload, "decision": packed(decision), "before": brief(found)}
            ops.enqueue(tx, kind="instances.carry_out", key=op.key, payload=payload, now=now)
        ops.finish(tx, op, now)
    return Done()


def _carry_out(parts: Parts, op: Op) -> Outcome:
    """Do what was decided; doing it twice is doing it once."""
    now, decision = parts.clock.now(), unpacked(op.payload["decision"])
    target = target_of(parts, str(op.payload["value"]), now, person=str(op.payload["user"]))
    if target is None:
        return Done()
    found = None
    try:
        found = target.read(parts)
        request_id = effect(target, found, decision) if found else ""
    except Unsure as error:
        if op.attempts < PATIENCE:
            return Retry(str(error))
        return _refused(parts, op, target, error, lost(found))
    except CloudError as error:
        return _refused(parts, op, target, error, lost(found))
    with parts.store.transaction() as tx:
        detail = {"before": op.payload["before"], "aws_request_id": request_id, "until": decision.until}
        audited(tx, op, f"instance.{decision.effect}", target, now, detail)
        tell(tx, op, decision, now, target.ref)
        if found is not None:
            owner = idle.claimant(tx, target.ref, tag=found.owner) or found.owner or ""
            tell_owner(tx, op, decision, owner, now)
        idle_done.note(tx, parts, target.ref, decision.effect, by=str(op.payload["user"]), now=now)
        if decision.effect == "terminate":
            launch_gone.terminated(tx, found, by=str(op.payload["user"]), now=now)
        ops.finish(tx, op, now)
    parts.wake()
    return Done()


OPS: Mapping[str, OpFunction] = {"instances.press": _answer, "instances.carry_out": _carry_out}


def _more_hours(tx: Tx, parts: Parts, found: Resource, op: Op, decision: Decision) -> Decision:
    """More hours for what a request launched are a request themselves."""
    launch = launches.find(tx, found.request or "")
    assert launch is not None  # requests are never deleted
    click = Click(**{name: value for name, value in op.payload.items() if name != "at"})
    hours = float(click.data["hours"])
    return replace(
        decision, reason=launch_extend.ask(tx, parts, launch, click, hours, parts.clock.now()), effect="none"
    )


def effect(target: Target, found: Resource, decision: Decision) -> str:
    """Do it, and return AWS's request id; raises CloudError."""
    if decision.effect == "extend" and decision.until is not None:
        return set_tag(target.look, found, UNTIL, decision.until.isoformat(timespec="seconds"))
    return KIND.verbs[decision.effect](target.look, found)


def lost(found: Resource | None) -> str:
    """Which machine a termination would take, and what is deleted with it."""
    return " ".join((f"{label(found)}.", *lost_at_termination(found))) if found else ""


def _refused(parts: Parts, op: Op, target: Target, error: CloudError, lost: str) -> Outcome:
    """AWS said no, or nothing: say so with its code."""
    now, decision = parts.clock.now(), unpacked(op.payload["decision"])
    offer: Verb | Literal[""] = "terminate" if error.code == "UnsupportedOperation" else ""
    with parts.store.transaction() as tx:
        detail = {"error": str(error), "code": error.code, "aws_request_id": error.request_id}
        audited(tx, op, f"instance.{decision.effect}.failed", target, now, detail)
        failed = Decision(allowed=False, reason=f"{decision.effect.capitalize()} failed. {error}", offer=offer)
        tell(tx, op, failed, now, target.ref, lost)
        ops.finish(tx, op, now)
    return Done()


def ask(parts: Parts, op: Op, verb: Verb, found: Sequence[Resource]) -> Ask:
    """Who asks, as Slack says it now; raises SlackError, and then nobody does anything."""
    person = parts.people.fresh(str(op.payload["user"]))
    hours = (op.payload.get("data") or {}).get("hours")
    approver = person.id in approvers(parts, parts.policy())
    with parts.store.reading() as tx:
        why = frozen(tx)
        claimant = idle.claimant(tx, str(op.payload["value"]), tag=found[0].owner) if found else ""
        ours = any(launches.find(tx, one.request or "") is not None for one in found)
        start = verb == "start"
        no = instances_start.refusal(tx, parts, found, user=person.id, approver=approver) if start else None
    return Ask(
        verb=verb,
        person=person,
        approver=approver,
        unstartable=no.why if no else "",
        instead=no.instead or "" if no else "",
        team=parts.people.team(),
        hours=float(hours) if hours is not None else None,
        frozen=why,
        judged=ours,
        claimant=claimant,
    )


def approvers(parts: Parts, policy: Policy) -> frozenset[str]:
    """The user ids that the policy names as approvers, by themselves or by a user group; never those it denies."""
    said = policy.approvals
    named = frozenset(said.approvers).union(*(parts.people.members(group) for group in said.all_groups))
    return named - frozenset(said.denied)


def verb_of(action: str) -> Verb | None:
    """The verb that a button's action id begins with."""
    return next((verb for verb in VERBS if action.startswith(verb)), None)


def target_of(parts: Parts, ref: str, now: datetime, *, person: str = "") -> Target | None:
    """The machine behind a reference; None for what mlbot never saw."""
    with parts.store.reading() as tx:
        row: Row | None = resources.find(tx, ref)
    if row is None or row["kind"] != KIND.name:
        return None
    return Target(ref, row["aws_id"], Look(parts.cloud, row["account"], row["region"], now, person=person))


def tell_and_end(parts: Parts, op: Op, words: str) -> Outcome:
    """Say why nothing happens, and end the op."""
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        tell(tx, op, Decision(allowed=False, reason=words), now, str(op.payload["value"]))
        ops.finish(tx, op, now)
    parts.wake()
    return Done()


def tell(tx: Tx, op: Op, decision: Decision, now: datetime, ref: str, lost: str = "") -> None:
    """Answer the one who pressed; *offer* names the button that would work, *lost* what its termination deletes."""
    where = {name: str(op.payload.get(name) or "") for name in ("channel", "response_url")}
    text = " ".join((decision.reason, *decision.notes))
    data = {**where, "text": text, "offer": decision.offer, "ref": ref, "lost": lost}
    outbox.say(tx, what="whisper", subject=op.key, to=str(op.payload["user"]), now=now, data=data)


def tell_owner(tx: Tx, op: Op, decision: Decision, owner: str, now: datetime) -> None:
    """Tell the owner what somebody else did."""
    presser = str(op.payload["user"])
    if owner in ("", presser):
        return
    text = f"<@{presser}>: {' '.join((decision.reason, *decision.notes))}"
    outbox.say(tx, what="notice", subject=op.key, to=owner, now=now, data={"text": text})


def audited(tx: Tx, op: Op, action: str, target: Target, now: datetime, detail: Mapping[str, Any]) -> None:
    """One audit row about a machine."""
    place = {"account": target.look.account, "region": target.look.region, "ref": target.ref}
    slack = {"slack_ts": op.payload.get("ts", ""), "slack_channel": op.payload.get("channel", "")}
    audit.record(
        tx,
        actor=str(op.payload["user"]),
        team=str(op.payload.get("team", "")),
        action=action,
        subject=target.aws_id,
        now=now,
        detail={**place, **slack, **detail},
    )


def brief(found: Resource | None) -> dict[str, Any]:
    """What the audit log keeps of a machine."""
    if found is None:
        return {}
    until = stamp(found.until) if found.until else None
    return {
        "name": label(found),
        "state": found.state,
        "owner": found.owner,
        "since": stamp(found.since) if found.since else None,
        "until": until,
        "usd_per_hour": found.usd_per_hour,
    }


def packed(decision: Decision) -> dict[str, Any]:
    """A decision as a payload keeps it."""
    until = stamp(decision.until) if decision.until else None
    return {"reason": decision.reason, "effect": decision.effect, "notes": decision.notes, "until": until}


def unpacked(packed: Mapping[str, Any]) -> Decision:
    """The decision of a payload."""
    return Decision(
        allowed=True,
        reason=packed["reason"],
        effect=cast(Verb, packed["effect"]),
        notes=tuple(packed["notes"]),
        until=moment_or_none(packed["until"]),
    )
