"""After RunInstances: pending, running, status checks passed; then the owner hears how to use the machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot import launch_end, ops
from bot.launch_rows import card, move, note, notice
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import launch_next, launch_progress
from bot.rules.errors import CloudError, Gone, NoCapacity, Unsure
from bot.rules.launch import Launch
from bot.rules.launch_progress import BROKEN, Fact, Step
from bot.rules.launch_text import what
from bot.store import launches
from bot.store.db import Tx

# A machine is pending for some seconds, its checks take minutes, and everybody shares AWS's limit of describe calls.
OFTEN, SELDOM = timedelta(seconds=5), timedelta(seconds=20)
EARLY = timedelta(minutes=2)
PENDING = timedelta(minutes=30)  # a machine starts within minutes, or AWS has a trouble that it does not tell
PATIENCE = timedelta(minutes=30)  # then it is called ready although AWS never said that its checks passed
OVER = ("ready", "stopped", "stuck")  # nothing is to be followed any more; the sweep sees what changes


def follow(parts: Parts, op: Op) -> Outcome:
    """Look once; come again until it is ready or gone."""
    with parts.store.reading() as tx:
        launch = launches.find(tx, str(op.payload["launch"]))
    if launch is None or launch.state not in ("launching", "running") or launch.progress in OVER:
        return Done()
    facts = _facts(parts, launch)
    found = launch_progress.step(facts, _statuses(parts, launch, facts), len(launch.instance_ids))
    age = parts.clock.now() - (launch.started_at or launch.asked_at)
    if found.progress == "running" and (age > PATIENCE or found.halted):
        found = Step("ready")
    if found.progress == "pending" and parts.clock.now() - (launch.changed_at or launch.asked_at) > PENDING:
        found = Step("stuck") if facts else Step("", gone=True, why="AWS does not show it")
    with parts.store.transaction() as tx:
        _write(tx, parts, launch, found, facts)
        if found.gone or found.progress in OVER:
            ops.finish(tx, op, parts.clock.now())
            return Done()
    return Retry(f"{launch.id} is {found.progress}", OFTEN if found.progress == "pending" and age < EARLY else SELDOM)


def _facts(parts: Parts, launch: Launch) -> list[Fact]:
    """As AWS tells them now; nothing for machines that it does not show yet."""
    ec2 = parts.cloud.client("ec2", launch.wanted.region)
    ids = list(launch.instance_ids)
    try:
        rows = list(parts.cloud.items(ec2, "describe_instances", "Reservations", InstanceIds=ids))
    except Gone:
        return []
    return [instance for reservation in rows for instance in reservation["Instances"]]


def _statuses(parts: Parts, launch: Launch, facts: Sequence[Fact]) -> dict[str, bool | None]:
    """By instance whether both status checks passed; None where nobody may say."""
    ids = [str(fact["InstanceId"]) for fact in facts if fact["State"]["Name"] == "running"]
    found: dict[str, bool | None] = dict.fromkeys(ids, False)
    if not ids:
        return found
    ec2 = parts.cloud.client("ec2", launch.wanted.region)
    try:
        for row in parts.cloud.items(ec2, "describe_instance_status", "InstanceStatuses", InstanceIds=ids):
            found[row["InstanceId"]] = _passed(row)
    except (Unsure, Gone):
        return found
    except CloudError:
        return dict.fromkeys(ids)
    return found


def _passed(row: Fact) -> bool:
    return all((row.get(one) or {}).get("Status") == "ok" for one in ("InstanceStatus", "SystemStatus"))


def _write(tx: Tx, parts: Parts, launch: Launch, found: Step, facts: Sequence[Fact]) -> None:
    if found.gone:
        _gone(tx, parts, launch, found)
    elif found.progress != launch.progress:
        _further(tx, parts, launch, found, facts)


def _further(tx: Tx, parts: Parts, launch: Launch, found: Step, facts: Sequence[Fact]) -> None:
    now = parts.clock.now()
    values: dict[str, Any] = {"progress": found.progress}
    if facts:
        values["machine"] = launch_progress.machine(facts[0])
    if found.progress in ("running", "ready") and launch.state == "launching":
        values["started_at"] = launch_progress.started(facts) or now
        moved = move(tx, launch, "running", actor="mlbot", now=now, detail={"machine": values["machine"]}, **values)
        if moved is None:
            return
        launch_end.watch(tx, parts, moved, now)
        launch = moved
    elif launches.change(tx, launch.id, be=(launch.state,), now=now, **values):
        note(tx, launch, found.progress, actor="mlbot", now=now, detail={})
        card(tx, launch, now)
    if found.progress == "stuck":
        text = (
            f"AWS has not started {what(launch.wanted)} ({', '.join(launch.instance_ids)}) for half an hour "
            "and does not say why. mlbot looks again every five minutes; Terminate in /ml-instances ends it."
        )
        notice(tx, launch, "stuck", text, now=now)
    if found.progress == "ready":
        notice(tx, launch, "connect", f"{what(launch.wanted)} is ready: {', '.join(launch.instance_ids)}", now=now)


def _gone(tx: Tx, parts: Parts, launch: Launch, found: Step) -> None:
    """It ended before it could be used: by AWS, which is a failure, or by somebody's hand."""
    now = parts.clock.now()
    if found.code not in BROKEN and launch.state == "running":
        move(tx, launch, "ended", actor="mlbot", now=now, detail={"why": found.why}, ended_at=now, progress="")
        return
    kind = NoCapacity if "Capacity" in found.code else CloudError
    error = kind(f"The machine ended before it could be used: {found.why}.", code=found.code)
    way = launch_next.way_out(error, launch.wanted, parts.policy().limits, parts.catalog)
    values = {"error": str(error), "error_code": error.code, "way_out": way, "ended_at": now, "progress": ""}
    moved = move(tx, launch, "failed", actor="mlbot", now=now, detail={"code": found.code, "why": found.why}, **values)
    if moved is not None:
        notice(tx, moved, "failed", f"{what(launch.wanted)} did not start. {error} {way}".strip(), now=now)
