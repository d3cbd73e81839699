"""Home tabs in the whole: who sees what, buttons that do what a card's do, drawn again after every change."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from world import APPROVALS, ENGINEER, LEAD, OPERATOR, World, buttons

from bot import idle

LAUNCH = '/ml-launch g5.xlarge hours=8 name=nightly purpose="LoRA <run>"'


def look(town: World, user: str) -> str:
    """Open the tab and read it."""
    town.slack.open_home(user=user)
    town.settle()
    return seen(town, user)


def seen(town: World, user: str) -> str:
    return json.dumps(town.slack.home(user), ensure_ascii=False)


def press(town: World, user: str, action: str) -> None:
    """Press the first such button on the tab."""
    view = town.slack.home(user)
    assert view is not None
    found = [element for element in buttons(view) if element["action_id"].startswith(action)]
    assert found, f"no {action} on the Home tab of {user}"
    where = {"view_id": view["id"], "block_id": _block(view, found[0])}
    town.slack.click_view(user=user, action_id=found[0]["action_id"], **where)
    town.settle()


def _block(view: dict[str, Any], element: dict[str, Any]) -> str:
    blocks = view["blocks"]
    return next(str(one["block_id"]) for one in blocks if element in [*one.get("elements", []), one.get("accessory")])


def drawn(town: World, user: str) -> int:
    return sum(call.method == "views.publish" and call.args["user_id"] == user for call in town.slack.calls)


def test_a_request_appears_on_the_approvers_tab_and_is_approved_there(homes: World) -> None:
    assert "No request waits" in look(homes, LEAD)
    assert "Withdraw" not in look(homes, ENGINEER)
    homes.command(LAUNCH)
    homes.pass_time(seconds=4)
    assert "LoRA &lt;run&gt;" in seen(homes, LEAD)
    mine = seen(homes, ENGINEER)
    assert "Withdraw" in mine
    assert '"approve"' not in mine
    press(homes, LEAD, "approve")
    homes.pass_time(seconds=4)
    assert "Approved by" in homes.said(APPROVALS)
    assert "No request waits" in seen(homes, LEAD)
    assert "Withdraw" not in seen(homes, ENGINEER)
    assert len(homes.instances()) == 1


def test_an_asker_withdraws_on_their_tab(homes: World) -> None:
    homes.command(LAUNCH)
    look(homes, ENGINEER)
    press(homes, ENGINEER, "withdraw")
    assert "Withdrawn" in homes.said(APPROVALS)
    assert "Withdraw" not in seen(homes, ENGINEER)


def test_a_denial_from_the_tab_asks_why_first(homes: World) -> None:
    homes.command(LAUNCH)
    look(homes, LEAD)
    press(homes, LEAD, "deny")
    (form,) = homes.slack.views(LEAD)
    homes.slack.submit_view(user=LEAD, view_id=form["id"], values={"reason": "too dear"})
    homes.settle()
    assert "too dear" in homes.said(APPROVALS)
    assert "No request waits" in seen(homes, LEAD)


def test_nobody_is_drawn_who_never_looked_and_nobody_for_whom_nothing_changed(homes: World) -> None:
    look(homes, ENGINEER)
    look(homes, OPERATOR)
    before = drawn(homes, ENGINEER)
    homes.command("/ml-idle mute 3d", user=LEAD)
    homes.pass_time(seconds=10)
    assert drawn(homes, LEAD) == 0
    assert drawn(homes, ENGINEER) == before


def test_many_changes_at_once_are_drawn_once_in_a_few_seconds(homes: World) -> None:
    look(homes, LEAD)
    before = drawn(homes, LEAD)
    for n in range(6):
        homes.command(f"/ml-launch g5.xlarge hours={n + 1}")
    assert drawn(homes, LEAD) - before <= 1
    homes.pass_time(seconds=4)
    assert drawn(homes, LEAD) - before <= 2
    assert "6 requests wait for you" in seen(homes, LEAD)


def test_a_change_while_slack_refuses_is_drawn_later(homes: World) -> None:
    look(homes, LEAD)
    homes.slack.fail("views.publish", "internal_error", times=1)
    homes.command(LAUNCH)
    assert "nightly" not in seen(homes, LEAD)
    homes.pass_time(seconds=5)
    assert "nightly" in seen(homes, LEAD)


def test_each_role_sees_its_own(homes: World) -> None:
    engineer, lead, operator = (look(homes, user) for user in (ENGINEER, LEAD, OPERATOR))
    assert "The team" not in engineer
    assert "How mlbot does" not in engineer
    assert "The team" in lead
    assert "How mlbot does" not in lead
    assert "How mlbot does" in operator
    assert "team vision" in engineer
    assert "$5,000.00" in lead


def test_what_somebody_runs_is_stopped_from_the_tab(homes: World) -> None:
    homes.command(LAUNCH)
    homes.press("approve", user=LEAD, channel=APPROVALS)
    homes.pass_time(minutes=5)
    idle.scan(homes.bot.parts, homes.clock.now())
    page = look(homes, ENGINEER)
    assert "Extend..." in page
    assert "an hour" in page
    press(homes, ENGINEER, "stop")
    assert [one["State"]["Name"] for one in homes.instances()] in (["stopping"], ["stopped"])


def test_the_operator_is_told_of_a_freeze_and_of_what_waits(homes: World) -> None:
    look(homes, OPERATOR)
    homes.command("/ml-freeze on incident", user=LEAD)
    homes.pass_time(seconds=4)
    assert "Launches are frozen" in seen(homes, OPERATOR)


def scanned(town: World, hours: float) -> None:
    """A machine of Ann's has run for so long, as scans saw it."""
    town.command(LAUNCH)
    town.press("approve", user=LEAD, channel=APPROVALS)
    town.pass_time(minutes=5)
    idle.scan(town.bot.parts, town.clock.now())
    town.clock.advance(timedelta(hours=hours))
    idle.scan(town.bot.parts, town.clock.now())
    town.settle()


def uploads(town: World) -> int:
    return sum(call.method == "files.completeUploadExternal" for call in town.slack.calls)


def test_spending_is_drawn_once_for_the_same_figures_and_shown_by_its_file(homes: World) -> None:
    look(homes, ENGINEER)
    look(homes, LEAD)
    scanned(homes, 1)
    homes.pass_time(seconds=4)
    files = [re.findall(r'"slack_file": {"id": "(\w+)"', seen(homes, user)) for user in (ENGINEER, LEAD)]
    assert len({*files[0], *files[1]}) == 2  # leads see people, too
    drawn_so_far = uploads(homes)
    homes.command("/ml-idle mute 3d", user=ENGINEER)
    homes.pass_time(seconds=30)
    assert uploads(homes) == drawn_so_far == 2


def test_a_picture_that_slack_is_not_done_with_is_left_out_and_comes_later(homes: World) -> None:
    scanned(homes, 1)
    look(homes, ENGINEER)
    homes.pass_time(seconds=4)
    assert "slack_file" in seen(homes, ENGINEER)
    homes.slack.fail("views.publish", "invalid_arguments", times=1)
    homes.command("/ml-freeze on a test", user=LEAD)
    homes.pass_time(seconds=4)
    assert "slack_file" not in seen(homes, ENGINEER)
    assert "frozen" in seen(homes, ENGINEER)
    homes.pass_time(seconds=20)
    assert "slack_file" in seen(homes, ENGINEER)


def test_the_buttons_of_the_tab_open_the_forms(homes: World) -> None:
    look(homes, ENGINEER)
    for action, title in (("open_estimate", "Estimate a job"), ("open_launch", "Ask for a machine")):
        press(homes, ENGINEER, action)
        (form,) = homes.slack.views(ENGINEER)
        assert form["title"]["text"] == title
        homes.slack.close_view(user=ENGINEER, view_id=form["id"])


def test_more_hours_wait_on_the_tab_of_an_approver_too(homes: World) -> None:
    homes.command(LAUNCH)
    homes.press("approve", user=LEAD, channel=APPROVALS)
    homes.pass_time(seconds=30)
    homes.command("/ml-instances")
    homes.press("extend", user=ENGINEER, channel="C0ML")
    form = homes.slack.views(ENGINEER)[-1]
    homes.slack.submit_view(user=ENGINEER, view_id=form["id"], values={"hours": "18"})
    homes.settle()
    assert "asks for 18 h more" in look(homes, OPERATOR)
    press(homes, OPERATOR, "approve")
    homes.pass_time(seconds=4)
    assert "More hours: approved 18 h" in homes.said(APPROVALS, user=LEAD)
    assert "asks for 18 h more" not in seen(homes, OPERATOR)
