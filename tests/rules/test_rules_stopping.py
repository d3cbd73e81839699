"""The policy's [stop]: who may work on whose machines, in every verb and in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.rules import idle_answers
from bot.rules.errors import NotAllowed, UserError
from bot.rules.instances import Ask, decide
from bot.rules.people import Person
from bot.rules.policy import Policy
from bot.rules.policy_stop import Stopping
from bot.rules.stopping import may_work, who_may
from tests.rules.idle_made import machine

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENDED = NOON - timedelta(hours=3)
ANN, LEE, TOM = "U0ENG", "U0LEAD", "U0TOM"


@pytest.mark.parametrize(
    ("rules", "user", "verb", "may"),
    [
        (Stopping(), ANN, "stop", True),
        (Stopping(), LEE, "terminate", True),
        (Stopping(), TOM, "stop", False),
        (Stopping(), "", "stop", False),
        (Stopping(owner=False), ANN, "stop", False),
        (Stopping(owner=False), LEE, "stop", True),
        (Stopping(approvers=False), LEE, "stop", False),
        (Stopping(approvers=False), ANN, "terminate", True),
        (Stopping(team=True), TOM, "stop", True),
        (Stopping(team=True), TOM, "stop_idle", True),
        (Stopping(team=True), TOM, "terminate", False),
        (Stopping(team=True), TOM, "start", False),
        (Stopping(team=True), TOM, "extend", False),
        (Stopping(anyone_after_hours=2), TOM, "stop", True),
        (Stopping(anyone_after_hours=4), TOM, "stop", False),
        (Stopping(anyone_after_hours=2), TOM, "terminate", False),
    ],
)
def test_the_policy_says_who_may_work_on_a_machine(rules: Stopping, user: str, verb: str, may: bool) -> None:
    assert may_work(user, verb, owner=ANN, approver=user == LEE, until=ENDED, rules=rules, now=NOON) is may


def test_a_machine_without_a_planned_end_is_never_over() -> None:
    rules = Stopping(anyone_after_hours=0)
    assert not may_work(TOM, "stop", owner=ANN, approver=False, until=None, rules=rules, now=NOON)


def test_a_refusal_names_those_who_may() -> None:
    assert who_may("stop", ANN, Stopping()) == "Only its owner <@U0ENG> or an approver may stop it."
    assert who_may("terminate", ANN, Stopping(owner=False)) == "Only an approver may terminate it."
    assert who_may("stop", ANN, Stopping(approvers=False)) == "Only its owner <@U0ENG> may stop it."
    assert "only an approver may stop it" in who_may("stop", None, Stopping())
    late = who_may("stop", ANN, Stopping(anyone_after_hours=2))
    assert late.endswith("2 h after its planned end everybody may.")


@pytest.mark.parametrize("verb", ["stop", "start", "terminate", "extend"])
def test_every_verb_of_a_machine_obeys(verb: str) -> None:
    one = machine(owner=ANN)
    policy = Policy(stop=Stopping(owner=False))
    ask = Ask(verb=verb, person=Person(ANN), approver=False, team="", hours=1)  # type: ignore[arg-type]
    assert f"Only an approver may {verb} it." in decide(ask, one, policy, NOON).reason


@pytest.mark.parametrize("action", ["stop_idle", "terminate_idle", "delete", "change_gp3", "start_idle"])
def test_every_button_of_a_reminder_obeys(action: str) -> None:
    rules = Stopping(owner=False)
    with pytest.raises(NotAllowed, match="Only an approver may"):
        idle_answers.allowed(
            action, ANN, resource=machine(owner=ANN), owner=ANN, approvers=(LEE,), rules=rules, now=NOON
        )


def test_mlbot_itself_keeps_its_rules_when_approvers_may_not() -> None:
    policy = Policy(stop=Stopping(approvers=False))
    ask = Ask(verb="stop", person=Person("mlbot"), approver=True, team="", itself=True)
    assert decide(ask, machine(owner=ANN), policy, NOON).effect == "stop"


def test_a_policy_under_which_nobody_may_is_refused() -> None:
    from bot.policy import parse

    with pytest.raises(UserError, match="leave one true"):
        parse("[stop]\nowner = false\napprovers = false", name="policy.toml")
