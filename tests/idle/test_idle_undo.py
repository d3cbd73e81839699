"""Taking an answer back, where AWS allows it, and plain words where it does not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot import idle, schedules
from bot.ops import Workers
from bot.rules.click import Click
from bot.rules.idle_finding import Finding, Outcome
from bot.rules.idle_undo import way_back
from bot.store import money
from tests.idle.idle_world import ENG, LEAD, OTHER, IdleWorld, launch, load

MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def morning(idle_world: IdleWorld) -> tuple[IdleWorld, str]:
    """An idle machine of the engineer's, its owner told this morning."""
    idle_world.workers = Workers(idle_world.parts, {**idle.OPS, **schedules.OPS})
    quiet = launch(idle_world, owner=ENG, Name="notebook")
    load(idle_world, quiet, hours=31)
    idle.scan(idle_world.parts, idle_world.clock.now())
    idle_world.clock.advance(MORNING - idle_world.clock.now())
    load(idle_world, quiet, hours=21)
    idle.scan(idle_world.parts, MORNING)
    assert idle.remind(idle_world.parts, MORNING) == 1
    return idle_world, idle.findings(idle_world.parts, user=None)[0].ref


def shown(world: IdleWorld) -> Finding:
    """The machine as this morning's message shows it now."""
    found = idle.morning_message(world.parts, ENG, date(2026, 11, 24))
    assert found is not None
    return found.everything[0]


def test_a_stopped_machine_is_started_again_as_soon_as_it_has_stopped(morning: tuple[IdleWorld, str]) -> None:
    world, ref = morning
    world.press("stop_idle", ref)
    assert shown(world).undo == "start"
    world.press("undo", ref)
    assert "it is started as soon as it has stopped" in world.said_to(ENG)
    assert world.aws
    assert world.aws.calls["StartInstances"] == 0
    world.clock.advance(timedelta(seconds=20))
    world.workers.run_due()
    assert world.aws.calls["StartInstances"] == 1
    outcome = shown(world).outcome
    assert outcome is not None
    assert outcome.words == "Started again by u0eng."
    assert shown(world).undo == ""
    assert world.audit() == ["idle.stopped", "idle.started"]
    with world.parts.store.reading() as tx:
        assert money.savings(tx) == {}


def test_the_offer_ends_after_a_day_in_the_message_and_for_an_old_button(morning: tuple[IdleWorld, str]) -> None:
    world, ref = morning
    world.press("stop_idle", ref)
    edits = world.posts("reminder")[0]["version"]
    world.clock.advance(timedelta(hours=25))
    world.workers.run_due()
    assert shown(world).undo == ""
    assert world.posts("reminder")[0]["version"] == edits + 1
    world.press("undo", ref)
    assert "`/ml-instances` starts it" in world.said_to(ENG)


@pytest.mark.parametrize("action", ["snooze_1w", "keep"])
def test_a_snooze_and_a_keep_are_as_if_they_had_never_been(morning: tuple[IdleWorld, str], action: str) -> None:
    world, ref = morning
    world.press(action, ref, until="2026-12-01", reason="demo")
    assert shown(world).undo == "lift"
    world.press("undo", ref)
    assert shown(world).outcome is None
    assert "reminders go on" in world.said_to(ENG)
    assert idle.findings(world.parts, user=None)[0].hold is None
    world.press("undo", ref)
    assert "nothing to undo" in world.said_to(ENG)


def test_who_said_not_mine_may_take_it_back(morning: tuple[IdleWorld, str]) -> None:
    world, ref = morning
    world.press("not_mine", ref)
    assert shown(world).undo == "reassign"
    world.press("undo", ref, user=OTHER)
    assert idle.findings(world.parts, user=None)[0].owner is None
    world.press("undo", ref)
    assert idle.findings(world.parts, user=None)[0].owner == ENG
    load(world, idle.findings(world.parts, user=None)[0].resource.id, hours=1)
    idle.scan(world.parts, world.clock.now())
    assert idle.findings(world.parts, user=None)[0].owner == ENG


def test_what_somebody_claimed_since_is_theirs(morning: tuple[IdleWorld, str]) -> None:
    world, ref = morning
    world.press("not_mine", ref)
    world.press("claim", ref, user=OTHER)
    world.press("undo", ref)
    assert "Claim makes it yours" in world.said_to(ENG)
    world.press("undo", ref, user=LEAD)
    assert f"<@{OTHER}> claimed it since" in world.said_to(LEAD)
    assert idle.findings(world.parts, user=None)[0].owner == OTHER


def test_a_termination_says_that_it_cannot_be_undone(morning: tuple[IdleWorld, str]) -> None:
    world, ref = morning
    world.press("terminate_idle", ref)
    assert "This cannot be undone." in world.said_to(ENG)
    assert shown(world).undo == ""
    world.press("undo", ref)
    assert "It was terminated, which cannot be undone." in world.said_to(ENG)


def test_only_who_may_start_it_starts_it_again(morning: tuple[IdleWorld, str]) -> None:
    world, ref = morning
    world.press("stop_idle", ref, user=LEAD)
    world.clock.advance(timedelta(minutes=1))
    world.press("undo", ref, user=OTHER)
    assert world.aws
    assert world.aws.calls["StartInstances"] == 0
    world.press("undo", ref)
    assert world.aws.calls["StartInstances"] == 1


def test_a_schedule_set_from_the_message_is_undone_in_it(morning: tuple[IdleWorld, str]) -> None:
    world, ref = morning

    def press(choice: str) -> None:
        click = Click(action="schedule", value=f"{ref}:{choice}", user=ENG, team="T1", key=choice)
        schedules.press(world.parts, click)
        world.workers.run_due()

    press("work")
    assert shown(world).undo == "unschedule"
    press("remove")
    assert shown(world).outcome is None
    assert schedules.hours(world.parts, ref) is None


@pytest.mark.parametrize(
    ("what", "verbs", "hours", "way"),
    [
        ("stopped", ("stop", "start"), 1, "start"),
        ("stopped", ("stop", "start"), 24, ""),
        ("stopped", ("stop", "delete"), 1, ""),
        ("snoozed", (), 167, "lift"),
        ("kept", (), 169, ""),
        ("terminated", ("start",), 0, ""),
        ("deleted", ("start",), 0, ""),
        ("refused", ("start",), 0, ""),
        ("undone", ("start",), 0, ""),
    ],
)
def test_the_way_back_from_each_answer(what: str, verbs: tuple[str, ...], hours: float, way: str) -> None:
    outcome = Outcome(what, "U1", MORNING, "")
    assert way_back(outcome, verbs, MORNING + timedelta(hours=hours)) == way
