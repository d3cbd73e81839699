"""Start obeys budgets and the policy's hours, from the list and from the request's message."""

from __future__ import annotations

from pathlib import Path

from world import APPROVALS, ENGINEER, LEAD, ML, POLICY, World, world

BUDGET = "[budgets]\nperson_usd_per_month = 1\n"
STRICT = POLICY + "[launch.end]\nextend_needs_approval = true\n"
ENDED = POLICY + "[launch.end]\nstop = true\ngrace_minutes = 0\n"


def launched(town: World, hours: int) -> None:
    town.command(f"/ml-launch g5.xlarge hours={hours} name=nightly disk=100")
    town.press("approve", user=LEAD, channel=APPROVALS)
    town.pass_time(minutes=10)
    town.command("/ml-instances")


def state(town: World) -> str:
    return str(town.instances()[0]["State"]["Name"])


def test_a_start_over_budget_is_refused_in_words_and_done_once_there_is_money(tmp_path: Path) -> None:
    with world(tmp_path) as town:
        launched(town, hours=8)
        town.press("stop", user=ENGINEER, channel=ML)
        town.pass_time(minutes=1)
        text = town.policy.read_text()
        town.policy.write_text(text + BUDGET)
        town.command("/ml-instances")
        town.press("start", user=ENGINEER, channel=ML)
        said = town.whispered(ML, user=ENGINEER)
        assert f"The budget of <@{ENGINEER}> for this month is $1.00" in said
        assert "A start counts the 7.8 h until its end." in said
        assert state(town) == "stopped"
        town.policy.write_text(text)
        town.press("start", user=ENGINEER, channel=ML)
        assert state(town) in ("pending", "running")


def test_start_again_on_the_message_of_a_request_obeys_the_budget_too(tmp_path: Path) -> None:
    with world(tmp_path, policy=ENDED) as town:
        launched(town, hours=1)
        town.pass_time(hours=1)
        town.pass_time(minutes=1)
        town.policy.write_text(town.policy.read_text() + BUDGET)
        direct = town.slack.dm_channel(ENGINEER)
        town.press("start", user=ENGINEER, channel=direct, text="are over")
        assert "A start counts an hour." in town.direct(ENGINEER)
        assert state(town) == "stopped"


def test_hours_that_are_over_are_extended_before_a_start_where_the_policy_wants_a_yes(tmp_path: Path) -> None:
    with world(tmp_path, policy=STRICT) as town:
        launched(town, hours=8)
        town.press("stop", user=ENGINEER, channel=ML)
        town.pass_time(hours=9)
        town.command("/ml-instances")
        town.press("start", user=ENGINEER, channel=ML)
        assert "more hours need somebody else's approval" in town.whispered(ML, user=ENGINEER)
        assert state(town) == "stopped"
        assert town.find("extend", user=ENGINEER, channel=ML, text="need somebody else")
