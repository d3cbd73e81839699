"""Who decides what, over the real rows: races, resends, expiry at the click, strangers, money, freeze, break-glass."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from desk import ASKER, LEAD, NOBODY, NOON, OTHER, POLICY, Desk, FakeSlack, desk
from fake_ec2 import FakeCloud, World

from bot import audit, launch
from bot.clock import FixedClock
from bot.ops import Workers
from bot.rules.people import Person
from bot.store import launches

REQUESTS = int(os.environ.get("MLBOT_RACES", "40"))


@pytest.fixture
def world() -> World:
    return World(FixedClock(NOON))


@pytest.fixture
def at(tmp_path: Path, world: World) -> Desk:
    return desk(tmp_path, lambda settings, policy: FakeCloud(world), clock=world.clock)  # type: ignore[arg-type]


def actions(at: Desk, identity: str) -> list[str]:
    return [row["action"].removeprefix("launch.") for row in audit.export(at.parts.store, subject=identity)]


def test_of_sixteen_approvers_at_once_one_wins_and_the_others_hear_who(tmp_path: Path) -> None:
    leads = [f"U0LEAD{n:02}" for n in range(16)]
    slack = FakeSlack()
    slack.people |= {user: Person(user, user) for user in leads}
    world = World(FixedClock(NOON))
    policy = POLICY.replace('"U0LEAD", "U0OPS"', ", ".join(f'"{user}"' for user in leads))
    policy = policy.replace("[limits]", "[limits]\nmax_usd = 10000")
    at = desk(tmp_path, lambda settings, rules: FakeCloud(world), clock=FixedClock(NOON), slack=slack, policy=policy)
    asked = [at.ask(key=f"ask-{n}") for n in range(REQUESTS)]
    Workers(at.parts, launch.OPS).run_due()
    gate = threading.Barrier(16)

    def race(user: str) -> None:
        gate.wait()
        for identity in asked:
            at.press("approve", identity, user, key=f"{user}:{identity}")
        Workers(at.parts, launch.OPS).run_due()

    threads = [threading.Thread(target=race, args=(user,)) for user in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Workers(at.parts, launch.OPS).run_due()
    assert world.by_request() == dict.fromkeys(asked, 1)
    winners = {}
    for row in audit.export(at.parts.store):
        if row["action"] == "launch.approved":
            assert row["subject"] not in winners
            winners[row["subject"]] = row["actor"]
    assert set(winners) == set(asked)
    at.settle()
    told = [text for _, text in slack.whispers if text.startswith("Too late")]
    assert len(told) == 15 * REQUESTS
    assert all("it was already approved by <@U0LEAD" in text for text in told)


def test_a_click_that_is_sent_again_changes_nothing(at: Desk, world: World) -> None:
    identity = at.asked()
    for _ in range(3):
        at.press("approve", identity, key="same")
        at.settle()
    assert actions(at, identity).count("approved") == 1
    assert at.slack.whispers == [(ASKER, at.told(ASKER))]
    assert len(world.machines) == 1


def test_a_command_that_is_sent_again_is_the_same_request(at: Desk) -> None:
    assert at.ask(key="trigger-7") == at.ask(key="trigger-7")
    at.settle()
    assert len(at.slack.posts) == 1


@pytest.mark.parametrize(("late", "state"), [(86399, "launching"), (86400, "expired"), (86401, "expired")])
def test_expiry_is_judged_at_the_click_even_when_nobody_swept(at: Desk, late: int, state: str) -> None:
    identity = at.asked()
    at.clock.advance(timedelta(seconds=late))
    at.press("approve", identity)
    at.settle()
    assert at.find(identity).state == state


def test_what_nobody_decides_expires_and_the_asker_hears_of_it(at: Desk, world: World) -> None:
    identity = at.asked()
    at.pass_time(hours=24)
    assert at.find(identity).state == "expired"
    assert at.card().startswith("expired")
    assert "expired" in at.told(ASKER)
    at.press("approve", identity)
    at.settle()
    assert "Too late: it expired" in at.told(LEAD)
    assert not world.machines


STRANGERS = {
    "a guest": Person("U0X", guest=True),
    "a bot": Person("U0X", is_bot=True),
    "somebody deactivated": Person("U0X", deleted=True),
    "another workspace": Person("U0X", team="T0FOREIGN"),
    "a colleague who approves nothing": Person("U0X", team="T0HOME"),
}


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("action", ["approve", "deny", "withdraw", "break_glass", "raise_quota", "try_next", "what?"])
def test_strangers_change_nothing_and_it_is_written_down(at: Desk, who: str, action: str) -> None:
    rules = POLICY if "colleague" in who else POLICY.replace('"U0OPS"', '"U0OPS", "U0X"')
    at.rules(rules)
    identity = at.asked()
    at.slack.people["U0X"] = STRANGERS[who]
    at.press(action, identity, "U0X", reason="I want to")
    at.settle()
    assert at.find(identity).state == "asked"
    assert actions(at, identity)[-1] == "refused_press"
    assert at.told("U0X").strip()


def test_nobody_approves_their_own_request_not_even_an_approver(at: Desk) -> None:
    identity = at.asked(asker=LEAD)
    at.press("approve", identity, LEAD)
    at.settle()
    assert at.find(identity).state == "asked"
    assert "Nobody approves their own request" in at.told(LEAD)
    at.press("approve", identity, OTHER)
    at.settle()
    assert at.find(identity).decided_by == (OTHER,)


def test_a_policy_may_let_approvers_approve_their_own_when_it_is_cheap(at: Desk) -> None:
    at.rules(POLICY.replace("[limits]", "own_below_usd = 9\n[limits]"))
    cheap, dear = at.asked(asker=LEAD, key="1", hours=1), at.asked(asker=LEAD, key="2", hours=20)
    for identity in (cheap, dear):
        at.press("approve", identity, LEAD)
    at.settle()
    assert (at.find(cheap).state, at.find(dear).state) == ("launching", "asked")


def test_a_forged_id_is_answered_and_nothing_else(at: Desk) -> None:
    at.press("approve", "l_0000", LEAD)
    at.press("approve", "r_1'; DROP TABLE launch;--", LEAD)
    at.settle()
    assert at.told(LEAD).count("There is no such request") == 2


def test_a_slack_that_does_not_say_who_pressed_lets_nobody_do_anything(at: Desk) -> None:
    identity = at.asked()
    del at.slack.people[LEAD]
    at.press("approve", identity, LEAD)
    for _ in range(12):
        at.pass_time(seconds=60)
    assert at.find(identity).state == "asked"
    assert "Slack does not tell mlbot who you are" in at.told(LEAD)


def test_members_of_a_group_approve_and_an_explicit_no_wins(at: Desk) -> None:
    rules = POLICY.replace('approvers = ["U0LEAD", "U0OPS"]', 'groups = ["S0LEADS"]\ndenied = ["U0OPS"]')
    at.rules(rules)
    at.slack.groups["S0LEADS"] = (LEAD, OTHER)
    identity = at.asked()
    at.press("approve", identity, OTHER)
    at.settle()
    assert at.find(identity).state == "asked"
    at.press("approve", identity, LEAD)
    at.settle()
    assert at.find(identity).decided_by == (LEAD,)


def test_two_different_people_must_agree_from_the_policys_figure_on(at: Desk, world: World) -> None:
    at.rules(POLICY.replace("[limits]", "two_above_usd = 8\n[limits]"))
    identity = at.asked()
    at.press("approve", identity, LEAD)
    at.press("approve", identity, LEAD)
    at.settle()
    assert at.find(identity).state == "asked"
    assert launch.card(at.parts, identity).votes == (LEAD,)
    assert "You said yes already" in at.told(LEAD)
    at.press("approve", identity, OTHER)
    at.settle()
    assert at.find(identity).decided_by == (LEAD, OTHER)
    assert len(world.machines) == 1


def test_one_no_is_enough_and_its_reason_reaches_the_asker(at: Desk, world: World) -> None:
    at.rules(POLICY.replace("[limits]", "two_above_usd = 8\n[limits]"))
    identity = at.asked()
    at.press("approve", identity, LEAD)
    at.press("deny", identity, OTHER, reason="a T4 is enough")
    at.settle()
    found = at.find(identity)
    assert (found.state, found.decided_by, found.reason) == ("denied", (OTHER,), "a T4 is enough")
    assert "a T4 is enough" in at.told(ASKER)
    assert not world.machines


def test_who_asked_may_take_it_back_until_it_is_launched(at: Desk) -> None:
    first, second = at.asked(key="1"), at.approved(key="2")
    at.press("withdraw", first, LEAD)
    at.settle()
    assert at.find(first).state == "asked"
    at.press("withdraw", first, ASKER)
    at.press("withdraw", second, ASKER)
    at.settle()
    assert (at.find(first).state, at.find(second).state) == ("withdrawn", "launching")
    assert "It is launched already" in at.told(ASKER)


def test_the_policy_itself_approves_what_is_cheap_but_not_in_quiet_hours(at: Desk, world: World) -> None:
    at.rules(POLICY.replace("[limits]", "auto_below_usd = 5\n[limits]"))
    cheap, dear = at.asked(key="1", hours=2), at.asked(key="2", hours=20)
    assert (at.find(cheap).state, at.find(cheap).how, at.find(dear).state) == ("launching", "policy", "asked")
    quiet = "auto_below_usd = 5\nquiet = {begin = 11, end = 14}\n[limits]"
    at.rules(POLICY.replace("[limits]", quiet))
    assert at.find(at.asked(key="3", hours=2)).state == "asked"


def test_budgets_are_counted_while_deciding_so_that_two_cannot_pass_together(at: Desk) -> None:
    at.rules(POLICY + '[budgets]\nperson_usd_per_month = 100\nteams = {ml = {members = ["U0ENG"], usd_per_month = 15}}')
    first, second = at.asked(key="1"), at.asked(key="2")
    line = launch.card(at.parts, first).budgets[1]
    assert (line.name, line.limit, line.committed, line.left) == ("team ml", 15, 0, 15)
    at.press("approve", first, LEAD)
    at.press("approve", second, OTHER)
    at.settle()
    assert (at.find(first).state, at.find(second).state) == ("launching", "asked")
    assert "The budget of team ml for this month is $15.00: $0.00 is spent and $8.14 committed" in at.told(OTHER)
    assert "budget of team ml" in at.find(at.asked(key="3")).error


def test_a_freeze_stops_launches_and_not_what_was_decided(at: Desk, world: World) -> None:
    waiting = at.asked(key="1")
    at.press("approve", waiting)
    workers = Workers(at.parts, launch.OPS)
    assert workers._one()  # approved, not yet carried out
    reply = launch.Reply("C0ML", "")
    launch.freeze(at.parts, "on the bill exploded", user=NOBODY, team="T", key="f0", reply=reply)
    launch.freeze(at.parts, "on the bill exploded", user=LEAD, team="T", key="f1", reply=reply)
    at.settle()
    assert not world.machines
    assert "Only approvers may freeze" in at.told(NOBODY)
    assert "Launches are frozen by <@U0LEAD>" in at.card()
    assert "the bill exploded" in at.find(at.asked(key="2")).error
    launch.freeze(at.parts, "off", user=LEAD, team="T", key="f2", reply=reply)
    at.settle()
    assert at.find(waiting).state == "launching"
    assert len(world.machines) == 1


def test_an_approval_that_cannot_be_carried_out_in_time_lapses(at: Desk, world: World) -> None:
    identity = at.asked()
    at.press("approve", identity)
    Workers(at.parts, launch.OPS)._one()
    with at.parts.store.transaction() as tx:
        launch.switch(tx, on=True, reason="", by="cli", now=at.clock.now())
    at.settle()
    at.pass_time(hours=6)
    assert at.find(identity).state == "expired"
    assert "the approval expired" in at.told(ASKER)
    with at.parts.store.transaction() as tx:
        launch.switch(tx, on=False, reason="", by="cli", now=at.clock.now())
    at.settle()
    assert not world.machines


def test_somebody_who_left_gets_no_machine(at: Desk, world: World) -> None:
    identity = at.asked()
    at.slack.people[ASKER] = replace(at.slack.people[ASKER], deleted=True)
    at.press("approve", identity)
    at.settle()
    assert at.find(identity).state == "asked"
    assert "Who asked may not have a machine any more" in at.told(LEAD)


def test_a_price_that_moved_voids_the_approval_and_is_shown_anew(at: Desk) -> None:
    at.rules(POLICY.replace("[limits]", "two_above_usd = 8\n[limits]"))
    identity = at.asked()
    at.press("approve", identity, LEAD)
    at.settle()
    with at.parts.store.transaction() as tx:  # as if it had been shown at the price of last week
        tx.run("UPDATE launch SET usd_per_hour = usd_per_hour * 0.9, shown = 'old'")
        tx.run("UPDATE vote SET shown = 'old'")
    at.press("approve", identity, OTHER)
    at.settle()
    found = at.find(identity)
    assert (found.state, found.usd_per_hour) == ("asked", 1.006)
    assert launch.card(at.parts, identity).votes == ()
    assert "The price changed" in at.told(OTHER)


def test_parameters_that_were_changed_after_the_approval_are_not_launched(at: Desk, world: World) -> None:
    identity = at.asked()
    at.press("approve", identity)
    Workers(at.parts, launch.OPS)._one()
    with at.parts.store.transaction() as tx:
        tx.run("UPDATE launch SET offer = replace(offer, 'g5.xlarge', 'p4d.24xlarge')")
    at.settle()
    assert not world.machines
    assert at.find(identity).state == "asked"
    at.press("approve", identity)
    at.settle()
    (one,) = world.machines.values()
    assert one["InstanceType"] == "g5.xlarge"


def test_in_need_a_named_person_breaks_glass_and_everybody_skipped_hears_of_it(at: Desk, world: World) -> None:
    at.rules(POLICY.replace("[limits]", 'break_glass = ["U0ENG"]\n[limits]'))
    identity = at.asked()
    assert "break_glass" in launch.card(at.parts, identity).buttons
    at.press("break_glass", identity, OTHER, reason="prod is down")
    at.press("break_glass", identity, ASKER, reason=" ")
    at.settle()
    assert at.find(identity).state == "asked"
    at.press("break_glass", identity, ASKER, reason="prod is down")
    at.settle()
    assert (at.find(identity).state, at.find(identity).how) == ("launching", "break_glass")
    for approver in (LEAD, OTHER):
        assert "broke glass" in at.told(approver)
        assert "prod is down" in at.told(approver)


def test_a_machine_that_aws_ends_at_once_is_a_failure_with_its_reason_in_words(at: Desk, world: World) -> None:
    identity = at.approved()
    (one,) = world.machines.values()
    one["State"] = {"Name": "terminated"}
    one["StateReason"] = {"Code": "Server.InsufficientInstanceCapacity", "Message": "no"}
    at.pass_time(seconds=6)
    row = at.find(identity)
    assert (row.state, row.error_code) == ("failed", "Server.InsufficientInstanceCapacity")
    assert "AWS had no capacity after all" in at.told(ASKER)
    assert "try_next" in launch.card(at.parts, identity).buttons


def test_the_end_is_set_once_at_the_approval(at: Desk, world: World) -> None:
    identity = at.asked(hours=8)
    at.clock.advance(timedelta(hours=3))
    at.press("approve", identity)
    at.settle()
    assert at.find(identity).until == NOON + timedelta(hours=11)
    (one,) = world.machines.values()
    assert {"Key": "mlbot:until", "Value": "2026-11-23T23:00:00+00:00"} in one["Tags"]
    with at.parts.store.reading() as tx:
        assert launches.counts(tx) == {"launching": 1}


def test_approvers_are_reminded_outside_their_quiet_hours_while_it_waits(at: Desk) -> None:
    at.rules(POLICY.replace("[limits]", "remind_hours = [1, 4]\nquiet = {begin = 13, end = 15}\n[limits]"))
    at.asked(asker=LEAD)
    at.pass_time(hours=1)
    assert "waits since" not in at.told(OTHER)
    for _ in range(9):
        at.pass_time(minutes=15)
    assert at.told(OTHER).count("<@U0LEAD> waits since 2026-11-23 12:00 UTC") == 1
    assert "waits since" not in at.told(LEAD)
    at.pass_time(hours=2)
    assert at.told(OTHER).count("waits since") == 2


def test_the_head_of_the_audit_log_is_posted_once_a_day(at: Desk) -> None:
    at.asked()
    at.pass_time(seconds=1)
    before = audit.head(at.parts.store)
    for _ in range(3):
        at.pass_time(hours=6)
    heads = [text for _, text in at.slack.posts if text.startswith("Audit log at the end of 2026-11-23: ")]
    assert len(heads) == 1
    rows, _, digest = heads[0].split(": ", 1)[1].split(" ")[0].partition(":")
    assert audit.verify(at.parts.store, published=(int(rows), digest)).broken_at is None
    assert int(rows) >= before[0]


def test_a_slack_that_does_not_say_who_asks_stops_no_request_and_approves_none_by_itself(at: Desk) -> None:
    at.rules(POLICY.replace("[limits]", "auto_below_usd = 50\n[limits]"))
    known = at.slack.people.pop(ASKER)
    identity = at.asked()
    assert at.find(identity).state == "asked"
    assert "Not checked: who asks. Slack did not tell." in at.find(identity).notes
    at.press("approve", identity)
    at.settle()
    assert at.find(identity).state == "asked"
    at.slack.people[ASKER] = known
    at.pass_time(seconds=60)
    assert at.find(identity).state == "launching"


def test_a_clock_that_jumps_back_holds_nothing_up(at: Desk, world: World) -> None:
    identity = at.asked()
    at.slack.down = True
    at.press("approve", identity)
    at.settle()
    at.clock.advance(timedelta(hours=-3))
    at.slack.down = False
    at.pass_time(seconds=1)
    at.pass_time(seconds=61)
    assert at.find(identity).state == "launching"
    assert at.card().startswith("launching")
    assert len(world.machines) == 1


def test_old_rows_are_dropped_and_requests_and_the_log_stay(at: Desk) -> None:
    identity = at.approved()
    before = audit.head(at.parts.store)[0]
    for _ in range(40):
        at.pass_time(days=1)
    with at.parts.store.reading() as tx:
        assert tx.value("SELECT COUNT(*) FROM op WHERE created_at < '2026-11-24' AND state = 'done'") == 0
        assert tx.value("SELECT COUNT(*) FROM outbox WHERE what = 'whisper'") == 0
        assert tx.value("SELECT COUNT(*) FROM attempt") == 1
    assert at.find(identity).instance_ids
    assert audit.head(at.parts.store)[0] >= before
