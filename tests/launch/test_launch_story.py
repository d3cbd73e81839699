"""Ask, approve, launch, use: over the local AWS."""

from __future__ import annotations

from typing import Any

from desk import ASKER, LEAD, ROOM, Desk

from bot import audit
from bot.playground.aws import LocalAws


def machines(at: Desk, region: str = "us-east-1") -> list[dict[str, Any]]:
    ec2 = at.parts.cloud.client("ec2", region)
    return [one for r in ec2.describe_instances()["Reservations"] for one in r["Instances"]]


def tags(one: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in one["Tags"]}


def test_an_approved_request_becomes_one_machine_that_can_be_used(at: Desk, aws: LocalAws) -> None:
    identity = at.asked(purpose="LoRA run")
    assert at.find(identity).state == "asked"
    assert at.card().startswith("asked")
    assert machines(at) == []
    at.press("approve", identity)
    at.settle()
    assert at.find(identity).state == "launching"
    at.pass_time(seconds=6)
    found = at.find(identity)
    assert (found.state, found.progress, found.decided_by) == ("running", "ready", (LEAD,))
    (one,) = machines(at)
    assert found.instance_ids == (one["InstanceId"],)
    assert at.card() == f"running | ready | {LEAD} | {one['InstanceId']} |  | "
    assert "is ready" in at.told(ASKER)
    assert tags(one) == {
        "Name": "nightly",
        "mlbot:managed": "true",
        "mlbot:request": identity,
        "mlbot:owner": ASKER,
        "mlbot:purpose": "LoRA run",
        "mlbot:until": "2026-11-23T20:00:00+00:00",
    }
    assert [channel for channel, _ in at.slack.posts].count(ROOM) == 1
    assert audit.verify(at.parts.store).broken_at is None
    print([row["action"] for row in audit.export(at.parts.store)])
