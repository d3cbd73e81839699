"""What happens when somebody presses a button on something idle."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot import idle
from bot.outbox import OutboxRow
from bot.rules.click import Click
from bot.rules.idle_finding import Finding
from bot.rules.people import Person
from bot.store import money
from bot.store.db import Row
from handlers.views import outgoing
from tests.idle.idle_world import ENG, LEAD, OTHER, IdleWorld, at_home, launch, load

MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)
NOWHERE = {"channel": "", "ts": ""}  # a message before its first post


@pytest.fixture
def morning(idle_world: IdleWorld) -> tuple[IdleWorld, str]:
    """An idle machine of the engineer's, its owner told this morning."""
    quiet = launch(idle_world, owner=ENG, Name="notebook")
    load(idle_world, quiet, hours=31)
    idle.scan(idle_world.parts, idle_world.clock.now())
    idle_world.clock.advance(MORNING - idle_world.clock.now())
    load(idle_world, quiet, hours=21)
    idle.scan(idle_world.parts, MORNING)
    assert idle.remind(idle_world.parts, MORNING) == 1
    return idle_world, quiet


def the(world: IdleWorld, identity: str) -> Finding:
    return next(one for one in idle.findings(world.parts, user=None) if one.resource.id == identity)


def state_of(world: IdleWorld, identity: str) -> str:
    answer = world.parts.cloud.client("ec2", "us-east-1").describe_instances(InstanceIds=[identity])
    return str(answer["Reservations"][0]["Instances"][0]["State"]["Name"])


def message(world: IdleWorld) -> Finding:
    found = idle.morning_message(world.parts, ENG, DAY)
    assert found is not None
    return found.everything[0]


def next_day(world: IdleWorld, identity: str, days: int = 1) -> int:
    world.clock.advance(timedelta(days=days))
    load(world, identity, hours=24 * days)
    idle.scan(world.parts, world.clock.now())
    return idle.remind(world.parts, world.clock.now())


def test_stop_looks_again_and_stops(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.press("stop_idle", the(world, quiet).ref)
    assert state_of(world, quiet) in ("stopping", "stopped")
    assert message(world).outcome is not None
    assert message(world).outcome.words.startswith("Stopped by u0eng; it cost $")
    assert world.audit() == ["idle.stopped"]
    assert world.posts("reminder")[0]["version"] == 2


def test_stop_refuses_what_is_busy_by_now_and_says_why(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.clock.advance(timedelta(minutes=30))
    load(world, quiet, hours=0.5, gpu=88, cpu=40)
    world.press("stop_idle", the(world, quiet).ref)
    assert state_of(world, quiet) == "running"
    assert "GPU reached 88 %" in message(world).outcome.words
    assert "GPU reached 88 %" in world.said_to(ENG)
    assert world.audit() == ["idle.refused"]


def test_a_snooze_does_not_keep_a_stop_from_being_obeyed(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.press("snooze_1d", the(world, quiet).ref)
    world.press("stop_idle", the(world, quiet).ref)
    assert state_of(world, quiet) in ("stopping", "stopped")


@pytest.mark.parametrize(("user", "may"), [(OTHER, False), (LEAD, True), ("U0NOBODY", False)])
def test_only_the_owner_and_approvers_may_stop(morning: tuple[IdleWorld, str], user: str, may: bool) -> None:
    world, quiet = morning
    world.press("stop_idle", the(world, quiet).ref, user=user)
    assert (state_of(world, quiet) != "running") is may


def test_a_guest_may_press_nothing(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.slack.people[ENG] = Person(ENG, team="T1", guest=True)
    world.press("snooze_1d", the(world, quiet).ref)
    assert the(world, quiet).hold is None
    assert world.audit() == ["idle.snooze_1d.refused"]


def test_the_same_press_twice_is_one_press(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    ref = the(world, quiet).ref
    world.press("snooze_1w", ref)
    world.presses -= 1
    world.press("snooze_1w", ref)
    assert world.audit() == ["idle.snoozed"]


def test_an_unknown_reference_is_told_so(morning: tuple[IdleWorld, str]) -> None:
    world, _ = morning
    world.press("stop_idle", "r_forged")
    assert "does not know any more" in world.said_to(ENG)


def test_a_lost_answer_of_aws_is_asked_again_and_stops_once(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    assert world.aws
    world.aws.disturb("lost", "StopInstances", times=2)
    world.press("stop_idle", the(world, quiet).ref)
    for _ in range(4):
        world.clock.advance(timedelta(seconds=61))
        world.workers.run_due()
    assert state_of(world, quiet) in ("stopping", "stopped")
    assert message(world).outcome.what == "stopped"


def test_a_right_that_aws_refuses_is_told_with_its_code(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    assert world.aws
    world.aws.fail("StopInstances", "UnauthorizedOperation", status=403)
    world.press("stop_idle", the(world, quiet).ref)
    assert state_of(world, quiet) == "running"
    assert "UnauthorizedOperation" in world.said_to(ENG)


def test_a_stopped_machine_is_named_again_for_its_disks_and_its_saving_is_the_stoppers(
    morning: tuple[IdleWorld, str],
) -> None:
    world, quiet = morning
    one = the(world, quiet)
    world.press("stop_idle", one.ref)
    for _ in range(5):
        world.clock.advance(timedelta(hours=1))
        idle.scan(world.parts, world.clock.now())
    with world.parts.store.reading() as tx:
        saved = money.between(tx, DAY, DAY)[ENG].saved
    assert one.resource.usd_per_hour is not None
    assert one.resource.usd_per_hour_stopped is not None
    rate = one.resource.usd_per_hour - one.resource.usd_per_hour_stopped
    assert saved == pytest.approx(5 * rate)
    world.clock.advance(datetime(2026, 11, 25, 9, 0, tzinfo=UTC) - world.clock.now())
    idle.scan(world.parts, world.clock.now())
    assert idle.remind(world.parts, world.clock.now()) == 1
    tomorrow = idle.morning_message(world.parts, ENG, date(2026, 11, 25))
    assert tomorrow is not None
    assert "still cost" in tomorrow.everything[0].verdict.reason


def test_snooze_for_a_day_skips_the_next_morning_and_no_more(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.press("snooze_1d", the(world, quiet).ref)
    assert "Snoozed by u0eng until Wed 25 Nov" in message(world).outcome.words
    assert next_day(world, quiet) == 0
    assert next_day(world, quiet) == 1


def test_snooze_for_a_week_is_remembered_over_a_restart(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.set_policy(reminders={"channel": ""})
    world.press("snooze_1w", the(world, quiet).ref)
    world.parts.store.close()
    assert [next_day(world, quiet) for _ in range(8)] == [0] * 7 + [1]


def test_keep_says_its_price_and_holds_until_the_morning_of_that_day(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    at_home(world, ENG, "Europe/Berlin")
    world.press("keep", the(world, quiet).ref, until="2026-11-26", reason="demo")
    words = message(world).outcome.words
    per_hour = the(world, quiet).resource.usd_per_hour
    assert per_hour is not None
    assert words == f"Kept by u0eng until Thu 26 Nov 09:00, ${47 * per_hour:,.0f} (demo)."
    assert [next_day(world, quiet) for _ in range(2)] == [0, 1]


def test_a_bad_day_is_refused_with_a_sentence(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.press("keep", the(world, quiet).ref, until="2020-01-01", reason="demo")
    assert "Choose a day after today" in world.said_to(ENG)
    assert the(world, quiet).hold is None


def test_not_mine_goes_to_the_channel_where_somebody_claims_it(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    ref = the(world, quiet).ref
    world.press("not_mine", ref)
    assert the(world, quiet).owner is None
    assert [(row["dest"], row["subject"]) for row in world.posts("unclaimed")] == [("C0ML", ref)]
    world.press("claim", ref, user=OTHER)
    assert the(world, quiet).owner == OTHER
    next_day(world, quiet)
    assert the(world, quiet).owner == OTHER
    assert {row["dest"] for row in world.posts("reminder")} == {ENG, OTHER}


def test_what_is_somebodys_cannot_be_claimed(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.press("claim", the(world, quiet).ref, user=OTHER)
    assert the(world, quiet).owner == ENG
    assert "already" in world.said_to(OTHER)


def test_who_claimed_it_may_stop_it_and_start_it_again_but_not_end_it(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    ref = the(world, quiet).ref
    world.press("not_mine", ref)
    world.press("claim", ref, user=OTHER)
    world.press("stop_idle", ref, user=OTHER)
    assert state_of(world, quiet) in ("stopping", "stopped")
    world.clock.advance(timedelta(minutes=5))
    idle.scan(world.parts, world.clock.now())
    world.press("terminate_idle", ref, user=OTHER)
    assert state_of(world, quiet) == "stopped"
    assert f"Only its owner <@{ENG}> or an approver may terminate it." in world.said_to(OTHER)
    world.press("undo", ref, user=OTHER)
    assert state_of(world, quiet) in ("pending", "running")


def test_a_policy_may_give_a_claim_no_right(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.set_policy(stop={"claims": False})
    ref = the(world, quiet).ref
    world.press("not_mine", ref)
    world.press("claim", ref, user=OTHER)
    world.press("stop_idle", ref, user=OTHER)
    assert state_of(world, quiet) == "running"


@pytest.mark.parametrize(
    "gone",
    [Person(ENG, team="T1", guest=True), Person(ENG, team="T1", is_bot=True), Person(ENG, team="T9"), None],
)
def test_what_belongs_to_somebody_who_may_press_nothing_is_for_the_channel_to_claim(
    morning: tuple[IdleWorld, str], gone: Person | None
) -> None:
    world, quiet = morning
    if gone:
        world.slack.people[ENG] = gone
    else:
        del world.slack.people[ENG]
    world.clock.advance(timedelta(minutes=6))  # what is remembered of people is asked again
    assert next_day(world, quiet) == 1
    assert world.posts("reminder")[-1]["dest"] == "C0ML"
    world.press("claim", the(world, quiet).ref, user=OTHER)
    assert the(world, quiet).owner == OTHER
    assert next_day(world, quiet) == 1
    assert world.posts("reminder")[-1]["dest"] == OTHER


def test_a_tag_that_changes_after_a_claim_counts_again(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.press("not_mine", the(world, quiet).ref)
    ec2 = world.parts.cloud.client("ec2", "us-east-1")
    ec2.create_tags(Resources=[quiet], Tags=[{"Key": "mlbot:owner", "Value": OTHER}])
    next_day(world, quiet)
    assert the(world, quiet).owner == OTHER


def test_a_free_disk_is_deleted_once_it_is_still_free(idle_world: IdleWorld) -> None:
    world = idle_world
    ec2 = world.parts.cloud.client("ec2", "us-east-1")
    marks = [{"ResourceType": "volume", "Tags": [{"Key": "mlbot:owner", "Value": ENG}]}]
    free = ec2.create_volume(AvailabilityZone="us-east-1a", Size=200, VolumeType="gp3", TagSpecifications=marks)
    idle.scan(world.parts, world.clock.now())
    ref = the(world, free["VolumeId"]).ref
    world.press("delete", ref, user=OTHER)
    assert len(ec2.describe_volumes(VolumeIds=[free["VolumeId"]])["Volumes"]) == 1
    machine = launch(world)
    ec2.attach_volume(VolumeId=free["VolumeId"], InstanceId=machine, Device="/dev/sdf")
    world.press("delete", ref)
    assert "Not deleted: attached to" in world.said_to(ENG)
    ec2.detach_volume(VolumeId=free["VolumeId"], InstanceId=machine)
    world.press("delete", ref)
    assert "Deleted by u0eng" in world.said_to(ENG)
    assert world.audit() == ["idle.delete.refused", "idle.refused", "idle.deleted"]


def test_terminate_refuses_a_machine_that_was_started_again(idle_world: IdleWorld) -> None:
    world = idle_world
    stopped = launch(world, owner=ENG)
    ec2 = world.parts.cloud.client("ec2", "us-east-1")
    ec2.stop_instances(InstanceIds=[stopped])
    world.clock.advance(timedelta(minutes=5))
    idle.scan(world.parts, world.clock.now())
    ref = the(world, stopped).ref
    ec2.start_instances(InstanceIds=[stopped])
    world.clock.advance(timedelta(minutes=5))
    world.press("terminate_idle", ref)
    assert "Not terminated: it is running again" in world.said_to(ENG)
    ec2.stop_instances(InstanceIds=[stopped])
    world.clock.advance(timedelta(minutes=5))
    world.press("terminate_idle", ref)
    assert state_of(world, stopped) in ("shutting-down", "terminated")


# --- without a click ------------------------------------------------------------------------------------------------


def forgotten(world: IdleWorld, days: int, **policy: object) -> str:
    """A machine that opted in, its owner silent for *days* mornings."""
    world.set_policy(idle={"auto_stop": {"enabled": True, "dry_run": False, **policy}})
    quiet = launch(world, owner=ENG, **{"auto-stop": "true"})
    load(world, quiet, hours=31)
    idle.scan(world.parts, world.clock.now())
    world.clock.advance(MORNING - timedelta(days=1) - world.clock.now())
    for _ in range(days):
        next_day(world, quiet)
        sweep(world)
    return quiet


def sweep(world: IdleWorld) -> None:
    report = idle.last_scan(world.parts)
    assert report is not None
    idle.sweep(world.parts, report)
    world.workers.run_due()


def test_two_unanswered_mornings_and_a_fresh_look_stop_what_opted_in(idle_world: IdleWorld) -> None:
    quiet = forgotten(idle_world, 1)
    assert state_of(idle_world, quiet) == "running"
    next_day(idle_world, quiet)
    sweep(idle_world)
    assert state_of(idle_world, quiet) in ("stopping", "stopped")
    assert idle_world.audit() == ["idle.auto_stop"]
    assert [row["dest"] for row in idle_world.posts("notice")] == [ENG]


def test_what_works_by_now_is_not_stopped_by_itself(idle_world: IdleWorld) -> None:
    quiet = forgotten(idle_world, 1)
    next_day(idle_world, quiet)
    report = idle.last_scan(idle_world.parts)
    assert report is not None
    assert idle.sweep(idle_world.parts, report) == 1
    idle_world.clock.advance(timedelta(minutes=10))
    load(idle_world, quiet, hours=0.2, gpu=88)
    idle_world.workers.run_due()
    assert state_of(idle_world, quiet) == "running"


def test_an_answer_in_between_keeps_it_running(idle_world: IdleWorld) -> None:
    quiet = forgotten(idle_world, 1)
    idle_world.press("snooze_1d", the(idle_world, quiet).ref)
    for _ in range(2):
        next_day(idle_world, quiet)
        sweep(idle_world)
    assert state_of(idle_world, quiet) == "running"


def test_a_dry_run_stops_nothing_and_says_once_a_day_what_it_would_have(idle_world: IdleWorld) -> None:
    quiet = forgotten(idle_world, 3, dry_run=True)
    sweep(idle_world)
    assert state_of(idle_world, quiet) == "running"
    notices = idle_world.posts("notice")
    assert len(notices) == 2
    assert "would have stopped" in notices[0]["data"]


# --- said once ------------------------------------------------------------------------------------------------------


def stand(world: IdleWorld, what: str, dest: str, ts: str) -> None:
    """Let the message of this kind stand in Slack, as it does once it is sent."""
    with world.parts.store.transaction() as tx:
        tx.run("UPDATE outbox SET channel = ?, ts = ? WHERE what = ? AND dest = ?", f"D{dest}", ts, what, dest)


def press_there(world: IdleWorld, action: str, ref: str, *, user: str, dest: str, ts: str) -> None:
    world.presses += 1
    key = f"press-{world.presses}"
    idle.press(world.parts, Click(action=action, value=ref, user=user, team="T1", key=key, channel=f"D{dest}", ts=ts))
    world.workers.run_due()


def test_an_answer_in_the_morning_message_is_told_by_that_message_alone(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    stand(world, "reminder", ENG, "1.0")
    press_there(world, "snooze_1d", the(world, quiet).ref, user=ENG, dest=ENG, ts="1.0")
    assert message(world).outcome is not None
    assert world.said_to(ENG) == ""
    press_there(world, "undo", the(world, quiet).ref, user=ENG, dest=ENG, ts="1.0")
    assert "reminders go on" in world.said_to(ENG)
    press_there(world, "snooze_1d", the(world, quiet).ref, user=OTHER, dest=ENG, ts="1.0")
    assert "Only the person it belongs to" in world.said_to(OTHER)


def test_a_claim_edits_what_the_channel_read_and_posts_nothing_new(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    ref = the(world, quiet).ref
    world.press("not_mine", ref)
    stand(world, "unclaimed", "C0ML", "2.0")
    posts = len(world.posts())
    press_there(world, "claim", ref, user=OTHER, dest="C0ML", ts="2.0")
    assert len(world.posts()) == posts
    assert world.said_to(OTHER) == ""
    found = idle.unclaimed(world.parts, ref)
    assert found is not None
    assert found.owner == OTHER


def test_what_the_channel_was_asked_of_says_when_it_was_stopped(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    ref = the(world, quiet).ref
    world.press("not_mine", ref)
    stand(world, "unclaimed", "C0ML", "2.0")
    press_there(world, "stop_idle", ref, user=LEAD, dest="C0ML", ts="2.0")
    found = idle.unclaimed(world.parts, ref)
    assert found is not None
    assert found.outcome is not None
    assert found.outcome.what == "stopped"
    assert world.said_to(LEAD) == ""


def test_a_keeps_reason_names_nobody_in_the_answer(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    world.press("keep", the(world, quiet).ref, until="2026-11-26", reason="ask <@U0LEAD> or see https://evil")
    words = message(world).outcome.words
    assert "<@U0LEAD>" not in words
    assert "https://" not in words
    assert "ask" in words


def test_an_owner_who_does_not_answer_is_named_to_the_channel_and_not_called(morning: tuple[IdleWorld, str]) -> None:
    world, quiet = morning
    for _ in range(5):
        next_day(world, quiet)
    row = world.posts("reminder")[-1]
    assert row["dest"] == "C0ML"
    shown = outgoing.reminder(world.parts, OutboxRow(id=1, **fields(row)))
    assert shown is not None
    said = str(shown.blocks)
    assert "u0eng has not answered" in said
    assert f"<@{ENG}>" not in said
    assert "'claim'" not in said


def fields(row: Row) -> dict[str, Any]:
    return {"what": row["what"], "subject": row["subject"], "to": row["dest"], "key": "", "data": {}, **NOWHERE}
