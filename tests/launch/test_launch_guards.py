"""What changes after a request was asked counts: policy, price, who may approve, whose request it is; and its money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk import ASKER, LEAD, NOON, OTHER, POLICY, Desk, desk
from fake_ec2 import FakeCloud, World

from bot import audit, launch
from bot.clock import FixedClock
from bot.ops import Workers
from bot.rules import launch_params
from bot.rules.click import Click
from bot.store import launches

REPLY = launch.Reply("C0ML", "")


@pytest.fixture
def world() -> World:
    return World(FixedClock(NOON))


@pytest.fixture
def at(tmp_path: Path, world: World) -> Desk:
    return desk(tmp_path, lambda settings, policy: FakeCloud(world), clock=world.clock)  # type: ignore[arg-type]


def rules(approvals: str = "", limits: str = "", more: str = "") -> str:
    return POLICY.replace("[limits]", f"{approvals}\n[limits]\n{limits}\n") + more


def decided_only(at: Desk, identity: str, user: str = LEAD) -> None:
    """Approved, and not carried out yet."""
    at.press("approve", identity, user)
    assert Workers(at.parts, launch.OPS)._one()
    assert at.find(identity).state == "approved"


TIGHTER = {
    "a family": 'denied_families = ["g5"]',
    "the sum": "max_usd = 5",
    "the rate": "max_usd_per_hour = 1",
    "the hours": "max_hours = 4",
    "the market": 'markets = ["spot"]',
    "the disk": "max_disk_gb = 50",
}


@pytest.mark.parametrize("case", TIGHTER)
def test_a_policy_that_was_tightened_while_the_card_is_open_voids_it_at_the_press(
    at: Desk, world: World, case: str
) -> None:
    identity = at.asked()
    at.rules(rules(limits=TIGHTER[case]))
    at.press("approve", identity)
    at.settle()
    assert at.find(identity).state == "refused"
    assert "The policy does not allow it any more" in at.told(LEAD)
    assert "Your request for g5.xlarge in us-east-1 for 8 h is void: g5.xlarge: " in at.told(ASKER)
    assert not world.machines


@pytest.mark.parametrize("case", TIGHTER)
def test_a_policy_that_was_tightened_after_the_approval_launches_nothing(at: Desk, world: World, case: str) -> None:
    identity = at.asked()
    decided_only(at, identity)
    at.rules(rules(limits=TIGHTER[case]))
    at.settle()
    assert at.find(identity).state == "refused"
    assert "The policy does not allow it any more" in at.told(ASKER)
    assert not world.machines


def test_a_policy_that_was_tightened_while_a_freeze_held_the_call_back_launches_nothing(at: Desk, world: World) -> None:
    identity = at.asked()
    decided_only(at, identity)
    launch.freeze(at.parts, "on x", user=LEAD, team="T", key="f1", reply=REPLY)
    at.settle()
    at.rules(rules(limits="max_usd = 5"))
    launch.freeze(at.parts, "off", user=LEAD, team="T", key="f2", reply=REPLY)
    at.settle()
    assert at.find(identity).state == "refused"
    assert not world.machines


def test_an_attempt_in_flight_is_finished_whatever_the_policy_says_by_then(at: Desk, world: World) -> None:
    world.lost = 1
    identity = at.approved()
    assert not at.find(identity).instance_ids
    at.rules(rules(limits='denied_families = ["g5"]'))
    at.pass_time(seconds=61)
    assert len(at.find(identity).instance_ids) == 1
    assert len(world.machines) == 1


def test_a_figure_for_two_people_that_was_set_while_the_card_is_open_is_obeyed(at: Desk, world: World) -> None:
    identity = at.asked()
    at.rules(rules("two_above_usd = 8"))
    at.press("approve", identity, LEAD)
    at.settle()
    found = at.find(identity)
    assert (found.state, found.needed) == ("asked", 2)
    assert "Your yes counts: 1 of 2" in at.told(LEAD)
    at.press("approve", identity, OTHER)
    at.settle()
    assert at.find(identity).decided_by == (LEAD, OTHER)
    assert len(world.machines) == 1


def test_a_figure_for_two_people_that_was_set_after_the_approval_asks_anew(at: Desk, world: World) -> None:
    identity = at.asked()
    decided_only(at, identity)
    at.rules(rules("two_above_usd = 8"))
    at.settle()
    found = at.find(identity)
    assert (found.state, found.needed) == ("asked", 2)
    assert "The policy asks for 2 different people by now, and <@U0LEAD> said yes." in at.told(ASKER)
    assert not world.machines


def test_a_figure_that_was_taken_back_lets_the_one_who_said_yes_finish_it(at: Desk) -> None:
    at.rules(rules("two_above_usd = 8"))
    identity = at.asked()
    at.press("approve", identity, LEAD)
    at.settle()
    at.rules(POLICY)
    at.press("approve", identity, LEAD)
    at.settle()
    assert at.find(identity).decided_by == (LEAD,)


@pytest.mark.parametrize("how", ["denied", "removed", "deactivated"])
def test_a_yes_of_somebody_who_may_not_approve_any_more_does_not_count(at: Desk, world: World, how: str) -> None:
    third = "U0THIRD"
    two = 'two_above_usd = 8\ngroups = ["S0MORE"]'
    at.slack.groups["S0MORE"] = (third,)
    at.slack.people[third] = at.slack.people[OTHER].__class__(third, "third", "T0HOME")
    at.rules(rules(two))
    identity = at.asked()
    at.press("approve", identity, LEAD)
    at.settle()
    if how == "denied":
        at.rules(rules(f'{two}\ndenied = ["{LEAD}"]'))
    elif how == "removed":
        at.rules(rules(two).replace(f'"{LEAD}", ', ""))
    else:
        at.slack.people[LEAD] = at.slack.people[LEAD].__class__(LEAD, "lead", "T0HOME", deleted=True)
    at.press("approve", identity, OTHER)
    at.settle()
    assert at.find(identity).state == "asked"
    assert "Your yes counts: 1 of 2" in at.told(OTHER)
    at.press("approve", identity, third)
    at.settle()
    assert at.find(identity).decided_by == (OTHER, third)
    assert len(world.machines) == 1


def test_who_tries_the_next_choice_for_somebody_is_an_asker_too(at: Desk, world: World) -> None:
    identity = at.approved()
    (one,) = world.machines.values()
    one["State"], one["StateReason"] = {"Name": "terminated"}, {"Code": "Server.InsufficientInstanceCapacity"}
    at.pass_time(seconds=6)
    at.press("try_next", identity, LEAD)
    at.settle()
    with at.parts.store.reading() as tx:
        (again,) = launches.in_state(tx, "asked")
    assert again.askers == (ASKER, LEAD)
    stands = "The request of <@U0ENG> for g5.xlarge in us-west-2 for 8 h stands in <#C0APPROVALS>. <@U0LEAD> pressed"
    assert stands in at.told(ASKER)
    assert stands in at.told(LEAD)
    for user in (LEAD, ASKER):
        at.press("approve", again.id, user)
        at.settle()
        assert at.find(again.id).state == "asked"
    assert "Nobody approves their own request" in at.told(LEAD)
    at.press("approve", again.id, OTHER)
    at.settle()
    assert at.find(again.id).decided_by == (OTHER,)


def test_ones_own_yes_is_never_one_of_the_two(at: Desk, world: World) -> None:
    at.rules(rules("two_above_usd = 8\nown_below_usd = 100"))
    identity = at.asked(asker=LEAD)
    for user in (LEAD, OTHER):
        at.press("approve", identity, user)
    at.settle()
    assert at.find(identity).state == "asked"
    assert launch.card(at.parts, identity).votes == (OTHER,)
    assert "Nobody approves their own request" in at.told(LEAD)
    assert not world.machines


def test_a_price_that_moved_between_approval_and_call_launches_nothing(at: Desk, world: World) -> None:
    identity = at.asked()
    decided_only(at, identity)
    found = at.find(identity)
    assert found.offer is not None
    old = launch_params.digest(found.wanted, found.offer.params, 0.9, 7.2)  # as if it had been approved last week
    with at.parts.store.transaction() as tx:
        tx.run("UPDATE launch SET usd_per_hour = 0.9, usd_total = 7.2, shown = ?", old)
    at.settle()
    found = at.find(identity)
    assert (found.state, found.usd_per_hour) == ("asked", 1.006)
    assert "The price changed since it was approved" in at.told(ASKER)
    assert not world.machines


def test_disks_count_in_total_threshold_and_cap(at: Desk) -> None:
    many = {"instance_type": "t3.medium", "count": 8, "hours": 72, "disk_gb": 2000}
    at.rules(rules("auto_below_usd = 30"))
    found = at.find(at.asked(key="1", **many))
    assert found.state == "asked"
    assert found.usd_total == pytest.approx(8 * 72 * 0.0416 + 8 * 2000 * 0.08 * 72 / 730)
    assert found.offer is not None
    assert found.offer.usd_disk == pytest.approx(126.25, abs=0.01)
    at.rules(rules(limits="max_usd = 100"))
    assert "$150.21 for 72 h are more than the policy's $100.00" in at.find(at.asked(key="2", **many)).error
    at.rules(rules(more="[budgets]\nusd_per_month = 100"))
    assert "The budget of everybody for this month is $100.00" in at.find(at.asked(key="3", **many)).error


def test_a_disk_without_a_known_price_is_said_and_never_approved_by_itself(at: Desk) -> None:
    at.rules(rules("auto_below_usd = 50").replace('"us-west-2"', '"eu-west-2"'))
    found = at.find(at.asked(region="eu-west-2"))
    assert found.state == "asked"
    assert "The price of disks in eu-west-2 is not known, so the total is without them." in found.notes


def test_hours_between_a_stop_and_a_start_are_nobodys_spending(at: Desk, world: World) -> None:
    at.rules(rules(more="[budgets]\nperson_usd_per_month = 100"))
    identity = at.approved(hours=40)
    (one,) = world.machines.values()
    world.age()
    at.pass_time(seconds=31)
    for state, hours in (("running", 2), ("stopped", 10), ("running", 3)):
        one["State"] = {"Name": state}
        at.pass_time(minutes=5)
        at.pass_time(hours=hours)
    (line,) = launch.card(at.parts, identity).budgets
    rate = 1.006 + 100 * 0.08 / 730
    assert line.spent == pytest.approx(5.25 * rate, abs=0.1 * rate)
    left = (at.find(identity).until or NOON) - at.clock.now()
    assert line.committed == pytest.approx(left.total_seconds() / 3600 * rate)


def test_a_launch_of_last_month_counts_with_the_hours_of_this_month(tmp_path: Path) -> None:
    eve = FixedClock(datetime(2026, 11, 30, 20, tzinfo=UTC))
    world = World(eve)
    at = desk(tmp_path, lambda settings, policy: FakeCloud(world), clock=eve)  # type: ignore[arg-type]
    at.rules(rules(more="[budgets]\nperson_usd_per_month = 60"))
    identity = at.approved(hours=48)
    world.age()
    at.pass_time(seconds=31)
    at.pass_time(hours=10)  # six of them in December
    (line,) = launch.card(at.parts, identity).budgets
    rate = 1.006 + 100 * 0.08 / 730
    assert line.spent == pytest.approx(6 * rate, rel=0.01)
    assert line.committed == pytest.approx(38 * rate, rel=0.01)
    assert "budget" in at.find(at.asked(key="2", hours=24)).error


def test_the_log_says_where_in_slack_each_decision_was_pressed(at: Desk) -> None:
    identity = at.asked()
    click = Click(
        action="approve",
        value=identity,
        user=LEAD,
        team="T0HOME",
        key="click-7",
        channel="C0APPROVALS",
        ts="1.0",
        trigger_id="trigger-7",
    )
    launch.press(at.parts, click)
    at.settle()
    (row,) = (row for row in audit.export(at.parts.store, subject=identity) if row["action"] == "launch.approved")
    slack = {"slack_channel": "C0APPROVALS", "slack_ts": "1.0", "slack_user": LEAD, "slack_trigger": "trigger-7"}
    until = (NOON + timedelta(hours=8)).isoformat(timespec="microseconds")
    assert row["detail"].items() >= {**slack, "key": "click-7", "before": "asked", "after": "approved"}.items()
    assert row["detail"]["until"] == until
