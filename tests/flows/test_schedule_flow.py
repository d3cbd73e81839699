"""A machine's hours in Slack: the menu of the list and of the reminder, the form, and what is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from world import ENGINEER, ML, World, words

from bot.playground.seed import KEY_PAIR, MACHINES, _launch


def machine(town: World) -> str:
    """The engineer's notebook-vision, which runs idle."""
    ec2 = town.bot.parts.cloud.client("ec2", "us-east-1")
    ec2.create_key_pair(KeyName=KEY_PAIR)
    return _launch(town.aws, ec2, MACHINES[0], town.clock.now())


def menu(message: dict[str, Any], name: str = "notebook-vision") -> tuple[dict[str, Any], str]:
    """The Schedule menu under one machine of a message, and the id of its block."""
    blocks = message["blocks"]
    at = next(n for n, block in enumerate(blocks) if block["type"] == "section" and name in block["text"]["text"])
    row = next(block for block in blocks[at:] if block["type"] == "actions")
    return next(one for one in row["elements"] if one["action_id"] == "schedule"), row["block_id"]


def choose(town: World, choice: str, channel: str = ML) -> None:
    message = next(one for one in reversed(town.slack.messages(channel, as_user=ENGINEER)) if "schedule" in words(one))
    element, block_id = menu(message)
    value = next(one["value"] for one in element["options"] if one["value"].endswith(f":{choice}"))
    town.slack.click(
        user=ENGINEER, channel=channel, ts=message["ts"], action_id="schedule", block_id=block_id, value=value
    )
    town.settle()


def test_hours_are_set_from_the_list_kept_by_the_clock_and_removed(town: World) -> None:
    machine(town)
    town.command("/ml-instances")
    assert "On weekdays 08:00-19:00, saves $" in town.whispered(ML, user=ENGINEER)
    choose(town, "work")
    assert "Runs weekdays 08:00-19:00, Berlin time, saves about $" in town.whispered(ML, user=ENGINEER)
    evening = datetime(2026, 11, 23, 18, 1, tzinfo=UTC)  # 19:01 in Berlin
    town.clock.advance(evening - town.clock.now())
    town.bot.sweep()
    town.settle()
    town.pass_time(minutes=1)
    assert town.instances()[0]["State"]["Name"] == "stopped"
    town.command("/ml-instances")
    assert "starts Tue 24 Nov 08:00" in town.whispered(ML, user=ENGINEER)
    choose(town, "keep_day")
    town.pass_time(minutes=1)
    town.pass_time(minutes=1)
    assert town.instances()[0]["State"]["Name"] == "running"
    town.command("/ml-instances")
    assert "kept on until Tue 24 Nov 09:00" in town.whispered(ML, user=ENGINEER)
    choose(town, "remove")
    assert "No schedule any more" in town.whispered(ML, user=ENGINEER)


def test_own_hours_are_asked_in_a_form_that_says_what_is_wrong(quick_town: World) -> None:
    town = quick_town
    machine(town)
    town.command("/ml-instances")
    choose(town, "own")
    (form,) = town.slack.views(ENGINEER)
    given = {"days": "weekdays", "start": "soon", "end": "18:00", "zone": "Europe/Berlin"}
    assert set(town.slack.submit_view(user=ENGINEER, view_id=form["id"], values=given).errors) == {"start"}
    town.slack.submit_view(user=ENGINEER, view_id=form["id"], values={**given, "start": "10"})
    town.settle()
    assert "Runs weekdays 10:00-18:00, Berlin time" in town.whispered(ML, user=ENGINEER)


def test_the_reminder_offers_hours_and_is_edited_to_name_them(quick_town: World) -> None:
    town = quick_town
    machine(town)
    town.bot.scan_and_remind()
    morning = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
    town.clock.advance(morning - town.clock.now())
    town.bot.scan_and_remind()
    town.settle()
    choose(town, "work", town.slack.dm_channel(ENGINEER))
    assert "Runs weekdays 08:00-19:00, Berlin time" in town.direct(ENGINEER)
