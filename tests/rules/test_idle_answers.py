"""Who may answer, until when an answer holds, and what a sweep may do by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.rules import idle_answers
from bot.rules.errors import NotAllowed, Unclear
from bot.rules.idle import Hold, Verdict
from bot.rules.idle_finding import BackTest, Finding
from bot.rules.idle_sweep import auto_stop, guard
from bot.rules.policy_idle import AutoStop, Idle, Reminders
from bot.rules.policy_stop import Stopping
from bot.rules.stopping import owner_for
from tests.rules.idle_made import HOUR, NOW, machine

BERLIN = ZoneInfo("Europe/Berlin")
REMINDERS = Reminders()
APPROVERS = ("U0LEAD",)
OWNED = machine(owner="U0ENG")


@pytest.mark.parametrize(
    ("action", "user", "owner", "may"),
    [
        ("stop_idle", "U0ENG", "U0ENG", True),
        ("stop_idle", "U0LEAD", "U0ENG", True),
        ("stop_idle", "U0OTHER", "U0ENG", False),
        ("stop_idle", "U0OTHER", "U0OTHER", False),
        ("delete", "U0OTHER", "U0ENG", False),
        ("snooze_1d", "U0ENG", "U0ENG", True),
        ("snooze_1d", "U0OTHER", "U0ENG", False),
        ("keep", "U0LEAD", "U0ENG", True),
        ("not_mine", "U0ENG", "U0ENG", True),
        ("not_mine", "U0OTHER", "U0ENG", False),
        ("claim", "U0OTHER", None, True),
        ("snooze_1d", "", None, False),
        ("stop_idle", "", None, False),
    ],
)
def test_who_may_answer(action: str, user: str, owner: str | None, may: bool) -> None:
    given: dict[str, Any] = {"resource": OWNED, "owner": owner, "approvers": APPROVERS, "rules": Stopping(), "now": NOW}
    if may:
        idle_answers.allowed(action, user, **given)
    else:
        with pytest.raises(NotAllowed):
            idle_answers.allowed(action, user, **given)


@pytest.mark.parametrize(
    ("verb", "rules", "owner"),
    [
        ("stop", Stopping(), "U0OTHER"),
        ("start_idle", Stopping(), "U0OTHER"),
        ("save or park", Stopping(), "U0OTHER"),
        ("set the hours of", Stopping(), "U0OTHER"),
        ("terminate", Stopping(), "U0ENG"),
        ("delete", Stopping(), "U0ENG"),
        ("stop", Stopping(claims=False), "U0ENG"),
    ],
)
def test_a_claim_counts_as_ownership_for_what_can_be_taken_back(verb: str, rules: Stopping, owner: str) -> None:
    assert owner_for(verb, "U0ENG", "U0OTHER", rules) == owner
    assert owner_for(verb, "U0ENG", "", rules) == "U0ENG"


@pytest.mark.parametrize(
    ("pressed", "action", "until"),
    [
        ("2026-11-23T14:00+01:00", "snooze_1d", "2026-11-24T14:00+01:00"),
        ("2026-11-23T14:00+01:00", "snooze_1w", "2026-11-30T14:00+01:00"),
        ("2026-11-23T09:02+01:00", "snooze_1d", "2026-11-24T09:59:59+01:00"),
        ("2026-03-28T14:00+01:00", "snooze_1d", "2026-03-29T14:00+02:00"),
        ("2026-10-24T14:00+02:00", "snooze_1d", "2026-10-25T14:00+01:00"),
    ],
)
def test_a_snooze_is_a_day_or_a_week_of_the_wall_clock(pressed: str, action: str, until: str) -> None:
    found = idle_answers.snooze(action, "U1", datetime.fromisoformat(pressed), BERLIN, REMINDERS)
    assert found.until == datetime.fromisoformat(until)
    assert found.what == "snooze"


def test_keep_ends_on_the_morning_of_its_day_and_says_what_that_costs() -> None:
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    found = idle_answers.keep("2026-11-24", " demo ", "U1", at, BERLIN, REMINDERS)
    assert (found.until, found.reason) == (datetime(2026, 11, 24, 8, 0, tzinfo=UTC), "demo")
    assert idle_answers.price(found, 1.2, at) == pytest.approx(27.6)
    assert idle_answers.price(found, None, at) is None


@pytest.mark.parametrize(
    ("until", "reason", "field"),
    [
        ("soon", "demo", "until"),
        ("2026-11-23", "demo", "until"),
        ("2031-01-01", "demo", "until"),
        ("2026-11-30", " ", "reason"),
    ],
)
def test_keep_asks_for_a_later_day_and_a_reason(until: str, reason: str, field: str) -> None:
    with pytest.raises(Unclear) as told:
        idle_answers.keep(until, reason, "U1", NOW, BERLIN, REMINDERS)
    assert told.value.field == field


# --- sweeps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "alarmed"),
    [
        ({"a": 200}, {"a": 180}, False),
        ({"a": 200}, {"a": 20}, True),
        ({"a": 200}, {"a": 0}, True),
        ({"a": 20}, {"a": 200}, True),
        ({"a": 5}, {"a": 0}, False),
        ({}, {"a": 500}, False),
        ({"a": 0}, {"a": 500}, False),
        ({"a": 100, "b": 900}, {"a": 100}, False),
        ({"a": 100, "b": 900}, {"a": 5}, True),
    ],
)
def test_a_sweep_with_ten_times_fewer_or_more_acts_on_nothing(before, after, alarmed) -> None:
    assert bool(guard(before, after, Idle())) is alarmed


def forgotten(name: str = "i-1", **changed: Any) -> Finding:
    given: dict[str, Any] = {
        "ref": f"r_{name}",
        "resource": machine(id=name, tags={"mlbot:auto-stop": "true"}, usd_per_hour=1.0),
        "verdict": Verdict(level="idle", reason="GPU 0 %", safe=True, since=NOW - 50 * HOUR),
        "told": 2,
        "at": NOW,
        "verbs": ("stop", "terminate"),
    }
    return Finding(**{**given, **changed})


ON = Idle(auto_stop=AutoStop(enabled=True, dry_run=False))


def test_nothing_is_stopped_by_itself_unless_the_policy_opts_in() -> None:
    assert auto_stop([forgotten()], Idle(), "").stop == ()
    assert auto_stop([forgotten()], ON, "").stop == (forgotten(),)


@pytest.mark.parametrize(
    "spared",
    [
        forgotten(told=1),
        forgotten(verdict=Verdict(level="idle", reason="", safe=False)),
        forgotten(verdict=Verdict(level="idle", reason="", safe=True, confidence="medium")),
        forgotten(verdict=Verdict(level="unknown", reason="", safe=True)),
        forgotten(hold=Hold(what="keep", until=NOW + HOUR, by="U1")),
        forgotten(resource=machine(tags={})),
        forgotten(resource=machine(tags={"mlbot:auto-stop": "true"}, state="stopped")),
        forgotten(verbs=()),
    ],
)
def test_each_condition_of_the_automatic_stop_holds_it_back_alone(spared: Finding) -> None:
    assert auto_stop([spared], ON, "").stop == ()


def test_a_sweep_stops_no_more_than_its_cap_and_nothing_under_an_alarm() -> None:
    many = [forgotten(f"i-{n}") for n in range(9)]
    plan = auto_stop(many, ON, "")
    assert (len(plan.stop), len(plan.over_cap)) == (5, 4)
    assert auto_stop(many, ON, "counts differ").stop == ()


def test_a_dry_run_says_what_it_would_have_stopped() -> None:
    plan = auto_stop([forgotten()], Idle(auto_stop=AutoStop(enabled=True)), "")
    assert (plan.stop, plan.would) == ((), (forgotten(),))


@pytest.mark.parametrize(
    ("alerts", "wrong", "said"),
    [
        (0, 0, "not have spoken of it before."),
        (1, 0, "have spoken of it once before and not been wrong."),
        (5, 1, "have spoken of it 5 times before and been wrong once."),
        (5, 2, "have spoken of it 5 times before and been wrong 2 times."),
    ],
)
def test_a_back_test_is_told_in_a_sentence(alerts: int, wrong: int, said: str) -> None:
    assert BackTest(14, alerts, wrong).words == f"In the last 14 days this rule would {said}"
