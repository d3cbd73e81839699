"""What is checked before anybody is asked, and what a machine is launched with; over the local AWS."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from desk import ASKER, LEAD, POLICY, Desk

from bot import launch, launch_facts
from bot.playground.aws import LocalAws
from bot.rules.launch_image import parameters

IMAGE = 'image = "ami-0fee1dee9a0c10001"'
G_QUOTA = "L-DB2E81BA"


def policy(limits: str = "", launching: str = IMAGE, approvals: str = "") -> str:
    text = POLICY.replace(IMAGE, launching).replace("[limits]", f"{approvals}\n[limits]")
    return text.replace("[launch]", f"{limits}\n[launch]")


def with_profile(at: Desk) -> None:
    """An instance profile named ml."""
    iam = at.parts.cloud.client("iam", "us-east-1")
    if not iam.list_instance_profiles()["InstanceProfiles"]:
        iam.create_instance_profile(InstanceProfileName="ml")


REFUSED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "a region that is not allowed": (
        policy(),
        {"region": "eu-west-1"},
        "the policy does not allow eu-west-1",
        "Allowed are us-east-1, us-west-2",
    ),
    "a family that is denied": (
        policy('denied_families = ["g5"]'),
        {},
        "the policy does not allow the family g5",
        "Choose another family",
    ),
    "a family that is not named": (policy('families = ["g4dn"]'), {}, "does not allow the family g5", "g4dn"),
    "a market that is not allowed": (
        policy('markets = ["on-demand"]'),
        {"market": "spot"},
        "not allow spot",
        "on-demand",
    ),
    "too many machines": (policy("max_count = 2"), {"count": 3}, "more than the policy's 2", "count=2"),
    "too many hours": (policy("max_hours = 4"), {}, "8 h are more than the policy's 4 h", "hours=4"),
    "too big a disk": (policy("max_disk_gb = 200"), {"disk_gb": 201}, "201 GB are more", "disk=200"),
    "too dear an hour": (
        policy("max_usd_per_hour = 1"),
        {},
        "$1.01 an hour are more than the policy's $1.00",
        "smaller",
    ),
    "too dear in all": (
        policy("max_usd = 4"),
        {},
        "$8.14 for 8 h are more than the policy's $4.00",
        "hours=3, which fits",
    ),
    "no price": (policy(), {"instance_type": "p5e.48xlarge"}, "no on-demand price of it is known in us-east-1", ""),
    "nobody to ask": (
        POLICY.replace('approvers = ["U0LEAD", "U0OPS"]', ""),
        {},
        "names nobody who could approve",
        "approvers",
    ),
    "no room for the card": (POLICY.replace('channel = "C0APPROVALS"', ""), {}, "no channel for requests", "channel"),
    "a disk smaller than the image": (policy(), {"disk_gb": 8}, "needs a disk of at least 15 GB", "disk=15"),
    "no such image": (policy(launching='image = "ami-0123456789abcdef0"'), {}, "does not exist", "image"),
    "no public image": (policy(launching='image = ""'), {}, "no public parameter", "Set an AMI id"),
    "an image of strangers": (policy(), {"image": "ami-0123456789abcdef0"}, "No image was found", "image=ami-"),
    "no such key pair": (policy(), {"key_name": "laptop"}, "no key pair 'laptop' in us-east-1", "without key="),
    "no subnet there": (
        policy(launching=IMAGE + '\nsubnets = ["subnet-0123456789abcdef0"]'),
        {},
        "subnets",
        "[launch]",
    ),
    "an asker who may not": (policy(approvals='denied = ["U0ENG"]'), {}, "lets you launch nothing", "approvers"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_granted_is_told_at_once_with_the_way_out(at: Desk, case: str) -> None:
    rules, changes, why, way_out = REFUSED[case]
    at.rules(rules)
    identity = at.asked(**changes)
    found = at.find(identity)
    assert found.state == "refused"
    assert why in found.error
    assert way_out in found.way_out
    assert at.told(ASKER) == f"Not asked: {found.error} {found.way_out}".strip()
    assert at.slack.posts == []


def test_a_type_that_aws_does_not_offer_there_names_a_region_that_has_it(at: Desk, aws: LocalAws) -> None:
    ec2 = aws.backend("ec2", "us-west-2")
    offerings: Any = __import__("moto.ec2.models.instance_types", fromlist=["x"]).INSTANCE_TYPE_OFFERINGS
    kept = offerings["availability-zone"]["us-west-2"]
    assert ec2 is not None
    offerings["availability-zone"]["us-west-2"] = [one for one in kept if one["InstanceType"] != "g5.xlarge"]
    try:
        found = at.find(at.asked(region="us-west-2"))
    finally:
        offerings["availability-zone"]["us-west-2"] = kept
    assert found.error == "AWS does not offer g5.xlarge in us-west-2."
    assert found.way_out == "Ask again with region=us-east-1, which has it."


def test_a_quota_that_is_too_small_is_named_and_an_approver_may_ask_aws_for_more(at: Desk, aws: LocalAws) -> None:
    aws.quotas.limits[G_QUOTA] = 6
    first, second = at.approved(key="1"), at.asked(key="2")
    assert at.find(first).state == "launching"
    found = at.find(second)
    assert found.error == (
        "The account's quota 'Running On-Demand G and VT instances' (L-DB2E81BA) in us-east-1 is 6 vCPUs: "
        "4 are in use and this needs 4."
    )
    assert found.way_out == "Ask again with region=us-west-2, which has a quota of its own."
    assert "The approvers in <#C0APPROVALS> were asked to have AWS raise it." in at.told(ASKER)
    posted = [text for channel, text in at.slack.posts if channel == "C0APPROVALS" and "L-DB2E81BA" in text]
    assert len(posted) == 1
    assert posted[0].startswith(f"<@{ASKER}> asked for g5.xlarge in us-east-1 for 8 h: The account's quota")
    at.press("raise_quota", second, ASKER)
    at.settle()
    assert aws.quotas.asked == []
    at.press("raise_quota", second, LEAD)
    at.settle()
    (asked,) = aws.quotas.asked
    assert asked["DesiredValue"] == 10
    assert "AWS was asked to raise" in at.told(LEAD)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("GetServiceQuota", "Not checked: the quota."),
        ("DescribeInstanceTypeOfferings", "Not checked: whether the type is offered there."),
        ("DescribeSubnets", "Not checked: the subnets."),
        ("DescribeImages", "Not checked: the image."),
        ("RunInstances", "Not checked: whether AWS would allow it."),
    ],
)
def test_what_aws_does_not_answer_stands_on_the_card_and_stops_nothing(
    at: Desk, aws: LocalAws, action: str, words: str
) -> None:
    fault = aws.fail(action, "RequestLimitExceeded", status=503, times=None)
    identity = at.asked()
    assert at.find(identity).state == "asked"
    assert any(note.startswith(words) for note in at.find(identity).notes)
    assert fault.hits
    aws.faults.clear()
    at.press("approve", identity)
    at.settle()
    assert at.find(identity).state == "launching"


def test_an_aws_that_hangs_leaves_every_question_open_in_time(at: Desk, aws: LocalAws) -> None:
    aws.disturb("hang", "DescribeSubnets", times=None)
    wanted = at.find(at.ask()).wanted
    found = launch_facts.look(at.parts, wanted, at.parts.catalog.instance("g5.xlarge"), patience=5)
    assert str(found.places.error) == "AWS did not answer in time."
    assert found.image.value is not None
    aws.disturb("hang", "DescribeImages", times=None)
    launch_facts._kept.clear()
    unseen = launch_facts.look(at.parts, wanted, at.parts.catalog.instance("g5.xlarge"), patience=0.5).image
    assert (str(unseen.error), unseen.value and unseen.value.id) == ("AWS did not answer in time.", aws.image)
    aws.faults.clear()


def test_what_mlbot_may_not_do_is_refused_before_anybody_is_asked(at: Desk, aws: LocalAws) -> None:
    aws.fail("RunInstances", "UnauthorizedOperation", status=403, times=None)
    found = at.find(at.asked())
    assert found.state == "refused"
    assert found.error_code == "UnauthorizedOperation"
    assert "gives mlbot's AWS role this right" in found.way_out


def test_the_newest_framework_image_of_the_chip_is_found_by_public_parameters(at: Desk, aws: LocalAws) -> None:
    at.rules(policy(launching=""))
    names = parameters(at.parts.catalog.instance("g5.xlarge"))
    aws.set_parameter(names[-1], "ami-0fee1dee9a0c10001", "us-east-1")
    identity = at.asked()
    assert at.find(identity).state == "asked"
    assert "pytorch" in names[0]
    assert names[0].startswith("/aws/service/deeplearning/ami/x86_64/")
    assert "arm64" in parameters(at.parts.catalog.instance("g5g.xlarge"))[0]
    assert "neuron" in parameters(at.parts.catalog.instance("trn1.2xlarge"))[0]
    assert "canonical" in parameters(at.parts.catalog.instance("m7g.xlarge"))[0]
    assert parameters(at.parts.catalog.instance("p3.2xlarge")) == ()


def parameters_of(at: Desk, aws: LocalAws, **changes: Any) -> dict[str, Any]:
    identity = at.approved(**changes)
    found = at.find(identity)
    assert found.state == "launching", found.error
    assert found.offer is not None
    return dict(found.offer.params)


def test_a_machine_has_an_encrypted_disk_imdsv2_and_a_boot_script_without_secrets(at: Desk, aws: LocalAws) -> None:
    with_profile(at)
    at.rules(policy(launching=IMAGE + '\ninstance_profile = "ml"\nboot = ["gpu-check", "jupyter", "end-guard"]'))
    params = parameters_of(at, aws, disk_gb=250)
    assert params["BlockDeviceMappings"][0]["Ebs"] == {
        "VolumeSize": 250,
        "VolumeType": "gp3",
        "Encrypted": True,
        "DeleteOnTermination": True,
    }
    assert params["MetadataOptions"]["HttpTokens"] == "required"
    assert params["InstanceInitiatedShutdownBehavior"] == "stop"
    assert params["IamInstanceProfile"] == {"Name": "ml"}
    assert (params["MinCount"], params["MaxCount"]) == (1, 1)
    script = base64.b64decode(params["UserData"]).decode()
    assert script.startswith("#!/bin/bash\nset -u\ngrace_minutes=15\nlogin=ubuntu\n")
    assert "--ip=127.0.0.1" in script


def test_spot_is_one_time_and_keeps_its_ceiling(at: Desk, aws: LocalAws) -> None:
    params = parameters_of(at, aws, market="spot", max_usd_per_hour=0.4)
    assert params["InstanceMarketOptions"] == {
        "MarketType": "spot",
        "SpotOptions": {"SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate", "MaxPrice": "0.4"},
    }
    assert params["InstanceInitiatedShutdownBehavior"] == "terminate"


def test_a_spot_ceiling_below_todays_price_is_refused_at_once_with_both_numbers(at: Desk) -> None:
    found = at.find(at.asked(market="spot", max_usd_per_hour=0.01))
    assert found.state == "refused"
    assert "its ceiling of $0.01 an hour is below today's spot price of $" in found.error
    assert "max_price=" in found.way_out


def test_two_machines_are_one_launch(at: Desk, aws: LocalAws) -> None:
    identity = at.approved(count=2)
    at.pass_time(seconds=6)
    found = at.find(identity)
    assert len(found.instance_ids) == 2
    assert found.usd_total == pytest.approx(2 * 8 * (1.006 + 100 * 0.08 / 730))
    assert len(launch.card(at.parts, identity).refs) == 2


def test_the_ways_in_are_told_before_anybody_is_asked(at: Desk, aws: LocalAws) -> None:
    assert "No way in but EC2 Instance Connect" in at.find(at.asked(key="0")).notes[-1]
    assert "No way in" not in at.told(ASKER)  # it stands on the card, once
    with_profile(at)
    at.rules(policy(launching=IMAGE + '\ninstance_profile = "ml"'))
    identity = at.approved(key="1")
    assert at.find(identity).notes == ()
    at.pass_time(seconds=6)
    way = launch.card(at.parts, identity).connect
    assert way is not None
    (one,) = at.find(identity).instance_ids
    assert way.ssm == f"aws ssm start-session --target {one} --region us-east-1"
    assert "8889" in way.jupyter
    assert way.check == "nvidia-smi"


def test_many_checks_at_once_ask_aws_one_question(at: Desk, aws: LocalAws) -> None:
    aws.disturb("delay", "DescribeInstances", times=1, seconds=0.3)
    wanted = at.find(at.ask()).wanted
    instance = at.parts.catalog.instance("g5.xlarge")
    before = aws.calls["DescribeInstances"]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: launch_facts.look(at.parts, wanted, instance), range(6)))
    assert aws.calls["DescribeInstances"] - before < 6
    assert len({one.room.value.used for one in found if one.room.value}) == 1
    assert all(one.places.value for one in found)
