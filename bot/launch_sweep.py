"""Every few minutes: what AWS runs under our tag against what the rows say; the difference is adopted or told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot import audit, launch_end, ops, outbox
from bot.launch_rows import KIND, card, move, note, notice
from bot.ops import Done, Op, Outcome
from bot.parts import Parts
from bot.rules import launch_progress
from bot.rules.errors import CloudError
from bot.rules.launch import Launch
from bot.rules.launch_params import MANAGED, OWNER, REQUEST
from bot.rules.launch_text import person, what, which
from bot.store import launches, resources
from bot.store.db import Tx
from bot.store.values import stamp

EVERY = timedelta(minutes=5)
GRACE = timedelta(minutes=5)  # AWS may not show a machine that it has just made
ALIVE = ("pending", "running", "stopping", "stopped")

Facts = Sequence[Mapping[str, Any]]


def plan(tx: Tx, now: datetime) -> None:
    """Have a sweep made, one in each five minutes over all replicas."""
    slot = int(now.timestamp() // EVERY.total_seconds())
    ops.enqueue(tx, kind="launch.sweep", key=str(slot), payload={}, now=now)


def sweep(parts: Parts, op: Op) -> Outcome:
    """Compare region by region; one that does not answer is left as it is."""
    for region in parts.policy().limits.regions:
        try:
            facts = _tagged(parts, region)
        except CloudError:
            continue
        by_request: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for fact in facts:
            by_request[_tag(fact, REQUEST)].append(fact)
        with parts.store.transaction() as tx:
            now = parts.clock.now()
            for request, machines in by_request.items():
                _known_or_told(tx, parts, request, machines, now)
            _stuck(tx, region, by_request, now)
            _missing(tx, region, {str(fact["InstanceId"]) for fact in facts}, now)
    parts.wake()
    return Done()


def _tagged(parts: Parts, region: str) -> list[Mapping[str, Any]]:
    ec2 = parts.cloud.client("ec2", region)
    filters = [
        {"Name": f"tag:{MANAGED}", "Values": ["true"]},
        {"Name": "instance-state-name", "Values": list(ALIVE)},
    ]
    rows = parts.cloud.items(ec2, "describe_instances", "Reservations", Filters=filters)
    return [instance for reservation in rows for instance in reservation["Instances"]]


def _known_or_told(tx: Tx, parts: Parts, request: str, machines: Facts, now: datetime) -> None:
    launch = launches.find(tx, request)
    if launch is None:
        for fact in machines:
            _stranger(tx, parts, fact, request, now)
    elif launch.state in ("launching", "approved"):
        ops.hasten(tx, kind="launch.drive", key=launch.id, now=now)
    elif launch.state == "ended" and launch.ended_by and launch.changed_at and now - launch.changed_at < GRACE:
        return  # AWS may still show what was just terminated
    elif launch.state != "running":
        _adopt(tx, parts, launch, machines, now)
    elif new := [fact for fact in machines if fact["InstanceId"] not in launch.instance_ids]:
        _adopt(tx, parts, launch, [*new], now)
    else:
        _rest(tx, parts, launch, machines, now)


def _rest(tx: Tx, parts: Parts, launch: Launch, machines: Facts, now: datetime) -> None:
    """Money and the end stand still while all of it is stopped, and go on when it is started again."""
    stopped = all(fact["State"]["Name"] in ("stopping", "stopped") for fact in machines)
    if stopped and launch.progress == "ready":
        values: dict[str, Any] = {"progress": "stopped", "ended_at": now}
    elif not stopped and launch.progress == "stopped":
        values = {"progress": "ready", "started_at": now, "ended_at": None, "ran": _runs(launch)}
        launch_end.watch(tx, parts, launch, now)
    else:
        return
    if launches.change(tx, launch.id, be=("running",), now=now, **values):
        card(tx, launch, now)


def _runs(launch: Launch) -> list[tuple[str, str]]:
    """The runs so far, the one that ended last included: the hours between a stop and a start are nobody's spending."""
    last = [(launch.started_at, launch.ended_at)] if launch.started_at and launch.ended_at else []
    return [(stamp(begin), stamp(end)) for begin, end in (*launch.ran, *last)]


def _adopt(tx: Tx, parts: Parts, launch: Launch, machines: Facts, now: datetime) -> None:
    """It carries the tag of a request that does not know it: it is theirs, it bills, and they hear of it."""
    ids = tuple(dict.fromkeys([*launch.instance_ids, *(str(fact["InstanceId"]) for fact in machines)]))
    values: dict[str, Any] = {
        "instance_ids": ids,
        "progress": "ready",
        "machine": launch_progress.machine(machines[0]),
        "started_at": launch.started_at or launch_progress.started(machines),
        "ended_at": None,
    }
    for identity in ids:
        resources.see(tx, account="default", region=launch.wanted.region, kind=KIND, aws_id=identity, now=now)
    moved = move(tx, launch, "running", actor=audit.BOT, now=now, detail={"adopted": ids}, **values)
    if moved is not None:
        launch_end.watch(tx, parts, moved, now)
        text = f"{what(launch.wanted)} runs after all ({', '.join(ids)}). Stop it if you do not need it."
        notice(tx, moved, "adopted", text, now=now, key=",".join(ids))


def _stranger(tx: Tx, parts: Parts, fact: Mapping[str, Any], request: str, now: datetime) -> None:
    """Our tags, but no row of ours: from another mlbot, or from before a restore."""
    channel = parts.policy().approvals.channel
    identity, owner = str(fact["InstanceId"]), _tag(fact, OWNER)
    if not channel:
        return
    text = (
        f"{identity} ({fact.get('InstanceType', '')}) carries mlbot's tags, but this mlbot never launched it "
        f"(request {request or 'none'}, owner {person(owner) if owner else 'none'}). It bills: /ml-instances all."
    )
    before = outbox.stands(tx, what="notice", subject=identity)
    if not before:
        outbox.say(tx, what="notice", subject=identity, to=channel, now=now, data={"text": text})
        audit.record(tx, actor=audit.BOT, action="stranger", subject=identity, now=now, detail={"request": request})


def _stuck(tx: Tx, region: str, by_request: Mapping[str, Facts], now: datetime) -> None:
    """A machine that was pending for too long is followed again once AWS says anything else of it."""
    for launch in launches.in_state(tx, "launching", "running"):
        if launch.progress != "stuck" or launch.wanted.region != region:
            continue
        states = {fact["State"]["Name"] for fact in by_request.get(launch.id, ())}
        if states != {"pending"} and launches.change(tx, launch.id, be=(launch.state,), now=now, progress="pending"):
            payload = {"launch": launch.id, "user": launch.asker}
            ops.again(tx, kind="launch.follow", key=launch.id, payload=payload, now=now)


def _missing(tx: Tx, region: str, seen: set[str], now: datetime) -> None:
    """Rows that say running while no machine of theirs is there any more."""
    for launch in launches.in_state(tx, "running"):
        recent = launch.changed_at is not None and now - launch.changed_at < GRACE
        if launch.wanted.region != region or recent or seen & set(launch.instance_ids):
            continue
        moved = move(tx, launch, "ended", actor=audit.BOT, now=now, detail={"why": "gone in AWS"}, ended_at=now)
        if moved is not None:
            note(tx, moved, "gone", actor=audit.BOT, now=now, detail={"instance_ids": launch.instance_ids})
            notice(tx, moved, "gone", f"{which(launch)} is gone in AWS.", now=now)


def _tag(fact: Mapping[str, Any], key: str) -> str:
    return next((str(tag["Value"]) for tag in fact.get("Tags", ()) if tag["Key"] == key), "")
