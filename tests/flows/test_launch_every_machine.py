"""The buttons of a request's own messages act on every machine of it, and what they end is ended at once."""

from __future__ import annotations

import json
import re
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
        _, element = town.find("terminate", user=ENGINEER, channel=direct(town), text="still runs and bills")
        asked = json.dumps(element["confirm"])
        assert "nightly" in asked
        assert "2 machines, 100 GB of disk deleted with each" in asked
        town.press("terminate", user=ENGINEER, channel=direct(town), text="still runs and bills")
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


def test_a_machine_that_runs_on_after_its_end_is_named_daily_and_then_to_others(tmp_path: Path) -> None:
    policy = POLICY.replace("[limits]", "escalate_after = 2\n[limits]")
    with world(tmp_path, policy=policy) as town:
        launched(town, "g5.xlarge hours=1 name=nightly")
        town.pass_time(hours=1)
        assert "still runs and bills. Stop or extend?" in town.direct(ENGINEER)
        town.pass_time(hours=24)
        assert "still runs, 1 day later: $24" in town.direct(ENGINEER)
        assert "later" not in town.said(ML, user=LEAD)
        town.pass_time(hours=24)
        assert "still runs, 2 days later: $4" in town.direct(ENGINEER)
        assert f"<@{ENGINEER}> has not answered." in town.said(ML, user=LEAD)
        said = town.direct(ENGINEER).count("days later")
        town.pass_time(hours=1)
        assert town.direct(ENGINEER).count("days later") == said
        town.press("stop", user=ENGINEER, channel=direct(town), text="2 days later")
        town.pass_time(minutes=10)
        town.pass_time(hours=24)
        assert "3 days later" not in town.direct(ENGINEER)


def test_an_extension_after_the_end_is_reminded_of_at_its_own_end(tmp_path: Path) -> None:
    with world(tmp_path) as town:
        launched(town, "g5.xlarge hours=1 name=nightly")
        town.pass_time(hours=1)
        town.press("extend", user=ENGINEER, channel=direct(town), text="still runs and bills")
        form = town.slack.views(ENGINEER)[-1]
        town.slack.submit_view(user=ENGINEER, view_id=form["id"], values={"hours": "4"})
        town.settle()
        town.press("approve", user=LEAD, channel=APPROVALS, text="More hours?")
        before = town.direct(ENGINEER).count("still runs and bills")
        town.pass_time(hours=5)
        assert town.direct(ENGINEER).count("still runs and bills") > before


def test_a_quota_that_is_too_small_comes_before_the_approvers_with_the_button(tmp_path: Path) -> None:
    with world(tmp_path) as town:
        town.aws.quotas.limits["L-DB2E81BA"] = 8
        town.command("/ml-launch g5.4xlarge hours=8")
        assert "Ask again with g5.2xlarge, which fits; ask again with region=us-west-2" in town.whispered(
            ML, user=ENGINEER
        )
        message, _ = town.find("raise_quota", user=LEAD, channel=APPROVALS, text="L-DB2E81BA")
        assert f"<@{ENGINEER}> asked for g5.4xlarge" in message["text"]
        assert "is 8 vCPUs: 0 are in use and this needs 16" in message["text"]
        town.press("raise_quota", user=LEAD, channel=APPROVALS)
        assert [one["DesiredValue"] for one in town.aws.quotas.asked] == [24]


def test_who_may_not_break_glass_is_refused_before_the_form(tmp_path: Path) -> None:
    policy = POLICY.replace(
        'approvers = ["U0LEAD", "U0OPS"]', 'approvers = ["U0LEAD", "U0OPS"]\nbreak_glass = ["U0OPS"]'
    )
    with world(tmp_path, policy=policy) as town:
        town.command("/ml-launch g5.xlarge hours=8")
        before = len(town.slack.views(LEAD))
        town.press("break_glass", user=LEAD, channel=APPROVALS)
        assert len(town.slack.views(LEAD)) == before
        assert "names you in no break-glass list" in town.whispered(APPROVALS, user=LEAD)
        town.press("break_glass", user="U0OPS", channel=APPROVALS)
        assert len(town.slack.views("U0OPS")) == 1


def test_the_list_is_narrowed_by_words_and_goes_on_from_a_number(tmp_path: Path) -> None:
    with world(tmp_path) as town:
        ec2 = town.bot.parts.cloud.client("ec2", "us-east-1")
        for n in range(24):
            tags = [{"Key": "Name", "Value": f"job-{n:02}"}, {"Key": "mlbot:owner", "Value": ENGINEER}]
            named = [{"ResourceType": "instance", "Tags": tags}]
            shape = {"ImageId": town.aws.image, "MinCount": 1, "MaxCount": 1, "TagSpecifications": named}
            ec2.run_instances(InstanceType="g5.xlarge" if n == 7 else "t3.micro", **shape)
        town.pass_time(minutes=1)
        town.command("/ml-instances all t3 running")
        said = town.whispered(ML, user=ENGINEER)
        assert "job-07" not in said
        shown = said.count("*job-")
        assert f"{23 - shown} more cost less: `/ml-instances all t3 running from={shown + 1}` shows the next" in said
        town.command(f"/ml-instances all t3 running from={shown + 1}")
        names = set(re.findall(r"\*(job-\d\d)", town.whispered(ML, user=ENGINEER)))
        assert len(names) > shown, shown
        town.command("/ml-instances all from=zero")
        assert "I did not understand from=zero" in town.whispered(ML, user=ENGINEER)
