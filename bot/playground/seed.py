"""The account that the playground starts with: some of everything that costs money, busy, idle and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config

from bot.playground import seed_disks as disks
from bot.playground import seed_sagemaker as sagemaker
from bot.playground.aws import IMAGE, LocalAws
from bot.playground.fleet import ENGINEER, MACHINES, OTHERS, REGIONS, Machine
from bot.playground.loads import extend_metrics, keep_up

HISTORY = timedelta(hours=48)  # of metrics before the start
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
KEY_PAIR = "lab-key"
MakesClient = Callable[[str, str], Any]  # service, region


@dataclass(frozen=True, slots=True)
class Seeded:
    """What stands in the account; instances by name."""

    instances: Mapping[str, str]
    volume: str
    address: str
    endpoint: str
    image: str = IMAGE
    regions: tuple[str, ...] = REGIONS
    key_pair: str = KEY_PAIR


def seed(
    aws: LocalAws, *, history: timedelta = HISTORY, client: MakesClient | None = None, every_kind: bool = False
) -> Seeded:
    """
    Fill the empty account of a started *aws*; its metrics begin *history* ago and go on by the clock.

    With *every_kind* each kind that mlbot knows stands there, in each state that is worth a word.
    """
    now = aws.clock.now()
    client = client or _own_clients(aws)
    clients = {region: client("ec2", region) for region in REGIONS}
    for ec2 in clients.values():
        ec2.create_key_pair(KeyName=KEY_PAIR)
    machines = MACHINES + (OTHERS if every_kind else ())
    found = {machine.name: _launch(aws, clients[machine.region], machine, now) for machine in machines}
    seeded = Seeded(
        instances=found,
        volume=_free_volume(aws, clients[REGIONS[0]], now),
        address=clients[REGIONS[0]].allocate_address(Domain="vpc")["AllocationId"],
        endpoint=sagemaker.endpoint(
            aws,
            client("sagemaker", REGIONS[0]),
            "sentiment-demo",
            owner=ENGINEER,
            begun=now - timedelta(days=9),
        ),
    )
    if every_kind:
        disks.add(aws, clients[REGIONS[0]], found, now)
        sagemaker.add(aws, client("sagemaker", REGIONS[0]), now)
    extend_metrics(aws, now - history, now)
    keep_up(aws, now)
    return seeded


def _own_clients(aws: LocalAws) -> MakesClient:
    """Clients of a session of their own, so that what it loaded is freed again."""
    session = boto3.Session(**KEYS)
    return lambda service, region: session.client(
        service, region_name=region, endpoint_url=aws.endpoint, config=Config(proxies={})
    )


def _launch(aws: LocalAws, client: Any, machine: Machine, now: datetime) -> str:
    tags = {"Name": machine.name, **machine.tags}
    if machine.ends is not None:
        tags["mlbot:until"] = (now + machine.ends).isoformat(timespec="seconds")
    if machine.owner:
        tags |= {"mlbot:owner": machine.owner, "mlbot:purpose": machine.purpose}
    marks = [{"Key": key, "Value": value} for key, value in tags.items()]
    disk = {"VolumeSize": machine.disk_gb, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    answer = client.run_instances(
        ImageId=IMAGE,
        InstanceType=machine.type,
        MinCount=1,
        MaxCount=1,
        Placement={"AvailabilityZone": machine.region + machine.zone},
        KeyName=KEY_PAIR,
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": disk}],
        TagSpecifications=[{"ResourceType": kind, "Tags": marks} for kind in ("instance", "volume")],
        **({"InstanceMarketOptions": {"MarketType": "spot"}} if machine.spot else {}),
    )
    identity = str(answer["Instances"][0]["InstanceId"])
    stopped = now - machine.stopped if machine.stopped is not None else None
    aws.grow_old(machine.region, identity, launched=now - machine.age, stopped=stopped)
    aws.loads[identity] = machine.load
    return identity


def _free_volume(aws: LocalAws, client: Any, now: datetime) -> str:
    marks = [{"Key": "Name", "Value": "imagenet-copy"}, {"Key": "mlbot:owner", "Value": ENGINEER}]
    volume = client.create_volume(
        AvailabilityZone=REGIONS[0] + "a",
        Size=200,
        VolumeType="gp3",
        Encrypted=True,
        TagSpecifications=[{"ResourceType": "volume", "Tags": marks}],
    )
    identity = str(volume["VolumeId"])
    aws.backend("ec2", REGIONS[0]).volumes[identity].create_time = (now - timedelta(days=21)).replace(tzinfo=None)
    return identity
