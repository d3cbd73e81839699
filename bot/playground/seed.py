"""The account that the playground starts with: some of everything that costs money, busy, idle and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config

from bot.playground.aws import IMAGE, LocalAws
from bot.playground.loads import Load, extend_metrics, keep_up

REGIONS = ("us-east-1", "us-west-2")
ENGINEER, LEAD, OPERATOR = "U0ENG", "U0LEAD", "U0OPS"
HISTORY = timedelta(hours=48)  # of metrics before the start
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
KEY_PAIR = "lab-key"
MakesClient = Callable[[str, str], Any]  # service, region
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One instance to begin with."""

    name: str
    type: str
    region: str = REGIONS[0]
    zone: str = "a"
    owner: str = ""
    purpose: str = ""
    age: timedelta = timedelta(days=3)
    stopped: timedelta | None = None  # how long ago
    disk_gb: int = 100
    load: Load
    tags: Mapping[str, str] = field(default_factory=dict)


MACHINES = (
    Machine(
        name="notebook-vision",
        type="g5.xlarge",
        owner=ENGINEER,
        purpose="Trying augmentations",
        load=Load(busy=False),
    ),
    Machine(
        name="llm-pretrain",
        type="p4d.24xlarge",
        zone="b",
        owner=LEAD,
        purpose="1.3B pretraining",
        age=timedelta(days=2),
        disk_gb=1000,
        load=Load(busy=True, gpus=8, chip="NVIDIA A100-SXM4-40GB", summed=True),
    ),
    Machine(
        name="eval-sweep",
        type="g5.12xlarge",
        region=REGIONS[1],
        owner=OPERATOR,
        purpose="Nightly evaluation",
        age=timedelta(hours=20),
        load=Load(busy=True, gpus=4),
    ),
    Machine(
        name="old-baseline",
        type="g4dn.2xlarge",
        owner=ENGINEER,
        purpose="Baseline for the spring paper",
        age=timedelta(days=40),
        stopped=timedelta(days=12),
        disk_gb=500,
        load=Load(busy=False, agent=False),
    ),
    Machine(
        name="tmp-test",
        type="g4dn.xlarge",
        zone="c",
        age=timedelta(days=5),
        load=Load(busy=False, chip="Tesla T4"),
    ),
    Machine(
        name="speech-demo",
        type="g6.xlarge",
        owner=OPERATOR,
        purpose="Demo for the fair",
        age=timedelta(days=6),
        load=Load(busy=False, agent=False),
    ),
)


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


def seed(aws: LocalAws, *, history: timedelta = HISTORY, client: MakesClient | None = None) -> Seeded:
    """Fill the empty account of a started *aws*; its metrics begin *history* ago and go on by the clock."""
    now = aws.clock.now()
    client = client or _own_clients(aws)
    clients = {region: client("ec2", region) for region in REGIONS}
    for ec2 in clients.values():
        ec2.create_key_pair(KeyName=KEY_PAIR)
    found = {machine.name: _launch(aws, clients[machine.region], machine, now) for machine in MACHINES}
    seeded = Seeded(
        instances=found,
        volume=_free_volume(aws, clients[REGIONS[0]], now),
        address=clients[REGIONS[0]].allocate_address(Domain="vpc")["AllocationId"],
        endpoint=_endpoint(aws, client("sagemaker", REGIONS[0]), now),
    )
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


def _endpoint(aws: LocalAws, client: Any, now: datetime) -> str:
    name = "sentiment-demo"
    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:2.6-gpu"
    client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image})
    variant = {
        "VariantName": "main",
        "ModelName": name,
        "InstanceType": "ml.g4dn.xlarge",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1.0,
    }
    client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    marks = [{"Key": "mlbot:owner", "Value": ENGINEER}]
    client.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=marks)
    made = aws.backend("sagemaker", REGIONS[0]).endpoints[name]
    made.creation_time = made.last_modified_time = (now - timedelta(days=9)).replace(tzinfo=None)
    return name
