"""Snapshots that mlbot made and that no image uses: what is left of an image, and what was made apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from bot.kinds import prices, tags
from bot.kinds.base import HOURS_PER_MONTH, Fact, Kind, Look, no_metrics, request_id
from bot.rules.errors import Gone
from bot.rules.idle import Resource
from data import Catalog


def find(look: Look) -> list[Resource]:
    """Snapshots that carry our tag; those of an image that stands are counted with it."""
    counted = {disk["SnapshotId"] for image in look.images for disk in disks_of(image)}
    return [resource(look, fact) for fact in look.snapshots if fact["SnapshotId"] not in counted]


def disks_of(image: Fact) -> list[Fact]:
    """The disks of an image of DescribeImages that are kept as snapshots."""
    found = (disk.get("Ebs") or {} for disk in image.get("BlockDeviceMappings", ()))
    return [disk for disk in found if disk.get("SnapshotId")]


def read(look: Look, identity: str) -> Resource | None:
    """One snapshot as it is now; None when it is gone."""
    try:
        found = look.call("ec2", "describe_snapshots", SnapshotIds=[identity])["Snapshots"]
    except Gone:
        return None
    return resource(look, found[0]) if found else None


def resource(look: Look, fact: Fact) -> Resource:
    """A snapshot of DescribeSnapshots as ours."""
    return Resource(
        id=str(fact["SnapshotId"]),
        kind="ebs_snapshot",
        account=look.account,
        region=look.region,
        type=fact.get("StorageTier", "standard"),
        state=fact["State"],
        created=fact["StartTime"].astimezone(UTC),
        since=fact["StartTime"].astimezone(UTC),
        details={
            "gb": fact["VolumeSize"],
            "volume": fact.get("VolumeId", ""),
            "description": fact.get("Description", ""),
            "bytes": fact.get("FullSnapshotSizeInBytes"),
        },
        **tags.ours(tags.read(fact)),
    )


def price(one: Resource, catalog: Catalog) -> Resource:
    """
    With what its full size would bill.

    A snapshot bills for the blocks that no earlier one holds: the whole size is the most it can be, and is said so.
    """
    gb = billed_gb(one.details.get("bytes"), one.details.get("gb"))
    monthly = prices.times(prices.item(catalog, "ebs_snapshot_standard", one.region), gb)
    usd = None if monthly is None else monthly / HOURS_PER_MONTH
    return replace(one, usd_per_hour=usd, usd_per_hour_stopped=usd, details={**one.details, "at_most": True})


def billed_gb(size: object, disk_gb: object) -> float:
    """The most that a snapshot can bill: its full size in bytes where AWS says it, else its whole disk."""
    return size / 2**30 if isinstance(size, int) and size else float(str(disk_gb or 0))


def delete(look: Look, one: Resource) -> str:
    """DeleteSnapshot; AWS refuses while an image uses it."""
    return request_id(look.call("ec2", "delete_snapshot", SnapshotId=one.id))


KIND = Kind(
    name="ebs_snapshot",
    title="EBS snapshot",
    permissions={
        "find": ("ec2:DescribeImages", "ec2:DescribeSnapshots"),
        "measure": (),
        "read": (),
        "delete": ("ec2:DeleteSnapshot",),
    },
    find=find,
    measure=no_metrics,
    price=price,
    read=read,
    verbs={"delete": delete},
)
