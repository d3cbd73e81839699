"""More hours for a machine: the new sum is judged like a request for it, and only then the end moves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from desk import ASKER, LEAD, NOBODY, OTHER, POLICY, Desk

from bot import audit, instances, launch
from bot.playground.aws import LocalAws
from bot.rules.click import Click
from bot.rules.launch import Launch
from bot.store import extensions, launches


def rules(approvals: str = "", limits: str = "", more: str = "") -> str:
    return POLICY.replace("[limits]", f"{approvals}\n[limits]\n{limits}\n") + more


def running(at: Desk, user: str = LEAD, **changes: object) -> str:
    """A machine that runs, approved by *user*."""
    identity = at.approved(user, **changes)
    at.pass_time(seconds=30)
    assert at.find(identity).state == "running"
    return identity


def longer(at: Desk, identity: str, hours: float, user: str = ASKER) -> str:
    """Press Extend, and return the id of the extension that came of it last; empty for none."""
    at.presses += 1
    ref = launch.card(at.parts, identity).refs[0]
    click = Click(
        action="extend",
        value=ref,
        user=user,
        team="T0HOME",
        key=f"x-{at.presses}",
        channel="C0ML",
        ts="2.0",
        data={"hours": hours},
    )
    instances.press(at.parts, click)
    at.settle()
    with at.parts.store.reading() as tx:
        found = extensions.of(tx, identity)
    return found[-1].id if found else ""


def state(at: Desk, extension: str) -> str:
    return launch.extension_card(at.parts, extension).extension.state


def tags(at: Desk, found: Launch) -> set[str]:
    """The ends that its machines carry."""
    ec2 = at.parts.cloud.client("ec2", found.wanted.region)
    rows = ec2.describe_instances(InstanceIds=list(found.instance_ids))["Reservations"]
    every = [tag for row in rows for one in row["Instances"] for tag in one["Tags"]]
    return {tag["Value"] for tag in every if tag["Key"] == "mlbot:until"}


def test_an_extension_is_asked_for_and_moves_the_end_of_every_machine_once_it_is_approved(
    at: Desk, aws: LocalAws
) -> None:
    identity = running(at, count=2)
    before = at.find(identity)
    extension = longer(at, identity, 18)
    assert at.find(identity).until == before.until
    assert "waits for approval" in at.told(ASKER)
    at.press("approve", extension, LEAD)
    at.settle()
    after = at.find(identity)
    assert before.until is not None
    assert before.usd_total is not None
    assert after.until == before.until + timedelta(hours=18)
    assert (before.wanted.hours, after.wanted.hours) == (8, 26)
    assert after.usd_total == pytest.approx(before.usd_total * 26 / 8)
    assert tags(at, after) == {after.until.isoformat(timespec="seconds")}
    assert "<@U0LEAD> approved more hours" in at.told(ASKER)
    assert "Extended by 18 h to 26 h" in launch.card(at.parts, identity).longer[0]
    (row,) = (row for row in audit.export(at.parts.store, subject=identity) if row["action"] == "launch.extended")
    assert (row["actor"], row["detail"]["before"]["hours"], row["detail"]["after"]["hours"]) == (LEAD, 8, 26)
    assert row["detail"]["slack_user"] == LEAD


def test_what_the_policy_approved_when_it_was_small_is_not_made_large_by_extensions(at: Desk, aws: LocalAws) -> None:
    at.rules(rules("auto_below_usd = 5"))
    identity = at.asked(hours=1)
    at.pass_time(seconds=30)
    assert at.find(identity).how == "policy"
    longer(at, identity, 2)
    assert at.find(identity).wanted.hours == 3
    waits = longer(at, identity, 2)
    assert (at.find(identity).wanted.hours, state(at, waits)) == (3, "asked")


def test_hours_and_money_are_capped_in_sum_and_not_for_each_extension(at: Desk, aws: LocalAws) -> None:
    at.rules(rules("auto_below_usd = 1000", "max_hours = 20"))
    identity = at.asked()
    at.pass_time(seconds=30)
    longer(at, identity, 10)
    longer(at, identity, 10)
    assert at.find(identity).wanted.hours == 18
    assert "28 h are more than the policy's 20 h" in at.told(ASKER)
    assert "its hours leave room for 2 h" in at.told(ASKER)
    at.rules(rules("auto_below_usd = 1000", "max_usd = 25"))
    longer(at, identity, 10)
    assert "$28.47 for 28 h are more than the policy's $25.00" in at.told(ASKER)
    assert at.find(identity).wanted.hours == 18


def test_extensions_count_against_the_budget(at: Desk, aws: LocalAws) -> None:
    at.rules(rules("auto_below_usd = 1000", more="[budgets]\nperson_usd_per_month = 30"))
    identity = at.asked()
    at.pass_time(seconds=30)
    for hours in (10, 10, 10):
        longer(at, identity, hours)
    assert at.find(identity).wanted.hours == 28
    assert "The budget of <@U0ENG> for this month is $30.00" in at.told(ASKER)
    (line,) = launch.card(at.parts, identity).budgets
    assert line.spent + line.committed == pytest.approx(at.find(identity).usd_total, abs=0.05)


def test_an_extension_of_a_family_that_is_denied_by_now_or_under_a_freeze_is_refused(at: Desk, aws: LocalAws) -> None:
    at.rules(rules("auto_below_usd = 1000"))
    identity = at.asked()
    at.pass_time(seconds=30)
    at.rules(rules("auto_below_usd = 1000", 'denied_families = ["g5"]'))
    assert longer(at, identity, 1) == ""
    assert "the policy does not allow the family g5" in at.told(ASKER)
    at.rules(rules("auto_below_usd = 1000"))
    launch.freeze(at.parts, "on x", user=LEAD, team="T", key="f1", reply=launch.Reply("C0ML", ""))
    at.settle()
    assert longer(at, identity, 1) == ""
    assert "Extensions are frozen too" in at.told(ASKER)


def test_two_people_must_agree_on_the_new_sum_from_the_policys_figure_on(at: Desk, aws: LocalAws) -> None:
    at.rules(rules("two_above_usd = 20"))
    identity = running(at)
    extension = longer(at, identity, 18)
    at.press("approve", extension, LEAD)
    at.settle()
    assert state(at, extension) == "asked"
    assert "Your yes counts: 1 of 2" in at.told(LEAD)
    at.press("approve", extension, OTHER)
    at.settle()
    assert state(at, extension) == "approved"
    assert at.find(identity).wanted.hours == 26


@pytest.mark.parametrize("presser", [ASKER, LEAD])
def test_neither_the_owner_nor_who_pressed_extend_approves_it(at: Desk, aws: LocalAws, presser: str) -> None:
    at.rules(POLICY.replace('"U0LEAD", "U0OPS"', '"U0LEAD", "U0OPS", "U0ENG"'))
    identity = running(at, OTHER)
    extension = longer(at, identity, 8, user=presser)
    for user in {ASKER, presser, NOBODY}:
        at.press("approve", extension, user)
        at.settle()
        assert state(at, extension) == "asked"
    at.press("approve", extension, OTHER)
    at.settle()
    assert state(at, extension) == "approved"


def test_the_first_decision_on_an_extension_wins_and_a_resend_changes_nothing(at: Desk, aws: LocalAws) -> None:
    identity = running(at)
    extension = longer(at, identity, 8)
    at.press("deny", extension, OTHER, reason="save it", key="same")
    at.press("approve", extension, LEAD)
    at.press("deny", extension, OTHER, reason="save it", key="same")
    at.settle()
    assert state(at, extension) == "denied"
    assert "Too late: it was already denied by <@U0OPS>" in at.told(LEAD)
    assert "save it" in at.told(ASKER)
    assert at.find(identity).wanted.hours == 8


def test_an_extension_expires_at_the_latest_at_its_new_end(at: Desk, aws: LocalAws) -> None:
    identity = running(at)
    extension = longer(at, identity, 2)
    at.pass_time(hours=10)
    assert state(at, extension) == "expired"
    assert "Nobody decided in time on more hours" in at.told(ASKER)
    at.press("approve", extension, LEAD)
    at.settle()
    assert at.find(identity).wanted.hours == 8


def test_a_policy_that_was_tightened_while_an_extension_waits_voids_it_at_the_press(at: Desk, aws: LocalAws) -> None:
    identity = running(at)
    extension = longer(at, identity, 18)
    at.rules(rules(limits="max_usd = 20"))
    at.press("approve", extension, LEAD)
    at.settle()
    assert state(at, extension) == "refused"
    assert "Void: more hours for nightly" in at.told(ASKER)
    assert at.find(identity).wanted.hours == 8


def test_one_extension_waits_at_a_time(at: Desk, aws: LocalAws) -> None:
    identity = running(at)
    first = longer(at, identity, 8)
    assert longer(at, identity, 9) == first
    assert "waits already in <#C0APPROVALS>" in at.told(ASKER)
    at.press("withdraw", first, ASKER)
    at.settle()
    assert state(at, first) == "withdrawn"
    assert longer(at, identity, 9) != first


def test_hours_past_the_end_are_part_of_the_new_sum(at: Desk, aws: LocalAws) -> None:
    at.rules(rules("auto_below_usd = 1000"))
    identity = at.asked()
    at.pass_time(seconds=30)
    at.pass_time(hours=10)
    longer(at, identity, 2)
    found = at.find(identity)
    assert found.wanted.hours == pytest.approx(12, abs=0.05)
    assert found.until == at.clock.now() + timedelta(hours=2)


def test_a_tag_that_aws_does_not_write_at_once_is_written_later(at: Desk, aws: LocalAws) -> None:
    identity = running(at)
    extension = longer(at, identity, 8)
    aws.fail("CreateTags", "InternalError", status=500, times=12)
    at.press("approve", extension, LEAD)
    at.settle()
    moved = at.find(identity)
    for _ in range(6):
        at.pass_time(minutes=1)
    assert moved.until is not None
    assert tags(at, moved) == {moved.until.isoformat(timespec="seconds")}
    with at.parts.store.reading() as tx:
        assert launches.counts(tx) == {"running": 1}


def test_approvers_are_reminded_of_more_hours_that_wait_as_of_a_request(at: Desk, aws: LocalAws) -> None:
    identity = running(at)
    at.rules(rules("remind_hours = [1, 2]\nquiet = {begin = 13, end = 15}\ntwo_above_usd = 1"))
    extension = longer(at, identity, 18, user=LEAD)
    assert state(at, extension) == "asked"
    at.pass_time(hours=1)
    assert "more for" not in at.told(OTHER)
    for _ in range(9):
        at.pass_time(minutes=15)
    said = at.told(OTHER)
    assert said.count("<@U0LEAD> waits since 2026-11-23 12:00 UTC for a decision on 18 h more for") == 2
    assert "in <#C0APPROVALS>; it expires at" in said
    assert "waits since" not in at.told(LEAD) + at.told(ASKER)
    at.press("withdraw", extension, LEAD)
    at.settle()
    at.pass_time(hours=3)
    assert at.told(OTHER).count("waits since") == 2
