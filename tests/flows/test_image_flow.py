"""Save image, Park, Wake and Delete image, from the press to what people read, with the real bot and a local AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from world import APPROVALS, ENGINEER, LEAD, ML, OPERATOR, World

from bot import audit
from bot.store import idle, images, resources


def launched(town: World) -> str:
    town.command("/ml-launch g5.xlarge hours=8 name=nightly disk=100")
    town.press("approve", user=LEAD, channel=APPROVALS)
    town.pass_time(minutes=10)
    town.command("/ml-instances")
    return str(town.instances()[0]["InstanceId"])


def form(town: World, action: str, *, user: str = ENGINEER, channel: str = ML) -> Any:
    """Press a button that opens a form, and hand the form over."""
    town.press(action, user=user, channel=channel)
    return town.slack.views(user)[-1]


def submit(town: World, user: str = ENGINEER, **values: str) -> None:
    view = town.slack.views(user)[-1]
    town.slack.submit_view(user=user, view_id=view["id"], values=values)
    town.settle()


def follow(town: World, times: int = 4) -> None:
    for _ in range(times):
        town.pass_time(seconds=11)


def row(town: World) -> Any:
    with town.bot.parts.store.reading() as tx:
        (found,) = images.in_state(tx, "saving", "ending", "saved", "failed", "deleted")
    return found


def actions(town: World) -> list[str]:
    return [one["action"] for one in audit.export(town.bot.parts.store) if one["action"].startswith("image.")]


def test_a_machine_is_saved_and_launched_from_its_image(quick_town: World) -> None:
    town = quick_town
    identity = launched(town)
    view = json.dumps(form(town, "save_image"))
    assert "at most $5" in view
    submit(town, after="keep", name="nightly")
    assert "Saving nightly" in town.direct(ENGINEER)
    follow(town)
    found = row(town)
    assert (found.state, found.machine) == ("saved", "")
    told = town.direct(ENGINEER)
    assert f"is saved as `{found.aws_id}` in us-east-1, at most $5" in told
    assert [one["InstanceId"] for one in town.instances()] == [identity]
    dm = town.slack.dm_channel(ENGINEER)
    opened = json.dumps(form(town, "image_launch", channel=dm))
    assert found.aws_id in opened
    assert '"initial_value": "100"' in opened


def test_a_parked_machine_is_listed_woken_by_approval_and_its_image_deleted(quick_town: World) -> None:
    town = quick_town
    identity = launched(town)
    view = json.dumps(form(town, "park"))
    assert "Keep running" in view
    assert "Park: *at most $5" in view
    submit(town)
    follow(town)
    found = row(town)
    assert (found.state, found.machine, found.parked) == ("saved", "ended", True)
    assert "is parked: saved as" in town.direct(ENGINEER)
    town.pass_time(minutes=10)
    assert town.instances() == []
    town.command("/ml-instances")
    assert "1 parked, at most $5" in town.whispered(ML, user=ENGINEER)
    town.press("wake", user=ENGINEER, channel=ML)
    town.press("approve", user=LEAD, channel=APPROVALS)
    town.pass_time(minutes=10)
    (woken,) = town.instances()
    assert woken["ImageId"] == found.aws_id
    assert woken["InstanceId"] != identity
    town.command("/ml-instances")
    assert "It was woken" in town.whispered(ML, user=ENGINEER)
    town.press("image_delete", user=ENGINEER, channel=ML)
    assert row(town).state == "deleted"
    assert actions(town) == ["image.asked", "image.made", "image.saved", "image.parked", "image.wake", "image.deleted"]


def test_a_wake_that_is_pressed_again_asks_once(quick_town: World) -> None:
    town = quick_town
    launched(town)
    form(town, "park")
    submit(town)
    follow(town)
    town.command("/ml-instances")
    town.press("wake", user=ENGINEER, channel=ML)
    dm = town.slack.dm_channel(ENGINEER)
    with pytest.raises(AssertionError, match="no button 'wake'"):
        town.find("wake", user=ENGINEER, channel=dm)
    town.press("wake", user=ENGINEER, channel=ML)  # the list of before still has its button
    assert "It was woken already" in town.whispered(ML, user=ENGINEER)


def test_an_image_that_fails_leaves_the_machine_and_says_so(quick_town: World) -> None:
    town = quick_town
    identity = launched(town)
    town.aws.ec2.images.break_next()
    form(town, "park")
    submit(town)
    follow(town)
    assert row(town).state == "failed"
    assert "was not saved" in town.direct(ENGINEER)
    assert "The machine was left as it is" in town.direct(ENGINEER)
    assert [one["InstanceId"] for one in town.instances()] == [identity]
    assert town.aws.calls["TerminateInstances"] == 0


def test_nobody_else_saves_or_deletes(quick_town: World) -> None:
    town = quick_town
    identity = launched(town)
    ec2 = town.bot.parts.cloud.client("ec2", "us-east-1")
    ec2.create_tags(Resources=[identity], Tags=[{"Key": "mlbot:owner", "Value": LEAD}])
    town.command("/ml-instances all")
    form(town, "save_image")
    submit(town, after="terminate", name="x")
    assert "Only its owner <@U0LEAD> or an approver may save or park it" in town.whispered(ML, user=ENGINEER)
    assert town.aws.calls["CreateImage"] == 0
    assert actions(town) == ["image.refused"]
    form(town, "save_image", user=ENGINEER)
    town.slack.close_view(user=ENGINEER, view_id=town.slack.views(ENGINEER)[-1]["id"])
    town.command("/ml-instances all", user=OPERATOR)
    form(town, "save_image", user=OPERATOR)
    submit(town, user=OPERATOR, after="keep", name="x")
    follow(town)
    town.command("/ml-instances all")
    town.press("image_delete", user=ENGINEER, channel=ML)
    assert "or an approver may delete it" in town.whispered(ML, user=ENGINEER)
    assert row(town).state == "saved"


def test_a_machine_whose_owner_left_is_parked_by_a_lead(quick_town: World) -> None:
    town = quick_town
    identity = launched(town)
    ec2 = town.bot.parts.cloud.client("ec2", "us-east-1")
    ec2.create_tags(Resources=[identity], Tags=[{"Key": "mlbot:owner", "Value": "U0GONE"}])
    town.command("/ml-instances all", user=OPERATOR)
    form(town, "park", user=OPERATOR)
    submit(town, user=OPERATOR)
    follow(town)
    assert row(town).parked
    assert row(town).owner == "U0GONE"


def test_who_claimed_a_machine_saves_it_and_does_not_end_it(quick_town: World) -> None:
    town = quick_town
    identity = launched(town)
    ec2 = town.bot.parts.cloud.client("ec2", "us-east-1")
    ec2.create_tags(Resources=[identity], Tags=[{"Key": "mlbot:owner", "Value": "U0GONE"}])
    now = town.clock.now()
    with town.bot.parts.store.transaction() as tx:
        place = {"account": "default", "region": "us-east-1", "kind": "ec2_instance", "aws_id": identity}
        idle.assign(tx, resources.see(tx, **place, now=now), owner=ENGINEER, how="claim", tag="U0GONE", now=now)
    town.command("/ml-instances")
    form(town, "save_image")
    submit(town, after="terminate", name="x")
    assert "Only its owner <@U0GONE> or an approver may terminate it" in town.whispered(ML, user=ENGINEER)
    form(town, "save_image")
    submit(town, after="keep", name="x")
    assert town.aws.calls["CreateImage"] == 1
    assert row(town).owner == ENGINEER
