"""A machine's hours, kept by the clock exactly once an edge, and never against a person's hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import idle, schedules
from bot.ops import Workers
from bot.rules.click import Click
from bot.store import idle as belongings
from bot.store import money, resources
from bot.store import schedules as table
from tests.idle.idle_world import ENG, LEAD, OTHER, IdleWorld, at_home, build, launch, load

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def lab(idle_world: IdleWorld) -> tuple[IdleWorld, str]:
    """A quiet machine of the engineer's, who lives in Berlin, on a Monday at 13:00 there."""
    idle_world.workers = Workers(idle_world.parts, {**idle.OPS, **schedules.OPS})
    at_home(idle_world, ENG, "Europe/Berlin")
    return idle_world, launch(idle_world, owner=ENG, Name="notebook")


def choose(world: IdleWorld, identity: str, choice: str, *, user: str = ENG, **form: str) -> None:
    """Choose from the Schedule menu of a machine, and let the workers do what follows."""
    world.presses += 1
    with world.parts.store.transaction() as tx:
        place = {"account": "default", "region": "us-east-1", "kind": "ec2_instance", "aws_id": identity}
        ref = resources.see(tx, **place, now=world.clock.now())
    key = f"choice-{world.presses}"
    schedules.press(
        world.parts, Click(action="schedule", value=f"{ref}:{choice}", user=user, team="T1", key=key, data=form)
    )
    work(world)


def work(world: IdleWorld) -> None:
    schedules.tick(world.parts)
    world.workers.run_due()


def go(world: IdleWorld, text: str) -> None:
    """Let it be that time in Berlin, in one step, and the bot do what is due; then what was stopping has stopped."""
    there = datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)
    world.clock.advance(there - world.clock.now())
    work(world)
    world.clock.advance(timedelta(seconds=30))


def by_hand(world: IdleWorld, identity: str, verb: str) -> None:
    """Somebody uses AWS's own console."""
    getattr(world.parts.cloud.client("ec2", "us-east-1"), f"{verb}_instances")(InstanceIds=[identity])
    world.clock.advance(timedelta(seconds=30))


def state(world: IdleWorld, identity: str) -> str:
    answer = world.parts.cloud.client("ec2", "us-east-1").describe_instances(InstanceIds=[identity])
    return str(answer["Reservations"][0]["Instances"][0]["State"]["Name"])


def asked(world: IdleWorld, action: str) -> int:
    assert world.aws
    return world.aws.calls[action]


def notices(world: IdleWorld, user: str = ENG) -> list[str]:
    return [str(row["data"]) for row in world.posts("notice") if row["dest"] == user]


def test_a_week_stops_and_starts_it_once_an_edge(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    seen = []
    for day in ("23", "24", "25", "26", "27", "28", "29", "30"):
        for clock in ("07:30", "08:01", "18:50", "19:01"):
            if (day, clock) > ("23", "13:00"):
                go(world, f"2026-11-{day}T{clock}")
                seen.append(state(world, machine))
    off_on = ["stopped", "running", "running", "stopped"]
    assert seen == ["running", "stopped", *off_on * 4, *["stopped"] * 8, *off_on]
    assert (asked(world, "StopInstances"), asked(world, "StartInstances")) == (6, 5)
    assert world.audit() == ["schedule.scheduled", *["schedule.stop", "schedule.start"] * 5, "schedule.stop"]


def test_the_weeks_of_both_clock_changes_are_kept_by_the_wall(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    for day in ("2027-03-26", "2027-03-29", "2027-10-29", "2027-11-01"):  # Fridays and Mondays around both changes
        seen = []
        for clock in ("07:59", "08:00", "18:59", "19:00"):
            go(world, f"{day}T{clock}")
            seen.append(state(world, machine))
        assert seen == ["stopped", "running", "running", "stopped"]


def test_what_it_saves_is_told_when_it_is_set_and_counted_for_who_set_it(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    assert "saves about $496 a month" in world.said_to(ENG)
    assert "It stops next Mon 23 Nov 19:00, unless it works then." in world.said_to(ENG)
    go(world, "2026-11-23T19:01")
    with world.parts.store.reading() as tx:
        ((by, per_hour, _),) = money.savings(tx).values()
    assert (by, round(per_hour, 2)) == (ENG, 1.01)


def test_replicas_and_a_process_that_dies_take_an_edge_once(lab: tuple[IdleWorld, str], tmp_path: Path) -> None:
    world, machine = lab
    choose(world, machine, "work")
    world.clock.advance(timedelta(hours=9))  # nobody looked at 19:00
    assert schedules.tick(world.parts) == 1  # ... and then the process dies
    again = build(tmp_path, world.clock, world.aws, world.parts.cloud)
    again.policy = world.policy
    assert schedules.tick(again.parts) == 0
    Workers(again.parts, schedules.OPS).run_due()
    work(world)
    assert asked(world, "StopInstances") == 1
    assert world.audit() == ["schedule.scheduled", "schedule.stop"]


def test_of_edges_that_nobody_saw_only_the_latest_is_taken(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    go(world, "2026-12-01T12:00")  # eight days later, within the hours
    assert (asked(world, "StopInstances"), asked(world, "StartInstances")) == (0, 0)
    go(world, "2026-12-05T12:00")  # a Saturday
    assert (asked(world, "StopInstances"), state(world, machine)) == (1, "stopped")


def test_what_works_is_left_until_it_is_quiet_and_its_owner_reads_one_message(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    world.clock.advance(timedelta(hours=6))
    load(world, machine, hours=6, gpu=80, cpu=30)
    go(world, "2026-11-23T19:01")
    for _ in range(3):
        world.clock.advance(timedelta(minutes=31))
        load(world, machine, hours=0.5, gpu=80, cpu=30)
        work(world)
    assert state(world, machine) == "running"
    assert len(notices(world)) == 1
    assert "was not stopped by its schedule at Mon 23 Nov 19:00: GPU reached 80 %" in notices(world)[0]
    assert world.audit() == ["schedule.scheduled", "schedule.waits"]
    world.clock.advance(timedelta(minutes=90))
    load(world, machine, hours=1.5)
    work(world)
    assert state(world, machine) == "stopping"
    assert len(notices(world)) == 1
    assert "was stopped at Mon 23 Nov 22:" in notices(world)[0]
    assert asked(world, "StopInstances") == 1


def test_half_an_hour_of_quiet_is_enough_at_the_end_of_the_hours(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    world.clock.advance(timedelta(hours=6, minutes=1))
    load(world, machine, hours=6, gpu=80, end=world.clock.now() - timedelta(minutes=40))
    load(world, machine, hours=40 / 60)
    go(world, "2026-11-23T19:01")
    assert state(world, machine) == "stopped"


def test_the_policy_may_force_it(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    world.set_policy(schedule={"force": True})
    choose(world, machine, "work")
    world.clock.advance(timedelta(hours=6))
    load(world, machine, hours=6, gpu=80)
    go(world, "2026-11-23T19:01")
    assert state(world, machine) == "stopped"


def test_what_is_kept_on_purpose_is_not_stopped(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    load(world, machine, hours=31)
    idle.scan(world.parts, world.clock.now())
    (found,) = idle.findings(world.parts, user=ENG)
    choose(world, machine, "work")
    world.press("keep", found.ref, until="2026-11-25", reason="long run")
    go(world, "2026-11-23T19:01")
    assert state(world, machine) == "running"
    assert "long run" in notices(world)[0]


def test_what_was_stopped_by_hand_is_not_started(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    by_hand(world, machine, "stop")
    go(world, "2026-11-23T19:01")
    go(world, "2026-11-24T08:01")
    assert (state(world, machine), asked(world, "StartInstances")) == ("stopped", 0)
    by_hand(world, machine, "start")
    go(world, "2026-11-24T19:01")  # and once it runs again, its hours count again
    go(world, "2026-11-25T08:01")
    assert state(world, machine) == "running"


def test_what_somebody_starts_in_the_night_runs_on_and_stopped_again_stays_so(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    go(world, "2026-11-23T19:01")
    go(world, "2026-11-23T21:00")
    by_hand(world, machine, "start")
    go(world, "2026-11-23T22:00")
    assert state(world, machine) == "running"
    by_hand(world, machine, "stop")
    go(world, "2026-11-24T08:01")
    assert state(world, machine) == "stopped"


def test_what_is_terminated_loses_its_schedule(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    by_hand(world, machine, "terminate")
    go(world, "2026-11-23T19:01")
    with world.parts.store.reading() as tx:
        assert table.every(tx) == {}
    assert world.audit()[-1] == "schedule.removed"


def test_nothing_is_started_past_its_planned_end_or_while_launches_are_frozen(lab: tuple[IdleWorld, str]) -> None:
    world, _ = lab
    over = launch(world, owner=ENG, Name="over", until="2026-11-24T00:00:00+00:00")
    choose(world, over, "work")
    go(world, "2026-11-23T19:01")
    go(world, "2026-11-24T08:01")
    assert state(world, over) == "stopped"
    assert "its planned end (2026-11-24 00:00 UTC) has passed" in notices(world)[0]


def test_keep_on_until_tomorrow_starts_it_now_and_ends_by_itself(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    go(world, "2026-11-27T19:01")  # Friday
    choose(world, machine, "keep_day")
    assert "Kept on until Sat 28 Nov 09:00" in world.said_to(ENG)
    assert "It is being started." in world.said_to(ENG)
    seen = []
    for when in ("27T19:10", "28T08:50", "28T09:01", "30T07:50", "30T08:01"):
        go(world, f"2026-11-{when}")
        seen.append(state(world, machine))
    assert seen == ["running", "running", "stopped", "stopped", "running"]


def test_keeping_on_what_waits_for_quiet_calls_the_stop_off(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    world.clock.advance(timedelta(hours=6))
    load(world, machine, hours=6, gpu=80)
    go(world, "2026-11-23T19:01")
    choose(world, machine, "keep_day")
    go(world, "2026-11-23T23:00")
    go(world, "2026-11-24T08:50")
    assert (state(world, machine), asked(world, "StopInstances")) == ("running", 0)


def test_removed_hours_stop_nothing_and_new_ones_wake_what_the_old_put_to_sleep(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    go(world, "2026-11-23T19:01")
    choose(world, machine, "own", days="every day", start="20:00", end="21:00", zone="Europe/Berlin")
    go(world, "2026-11-23T20:01")
    assert state(world, machine) == "running"
    choose(world, machine, "remove")
    assert "No schedule any more" in world.said_to(ENG)
    go(world, "2026-11-23T21:01")
    assert state(world, machine) == "running"
    choose(world, machine, "remove")
    assert "It has no schedule any more." in world.said_to(ENG)


def test_only_the_owner_and_approvers_set_hours_and_the_owner_hears_of_it(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work", user=OTHER)
    assert f"Only its owner <@{ENG}> or an approver may set its hours." in world.said_to(OTHER)
    choose(world, machine, "work", user=LEAD)
    assert "Runs weekdays 08:00-19:00, Berlin time" in world.said_to(LEAD)
    assert f"<@{LEAD}>" in notices(world)[0]
    choose(world, machine, "remove", user=OTHER)
    assert world.audit() == ["schedule.refused", "schedule.scheduled", "schedule.refused"]


def test_a_resent_choice_changes_nothing(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    world.presses -= 1
    choose(world, machine, "work")
    assert world.audit() == ["schedule.scheduled"]


def test_a_one_time_spot_machine_gets_none_and_is_told_why(lab: tuple[IdleWorld, str]) -> None:
    world, _ = lab
    assert world.aws
    ec2 = world.parts.cloud.client("ec2", "us-east-1")
    marks = [{"Key": "mlbot:owner", "Value": ENG}]
    given = {"ImageId": world.aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
    spot = {"InstanceMarketOptions": {"MarketType": "spot"}}
    tags = {"TagSpecifications": [{"ResourceType": "instance", "Tags": marks}]}
    identity = ec2.run_instances(**given, **spot, **tags)["Instances"][0]["InstanceId"]
    world.clock.advance(timedelta(minutes=1))
    choose(world, identity, "work")
    assert "one-time spot machine, which AWS cannot stop" in world.said_to(ENG)
    with world.parts.store.reading() as tx:
        assert table.every(tx) == {}


def test_no_place_in_the_morning_is_told_and_tried_again(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    assert world.aws
    choose(world, machine, "work")
    go(world, "2026-11-23T19:01")
    world.aws.fail("StartInstances", "InsufficientInstanceCapacity", status=500, times=5)
    go(world, "2026-11-24T08:01")
    assert state(world, machine) == "stopped"
    assert "was not started by its schedule at Tue 24 Nov 08:00: AWS has no capacity" in notices(world)[0]
    for _ in range(3):
        world.clock.advance(timedelta(minutes=31))
        work(world)
    world.clock.advance(timedelta(minutes=1))
    assert state(world, machine) == "running"


def test_a_refused_right_ends_the_edge_and_the_next_one_tries_again(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    assert world.aws
    choose(world, machine, "work")
    world.aws.fail("StopInstances", "UnauthorizedOperation", status=403, times=1)
    go(world, "2026-11-23T19:01")
    assert "ec2:StopInstances" in notices(world)[0]
    go(world, "2026-11-23T23:00")
    assert state(world, machine) == "running"
    go(world, "2026-11-24T19:01")
    assert state(world, machine) == "stopped"


def test_what_sleeps_by_its_schedule_is_not_named_in_the_morning(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    choose(world, machine, "work")
    idle.scan(world.parts, world.clock.now())
    go(world, "2026-11-27T19:01")
    for day in ("28", "29"):
        go(world, f"2026-11-{day}T09:05")
        idle.scan(world.parts, world.clock.now())
        assert idle.remind(world.parts, world.clock.now()) == 0
    choose(world, machine, "remove")
    go(world, "2026-11-30T09:05")
    idle.scan(world.parts, world.clock.now())
    assert idle.remind(world.parts, world.clock.now()) == 1


def test_who_claimed_a_machine_sets_its_hours_and_hears_of_them(lab: tuple[IdleWorld, str]) -> None:
    world, machine = lab
    with world.parts.store.transaction() as tx:
        place = {"account": "default", "region": "us-east-1", "kind": "ec2_instance", "aws_id": machine}
        ref = resources.see(tx, **place, now=world.clock.now())
        belongings.assign(tx, ref, owner=OTHER, how="claim", tag=ENG, now=world.clock.now())
    choose(world, machine, "work", user=OTHER)
    assert world.audit() == ["schedule.scheduled"]
    assert not notices(world)
    choose(world, machine, "remove", user=LEAD)
    assert [row["dest"] for row in world.posts("notice")] == [OTHER]
