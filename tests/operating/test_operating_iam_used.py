"""What the bot really calls in its stories is allowed by the policy that ships."""

from __future__ import annotations

from world import APPROVALS, ENGINEER, LEAD, ML, World

from bot.iam import policy

SERVICES = {"monitoring": "cloudwatch"}  # names in a signature that IAM writes otherwise
FREE = {"sts:GetCallerIdentity"}  # AWS asks for no right


def test_every_call_of_a_launch_a_stop_a_start_and_a_scan_is_in_the_policy(here: World) -> None:
    here.command("/ml-launch g5.xlarge hours=2")
    here.press("approve", user=LEAD, channel=APPROVALS)
    here.pass_time(minutes=10)
    here.command("/ml-instances mine")
    here.press("stop", user=ENGINEER, channel=ML)
    here.pass_time(minutes=10)
    here.command("/ml-instances mine")
    here.press("start", user=ENGINEER, channel=ML)
    here.pass_time(minutes=10)
    here.bot.scan_and_remind()
    called = {f"{SERVICES.get(one.service, one.service)}:{one.action}" for one in here.aws.log if one.action}
    given = {action for one in policy()["Statement"] if one["Effect"] == "Allow" for action in one["Action"]}
    assert {"ec2:RunInstances", "ec2:StopInstances", "ec2:StartInstances", "ec2:DescribeVolumes"} <= called
    assert called - given - FREE == set()


def test_every_call_of_a_park_and_of_a_deletion_is_in_the_policy(here: World) -> None:
    here.command("/ml-launch g5.xlarge hours=2")
    here.press("approve", user=LEAD, channel=APPROVALS)
    here.pass_time(minutes=10)
    here.command("/ml-instances mine")
    here.press("park", user=ENGINEER, channel=ML)
    here.slack.submit_view(user=ENGINEER, view_id=here.slack.views(ENGINEER)[-1]["id"], values={})
    here.settle()
    for _ in range(4):
        here.pass_time(seconds=11)
    here.command("/ml-instances mine")
    here.press("image_delete", user=ENGINEER, channel=ML)
    called = {f"{SERVICES.get(one.service, one.service)}:{one.action}" for one in here.aws.log if one.action}
    given = {action for one in policy()["Statement"] if one["Effect"] == "Allow" for action in one["Action"]}
    wanted = {"ec2:CreateImage", "ec2:TerminateInstances", "ec2:DeregisterImage", "ec2:DeleteSnapshot"}
    assert wanted <= called
    assert called - given - FREE == set()
