"""Bad days of AWS after the approval, and the life of a machine to its end; over the local AWS."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from desk import ASKER, LEAD, POLICY, ROOM, Desk
from test_launch_story import machines, tags

from bot import audit, launch
from bot.playground.aws import LocalAws
from bot.store import launches

ENDING = POLICY + "end = {remind_minutes = 30, stop = true, grace_minutes = 15}\n"


def test_full_zones_are_tried_in_order_and_each_is_named_once_with_its_reason(at: Desk, aws: LocalAws) -> None:
    identity = at.asked()
    aws.no_capacity("us-east-1a")
    aws.no_capacity("us-east-1b")
    at.press("approve", identity)
    at.settle()
    (one,) = machines(at)
    assert one["Placement"]["AvailabilityZone"] == "us-east-1c"
    tried = [(attempt.zone, attempt.state) for attempt in launch.card(at.parts, identity).attempts]
    assert tried == [("us-east-1a", "refused"), ("us-east-1b", "refused"), ("us-east-1c", "launched")]


def test_when_no_zone_has_room_it_says_so_zone_by_zone_and_offers_the_next_choice(at: Desk, aws: LocalAws) -> None:
    identity = at.asked()
    aws.no_capacity("")
    at.press("approve", identity)
    at.settle()
    found = at.find(identity)
    zones = ", ".join(f"us-east-1{z}" for z in "abcdf")
    assert found.state == "failed"
    assert found.error == f"AWS has no capacity for g5.xlarge (on-demand) now; tried {zones}."
    assert found.error in at.told(ASKER)
    card = launch.card(at.parts, identity)
    assert card.buttons == ("try_next",)
    assert card.next_choice is not None
    assert card.next_choice.region == "us-west-2"
    aws.faults.clear()
    at.press("try_next", identity, ASKER)
    at.press("try_next", identity, LEAD)
    at.settle()
    assert at.card().startswith("asked")
    assert [channel for channel, _ in at.slack.posts].count(ROOM) == 2
    assert machines(at, "us-west-2") == []


def test_a_quota_is_the_same_in_every_zone_so_no_other_zone_is_tried(at: Desk, aws: LocalAws) -> None:
    identity = at.asked()
    fault = aws.fail("RunInstances", "VcpuLimitExceeded", times=None)
    at.press("approve", identity)
    at.settle()
    found = at.find(identity)
    assert (found.state, found.error_code, fault.hits) == ("failed", "VcpuLimitExceeded", 1)
    assert "L-DB2E81BA" in found.way_out
    assert "raise_quota" in launch.card(at.parts, identity).buttons


def test_a_right_that_is_missing_is_one_call_and_a_clear_sentence(at: Desk, aws: LocalAws) -> None:
    identity = at.asked()
    fault = aws.fail("RunInstances", "UnauthorizedOperation", status=403, times=None)
    at.press("approve", identity)
    at.settle()
    assert (at.find(identity).state, fault.hits) == ("failed", 1)
    assert "UnauthorizedOperation" in at.find(identity).error
    assert "AWS role this right" in at.told(ASKER)


def test_credentials_that_expired_are_waited_for(at: Desk, aws: LocalAws) -> None:
    identity = at.asked()
    aws.fail("RunInstances", "RequestExpired", times=None)
    at.press("approve", identity)
    at.settle()
    assert at.find(identity).state == "launching"
    assert "does not accept mlbot's credentials" in at.card()
    aws.faults.clear()
    at.pass_time(seconds=60)
    assert len(machines(at)) == 1


def test_throttling_is_waited_out_and_shown_and_holds_no_thread(at: Desk, aws: LocalAws) -> None:
    identity = at.asked()
    aws.fail("RunInstances", "RequestLimitExceeded", status=503, times=None)
    at.press("approve", identity)
    at.settle()
    assert "AWS is throttling" in at.card()
    before = len(at.slack.posts)
    for _ in range(5):
        at.pass_time(seconds=61)
    assert len(at.slack.posts) == before
    aws.faults.clear()
    at.pass_time(seconds=61)
    assert len(machines(at)) == 1
    assert at.find(identity).instance_ids


def test_replies_that_are_lost_or_reset_make_one_machine(at: Desk, aws: LocalAws) -> None:
    identity = at.asked()
    aws.disturb("lost", "RunInstances", times=3)
    aws.disturb("reset", "RunInstances", times=2)
    aws.disturb("unseen", "DescribeInstances", times=3)
    at.press("approve", identity)
    at.settle()
    for _ in range(8):
        at.pass_time(seconds=30)
    assert len(machines(at)) == 1
    assert at.find(identity).progress == "ready"


def test_a_machine_that_aws_does_not_show_yet_is_no_error(at: Desk, aws: LocalAws) -> None:
    identity = at.asked()
    at.press("approve", identity)
    aws.disturb("unseen", "DescribeInstances", times=4)
    at.settle()
    for _ in range(6):
        at.pass_time(seconds=6)
    assert at.find(identity).progress == "ready"
    assert at.find(identity).error == ""


def test_the_owner_is_reminded_before_the_end_and_asked_at_it(at: Desk, aws: LocalAws) -> None:
    identity = at.approved(hours=8)
    at.pass_time(seconds=6)
    at.pass_time(hours=7.4)
    assert "ends at" not in at.told(ASKER)
    at.pass_time(hours=0.2)
    assert "ends at 2026-11-23 20:00 UTC: it runs on, and bills, until you stop it" in at.told(ASKER)
    at.pass_time(hours=1)
    assert "still runs and bills. Stop or extend?" in at.told(ASKER)
    assert [one["State"]["Name"] for one in machines(at)] == ["running"]
    assert at.find(identity).state == "running"


def test_a_policy_may_stop_by_itself_after_a_grace_and_an_extension_moves_that(at: Desk, aws: LocalAws) -> None:
    at.rules(ENDING)
    identity = at.approved(hours=8)
    at.pass_time(seconds=6)
    at.pass_time(hours=7.6)
    assert "it is stopped then" in at.told(ASKER)
    with at.parts.store.transaction() as tx:
        until = at.find(identity).until
        assert until is not None
        assert launches.change(tx, identity, be=("running",), now=at.clock.now(), until=until + timedelta(hours=2))
    at.pass_time(hours=1)
    assert [one["State"]["Name"] for one in machines(at)] == ["running"]
    at.pass_time(hours=1.5)
    at.pass_time(minutes=16)
    assert [one["State"]["Name"] for one in machines(at)] in (["stopping"], ["stopped"])
    assert "was stopped; its disk still bills" in at.told(ASKER)
    assert "launch.end_stopped" in [row["action"] for row in audit.export(at.parts.store)]


def test_the_sweep_takes_up_what_carries_the_tag_of_a_request_that_forgot_it(at: Desk, aws: LocalAws) -> None:
    identity = at.approved()
    at.pass_time(seconds=6)
    with at.parts.store.transaction() as tx:  # as after the restore of a backup from before the launch
        tx.run("UPDATE launch SET state = 'expired', instance_ids = '[]', progress = ''")
    at.pass_time(minutes=5)
    found = at.find(identity)
    assert (found.state, found.instance_ids) == ("running", (machines(at)[0]["InstanceId"],))
    assert "runs after all" in at.told(ASKER)


def test_the_sweep_tells_of_strangers_once_and_of_what_is_gone(at: Desk, aws: LocalAws) -> None:
    identity = at.approved()
    at.pass_time(seconds=6)
    ec2 = at.parts.cloud.client("ec2", "us-east-1")
    (one,) = machines(at)
    ec2.create_tags(Resources=[one["InstanceId"]], Tags=[{"Key": "mlbot:request", "Value": "l_another"}])
    for _ in range(3):
        at.pass_time(minutes=5)
    notices = [text for channel, text in at.slack.posts if channel == ROOM and "this mlbot never launched it" in text]
    assert len(notices) == 1
    ec2.terminate_instances(InstanceIds=[one["InstanceId"]])
    for _ in range(3):
        at.pass_time(minutes=5)
    assert at.find(identity).state == "ended"
    assert "is gone in AWS" in at.told(ASKER)


def test_volumes_carry_the_tags_too(at: Desk, aws: LocalAws) -> None:
    identity = at.approved()
    (volume,) = at.parts.cloud.client("ec2", "us-east-1").describe_volumes()["Volumes"]
    assert tags(volume)["mlbot:request"] == identity
    assert volume["Encrypted"]


def test_an_end_that_was_over_is_watched_again_after_an_extension(at: Desk, aws: LocalAws) -> None:
    identity = at.approved(hours=8)
    at.pass_time(seconds=6)
    at.pass_time(hours=8.1)
    assert at.told(ASKER).count("Stop or extend?") == 1
    with at.parts.store.transaction() as tx:
        end = at.clock.now() + timedelta(hours=4)
        assert launches.change(tx, identity, be=("running",), now=at.clock.now(), until=end)
    at.pass_time(hours=3)
    at.pass_time(hours=1.1)
    at.pass_time(hours=1)
    assert at.told(ASKER).count("Stop or extend?") == 2


def test_a_machine_that_was_stopped_by_hand_spends_nothing_and_is_not_reminded_of(at: Desk, aws: LocalAws) -> None:
    at.rules(POLICY + "[budgets]\nusd_per_month = 100\n")
    identity = at.approved(hours=8)
    at.pass_time(seconds=6)
    at.pass_time(hours=2)
    ec2 = at.parts.cloud.client("ec2", "us-east-1")
    ec2.stop_instances(InstanceIds=list(at.find(identity).instance_ids))
    at.pass_time(minutes=5)
    assert at.find(identity).progress == "stopped"
    at.pass_time(hours=8)
    (line,) = launch.card(at.parts, identity).budgets
    assert 2 * 1.006 <= line.spent <= 2.2 * 1.006
    assert line.committed == 0
    assert "ends at" not in at.told(ASKER)
    ec2.start_instances(InstanceIds=list(at.find(identity).instance_ids))
    at.pass_time(minutes=5)
    assert at.find(identity).progress == "ready"
    assert "Stop or extend?" in at.told(ASKER)


def test_after_a_restore_nothing_is_launched_twice(at: Desk, aws: LocalAws, tmp_path: Path) -> None:
    identity = at.asked()
    at.parts.store.backup(tmp_path / "backup.db")
    at.press("approve", identity)
    at.settle()
    assert len(machines(at)) == 1
    at.parts.store.close()
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"mlbot.db{suffix}").unlink(missing_ok=True)
    (tmp_path / "backup.db").replace(tmp_path / "mlbot.db")
    assert at.find(identity).state == "asked"
    at.press("approve", identity)  # before any sweep has looked around
    at.settle()
    at.pass_time(minutes=6)
    assert len(machines(at)) == 1
    assert at.find(identity).state == "running"


def test_a_card_is_not_edited_again_while_nothing_new_is_known(at: Desk, aws: LocalAws) -> None:
    identity = at.asked()
    aws.fail("RunInstances", "RequestLimitExceeded", status=503, times=None)
    at.press("approve", identity)
    at.settle()
    edits = len(at.slack.updates)
    for _ in range(5):
        at.pass_time(seconds=61)
    assert len(at.slack.updates) == edits
    with at.parts.store.transaction() as tx:
        launch.switch(tx, on=True, reason="", by="cli", now=at.clock.now())
    at.settle()
    assert "frozen" in at.card()
    edits = len(at.slack.updates)
    for _ in range(5):
        at.pass_time(seconds=61)
    assert len(at.slack.updates) == edits
