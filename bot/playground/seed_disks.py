"""Disks, snapshots and images of the playground's account that bill without a machine, or more than they need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.playground.aws import LocalAws
from bot.playground.fleet import LEAD, OPERATOR, REGIONS

OURS = {"mlbot:managed": "true"}
OLD = timedelta(days=45)


def add(aws: LocalAws, client: Any, machines: Mapping[str, str], now: datetime) -> None:
    """A gp2 disk in use, an address of a stopped machine, an old image, and a snapshot that no image uses."""
    _gp2(client, machines["llm-pretrain"])
    address = client.allocate_address(Domain="vpc")["AllocationId"]
    client.associate_address(AllocationId=address, InstanceId=machines["old-baseline"])
    backend = aws.backend("ec2", REGIONS[0])
    _image(aws, client, machines["notebook-vision"], now)
    snapshot = client.create_snapshot(
        VolumeId=next(iter(backend.volumes)), TagSpecifications=_marked("snapshot", "common-voice", OPERATOR)
    )
    backend.snapshots[snapshot["SnapshotId"]].start_time = (now - OLD).replace(tzinfo=None)


def _gp2(client: Any, machine: str) -> None:
    zone = client.describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"][0]["Placement"]
    volume = client.create_volume(
        AvailabilityZone=zone["AvailabilityZone"],
        Size=2000,
        VolumeType="gp2",
        Encrypted=True,
        TagSpecifications=_marked("volume", "token-shards", LEAD),
    )
    client.attach_volume(VolumeId=volume["VolumeId"], InstanceId=machine, Device="/dev/sdf")


def _image(aws: LocalAws, client: Any, machine: str, now: datetime) -> None:
    """An image of 45 days ago; it is there at once."""
    images = aws.ec2.images
    images.takes, takes = timedelta(), images.takes
    tags = [*_marked("image", "whisper-2025", OPERATOR), *_marked("snapshot", "whisper-2025", OPERATOR)]
    identity = client.create_image(InstanceId=machine, Name="whisper-2025", TagSpecifications=tags)["ImageId"]
    client.describe_images(ImageIds=[identity])
    images.takes = takes
    image = aws.backend("ec2", REGIONS[0]).amis[identity]
    image.creation_date = (now - OLD).replace(tzinfo=None)
    for *_, copy in image.copies:
        copy.start_time = (now - OLD).replace(tzinfo=None)


def _marked(kind: str, name: str, owner: str) -> list[dict[str, Any]]:
    tags = {"Name": name, "mlbot:owner": owner, **OURS}
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]
