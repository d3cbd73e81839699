"""How far a launched machine is, from what AWS says of it, and how it is reached; pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.rules.launch import Connect, Launch, Offer, Progress

Fact = Mapping[str, Any]

# What EC2 says of a machine that ended by itself, in words (StateReason codes).
REASONS = {
    "Server.InsufficientInstanceCapacity": "AWS had no capacity after all",
    "Server.InternalError": "AWS had an internal error while starting it",
    "Server.SpotInstanceTermination": "AWS took the spot machine back",
    "Server.SpotInstanceShutdown": "AWS took the spot machine back",
    "Client.InternalError": "the machine could not start; often the encryption key or the image may not be used",
    "Client.VolumeLimitExceeded": "the account's limit for disks is reached",
    "Client.InvalidSnapshot.NotFound": "the image's snapshot does not exist",
    "Client.InstanceInitiatedShutdown": "it was shut down from within",
    "Client.UserInitiatedShutdown": "somebody stopped it",
}
BROKEN = frozenset(REASONS) - {"Client.InstanceInitiatedShutdown", "Client.UserInitiatedShutdown"}
TOKEN = "sudo journalctl -u mlbot-jupyter -o cat | grep -o 'token=[0-9a-f]*' | tail -1"
GONE = ("shutting-down", "terminated")
HALTED = ("stopping", "stopped")


@dataclass(frozen=True, slots=True)
class Step:
    """Where a launch stands now; *gone* when a machine of it ended, with AWS's code and the reason in words."""

    progress: Progress
    gone: bool = False
    halted: bool = False
    code: str = ""
    why: str = ""


def step(facts: Sequence[Fact], statuses: Mapping[str, bool | None], count: int) -> Step:
    """From DescribeInstances, and by instance whether its status checks passed (None: nobody says)."""
    if len(facts) < count:
        return Step("pending")  # not visible yet
    for fact in facts:
        if fact["State"]["Name"] in GONE:
            code, why = reason(fact)
            return Step("", gone=True, code=code, why=why)
    if any(fact["State"]["Name"] in HALTED for fact in facts):
        return Step("running", halted=True)
    if any(fact["State"]["Name"] != "running" for fact in facts):
        return Step("pending")
    passed = all(statuses.get(str(fact["InstanceId"])) is not False for fact in facts)
    return Step("ready" if passed else "running")


def reason(fact: Fact) -> tuple[str, str]:
    """AWS's code and the words for why a machine ended."""
    found = fact.get("StateReason") or {}
    code, said = str(found.get("Code") or ""), str(found.get("Message") or fact.get("StateTransitionReason") or "")
    return code, REASONS.get(code) or said or "AWS does not say why"


def machine(fact: Fact) -> dict[str, str]:
    """What is needed to reach it."""
    return {
        "zone": str(fact.get("Placement", {}).get("AvailabilityZone") or ""),
        "public_ip": str(fact.get("PublicIpAddress") or ""),
        "public_dns": str(fact.get("PublicDnsName") or ""),
        "private_ip": str(fact.get("PrivateIpAddress") or ""),
    }


def started(facts: Sequence[Fact]) -> datetime | None:
    """When the first of them was launched."""
    times = [fact["LaunchTime"] for fact in facts if fact.get("LaunchTime")]
    return min(times).astimezone(UTC) if times else None


def connect(launch: Launch, offer: Offer, *, neuron: bool, chip: bool, jupyter: bool) -> Connect | None:
    """Lines to type, for the ways in that exist; None before there is a machine."""
    if not launch.instance_ids:
        return None
    identity, region, login = launch.instance_ids[0], launch.wanted.region, offer.login
    host = launch.machine.get("public_dns") or launch.machine.get("public_ip") or launch.machine.get("private_ip", "")
    key = launch.wanted.key_name
    ssm = f"aws ssm start-session --target {identity} --region {region}" if offer.ssm else ""
    ssh = f"ssh -i {shlex.quote(f'{key}.pem')} {login}@{host}" if key and host else ""
    instant = f"aws ec2-instance-connect ssh --instance-id {identity} --region {region} --os-user {login}"
    tunnel = ""
    if jupyter and ssh:
        tunnel = f"{ssh} -L 8889:localhost:8888"
    elif jupyter and ssm:
        ports = '\'{"portNumber":["8888"],"localPortNumber":["8889"]}\''
        tunnel = f"{ssm} --document-name AWS-StartPortForwardingSession --parameters {ports}"
    elif jupyter:
        tunnel = f"{instant} --local-forwarding 8889:localhost:8888"
    return Connect(
        ssm=ssm,
        ssh=ssh,
        jupyter=tunnel,
        token=TOKEN if jupyter else "",
        check="neuron-ls" if neuron else "nvidia-smi" if chip else "",
        console="" if ssm or ssh else f"EC2 Instance Connect, where port 22 is let in: {instant}",
    )
