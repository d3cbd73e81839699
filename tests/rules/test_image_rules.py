"""What Save image and Park cost and say, and when a machine may go; tables and properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.aws.images import NAME_FORM
from bot.rules import images as rules
from bot.rules.idle import Resource
from bot.rules.images import SavedImage
from bot.rules.instances import Decision
from bot.rules.launch import Wanted

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DISK = {"gb": 100, "ends_with_instance": True}
MAY, MAY_NOT = Decision(allowed=True, reason="", effect="terminate"), Decision(allowed=False, reason="It is protected.")


def machine(**changes: Any) -> Resource:
    details = {"disks": [DISK], "usd_instance": 1.0, "root": "ebs", **changes.pop("details", {})}
    known: dict[str, Any] = {"type": "g5.xlarge", "state": "running", "region": "us-east-1", "name": "nightly"}
    known |= {"usd_per_hour_stopped": 0.01, "since": NOON - timedelta(days=1)}
    return Resource(id="i-1", kind="ec2_instance", account="default", details=details, **{**known, **changes})


def image(**changes: Any) -> SavedImage:
    known: dict[str, Any] = {"id": "m_1", "state": "ending", "after": "park", "ref": "r_1", "account": "default"}
    known |= {
        "region": "us-east-1",
        "instance": "i-1",
        "was": "running",
        "label": "nightly",
        "name": "n",
        "owner": "U0",
    }
    known |= {"by": "U0", "team": "T0", "wanted": Wanted(instance_type="g5.xlarge", region="us-east-1"), "gb": 100.0}
    return SavedImage(**{**known, "usd_per_month": 5.0, "asked_at": NOON, "called_at": NOON, **changes})


def test_the_three_ways_to_go_on_are_compared_in_dollars_a_month() -> None:
    found = rules.costs(machine(), 0.05)
    assert (found.keep, found.stop, found.park) == pytest.approx((1.01 * 730, 7.3, 5.0))
    assert found.gb == 100


@pytest.mark.parametrize(
    ("changes", "price", "unknown"),
    [
        ({"details": {"usd_instance": None}}, 0.05, {"keep"}),
        ({"usd_per_hour_stopped": None}, 0.05, {"keep", "stop"}),
        ({}, None, {"park"}),
    ],
)
def test_an_unknown_price_stays_unknown(changes: dict[str, Any], price: float | None, unknown: set[str]) -> None:
    found = rules.costs(machine(**changes), price)
    assert {name for name in ("keep", "stop", "park") if getattr(found, name) is None} == unknown


@pytest.mark.parametrize(
    ("found", "after", "says"),
    [
        (None, "keep", "does not exist"),
        (machine(state="terminated"), "keep", "does not exist"),
        (machine(state="pending"), "keep", "still pending"),
        (machine(details={"root": "instance-store"}), "keep", "local disk"),
        (machine(details={"protected": True}), "park", "protected against termination"),
        (machine(details={"protected": True}), "keep", ""),
        (machine(state="stopped"), "park", ""),
        (machine(), "terminate", ""),
    ],
)
def test_what_cannot_be_saved_is_said(found: Resource | None, after: Any, says: str) -> None:
    why = rules.refusal(found, after)
    assert (says in why) if says else why == ""


def test_the_warnings_say_what_is_lost_and_what_stays() -> None:
    staying = {"gb": 40, "ends_with_instance": False}
    one = machine(details={"disks": [DISK, staying], "nvme_gb": 250})
    said = " ".join(rules.warnings(one, "park"))
    assert "250 GB) are not in the image" in said
    assert "restarted once" in said
    assert "40 GB of disk stay" in said
    assert "may be missing" in " ".join(rules.warnings(one, "keep"))
    assert rules.warnings(machine(state="stopped"), "keep") == ()


@given(st.text(max_size=200), st.integers(min_value=0, max_value=10**24))
def test_a_name_is_always_one_that_ec2_takes_and_ends_in_the_rows_id(name: str, number: int) -> None:
    identity = f"m_{number:020x}"[:22]
    made = rules.aws_name(name, NOON, identity)
    assert NAME_FORM.fullmatch(made)
    assert made.endswith(identity)
    assert made == rules.aws_name(name, NOON, identity)


LATER = machine(since=NOON + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("one", "found", "decision", "kept"),
    [
        (image(), machine(), MAY, ""),
        (image(), None, Decision(allowed=True, reason=""), ""),
        (image(), machine(), MAY_NOT, "It is protected."),
        (image(), LATER, MAY, "started again"),
        (image(was="stopped"), machine(), MAY, "started again"),
        (image(was="stopped"), machine(state="stopped", since=NOON - timedelta(days=1)), MAY, ""),
        (image(), machine(state="stopped", since=NOON + timedelta(minutes=5)), MAY, ""),
    ],
)
def test_a_machine_ends_only_while_its_image_holds_what_it_did(
    one: SavedImage, found: Resource | None, decision: Decision, kept: str
) -> None:
    why = rules.may_end(one, found, decision)
    assert (kept in why) if kept else why == ""


def test_it_is_launched_again_as_it_was_asked_for_else_as_it_stands() -> None:
    asked = Wanted(instance_type="g4dn.xlarge", region="us-east-1", count=3, hours=2, disk_gb=200, name="n")
    again = rules.relaunch(machine(), asked)
    assert (again.instance_type, again.count, again.hours, again.disk_gb) == ("g5.xlarge", 1, 2, 200)
    stands = rules.relaunch(machine(market="spot", details={"key_name": "lab"}), None)
    assert (stands.market, stands.disk_gb, stands.key_name, stands.name) == ("spot", 100, "lab", "nightly")


def test_the_disk_holds_the_images_root() -> None:
    mapping = [
        {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 300}},
        {"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 900}},
    ]
    fact = {"ImageId": "ami-1", "RootDeviceName": "/dev/sda1", "BlockDeviceMappings": mapping}
    again = rules.from_image(Wanted(instance_type="g5.xlarge", region="us-east-1"), fact)
    assert (again.image, again.disk_gb) == ("ami-1", 300)


@pytest.mark.parametrize(
    ("state", "seen"),
    [
        ("pending", "pending"),
        ("transient", "pending"),
        ("available", "available"),
        ("failed", "failed"),
        ("invalid", "failed"),
    ],
)
def test_aws_states_are_pending_available_or_failed(state: str, seen: str) -> None:
    found = rules.seen({"State": state, "StateReason": {"Message": "no room"}})
    assert found.state == seen
    assert found.why == ("no room" if seen == "failed" else "")


def test_only_a_machine_that_ended_in_its_image_is_parked() -> None:
    assert image(state="saved", machine="ended").parked
    assert not image(state="saved", machine="kept").parked
    assert not image(state="saved", machine="ended", after="terminate").parked
    assert not replace(image(), state="failed").parked
