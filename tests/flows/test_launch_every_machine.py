"""The buttons of a request's own messages act on every machine of it, and what they end is ended at once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from world import APPROVALS, ENGINEER, LEAD, ML, POLICY, World, buttons, world

STOPPED_AT_ITS_END = POLICY + "end.stop = true\nend.grace_minutes = 0\n"
PERSISTENT = POLICY + 'spot = "persistent"\n'


def launched(town: World, words: str) -> None:
    town.command(f"/ml-launch {words}")
    town.press("approve", user=LEAD, channel=APPROVALS)
    for _ in range(8):
        town.pass_time(seconds=30)


def states(town: World) -> Counter[str]:
    ec2 = town.bot.parts.cloud.client("ec2", "us-east-1")
    found = [one for row in ec2.describe_instances()["Reservations"] for one in row["Instances"]]
    return Counter(one["State"]["Name"] for one in found)


def direct(town: World) -> str:
    return town.slack.dm_channel(ENGINEER)


def test_stop_and_start_act_on_all_and_each_result_is_told(tmp_path: Path) -> None:
    with world(tmp_path) as town:
        launched(town, "g5.xlarge count=4 hours=8 name=nightly")
        ids = [one["InstanceId"] for one in town.instances()]
        ec2 = town.bot.parts.cloud.client("ec2", "us-east-1")
        ec2.stop_instances(InstanceIds=ids[:1])
        ec2.modify_instance_attribute(InstanceId=ids[1], DisableApiStop={"Value": True})
        town.press("stop", user=ENGINEER, channel=direct(town), text="is ready")
        assert states(town) == {"stopping": 3, "running": 1}
        said = town.said(direct(town))
        assert "2 are being stopped, 1 was stopped already, 1 refused: nightly" in said
        assert "protected against stopping" in said
        assert "2 x: Its disks and addresses still cost" in said
        calls = town.aws.calls["StopInstances"]
        town.settle()
        assert town.aws.calls["StopInstances"] == calls


def test_an_extension_from_the_message_moves_the_end_of_every_machine(tmp_path: Path) -> None:
    with world(tmp_path) as town:
        launched(town, "g5.xlarge count=3 hours=8 name=nightly")
        ids = [one["InstanceId"] for one in town.instances()]
        ec2 = town.bot.parts.cloud.client("ec2", "us-east-1")
        ec2.terminate_instances(InstanceIds=ids[:1])  # the first is gone: the others stand for the request
        town.press("extend", user=ENGINEER, channel=direct(town), text="is ready")
        form = town.slack.views(ENGINEER)[-1]
        assert "$24 more" in json.dumps(form)  # of all three
        town.slack.submit_view(user=ENGINEER, view_id=form["id"], values={"hours": "10"})
        town.settle()
        town.press("approve", user=LEAD, channel=APPROVALS, text="More hours?")
        left = ec2.describe_instances(InstanceIds=ids[1:])["Reservations"]
        tags = [tag for row in left for one in row["Instances"] for tag in one["Tags"]]
        ends = Counter(tag["Value"] for tag in tags if tag["Key"] == "mlbot:until")
        assert ends == {"2026-11-24T06:00:00+00:00": 2}


def test_terminate_from_the_end_asks_ends_the_request_at_once_and_says_by_whom(tmp_path: Path) -> None:
    with world(tmp_path) as town:
        launched(town, "g5.xlarge count=2 hours=1 name=nightly")
        town.pass_time(hours=1)
        _, element = town.find("terminate", user=ENGINEER, channel=direct(town), text="were over")
        asked = json.dumps(element["confirm"])
        assert "nightly" in asked
        assert "2 machines, 100 GB of disk deleted with each" in asked
        town.press("terminate", user=ENGINEER, channel=direct(town), text="were over")
        assert states(town) == {"shutting-down": 2}
        assert f"Ended: terminated by <@{ENGINEER}>" in town.said(APPROVALS, user=LEAD)
        for _ in range(3):
            town.pass_time(minutes=10)
        assert "is gone in AWS" not in town.direct(ENGINEER)
        assert "runs after all" not in town.direct(ENGINEER)


def test_a_terminate_in_the_list_ends_a_request_with_its_last_machine(tmp_path: Path) -> None:
    with world(tmp_path) as town:
        launched(town, "g5.xlarge count=2 hours=8 name=nightly")
        town.command("/ml-instances")
        town.press("terminate", user=ENGINEER, channel=ML)
        assert "Ended: terminated" not in town.said(APPROVALS, user=LEAD)
        town.pass_time(minutes=1)
        town.command("/ml-instances")
        town.press("terminate", user=ENGINEER, channel=ML)
        assert f"Ended: terminated by <@{ENGINEER}>" in town.said(APPROVALS, user=LEAD)


def test_what_was_stopped_at_its_end_is_offered_to_start_again_or_to_end(tmp_path: Path) -> None:
    with world(tmp_path, policy=STOPPED_AT_ITS_END) as town:
        launched(town, "g5.xlarge hours=1 name=nightly")
        town.pass_time(hours=1)
        message, _ = town.find("start", user=ENGINEER, channel=direct(town), text="are over")
        assert [one["text"]["text"] for one in buttons(message)] == [
            "Start again",
            "Terminate",
            "Extend...",
            "Save image...",
        ]
        town.pass_time(minutes=1)
        town.press("start", user=ENGINEER, channel=direct(town), text="are over")
        assert states(town) == {"pending": 1}


@pytest.mark.parametrize("words", ["g5.xlarge market=spot hours=8 name=nightly"])
def test_a_one_time_spot_machine_offers_terminate_with_what_is_lost(tmp_path: Path, words: str) -> None:
    with world(tmp_path) as town:
        launched(town, words)
        message, element = town.find("terminate", user=ENGINEER, channel=direct(town), text="is ready")
        assert "Stop" not in [one["text"]["text"] for one in buttons(message)]
        assert "100 GB of disk are deleted with it" in json.dumps(element["confirm"])
        town.command("/ml-instances")
        town.press("stop", user=ENGINEER, channel=ML)
        _, element = town.find("terminate", user=ENGINEER, channel=ML, text="cannot stop")
        asked = json.dumps(element["confirm"])
        assert "nightly (g5.xlarge, i-" in asked
        assert "100 GB of disk are deleted with it" in asked


@pytest.mark.parametrize("stopped", [False, True])
def test_a_termination_cancels_the_persistent_spot_request_first_and_once(tmp_path: Path, *, stopped: bool) -> None:
    with world(tmp_path, policy=PERSISTENT) as town:
        launched(town, "g5.xlarge market=spot hours=8 name=nightly")
        if stopped:
            town.press("stop", user=ENGINEER, channel=direct(town), text="is ready")
            town.pass_time(minutes=1)
        town.aws.disturb("lost", "TerminateInstances", times=1)
        town.command("/ml-instances")
        town.press("terminate", user=ENGINEER, channel=ML)
        town.pass_time(minutes=1)
        assert states(town) == {"terminated": 1}
        ec2 = town.bot.parts.cloud.client("ec2", "us-east-1")
        assert [one["State"] for one in ec2.describe_spot_instance_requests()["SpotInstanceRequests"]] == ["cancelled"]
        assert town.aws.calls["CancelSpotInstanceRequests"] == 1
        assert "is cancelled first, so that EC2 starts no other" in town.whispered(ML, user=ENGINEER)
