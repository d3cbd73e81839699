"""Saved images: with their snapshots, once each, and deleted whole even when the process died in the middle."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.kinds import KINDS, Look
from bot.rules.errors import Unsure
from bot.rules.idle import judge
from bot.rules.idle_facts import Usage
from bot.rules.policy_idle import Idle
from data import load

HERE = "us-east-1"
IMAGE, SNAPSHOT = KINDS["ec2_image"], KINDS["ebs_snapshot"]
MARKS = [{"Key": "mlbot:managed", "Value": "true"}, {"Key": "mlbot:owner", "Value": "U0ENG"}]


@pytest.fixture
def saved(local: Any) -> str:
    """An image of a machine with 100 GB and 40 GB, ready."""
    ec2 = local.cloud.client("ec2", HERE)
    disks = [
        {"DeviceName": f"/dev/sd{x}", "Ebs": {"VolumeSize": gb, "Encrypted": True}}
        for x, gb in (("a1", 100), ("b", 40))
    ]
    given = {"ImageId": local.aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
    machine = ec2.run_instances(**given, BlockDeviceMappings=disks)["Instances"][0]["InstanceId"]
    local.clock.advance(timedelta(seconds=5))
    tags = [{"ResourceType": kind, "Tags": MARKS} for kind in ("image", "snapshot")]
    image = ec2.create_image(InstanceId=machine, Name="nightly", TagSpecifications=tags)["ImageId"]
    local.clock.advance(timedelta(minutes=1))
    return str(image)


def look(local: Any) -> Look:
    return Look(local.cloud, "default", HERE, local.clock.now())


def test_an_image_bills_at_most_its_disks_and_its_snapshots_are_not_counted_again(local: Any, saved: str) -> None:
    (one,) = IMAGE.find(look(local))
    priced = IMAGE.price(one, load())
    assert priced.usd_per_hour is not None
    assert priced.usd_per_hour * 730 == pytest.approx(140 * 0.05)
    assert priced.details["at_most"] is True
    assert SNAPSHOT.find(look(local)) == []


def test_a_snapshots_own_size_counts_where_aws_says_it(local: Any, saved: str) -> None:
    (one,) = IMAGE.find(look(local))
    disks = [{**disk, "bytes": 10 * 2**30} for disk in one.details["disks"]]  # type: ignore[attr-defined]
    priced = IMAGE.price(replace(one, details={**one.details, "disks": disks}), load())
    assert priced.usd_per_hour == pytest.approx(20 * 0.05 / 730)


def test_a_deletion_takes_the_image_and_its_snapshots(local: Any, saved: str) -> None:
    one = IMAGE.read(look(local), saved)
    assert one is not None
    assert IMAGE.verbs["delete"](look(local), one)
    assert IMAGE.read(look(local), saved) is None
    assert SNAPSHOT.find(look(local)) == []


@pytest.mark.parametrize("how", ["lost", "reset"])
def test_a_deletion_that_died_half_way_is_finished_by_the_next(local: Any, saved: str, how: Any) -> None:
    one = IMAGE.read(look(local), saved)
    assert one is not None
    local.aws.disturb(how, "DeleteSnapshot", times=2)  # boto3 tries twice by itself
    with pytest.raises(Unsure):
        IMAGE.verbs["delete"](look(local), one)
    left = IMAGE.read(look(local), saved)
    assert left is not None
    assert left.owner == "U0ENG"
    IMAGE.verbs["delete"](look(local), left)
    assert IMAGE.read(look(local), saved) is None
    assert SNAPSHOT.find(look(local)) == []


def test_an_old_image_is_named_and_a_young_one_is_not(local: Any, saved: str) -> None:
    (one,) = IMAGE.find(look(local))
    rules, now = Idle(image_days=30), local.clock.now()
    assert judge(one, Usage({}), rules, now + timedelta(days=29)).level == "active"
    assert judge(one, Usage({}), rules, now + timedelta(days=31)).level == "idle"
