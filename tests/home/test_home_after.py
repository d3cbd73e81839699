"""After an effect is done nothing offers it any more, whatever the last scan saw; what is parked is offered to wake."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from world import APPROVALS, ENGINEER, LEAD, ML, World, buttons

from bot import idle

LAUNCH = "/ml-launch g5.xlarge hours=8 name=nightly disk=100"


def launched(town: World) -> None:
    town.command(LAUNCH)
    town.press("approve", user=LEAD, channel=APPROVALS)
    town.pass_time(minutes=5)
    idle.scan(town.bot.parts, town.clock.now())


def page(town: World, user: str = ENGINEER) -> dict[str, Any]:
    town.slack.open_home(user=user)
    town.settle()
    view = town.slack.home(user)
    assert view is not None
    return view


def offered(town: World, user: str = ENGINEER) -> set[str]:
    """The verbs of machines on the tab."""
    ids = {element["action_id"] for element in buttons(page(town, user))}
    return {one for one in ids if one.startswith(("stop", "start", "terminate", "extend", "delete", "wake", "park"))}


def said(town: World, user: str = ENGINEER) -> str:
    return json.dumps(page(town, user), ensure_ascii=False)


def press(town: World, action: str) -> None:
    town.command("/ml-instances")
    town.press(action, user=ENGINEER, channel=ML)


def test_what_was_stopped_or_started_by_a_list_is_offered_no_more(homes: World) -> None:
    town = homes
    launched(town)
    assert offered(town) == {"stop", "extend"}
    press(town, "stop")
    assert offered(town) == set()
    assert "Stopped by Ann" in said(town)
    assert "Your machines cost $0.0" in said(town)
    assert "Stopped by Ann" in said(town, LEAD)
    town.pass_time(minutes=1)
    press(town, "start")
    assert offered(town) == set()
    assert "Started by Ann" in said(town)
    town.pass_time(minutes=1)
    idle.scan(town.bot.parts, town.clock.now())
    assert offered(town) == {"stop", "extend"}


def test_what_was_terminated_is_on_no_page_before_the_next_scan(homes: World) -> None:
    town = homes
    launched(town)
    press(town, "terminate")
    assert offered(town) == set()
    assert "What you run" in said(town)
    assert "g5.xlarge instance" not in said(town) + said(town, LEAD)
    town.command("/ml-idle all")
    assert "g5.xlarge instance" not in town.whispered(ML, user=ENGINEER)


def test_a_stopped_disk_is_idle_until_it_is_deleted_and_then_on_no_page(homes: World) -> None:
    town = homes
    ec2 = town.bot.parts.cloud.client("ec2", "us-east-1")
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "mlbot:owner", "Value": ENGINEER}]}]
    ec2.create_volume(AvailabilityZone="us-east-1a", Size=500, VolumeType="gp3", TagSpecifications=tags)
    idle.scan(town.bot.parts, town.clock.now())
    town.clock.advance(timedelta(days=2))
    idle.scan(town.bot.parts, town.clock.now())
    assert offered(town) == {"delete"}
    town.command("/ml-idle")
    town.press("delete", user=ENGINEER, channel=ML)
    assert offered(town) == set()
    assert "500 GB" not in said(town)
    assert "1 idle" not in said(town)


def test_a_parked_machine_is_woken_from_the_tab(homes: World) -> None:
    town = homes
    launched(town)
    press(town, "park")
    town.slack.submit_view(user=ENGINEER, view_id=town.slack.views(ENGINEER)[-1]["id"], values={})
    town.settle()
    assert offered(town) == {"stop", "extend"}  # it still runs
    for _ in range(4):
        town.pass_time(seconds=11)
    town.pass_time(minutes=1)
    assert offered(town) == {"wake"}
    assert "parked" in said(town)
    view = page(town)
    wake = next(one for one in buttons(view) if one["action_id"] == "wake")
    town.slack.click_view(user=ENGINEER, view_id=view["id"], action_id="wake", value=wake["value"])
    town.settle()
    assert offered(town) == set()
    assert "Waits for others" in said(town)


def test_what_the_end_of_its_hours_stopped_is_offered_no_more(homes: World) -> None:
    town = homes
    text = town.policy.read_text()
    town.policy.write_text(text.replace("[launch]", "[launch.end]\nstop = true\n[launch]"))
    launched(town)
    town.pass_time(hours=8)
    town.pass_time(hours=1)
    assert "Stopped by mlbot at the end of its hours." in said(town)
    assert offered(town) == set()
