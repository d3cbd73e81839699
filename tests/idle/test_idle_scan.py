"""Scans over a local AWS: what is found, judged, remembered and not seen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import idle, idle_history
from bot.idle_survey import ScanLook
from bot.rules.idle_finding import Finding
from tests.idle.idle_world import ENG, IdleWorld, launch, load


def by_id(found: tuple[Finding, ...]) -> dict[str, Finding]:
    return {one.resource.id: one for one in found}


def scan(world: IdleWorld) -> dict[str, Finding]:
    return by_id(idle.scan(world.parts, world.clock.now()).findings)


def test_idle_busy_and_unmeasured_machines_are_told_apart_in_every_region(idle_world: IdleWorld) -> None:
    idle_world.set_policy(limits={"regions": ["us-east-1", "us-west-2"]})
    quiet, busy = launch(idle_world, owner=ENG), launch(idle_world, region="us-west-2", kind="g5.12xlarge")
    blind = launch(idle_world, Name="blind")
    load(idle_world, quiet, hours=31)
    load(idle_world, busy, hours=31, region="us-west-2", gpu=91, cpu=48, gpus=4)
    load(idle_world, blind, hours=10, gpu=None)
    found = scan(idle_world)
    assert {one: found[one].verdict.level for one in (quiet, busy, blind)} == {
        quiet: "idle",
        busy: "active",
        blind: "unknown",
    }
    assert found[quiet].owner == ENG
    assert found[quiet].verdict.safe
    assert "nvidia_gpu" in found[blind].verdict.advice


def test_an_idle_machine_is_looked_back_over_for_its_whole_episode_and_money(idle_world: IdleWorld) -> None:
    quiet = launch(idle_world, age=300)
    load(idle_world, quiet, hours=60, gpu=80, cpu=40, end=idle_world.clock.now() - timedelta(hours=31))
    load(idle_world, quiet, hours=31)
    one = scan(idle_world)[quiet]
    assert one.idle_for == timedelta(hours=31)
    assert one.usd_since is not None
    assert one.resource.usd_per_hour is not None
    assert abs(one.usd_since - 31 * one.resource.usd_per_hour) < 0.01
    assert one.back_test is not None
    assert one.spark_of == "gpu_max_pct"
    assert len(one.spark) > 20


def test_an_episode_goes_on_from_scan_to_scan_by_short_looks(idle_world: IdleWorld) -> None:
    quiet = launch(idle_world, age=300)
    load(idle_world, quiet, hours=31)
    first = scan(idle_world)[quiet]
    for _ in range(3):
        idle_world.clock.advance(timedelta(hours=4))
        load(idle_world, quiet, hours=4)
        assert idle_world.aws
        idle_world.aws.calls.clear()
        again = scan(idle_world)[quiet]
        assert again.verdict.since == first.verdict.since
        assert again.verdict.safe
        assert idle_world.aws.calls["GetMetricData"] == 1


def test_a_reference_stays_the_same_and_what_is_gone_is_forgotten(idle_world: IdleWorld) -> None:
    quiet = launch(idle_world)
    load(idle_world, quiet, hours=31)
    first = scan(idle_world)[quiet]
    assert scan(idle_world)[quiet].ref == first.ref
    idle_world.parts.cloud.client("ec2", "us-east-1").terminate_instances(InstanceIds=[quiet])
    idle_world.clock.advance(timedelta(minutes=15))
    assert quiet not in scan(idle_world)
    assert idle.finding(idle_world.parts, first.ref) is None


def test_a_stopped_machine_and_a_free_disk_are_idle_from_when_they_were_first_seen(idle_world: IdleWorld) -> None:
    ec2 = idle_world.parts.cloud.client("ec2", "us-east-1")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=200, VolumeType="gp3")["VolumeId"]
    stopped = launch(idle_world)
    ec2.stop_instances(InstanceIds=[stopped])
    scan(idle_world)
    idle_world.clock.advance(timedelta(days=4))
    found = scan(idle_world)
    assert found[volume].verdict.reason.startswith("attached to nothing for at least 4 days")
    assert found[stopped].verdict.reason.startswith("stopped for 4 days")
    assert found[volume].usd_per_month == 200 * 0.08


def test_a_region_that_refuses_is_a_gap_and_the_rest_is_seen(idle_world: IdleWorld) -> None:
    idle_world.set_policy(limits={"regions": ["us-east-1", "us-west-2"]})
    quiet = launch(idle_world)
    load(idle_world, quiet, hours=31)
    assert idle_world.aws
    idle_world.aws.fail("DescribeInstances", "UnauthorizedOperation", status=403, times=None, region="us-west-2")
    report = idle.scan(idle_world.parts, idle_world.clock.now())
    assert by_id(report.findings)[quiet].verdict.level == "idle"
    assert {(gap.region, gap.kind) for gap in report.gaps} >= {("us-west-2", "ec2_instance")}
    assert all(gap.region == "us-west-2" for gap in report.gaps)
    assert "DescribeInstances" in report.gaps[0].reason


def test_what_a_gap_hides_is_not_taken_for_gone(idle_world: IdleWorld) -> None:
    quiet = launch(idle_world)
    load(idle_world, quiet, hours=31)
    ref = scan(idle_world)[quiet].ref
    assert idle_world.aws
    idle_world.aws.fail("DescribeInstances", "RequestLimitExceeded", status=503, times=None)
    scan(idle_world)
    assert idle.finding(idle_world.parts, ref) is not None


def test_metrics_that_cannot_be_read_make_unknown_and_not_idle(idle_world: IdleWorld) -> None:
    quiet = launch(idle_world)
    load(idle_world, quiet, hours=31)
    assert idle_world.aws
    idle_world.aws.fail("GetMetricData", "AccessDenied", status=403, times=None)
    report = idle.scan(idle_world.parts, idle_world.clock.now())
    one = by_id(report.findings)[quiet]
    assert one.verdict.level == "unknown"
    assert "could not be read" in one.verdict.reason
    assert report.gaps[0].reason.startswith("metrics: ")


def test_a_sweep_that_sees_ten_times_fewer_machines_raises_the_alarm(idle_world: IdleWorld) -> None:
    machines = [launch(idle_world) for _ in range(12)]
    assert idle.scan(idle_world.parts, idle_world.clock.now()).alarm == ""
    idle_world.parts.cloud.client("ec2", "us-east-1").terminate_instances(InstanceIds=machines[1:])
    idle_world.clock.advance(timedelta(days=1))
    report = idle.scan(idle_world.parts, idle_world.clock.now())
    assert "sees 2 resources, a day before there were 24" in report.alarm
    last = idle.last_scan(idle_world.parts)
    assert last is not None
    assert last.alarm == report.alarm


def test_owners_come_from_the_tag_else_from_the_launch_else_nobody(idle_world: IdleWorld) -> None:
    tagged, launched, nobodys = launch(idle_world, owner=ENG), launch(idle_world, request="l_1"), launch(idle_world)
    with idle_world.parts.store.transaction() as tx:
        columns = {row["name"]: row for row in tx.all("PRAGMA table_info(launch)")}
        values = {name: "" for name, row in columns.items() if row["notnull"] and row["dflt_value"] is None}
        tx.insert("launch", **{**values, "id": "l_1", "asker": "U0ASKER"})
    found = scan(idle_world)
    assert [(found[one].owner, found[one].owner_by) for one in (tagged, launched, nobodys)] == [
        (ENG, "tag"),
        ("U0ASKER", "launch"),
        (None, ""),
    ]


def test_findings_are_of_one_person_or_of_all(idle_world: IdleWorld) -> None:
    mine, other = launch(idle_world, owner=ENG), launch(idle_world, owner="U0OTHER")
    scan(idle_world)
    assert [one.resource.id for one in idle.findings(idle_world.parts, user=ENG)] == [mine]
    assert {one.resource.id for one in idle.findings(idle_world.parts, user=None)} >= {mine, other}


def test_a_scan_as_of_tomorrow_leaves_the_present_as_it_is(idle_world: IdleWorld) -> None:
    quiet = launch(idle_world, owner=ENG)
    now = idle_world.clock.now()
    tomorrow = now + timedelta(hours=21)
    load(idle_world, quiet, hours=52, end=tomorrow)
    report = idle.scan(idle_world.parts, tomorrow)
    assert by_id(report.findings)[quiet].idle_for == timedelta(hours=52)
    assert idle.remind(idle_world.parts, tomorrow, asked=True) == 1
    row = idle_world.posts("reminder")[0]
    assert row["next_at"] <= now.isoformat(timespec="microseconds")
    idle_world.press("stop_idle", by_id(report.findings)[quiet].ref)
    message = idle.morning_message(idle_world.parts, ENG, tomorrow.date())
    assert message is not None
    assert message.items[0].outcome is not None
    report = idle.scan(idle_world.parts, now)
    assert by_id(report.findings)[quiet].resource.state in ("stopping", "stopped")


def test_a_replay_over_cloudwatch_says_what_it_would_have_flagged_and_saved(idle_world: IdleWorld) -> None:
    quiet, busy = launch(idle_world, owner=ENG, age=300), launch(idle_world)
    now = idle_world.clock.now()
    load(idle_world, quiet, hours=40, gpu=80, cpu=40, end=now - timedelta(hours=31))
    load(idle_world, quiet, hours=31)
    load(idle_world, busy, hours=71, gpu=80, cpu=40)
    found = idle_history.replay(idle_world.parts, days=7, now=now)
    assert [(one.resource, one.level, now - one.at) for one in found.alerts] == [
        (quiet, "nag", timedelta(hours=30)),
        (quiet, "safe", timedelta(hours=29)),
    ]
    one = scan(idle_world)[quiet].resource
    assert one.usd_per_hour is not None
    assert one.usd_per_hour_stopped is not None
    assert abs(found.usd_saved - 29 * (one.usd_per_hour - one.usd_per_hour_stopped)) < 0.01
    assert found.gaps == ()


def test_somebody_in_a_session_keeps_a_machine_active(idle_world: IdleWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet, other = launch(idle_world), launch(idle_world)
    load(idle_world, quiet, hours=31)
    load(idle_world, other, hours=31)
    real = ScanLook.items

    def items(look: ScanLook, service: str, operation: str, key: str, **given: object) -> list:
        if operation == "describe_sessions":  # which the local AWS does not have
            return [{"SessionId": "ann-1", "Target": quiet, "Status": "Connected"}]
        return real(look, service, operation, key, **given)

    monkeypatch.setattr(ScanLook, "items", items)
    found = scan(idle_world)
    assert (found[quiet].verdict.level, found[quiet].verdict.reason) == (
        "active",
        "somebody has a session open on it",
    )
    assert found[other].verdict.level == "idle"
