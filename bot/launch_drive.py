"""Carry out an approved request: an attempt row before each call, and the same token until AWS says a definite no."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

from bot import launch_facts, launch_outcome, ops
from bot.launch_ask import check_again
from bot.launch_rows import frozen, move, notice
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import launch_check, launch_decide, launch_money, launch_next, launch_params
from bot.rules.errors import CloudError
from bot.rules.launch import Attempt, Launch
from bot.rules.launch_decide import lapsed
from bot.rules.launch_text import what
from bot.rules.people import may_act
from bot.store import attempts, launches
from bot.store.db import Tx
from bot.store.values import new_id

FRESH = timedelta(minutes=10)  # after an approval older than this, who asked is looked at again
LOOK_AGAIN = timedelta(seconds=10)
VOID = "Void"  # of an attempt that was never called


def drive(parts: Parts, op: Op) -> Outcome:
    """Bring one approved request one step further; a step that nobody answered is repeated exactly."""
    _know_places(parts, op)
    begun = _begin(parts, op)
    if not isinstance(begun, tuple):
        return begun
    launch, attempt = begun
    try:
        # Also before the first call: after a restore the rows may have forgotten a launch.
        found = launch_outcome.look_up(parts, launch)
    except CloudError as error:
        return launch_outcome.unsure(parts, op, launch, attempt, error)
    if found:
        return launch_outcome.launched(parts, op, launch, attempt, found)
    if (waiting := _still_wanted(parts, op, launch, attempt)) is not None:
        return waiting
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.hold(tx, op, now)
        attempts.calling(tx, attempt.id, now=now)
    ec2 = parts.cloud.client("ec2", attempt.region, person="+".join(launch.decided_by))
    try:
        answer = parts.cloud.call(ec2.run_instances, **attempt.params, ClientToken=attempt.id)
    except CloudError as error:
        return _after(parts, op, launch, attempt, error)
    return launch_outcome.launched(parts, op, launch, attempt, answer)


def _begin(parts: Parts, op: Op) -> Outcome | tuple[Launch, Attempt]:
    """The attempt to work on, written down if it is new; or why there is nothing to do now."""
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        launch = launches.find(tx, str(op.payload["launch"]))
        if launch is None or launch.offer is None or launch.state not in ("approved", "launching"):
            ops.finish(tx, op, now)
            return Done()
        attempt = attempts.standing(tx, launch.id)
        if attempt is not None:
            if attempt.state == "open":
                return launch, attempt
            ops.finish(tx, op, now)
            return Done()
        if why := frozen(tx):
            return _lapse(tx, parts, op, launch) or Retry(why, LOOK_AGAIN)
        return _lapse(tx, parts, op, launch) or _void(tx, parts, op, launch) or _next(tx, parts, op, launch)


def _next(tx: Tx, parts: Parts, op: Op, launch: Launch) -> Outcome | tuple[Launch, Attempt]:
    """A new attempt at the next place."""
    assert launch.offer is not None
    assert launch.until is not None
    now = parts.clock.now()
    tried = attempts.all_of(tx, launch.id)
    place = launch_next.next_place(launch.offer, [one for one in tried if one.error_code != VOID])
    if place is None:
        return Retry("AWS has not said yet which subnets there are")
    attempt = Attempt(
        id=new_id("a"),
        launch=launch.id,
        n=len(tried) + 1,
        region=launch.wanted.region,
        zone=place.zone,
        params=launch_params.complete(launch, launch.offer, place, launch.until),
    )
    attempts.add(tx, attempt, now=now)
    moved = launch
    if launch.state == "approved":
        found = move(tx, launch, "launching", actor="mlbot", now=now, detail={"token": attempt.id, "zone": place.zone})
        assert found is not None
        moved = found
    return moved, attempt


def _void(tx: Tx, parts: Parts, op: Op, launch: Launch) -> Outcome | None:
    """An approval holds for what was shown, at that price and under that policy, and for nothing else."""
    why = _stale(parts, launch)
    if not why:
        return None
    now = parts.clock.now()
    ops.finish(tx, op, now)
    check_again(tx, launch, now, why=why)
    for one in launch.askers:
        notice(tx, launch, "void", f"{what(launch.wanted)} is checked anew. {why}", now=now, to=one)
    return Done()


def _stale(parts: Parts, launch: Launch) -> str:
    """Why what was approved does not hold any more, by row, price and policy as they are now; empty while it does."""
    assert launch.offer is not None
    policy, wanted = parts.policy(), launch.wanted
    if launch_params.digest(wanted, launch.offer.params, launch.usd_per_hour, launch.usd_total) != launch.shown:
        return "Its parameters are not those that were approved."
    today = launch_money.price(wanted, parts.catalog)
    if launch_money.moved(launch, today, policy.approvals.drift_percent):
        return "The price changed since it was approved."
    instance = parts.catalog.instance(wanted.instance_type)
    if refusal := launch_check.by_policy(wanted, instance, today, policy, parts.catalog):
        return f"The policy does not allow it any more. {refusal.why}"
    if set(launch.askers) & set(policy.approvals.denied):
        return "The policy lets who asked launch nothing any more."
    needed = launch_money.needed(policy.approvals, launch.usd_total, launch.decided_at or parts.clock.now())
    return launch_decide.outgrown(launch, needed)


def _void_uncalled(parts: Parts, op: Op, launch: Launch, attempt: Attempt, why: str) -> Outcome:
    """The attempt was written down and its call never made, so it is closed like a refused one."""
    with parts.store.transaction() as tx:
        launch_outcome.close(tx, parts, launch, attempt, CloudError(why, code=VOID))
        return _void(tx, parts, op, launch) or Retry(why, LOOK_AGAIN)


def _lapse(tx: Tx, parts: Parts, op: Op, launch: Launch) -> Outcome | None:
    """An approval that could not be carried out in time does not hold any more."""
    now = parts.clock.now()
    if not lapsed(launch, parts.policy().approvals, now):
        return None
    ops.finish(tx, op, now)
    moved = move(tx, launch, "expired", actor="mlbot", now=now, detail={"why": "not carried out in time"})
    if moved is not None:
        text = (
            f"{what(launch.wanted)} was approved but could not be started in time, so the approval expired; ask again."
        )
        notice(tx, moved, "expired", text, now=now)
    return Done()


def _still_wanted(parts: Parts, op: Op, launch: Launch, attempt: Attempt) -> Outcome | None:
    """Nothing is called under a freeze, for somebody who left, or long after the approval; None when it may go on."""
    now = parts.clock.now()
    with parts.store.reading() as tx:
        why = frozen(tx)
    if why:
        return Retry(why, LOOK_AGAIN)
    if not attempt.calls and (why := _stale(parts, launch)):
        return _void_uncalled(parts, op, launch, attempt, why)
    if lapsed(launch, parts.policy().approvals, now):
        return launch_outcome.unanswered(parts, op, launch, attempt)
    if launch.decided_at is not None and now - launch.decided_at > FRESH:
        gone = may_act(parts.people.get(launch.asker), team=parts.people.team())
        if gone and not attempt.calls:
            return launch_outcome.failed(parts, op, launch, attempt, CloudError(gone, code="person"))
    return None


def _after(parts: Parts, op: Op, launch: Launch, attempt: Attempt, error: CloudError) -> Outcome:
    """What comes after a call that did not launch."""
    todo = launch_next.after(error)
    if todo in ("again", "wait"):
        return launch_outcome.unsure(parts, op, launch, attempt, error)
    if todo == "look" and (found := launch_outcome.look_up(parts, launch)):
        return launch_outcome.launched(parts, op, launch, attempt, found)
    if todo == "elsewhere":
        return launch_outcome.no_capacity(parts, op, launch, attempt, error)
    return launch_outcome.failed(parts, op, launch, attempt, error)


def _know_places(parts: Parts, op: Op) -> None:
    """Ask AWS for the places if it did not answer when the request was checked."""
    with parts.store.reading() as tx:
        launch = launches.find(tx, str(op.payload["launch"]))
    if launch is None or launch.offer is None or launch.offer.places or launch.state != "approved":
        return
    places = launch_facts.places(parts, launch.wanted)
    with parts.store.transaction() as tx:
        offer = replace(launch.offer, places=places)
        launches.change(tx, launch.id, be=("approved",), now=parts.clock.now(), offer=asdict(offer))
