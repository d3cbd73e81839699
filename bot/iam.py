"""The least AWS rights that mlbot needs, as an IAM policy made of what kinds, launches and the catalog call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot import cloud_catalog, idle_owner, idle_survey
from bot.kinds import KINDS, Kind
from bot.kinds.tags import IMAGE, MANAGED, OWNER, PURPOSE, REQUEST, UNTIL
from bot.rules.launch_params import SPOT_REQUEST

Statement = dict[str, Any]
Condition = Mapping[str, Mapping[str, Any]]

VERSION = "2012-10-17"
LARGEST = 6144  # characters of a managed policy, white space not counted
STOP, PROTECT, ALLOWED = "mlbot:stop", "mlbot:protect", "mlbot:allowed"
LAUNCHED = "ec2_instance"  # the kind that mlbot makes itself
IMAGE_OWNERS = ("amazon", "099720109477", "${aws:PrincipalAccount}")  # AWS, Canonical (Ubuntu), the account's own
PARAMETERS = "arn:aws:ssm:*::parameter/aws/service/*"  # public ones, which name AWS's images

# What a launch asks beforehand and afterwards, besides what the kinds read.
LAUNCH = (
    "ec2:DescribeImages",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstances",
    "ec2:DescribeKeyPairs",
    "ec2:DescribeSubnets",
    "servicequotas:GetServiceQuota",
)
EVIDENCE = (*idle_survey.PERMISSIONS, *idle_owner.PERMISSIONS)  # beside metrics: who sits at a machine, who made it
RESOURCES: Mapping[str, str] = {
    "ec2_instance": "arn:aws:ec2:*:*:instance/*",
    "ebs_volume": "arn:aws:ec2:*:*:volume/*",
    "ebs_snapshot": "arn:aws:ec2:*::snapshot/*",
    "ec2_image": "arn:aws:ec2:*::image/*",
    "elastic_ip": "arn:aws:ec2:*:*:elastic-ip/*",
    "sagemaker_endpoint": "arn:aws:sagemaker:*:*:endpoint/*",
    "sagemaker_notebook": "arn:aws:sagemaker:*:*:notebook-instance/*",
    "sagemaker_training_job": "arn:aws:sagemaker:*:*:training-job/*",
    "sagemaker_studio_app": "arn:aws:sagemaker:*:*:app/*",
}
# Beside the machine and its disk, a launch touches these; none of them is made or changed by it.
USED_BY_A_LAUNCH = ("key-pair", "network-interface", SPOT_REQUEST)
NETWORK = ("subnet", "security-group")
SAVED = ("ec2_image", "ebs_snapshot")  # what Save image makes, and Delete image deletes
LOOKS = ("find", "measure", "read")
PAUSES = ("stop", "start")
CANCEL_SPOT = "ec2:CancelSpotInstanceRequests"  # a spot request carries no mlbot:protect
CHANGES = ("change_gp3",)  # of disks, while they are in use


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What narrows or widens the policy; as it stands, mlbot launches anything and touches only what it launched."""

    regions: tuple[str, ...] = ()  # of launches; none: all
    families: tuple[str, ...] = ()  # like g5; none: all
    most_disk_gb: int = 2000
    tagged_network: bool = False  # only subnets and security groups with mlbot:allowed=true
    machine_role: str = ""  # ARN of the role behind [launch] instance_profile
    accounts: tuple[str, ...] = ()  # ARNs of the roles of [accounts.*]
    stop_others: bool = False  # stop and start what others made, where it carries mlbot:stop=allow
    delete_others: bool = False  # delete volumes, addresses, snapshots and endpoints with mlbot:stop=allow
    request_quota: bool = False


def policy(rights: Rights | None = None) -> dict[str, Any]:
    """The policy document, statements in the order: see, launch, keep, optional blocks, never."""
    rights = rights or Rights()
    statements = [*_see(), *_launch(rights), *_own(), *_optional(rights), _never()]
    return {"Version": VERSION, "Statement": statements}


def _see() -> list[Statement]:
    """Reading has no resource to narrow it to, but for public parameters."""
    of_kinds = (action for kind in KINDS.values() for look in LOOKS for action in kind.permissions.get(look, ()))
    return [
        _allow("See", {*of_kinds, *LAUNCH, *cloud_catalog.PERMISSIONS, *EVIDENCE}, "*"),
        _allow("FindImages", ("ssm:GetParameters",), PARAMETERS),
    ]


def _launch(rights: Rights) -> list[Statement]:
    """RunInstances is checked for each thing that it makes or uses; one that no statement allows refuses the call."""
    network = {"StringEquals": {_has(ALLOWED): "true"}} if rights.tagged_network else None
    return [
        _allow("LaunchMachines", ("ec2:RunInstances",), RESOURCES[LAUNCHED], _machine(rights)),
        _allow("LaunchDisks", ("ec2:RunInstances",), RESOURCES["ebs_volume"], _disk(rights)),
        _allow(
            "LaunchImages",
            ("ec2:RunInstances",),
            RESOURCES["ec2_image"],
            {"StringEquals": {"ec2:Owner": list(IMAGE_OWNERS)}},
        ),
        _allow("LaunchNetwork", ("ec2:RunInstances",), [_ec2(kind) for kind in NETWORK], network),
        _allow(
            "LaunchWith",
            ("ec2:RunInstances",),
            [*(_ec2(kind) for kind in USED_BY_A_LAUNCH), RESOURCES["ebs_snapshot"]],
        ),
        _allow(
            "TagAtLaunch",
            ("ec2:CreateTags",),
            [RESOURCES[LAUNCHED], RESOURCES["ebs_volume"], _ec2(SPOT_REQUEST)],
            {
                "StringEquals": {"ec2:CreateAction": "RunInstances"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["Name", MANAGED, REQUEST, OWNER, PURPOSE, UNTIL]},
            },
        ),
    ]


def _machine(rights: Rights) -> Condition:
    found: dict[str, dict[str, Any]] = {
        "StringEquals": {_asks(MANAGED): "true", "ec2:MetadataHttpTokens": "required"},
        "Null": {_asks(REQUEST): "false"},
    }
    if rights.regions:
        found["StringEquals"]["aws:RequestedRegion"] = list(rights.regions)
    if rights.families:
        found["StringLike"] = {"ec2:InstanceType": [f"{family}.*" for family in rights.families]}
    return found


def _disk(rights: Rights) -> Condition:
    return {
        "StringEquals": {_asks(MANAGED): "true"},
        "Bool": {"ec2:Encrypted": "true"},
        "NumericLessThanEquals": {"ec2:VolumeSize": str(rights.most_disk_gb)},
    }


def _own() -> list[Statement]:
    """The verbs of what mlbot launched, and of its disks; extending writes one tag and no other."""
    verbs = {verb: actions for verb, actions in KINDS[LAUNCHED].permissions.items() if verb not in LOOKS}
    extend = verbs.pop("extend")
    ours: Condition = {"StringEquals": {_has(MANAGED): "true"}}
    one_tag: Condition = {"ForAllValues:StringEquals": {"aws:TagKeys": [UNTIL]}, "Null": {"aws:TagKeys": "false"}}
    disks = [kind for kind in KINDS.values() if _actions(kind, CHANGES)]
    acts = {action for actions in verbs.values() for action in actions}.union(
        *(_actions(one, CHANGES) for one in disks)
    )
    return [
        _allow(
            "ActOnOwn",
            acts,
            [RESOURCES[LAUNCHED], *(RESOURCES[one.name] for one in disks), _ec2(SPOT_REQUEST)],
            ours,
        ),
        _allow("ExtendOwn", extend, RESOURCES[LAUNCHED], {**ours, **one_tag}),
        *_images(ours),
    ]


def _images(ours: Condition) -> Iterator[Statement]:
    """Save machines of mlbot's own as images that carry its tags, and delete those again."""
    made = [RESOURCES[kind] for kind in SAVED]
    yield _allow("SaveOwn", ("ec2:CreateImage",), RESOURCES[LAUNCHED], ours)
    yield _allow("SaveTagged", ("ec2:CreateImage",), made, {"StringEquals": {_asks(MANAGED): "true"}})
    yield _allow(
        "TagAtSave",
        ("ec2:CreateTags",),
        made,
        {
            "StringEquals": {"ec2:CreateAction": "CreateImage"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["Name", MANAGED, REQUEST, OWNER, PURPOSE, IMAGE]},
        },
    )
    yield _allow("DropImages", {a for kind in SAVED for a in _actions(KINDS[kind], ("delete",))}, made, ours)


def _optional(rights: Rights) -> Iterator[Statement]:
    if rights.machine_role:
        yield pass_role(rights.machine_role)
    if rights.accounts:
        yield _allow("EnterAccounts", ("sts:AssumeRole",), list(rights.accounts))
    if rights.stop_others:
        yield from stop_others()
    if rights.delete_others:
        yield from delete_others()
    if rights.request_quota:
        yield request_quota()


def pass_role(role: Any) -> Statement:
    """Give a new machine one role, and only to EC2."""
    return _allow(
        "PassOneRole", ("iam:PassRole",), role, {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    )


def stop_others() -> list[Statement]:
    """Stop and start what somebody else made, where its owner allows it by tag."""
    return list(_block("StopOthers", (*PAUSES, *CHANGES), {"StringEquals": {_has(STOP): "allow"}}))


def delete_others() -> list[Statement]:
    """Delete what only lies there and bills: where its owner allows it by tag, or mlbot made it."""
    return [
        *_block("DeleteAllowed", ("delete",), {"StringEquals": {_has(STOP): "allow"}}),
        *_block("DeleteOwn", ("delete",), {"StringEquals": {_has(MANAGED): "true"}}),
    ]


def request_quota() -> Statement:
    """Ask AWS for a higher quota when an approver presses the button."""
    return _allow("RequestQuota", ("servicequotas:RequestServiceQuotaIncrease",), "*")


def _block(name: str, verbs: Iterable[str], condition: Condition) -> Iterator[Statement]:
    """One statement over all kinds that have one of *verbs*."""
    found = [(kind, actions) for kind in KINDS.values() if (actions := _actions(kind, verbs))]
    resources = sorted(RESOURCES[kind.name] for kind, _ in found)
    yield _allow(name, {action for _, actions in found for action in actions}, resources, condition)


def _actions(kind: Kind, verbs: Iterable[str]) -> set[str]:
    return {action for verb in verbs for action in kind.permissions.get(verb, ())}


def _never() -> Statement:
    """Whoever tags a thing mlbot:protect keeps mlbot's hands off, whatever else is allowed."""
    verbs = {verb for kind in KINDS.values() for verb in kind.permissions} - {*LOOKS, "start", "extend"}
    actions = {action for kind in KINDS.values() for action in _actions(kind, verbs)} - {CANCEL_SPOT}
    return _statement("Deny", "Protected", actions, "*", {"Null": {_has(PROTECT): "false"}})


def _allow(name: str, actions: Iterable[str], resource: Any, condition: Condition | None = None) -> Statement:
    return _statement("Allow", name, actions, resource, condition)


def _statement(effect: str, name: str, actions: Iterable[str], resource: Any, condition: Condition | None) -> Statement:
    made: Statement = {"Sid": name, "Effect": effect, "Action": sorted(set(actions)), "Resource": resource}
    if condition:
        made["Condition"] = {operator: dict(keys) for operator, keys in condition.items()}
    return made


def _has(tag: str) -> str:
    return f"aws:ResourceTag/{tag}"


def _asks(tag: str) -> str:
    return f"aws:RequestTag/{tag}"


def _ec2(kind: str) -> str:
    return f"arn:aws:ec2:*:*:{kind}/*"
