"""Who is not a member gets one sentence, whatever they try; the policy may let them in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from world import APPROVALS, LEAD, ML, POLICY, World, world

from bot.rules.people import Person, admitted, may_act
from bot.rules.policy_access import Access

GUEST, STRANGER, OTHER_BOT, GONE = "U0GUEST", "U0STRANGER", "U0BOT", "U0GONE"
SAYS = {GUEST: "Guests may not", STRANGER: "Slack Connect", OTHER_BOT: "Bots may not"}
COMMANDS = (
    "/ml-estimate finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs",
    "/ml-launch g5.xlarge hours=2",
    "/ml-instances all",
    "/ml-idle",
    "/ml-help",
    "/ml-freeze on because I can",
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("access")) as made:
        yield made


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("user", SAYS)
def test_who_is_no_member_is_refused_in_every_command(town: World, user: str, command: str) -> None:
    before = len(town.slack.messages(ML, as_user=user))
    town.command(command, user=user)
    seen = town.slack.messages(ML, as_user=user)[before:]
    said = json.dumps(seen) + town.direct(user)
    assert SAYS[user] in said or ("freeze" in command and "approver" in said)
    assert "p50" not in said
    assert not town.instances()
    assert not town.slack.messages(APPROVALS, as_user=LEAD) or "g5.xlarge" not in town.said(APPROVALS, user=LEAD)


@pytest.mark.parametrize("user", SAYS)
def test_who_is_no_member_sees_no_home_tab(town: World, user: str) -> None:
    town.slack.open_home(user=user)
    town.settle()
    assert town.slack.home(user=user) is None


def test_a_guest_whom_the_policy_lets_in_is_answered(tmp_path: Path) -> None:
    with world(tmp_path, policy=POLICY + '[access]\nguests = true\nworkspaces = ["T0OTHER"]\n') as here:
        for user in (GUEST, STRANGER):
            here.command("/ml-help", user=user)
            assert "/ml-estimate" in here.whispered(ML, user=user)
        here.command("/ml-help", user=OTHER_BOT)
        assert "Bots may not" in here.whispered(ML, user=OTHER_BOT)


HOME = "T1"
MEMBER = Person("U1", team=HOME)
CASES = [
    (MEMBER, Access(), True),
    (Person("U1"), Access(), True),
    (Person("U1", team=HOME, deleted=True), Access(guests=True, bots=True, workspaces=(HOME,)), False),
    (Person("U1", team=HOME, guest=True), Access(), False),
    (Person("U1", team=HOME, guest=True), Access(guests=True), True),
    (Person("U1", team=HOME, is_bot=True), Access(), False),
    (Person("U1", team=HOME, is_bot=True), Access(bots=True), True),
    (Person("U1", team="T2"), Access(guests=True, bots=True), False),
    (Person("U1", team="T2", stranger=True), Access(guests=True), False),
    (Person("U1", team="T2", stranger=True), Access(workspaces=("T2",)), True),
    (Person("U1", team="T2", guest=True), Access(workspaces=("T2",)), False),
    (Person("U1", team="T3"), Access(workspaces=("T2",)), False),
    (Person("U1", team="T2", teams=("T2", HOME)), Access(), True),  # one organisation, two workspaces
    (Person("U1", team="T2", teams=("T2",)), Access(), False),
]


@pytest.mark.parametrize(("person", "access", "may"), CASES)
def test_whom_the_policy_lets_in(person: Person, access: Access, may: bool) -> None:
    assert (may_act(admitted(person, access), team=HOME) is None) is may


def test_while_slack_does_not_say_who_asks_nothing_of_the_team_is_shown(town: World) -> None:
    town.clock.advance(timedelta(minutes=10))
    town.slack.fail("users.info", "internal_error", times=None)
    try:
        town.command("/ml-instances all")
        town.command("/ml-help")
    finally:
        town.slack.mend()
    said = town.whispered(ML, user="U0ENG")
    assert "Slack did not do what mlbot asked" in said
    assert "/ml-estimate" in said
