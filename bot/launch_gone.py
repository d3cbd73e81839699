"""A machine of a request was terminated by a press: once none of the request's machines is left, the request ends."""

from __future__ import annotations

from datetime import datetime

from bot import ops
from bot.kinds import Look
from bot.launch_rows import move
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules.errors import CloudError
from bot.rules.idle import Resource
from bot.rules.instances import GONE
from bot.store import launches
from bot.store.db import Tx


def terminated(tx: Tx, found: Resource | None, *, by: str, now: datetime) -> None:
    """Write down that its request is to be looked at, in the transaction that commits the termination."""
    if found is None or not found.request or launches.find(tx, found.request) is None:
        return
    payload = {"launch": found.request, "machine": found.id, "by": by}
    ops.enqueue(tx, kind="launch.gone", key=f"{found.request}:{found.id}", payload=payload, now=now)


def gone(parts: Parts, op: Op) -> Outcome:
    """End the request when its last machine was terminated; what AWS still shows of the machine itself is old."""
    with parts.store.reading() as tx:
        launch = launches.find(tx, str(op.payload["launch"]))
    if launch is None or launch.state not in ("launching", "running"):
        return Done()
    look = Look(parts.cloud, "default", launch.wanted.region, parts.clock.now())
    try:
        left = _left(look, launch.instance_ids) - {str(op.payload["machine"])}
    except CloudError as error:
        return Retry(str(error))
    by = str(op.payload["by"])
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        if not left:
            ended = {"ended_at": launch.ended_at or now, "ended_by": by}
            move(tx, launch, "ended", actor=by, now=now, detail={"why": "terminated"}, **ended)
    parts.wake()
    return Done()


def _left(look: Look, identities: tuple[str, ...]) -> set[str]:
    """Those of *identities* that AWS still has."""
    here = [{"Name": "instance-id", "Values": list(identities)}]
    rows = look.items("ec2", "describe_instances", "Reservations", Filters=here)
    found = (one for reservation in rows for one in reservation["Instances"])
    return {str(one["InstanceId"]) for one in found if one["State"]["Name"] not in GONE}
