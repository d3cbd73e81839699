"""What came of a call, written down in one transaction with everything that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot import ops
from bot.launch_rows import KIND, card, move, note, notice
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import launch_next
from bot.rules.errors import CloudError, NoCapacity
from bot.rules.launch import Attempt, Launch
from bot.rules.launch_params import REQUEST
from bot.rules.launch_text import what
from bot.store import attempts, launches, resources
from bot.store.db import Tx

Answer = Mapping[str, Any]


def look_up(parts: Parts, launch: Launch) -> Answer | None:
    """What runs or ran for this request, by its tag, in the shape of RunInstances' answer; None for nothing."""
    ec2 = parts.cloud.client("ec2", launch.wanted.region)
    by_tag = [{"Name": f"tag:{REQUEST}", "Values": [launch.id]}]
    rows = parts.cloud.items(ec2, "describe_instances", "Reservations", Filters=by_tag)
    found = [instance for reservation in rows for instance in reservation["Instances"]]
    return {"Instances": found} if found else None


def launched(parts: Parts, op: Op, launch: Launch, attempt: Attempt, answer: Answer) -> Outcome:
    """AWS made it: remember which, and follow it until it can be used."""
    ids = [str(one["InstanceId"]) for one in answer["Instances"]]
    request_id = str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        if not attempts.launched(tx, attempt.id, instance_ids=ids, request_id=request_id, now=now):
            return Done()
        launches.change(tx, launch.id, be=("launching",), now=now, instance_ids=ids, progress="pending", started_at=now)
        for identity in ids:
            resources.see(tx, account="default", region=attempt.region, kind=KIND, aws_id=identity, now=now)
        detail = {"instance_ids": ids, "zone": attempt.zone, "token": attempt.id, "aws_request_id": request_id}
        note(tx, launch, "launched", actor="mlbot", now=now, detail=detail)
        card(tx, launch, now)
        ops.enqueue(tx, kind="launch.follow", key=launch.id, payload={"launch": launch.id}, now=now)
    return Done()


def unsure(parts: Parts, op: Op, launch: Launch, attempt: Attempt, error: CloudError) -> Outcome:
    """Nobody answered, or our credentials were refused: the same call again, later; the card says so."""
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        attempts.unsure(tx, attempt.id, code=error.code, error=str(error))
        if not attempt.unsure or attempt.error != str(error):
            card(tx, launch, now)
    return Retry(str(error))


def no_capacity(parts: Parts, op: Op, launch: Launch, attempt: Attempt, error: CloudError) -> Outcome:
    """A definite no of one place: the next one, under a new token; or the end, which names each place once."""
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        close(tx, parts, launch, attempt, error)
        tried = attempts.all_of(tx, launch.id)
        assert launch.offer is not None
        if launch_next.next_place(launch.offer, tried) is not None:
            card(tx, launch, now)
            return Retry(str(error), ops.AT_ONCE)
        ops.finish(tx, op, now)
        _fail(tx, parts, launch, NoCapacity(launch_next.nowhere(launch.wanted, tried), code=error.code))
    return Done()


def failed(parts: Parts, op: Op, launch: Launch, attempt: Attempt, error: CloudError) -> Outcome:
    """A definite no."""
    with parts.store.transaction() as tx:
        ops.finish(tx, op, parts.clock.now())
        close(tx, parts, launch, attempt, error)
        _fail(tx, parts, launch, error)
    return Done()


def unanswered(parts: Parts, op: Op, launch: Launch, attempt: Attempt) -> Outcome:
    """It could not be started while the approval held, and nothing carries the request's tag."""
    why = f"It could not be started while the approval held, and nothing is tagged with {launch.id}."
    return failed(parts, op, launch, attempt, CloudError(why, code=attempt.error_code or "NoAnswer"))


def close(tx: Tx, parts: Parts, launch: Launch, attempt: Attempt, error: CloudError) -> None:
    """An attempt that made no machine, with the reason."""
    now = parts.clock.now()
    attempts.refused(tx, attempt.id, code=error.code, error=str(error), request_id=error.request_id, now=now)
    detail = {"zone": attempt.zone, "token": attempt.id, "code": error.code, "aws_request_id": error.request_id}
    note(tx, launch, "attempt_refused", actor="mlbot", now=now, detail={**detail, "error": str(error)})


def _fail(tx: Tx, parts: Parts, launch: Launch, error: CloudError) -> None:
    way = launch_next.way_out(error, launch.wanted, parts.policy().limits, parts.catalog)
    values = {"error_code": error.code, "error": str(error), "way_out": way}
    now = parts.clock.now()
    moved = move(tx, launch, "failed", actor="mlbot", now=now, detail={"code": error.code}, **values)
    if moved is not None:
        notice(tx, moved, "failed", f"{what(launch.wanted)} was not launched. {error} {way}".strip(), now=now)
