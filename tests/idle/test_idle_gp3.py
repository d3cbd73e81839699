"""A gp2 disk in use that gp3 would make cheaper: named weekly with numbers, changed once, followed to its end."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from bot import idle
from bot.rules.idle_finding import Finding
from bot.store import money
from handlers.views import idle as views
from tests.idle.idle_world import ENG, LEAD, OTHER, IdleWorld, launch


@pytest.fixture
def disk(idle_world: IdleWorld) -> tuple[IdleWorld, str]:
    """A busy machine of the lead's with a gp2 data disk of the engineer's, seen by a scan."""
    ec2 = idle_world.parts.cloud.client("ec2", "us-east-1")
    machine = launch(idle_world, owner=LEAD)
    zone = ec2.describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"][0]["Placement"]
    marks = [{"Key": "mlbot:owner", "Value": ENG}, {"Key": "Name", "Value": "data"}]
    tags = [{"ResourceType": "volume", "Tags": marks}]
    made = ec2.create_volume(
        AvailabilityZone=zone["AvailabilityZone"], Size=500, VolumeType="gp2", TagSpecifications=tags
    )
    ec2.attach_volume(VolumeId=made["VolumeId"], InstanceId=machine, Device="/dev/sdf")
    idle.scan(idle_world.parts, idle_world.clock.now())
    return idle_world, made["VolumeId"]


def the(world: IdleWorld, identity: str) -> Finding:
    return next(one for one in idle.findings(world.parts, user=None) if one.resource.id == identity)


def kind_of(world: IdleWorld, identity: str) -> tuple[str, int, int]:
    volume = world.parts.cloud.client("ec2", "us-east-1").describe_volumes(VolumeIds=[identity])["Volumes"][0]
    return volume["VolumeType"], volume.get("Iops"), volume.get("Throughput")


def calls(world: IdleWorld) -> int:
    assert world.aws
    return world.aws.calls["ModifyVolume"]


def morning(world: IdleWorld, day: int) -> bool:
    at = datetime(2026, 11, day, 9, 5, tzinfo=world.clock.now().tzinfo)
    world.clock.advance(at - world.clock.now())
    idle.scan(world.parts, at)
    idle.remind(world.parts, at)
    found = idle.morning_message(world.parts, ENG, date(2026, 11, day))
    return bool(found and found.cheaper)


def test_it_is_named_once_a_week_with_what_it_costs_and_would_cost(disk: tuple[IdleWorld, str]) -> None:
    world, identity = disk
    assert [day for day in range(24, 31) if morning(world, day)] == [24]
    found = idle.morning_message(world.parts, ENG, date(2026, 11, 24))
    assert found is not None
    said = str(views.digest(found).blocks)
    assert "500 GB of gp2 cost $50 a month; gp3 with 3,000 IOPS and 250 MB/s, no less, costs $45" in said
    assert "1 disk would cost $5.00 a month less as gp3" in said
    assert "change_gp3" in said
    assert the(world, identity).verdict.level == "active"


def test_a_press_changes_it_once_and_the_message_says_how_it_ended(disk: tuple[IdleWorld, str]) -> None:
    world, identity = disk
    assert morning(world, 24)
    world.press("change_gp3", the(world, identity).ref)
    assert kind_of(world, identity) == ("gp3", 3000, 250)
    assert "it stays in use meanwhile" in world.said_to(ENG)
    world.clock.advance(timedelta(minutes=2))
    world.workers.run_due()
    found = idle.morning_message(world.parts, ENG, date(2026, 11, 24))
    assert found is not None
    (one,) = found.cheaper
    assert one.outcome is not None
    assert one.outcome.words == "Changed to gp3; $5.00 a month saved."
    world.press("change_gp3", one.ref)
    assert "It is gp3 already." in world.said_to(ENG)
    assert calls(world) == 1
    assert world.audit()[:2] == ["idle.changed", "idle.gp3_ended"]
    with world.parts.store.reading() as tx:
        ((by, per_hour, _),) = money.savings(tx).values()
    assert (by, per_hour) == (ENG, pytest.approx(5 / 730))


def test_a_lost_answer_changes_it_once(disk: tuple[IdleWorld, str]) -> None:
    world, identity = disk
    assert world.aws
    world.aws.disturb("lost", "ModifyVolume", times=3)
    world.press("change_gp3", the(world, identity).ref)
    asked = calls(world)
    world.clock.advance(timedelta(minutes=2))
    world.workers.run_due()
    assert kind_of(world, identity)[0] == "gp3"
    assert calls(world) == asked
    assert "idle.changed" in world.audit()


def test_only_the_disks_owner_and_approvers_change_it(disk: tuple[IdleWorld, str]) -> None:
    world, identity = disk
    world.press("change_gp3", the(world, identity).ref, user=OTHER)
    assert calls(world) == 0
    assert "Only its owner" in world.said_to(OTHER)
    world.press("change_gp3", the(world, identity).ref, user=LEAD)
    assert calls(world) == 1


def test_a_missing_right_is_named(disk: tuple[IdleWorld, str]) -> None:
    world, identity = disk
    assert world.aws
    world.aws.fail("ModifyVolume", "UnauthorizedOperation", status=403)
    world.press("change_gp3", the(world, identity).ref)
    assert "It lacks ec2:ModifyVolume" in world.said_to(ENG)
    assert kind_of(world, identity)[0] == "gp2"
