"""What the role may and may not do, call by call; the files in deploy/ are what the code makes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from iam_evaluator import Call, allowed, decide

from bot import iam
from bot.iam import Rights, policy
from bot.iam_template import template
from bot.kinds import KINDS
from bot.rules.launch import Wanted
from bot.rules.launch_params import TAGGED, build
from bot.rules.policy_launch import Launching

ROOT = Path(__file__).parents[2]
HERE = "arn:aws:ec2:us-east-1:123456789012:"
INSTANCE, VOLUME = f"{HERE}instance/i-0abc", f"{HERE}volume/vol-0abc"
IMAGE, SNAPSHOT = "arn:aws:ec2:us-east-1::image/ami-0abc", "arn:aws:ec2:us-east-1::snapshot/snap-0abc"
SAVE, ASKED = "ec2:CreateImage", {"aws:RequestTag/mlbot:managed": "true"}
OURS, FOREIGN = {"aws:ResourceTag/mlbot:managed": "true"}, {"aws:ResourceTag/team": "vision"}
OFFERED = {"aws:ResourceTag/mlbot:stop": "allow"}
PROTECTED = {"aws:ResourceTag/mlbot:protect": "true"}
TAGS = ["Name", "mlbot:managed", "mlbot:request", "mlbot:owner", "mlbot:purpose", "mlbot:until"]
MACHINE_ROLE = "arn:aws:iam::123456789012:role/ml-machine"
CANCEL = "ec2:CancelSpotInstanceRequests"
STOP, START, TERMINATE = "ec2:StopInstances", "ec2:StartInstances", "ec2:TerminateInstances"
EVERYTHING = Rights(machine_role=MACHINE_ROLE, stop_others=True, delete_others=True, request_quota=True)


def launch(**changed: Any) -> list[Call]:
    """The checks that AWS makes for one RunInstances of mlbot's shape; *changed* context, None to leave out."""
    asks = {"aws:RequestTag/mlbot:managed": "true", "aws:RequestTag/mlbot:request": "l_1"}
    where = {"aws:RequestedRegion": "us-east-1", "aws:PrincipalAccount": "123456789012"}
    machine = {"ec2:MetadataHttpTokens": "required", "ec2:InstanceType": "g5.xlarge"}
    disk = {"ec2:Encrypted": True, "ec2:VolumeSize": 200}
    tagging = {"ec2:CreateAction": "RunInstances", "aws:TagKeys": TAGS}
    image = {"ec2:Owner": "amazon"}

    def context(*parts: dict[str, Any]) -> dict[str, Any]:
        whole = {key: value for part in (where, *parts) for key, value in part.items()}
        return {key: value for key, value in {**whole, **_known(whole, changed)}.items() if value is not None}

    return [
        Call("ec2:RunInstances", f"{HERE}instance/*", context(asks, machine)),
        Call("ec2:RunInstances", f"{HERE}volume/*", context(asks, disk)),
        Call("ec2:RunInstances", "arn:aws:ec2:us-east-1::image/ami-1", context(image)),
        Call("ec2:RunInstances", f"{HERE}subnet/subnet-1", context({"aws:ResourceTag/mlbot:allowed": None})),
        Call("ec2:RunInstances", f"{HERE}security-group/sg-1", context({"aws:ResourceTag/mlbot:allowed": None})),
        Call("ec2:RunInstances", f"{HERE}network-interface/*", context()),
        Call("ec2:RunInstances", f"{HERE}key-pair/me", context()),
        Call("ec2:CreateTags", f"{HERE}instance/*", context(asks, tagging)),
        Call("ec2:CreateTags", f"{HERE}volume/*", context(asks, tagging)),
    ]


def _known(whole: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in changed.items() if key in whole}


LAUNCHES: dict[str, tuple[Rights, dict[str, Any], bool]] = {
    "a tagged, encrypted machine with IMDSv2": (Rights(), {}, True),
    "without mlbot:managed": (Rights(), {"aws:RequestTag/mlbot:managed": None}, False),
    "with mlbot:managed=false": (Rights(), {"aws:RequestTag/mlbot:managed": "false"}, False),
    "without mlbot:request": (Rights(), {"aws:RequestTag/mlbot:request": None}, False),
    "with IMDSv1 open": (Rights(), {"ec2:MetadataHttpTokens": "optional"}, False),
    "with metadata options left out": (Rights(), {"ec2:MetadataHttpTokens": None}, False),
    "with a disk in the clear": (Rights(), {"ec2:Encrypted": False}, False),
    "with 2,000 GB of disk": (Rights(), {"ec2:VolumeSize": 2000}, True),
    "with 2,001 GB of disk": (Rights(), {"ec2:VolumeSize": 2001}, False),
    "with more disk than the team's policy has": (Rights(most_disk_gb=500), {"ec2:VolumeSize": 501}, False),
    "of Ubuntu's image": (Rights(), {"ec2:Owner": "099720109477"}, True),
    "of the account's own image": (Rights(), {"ec2:Owner": "123456789012"}, True),
    "of a stranger's image": (Rights(), {"ec2:Owner": "666666666666"}, False),
    "with a tag beyond mlbot's": (Rights(), {"aws:TagKeys": [*TAGS, "aws-admin"]}, False),
    "in a region of the policy": (Rights(regions=("us-east-1",)), {}, True),
    "in another region": (Rights(regions=("us-east-1",)), {"aws:RequestedRegion": "eu-west-1"}, False),
    "of a family of the policy": (Rights(families=("g5", "g6")), {}, True),
    "of another family": (Rights(families=("g5", "g6")), {"ec2:InstanceType": "p5.48xlarge"}, False),
    "in a network that is not tagged, where it must be": (Rights(tagged_network=True), {}, False),
    "in a tagged network": (Rights(tagged_network=True), {"aws:ResourceTag/mlbot:allowed": "true"}, True),
}


@pytest.mark.parametrize("what", LAUNCHES)
def test_a_launch(what: str) -> None:
    rights, changed, may = LAUNCHES[what]
    assert allowed(policy(rights), launch(**changed)) is may


def sagemaker(kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/{name}"


CALLS: dict[str, tuple[Rights, Call, str]] = {
    "stop its own": (Rights(), Call(STOP, INSTANCE, OURS), "allowed"),
    "start its own": (Rights(), Call(START, INSTANCE, OURS), "allowed"),
    "terminate its own": (Rights(), Call(TERMINATE, INSTANCE, OURS), "allowed"),
    "cancel the spot request of its own": (
        Rights(),
        Call(CANCEL, f"{HERE}spot-instances-request/sir-1", OURS),
        "allowed",
    ),
    "cancel a stranger's spot request": (
        EVERYTHING,
        Call(CANCEL, f"{HERE}spot-instances-request/sir-1", FOREIGN),
        "refused",
    ),
    "stop a stranger's": (Rights(), Call(STOP, INSTANCE, FOREIGN), "refused"),
    "stop one without a tag": (Rights(), Call(STOP, INSTANCE), "refused"),
    "stop what is offered, without the block": (Rights(), Call(STOP, INSTANCE, OFFERED), "refused"),
    "stop what is offered": (EVERYTHING, Call(STOP, INSTANCE, OFFERED), "allowed"),
    "stop a stranger's, with every block": (EVERYTHING, Call(STOP, INSTANCE, FOREIGN), "refused"),
    "terminate what is only offered": (EVERYTHING, Call(TERMINATE, INSTANCE, OFFERED), "refused"),
    "terminate its own, protected": (Rights(), Call(TERMINATE, INSTANCE, {**OURS, **PROTECTED}), "denied"),
    "stop its own, protected": (EVERYTHING, Call(STOP, INSTANCE, {**OURS, **PROTECTED}), "denied"),
    "stop what is offered and protected": (EVERYTHING, Call(STOP, INSTANCE, {**OFFERED, **PROTECTED}), "denied"),
    "extend its own": (
        Rights(),
        Call("ec2:CreateTags", INSTANCE, {**OURS, "aws:TagKeys": ["mlbot:until"]}),
        "allowed",
    ),
    "extend a stranger's": (
        Rights(),
        Call("ec2:CreateTags", INSTANCE, {**FOREIGN, "aws:TagKeys": ["mlbot:until"]}),
        "refused",
    ),
    "adopt a stranger's": (
        Rights(),
        Call("ec2:CreateTags", INSTANCE, {**FOREIGN, "aws:TagKeys": ["mlbot:managed"]}),
        "refused",
    ),
    "give its own to another owner": (
        Rights(),
        Call("ec2:CreateTags", INSTANCE, {**OURS, "aws:TagKeys": ["mlbot:owner", "mlbot:until"]}),
        "refused",
    ),
    "tag its own with nothing": (Rights(), Call("ec2:CreateTags", INSTANCE, OURS), "refused"),
    "tag a disk afterwards": (
        EVERYTHING,
        Call("ec2:CreateTags", VOLUME, {**FOREIGN, "aws:TagKeys": ["mlbot:stop"]}),
        "refused",
    ),
    "take a tag away": (EVERYTHING, Call("ec2:DeleteTags", INSTANCE, {**OURS, "aws:TagKeys": ["x"]}), "refused"),
    "change its own disk to gp3": (Rights(), Call("ec2:ModifyVolume", VOLUME, OURS), "allowed"),
    "change a stranger's disk": (EVERYTHING, Call("ec2:ModifyVolume", VOLUME, FOREIGN), "refused"),
    "change a disk that is offered": (EVERYTHING, Call("ec2:ModifyVolume", VOLUME, OFFERED), "allowed"),
    "change a disk that is offered, without the block": (
        Rights(),
        Call("ec2:ModifyVolume", VOLUME, OFFERED),
        "refused",
    ),
    "change a protected disk": (EVERYTHING, Call("ec2:ModifyVolume", VOLUME, {**OURS, **PROTECTED}), "denied"),
    "delete a free disk": (Rights(), Call("ec2:DeleteVolume", VOLUME, OURS), "refused"),
    "delete a free disk of its own, with the block": (EVERYTHING, Call("ec2:DeleteVolume", VOLUME, OURS), "allowed"),
    "delete a disk that is offered": (EVERYTHING, Call("ec2:DeleteVolume", VOLUME, OFFERED), "allowed"),
    "delete a stranger's disk": (EVERYTHING, Call("ec2:DeleteVolume", VOLUME, FOREIGN), "refused"),
    "delete a protected disk": (
        EVERYTHING,
        Call("ec2:DeleteVolume", VOLUME, {**OFFERED, **PROTECTED}),
        "denied",
    ),
    "release an offered address": (
        EVERYTHING,
        Call("ec2:ReleaseAddress", f"{HERE}elastic-ip/eipalloc-1", OFFERED),
        "allowed",
    ),
    "delete an offered endpoint": (
        EVERYTHING,
        Call("sagemaker:DeleteEndpoint", sagemaker("endpoint", "a"), OFFERED),
        "allowed",
    ),
    "stop an offered notebook": (
        EVERYTHING,
        Call("sagemaker:StopNotebookInstance", sagemaker("notebook-instance", "a"), OFFERED),
        "allowed",
    ),
    "stop a notebook without the block": (
        Rights(),
        Call("sagemaker:StopNotebookInstance", sagemaker("notebook-instance", "a"), OFFERED),
        "refused",
    ),
    "list machines": (Rights(), Call("ec2:DescribeInstances"), "allowed"),
    "read metrics": (Rights(), Call("cloudwatch:GetMetricData"), "allowed"),
    "read a quota": (Rights(), Call("servicequotas:GetServiceQuota"), "allowed"),
    "ask for a quota without the block": (Rights(), Call("servicequotas:RequestServiceQuotaIncrease"), "refused"),
    "find a public image": (
        Rights(),
        Call("ssm:GetParameters", "arn:aws:ssm:us-east-1::parameter/aws/service/deeplearning/ami/x86_64/a/latest"),
        "allowed",
    ),
    "read a secret parameter": (
        EVERYTHING,
        Call("ssm:GetParameters", "arn:aws:ssm:us-east-1:123456789012:parameter/prod/password"),
        "refused",
    ),
    "save its own machine as an image": (Rights(), Call(SAVE, INSTANCE, OURS), "allowed"),
    "save a stranger's machine": (EVERYTHING, Call(SAVE, INSTANCE, FOREIGN), "refused"),
    "make an image with its tag": (Rights(), Call(SAVE, IMAGE, ASKED), "allowed"),
    "make an image without its tag": (EVERYTHING, Call(SAVE, IMAGE), "refused"),
    "make the image's snapshots with its tag": (Rights(), Call(SAVE, SNAPSHOT, ASKED), "allowed"),
    "make the image's snapshots without its tag": (EVERYTHING, Call(SAVE, SNAPSHOT), "refused"),
    "tag an image while it is made": (
        Rights(),
        Call("ec2:CreateTags", IMAGE, {"ec2:CreateAction": "CreateImage", "aws:TagKeys": [*TAGS[:5], "mlbot:image"]}),
        "allowed",
    ),
    "tag an image while it is made beyond mlbot's tags": (
        EVERYTHING,
        Call("ec2:CreateTags", IMAGE, {"ec2:CreateAction": "CreateImage", "aws:TagKeys": ["team"]}),
        "refused",
    ),
    "adopt a stranger's image": (
        EVERYTHING,
        Call("ec2:CreateTags", IMAGE, {**FOREIGN, "aws:TagKeys": ["mlbot:managed"]}),
        "refused",
    ),
    "deregister its own image": (Rights(), Call("ec2:DeregisterImage", IMAGE, OURS), "allowed"),
    "deregister a stranger's image": (EVERYTHING, Call("ec2:DeregisterImage", IMAGE, FOREIGN), "refused"),
    "deregister a protected image": (
        EVERYTHING,
        Call("ec2:DeregisterImage", IMAGE, {**OURS, **PROTECTED}),
        "denied",
    ),
    "delete a snapshot of its own image": (Rights(), Call("ec2:DeleteSnapshot", SNAPSHOT, OURS), "allowed"),
    "delete a stranger's snapshot": (EVERYTHING, Call("ec2:DeleteSnapshot", SNAPSHOT, FOREIGN), "refused"),
    "give an image to another account": (EVERYTHING, Call("ec2:ModifyImageAttribute", IMAGE, OURS), "refused"),
    "pass the machine's role to EC2": (
        EVERYTHING,
        Call("iam:PassRole", MACHINE_ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
        "allowed",
    ),
    "pass it to Lambda": (
        EVERYTHING,
        Call("iam:PassRole", MACHINE_ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
        "refused",
    ),
    "pass another role": (
        EVERYTHING,
        Call("iam:PassRole", "arn:aws:iam::123456789012:role/admin", {"iam:PassedToService": "ec2.amazonaws.com"}),
        "refused",
    ),
    "pass any role where no profile is set": (
        Rights(),
        Call("iam:PassRole", MACHINE_ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
        "refused",
    ),
    "enter a named account": (
        Rights(accounts=("arn:aws:iam::222222222222:role/mlbot",)),
        Call("sts:AssumeRole", "arn:aws:iam::222222222222:role/mlbot"),
        "allowed",
    ),
    "enter another account": (
        Rights(accounts=("arn:aws:iam::222222222222:role/mlbot",)),
        Call("sts:AssumeRole", "arn:aws:iam::333333333333:role/mlbot"),
        "refused",
    ),
    "open a port": (EVERYTHING, Call("ec2:AuthorizeSecurityGroupIngress", f"{HERE}security-group/sg-1"), "refused"),
    "make a user": (EVERYTHING, Call("iam:CreateUser", "arn:aws:iam::123456789012:user/x"), "refused"),
    "make a key pair": (EVERYTHING, Call("ec2:CreateKeyPair", f"{HERE}key-pair/x"), "refused"),
    "lift the termination protection": (
        EVERYTHING,
        Call("ec2:ModifyInstanceAttribute", INSTANCE, OURS),
        "refused",
    ),
    "read a bucket": (EVERYTHING, Call("s3:GetObject", "arn:aws:s3:::data/a"), "refused"),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_call(what: str) -> None:
    rights, call, decision = CALLS[what]
    assert decide(policy(rights), call) == decision


def test_the_matrix_is_wide_enough() -> None:
    assert len(LAUNCHES) + len(CALLS) >= 25


@pytest.mark.parametrize("dropped", ["See", "LaunchMachines", "LaunchImages", "ActOnOwn", "Protected"])
def test_the_matrix_notices_a_statement_that_is_gone(dropped: str) -> None:
    def without(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "Statement": [one for one in document["Statement"] if one["Sid"] != dropped]}

    launches = [
        allowed(without(policy(rights)), launch(**changed)) is may for rights, changed, may in LAUNCHES.values()
    ]
    calls = [decide(without(policy(rights)), call) == wanted for rights, call, wanted in CALLS.values()]
    assert not all(launches + calls)


def test_what_a_launch_really_sends_is_what_the_policy_wants() -> None:
    from datetime import UTC, datetime

    from bot.rules.launch import Launch

    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    wanted = Wanted(instance_type="g5.xlarge", region="us-east-1", disk_gb=200)
    one = Launch(
        id="l_1",
        state="checking",
        wanted=wanted,
        asker="U0ENG",
        team="T0",
        usd_per_hour=None,
        usd_total=None,
        asked_at=noon,
        expires_at=noon,
    )
    sent = build(one, Launching(), image="ami-1", root="", user_data="")
    tags = {tag["Key"]: tag["Value"] for tag in sent["TagSpecifications"][0]["Tags"]}
    disk = sent["BlockDeviceMappings"][0]["Ebs"]
    real = {
        **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
        "ec2:MetadataHttpTokens": sent["MetadataOptions"]["HttpTokens"],
        "ec2:Encrypted": disk["Encrypted"],
        "ec2:VolumeSize": disk["VolumeSize"],
        "aws:TagKeys": [*tags, "mlbot:until"],
    }
    assert set(TAGGED) == {"instance", "volume"}
    assert allowed(policy(), launch(**real))


def test_every_right_of_the_kinds_is_asked_for_and_every_kind_has_its_arn() -> None:
    assert set(iam.RESOURCES) == set(KINDS)
    given = {action for statement in policy(EVERYTHING)["Statement"] for action in statement["Action"]}
    wanted = {action for kind in KINDS.values() for actions in kind.permissions.values() for action in actions}
    assert wanted <= given


def test_no_right_is_a_wild_card_and_every_change_has_a_condition_or_a_named_resource() -> None:
    for statement in policy(EVERYTHING)["Statement"]:
        assert not any("*" in action for action in statement["Action"])
        changes = [one for one in statement["Action"] if not re.search(":(Describe|Get|List|Lookup)", one)]
        if statement["Effect"] == "Allow" and statement["Resource"] == "*":
            assert changes in ([], ["servicequotas:RequestServiceQuotaIncrease"])


@pytest.mark.parametrize("rights", [Rights(), EVERYTHING], ids=["least", "most"])
def test_the_policy_fits_into_a_managed_policy(rights: Rights) -> None:
    assert len(json.dumps(policy(rights), separators=(",", ":"))) <= iam.LARGEST


def test_the_checked_in_policy_is_what_the_code_makes() -> None:
    stored = (ROOT / "deploy" / "iam-policy.json").read_text()
    assert json.loads(stored) == policy(), "write it anew: mlbot policy iam --plain > deploy/iam-policy.json"


def test_the_checked_in_template_is_what_the_code_makes() -> None:
    stored = (ROOT / "deploy" / "cloudformation.yaml").read_text()
    assert stored == template(), "write it anew: mlbot policy iam --template > deploy/cloudformation.yaml"


class Cfn(yaml.SafeLoader):
    """Reads CloudFormation's short forms as {"Ref": ...} and {"Fn::X": ...}."""


def _short(loader: Cfn, tag: str, node: yaml.Node) -> dict[str, Any]:
    read = {yaml.ScalarNode: loader.construct_scalar, yaml.SequenceNode: loader.construct_sequence}
    value = read[type(node)](node, deep=True) if isinstance(node, yaml.SequenceNode) else read[type(node)](node)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


Cfn.add_multi_constructor("!", _short)


def test_the_template_holds_the_policy_and_trusts_one_party() -> None:
    made = yaml.load((ROOT / "deploy" / "cloudformation.yaml").read_text(), Cfn)
    resources = made["Resources"]
    assert resources["Rights"]["Properties"]["PolicyDocument"] == policy()
    assert "Condition" not in resources["Rights"]
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::RolePolicy" and name != "Rights":
            assert resource["Condition"] in made["Conditions"]
    (trust,) = resources["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    condition, entered, services = trust["Fn::If"]
    assert condition == "Elsewhere"
    assert entered["Condition"] == {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    assert services["Principal"]["Service"]["Fn::If"] == ["OnEcs", "ecs-tasks.amazonaws.com", "ec2.amazonaws.com"]


def test_every_name_that_the_template_refers_to_is_there() -> None:
    made = yaml.load(template(), Cfn)
    known = {*made["Parameters"], *made["Resources"], *made["Conditions"]}

    def refs(value: Any) -> set[str]:
        if isinstance(value, dict):
            here = {value["Ref"]} if "Ref" in value else set()
            here |= {value["Fn::If"][0]} if "Fn::If" in value else set()
            here |= {value["Fn::GetAtt"].partition(".")[0]} if "Fn::GetAtt" in value else set()
            return here.union(*map(refs, value.values()))
        return set().union(*map(refs, value)) if isinstance(value, list) else set()

    assert refs(made) <= known
