"""EBS volumes that nobody uses: free, or attached to what is stopped; and gp2 where gp3 does the same for less."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from bot.kinds import prices, tags
from bot.kinds.base import HOURS_PER_MONTH, Fact, Kind, Look, no_metrics, request_id
from bot.kinds.ec2_instance import disk_of
from bot.rules.errors import Gone
from bot.rules.idle import Resource
from data import Catalog


def find(look: Look) -> list[Resource]:
    """Volumes that are free, attached to a stopped instance, or gp2; no call beyond those of the instances."""
    states = {one["InstanceId"]: one["State"]["Name"] for one in look.instances}
    found = (resource(look, volume, states) for volume in look.volumes)
    return [one for one in found if one.state == "available" or _at_rest(one) or one.type == "gp2"]


def read(look: Look, identity: str) -> Resource | None:
    """One volume as it is now; None when it is gone."""
    try:
        volumes = look.call("ec2", "describe_volumes", VolumeIds=[identity])["Volumes"]
    except Gone:
        return None
    return resource(look, volumes[0], {}) if volumes else None


def resource(look: Look, fact: Fact, states: dict[str, str]) -> Resource:
    """A volume of DescribeVolumes as ours; *states* of instances by id."""
    attachment = next(iter(fact.get("Attachments", ())), None)
    attached_to = str(attachment.get("InstanceId", "")) if attachment else ""
    return Resource(
        id=str(fact["VolumeId"]),
        kind="ebs_volume",
        account=look.account,
        region=look.region,
        zone=fact.get("AvailabilityZone", ""),
        type=fact["VolumeType"],
        state=str(fact["State"]),
        created=fact["CreateTime"].astimezone(UTC),
        details={
            "gb": fact["Size"],
            "disk": disk_of(fact, attachment),
            "attached_to": attached_to,
            "attached_state": states.get(attached_to, ""),
            "snapshot": fact.get("SnapshotId", ""),
            "encrypted": bool(fact.get("Encrypted")),
        },
        **tags.ours(tags.read(fact)),
    )


def price(one: Resource, catalog: Catalog) -> Resource:
    """
    With what it bills, used or not, and what gp3 would save a month.

    A volume of an instance is billed in that instance's price as well: details["counted_with"] names it, so that a
    sum takes it once.
    """
    disk: prices.Disk = one.details["disk"]  # type: ignore[assignment]
    usd = prices.disk(catalog, disk, one.region)
    gp3 = prices.as_gp3(disk)
    cheaper = prices.disk(catalog, gp3, one.region) if one.type == "gp2" else None
    saves = max(0.0, usd - cheaper) * HOURS_PER_MONTH if usd is not None and cheaper is not None else None
    details = {
        **one.details,
        "gp3": {"iops": gp3["iops"], "mbps": gp3["mbps"]} if one.type == "gp2" else None,
        "gp3_saves_usd_per_month": saves,
        "counted_with": one.details.get("attached_to") or "",
    }
    return replace(one, usd_per_hour=usd, usd_per_hour_stopped=usd, details=details)


def delete(look: Look, one: Resource) -> str:
    """DeleteVolume; AWS refuses while it is attached."""
    return request_id(look.call("ec2", "delete_volume", VolumeId=one.id))


def change_gp3(look: Look, one: Resource) -> str:
    """ModifyVolume to the gp3 that does what this gp2 does; the disk stays in use. It cannot be shrunk, so no size."""
    gp3 = prices.as_gp3(one.details["disk"])  # type: ignore[arg-type]
    answer = look.call(
        "ec2", "modify_volume", VolumeId=one.id, VolumeType="gp3", Iops=gp3["iops"], Throughput=gp3["mbps"]
    )
    return request_id(answer)


def modification(look: Look, identity: str) -> str:
    """How far its last change is: modifying, optimizing, completed or failed; empty where there was none."""
    try:
        found = look.call("ec2", "describe_volumes_modifications", VolumeIds=[identity])["VolumesModifications"]
    except Gone:
        return ""
    return str(found[0]["ModificationState"]) if found else ""


def _at_rest(one: Resource) -> bool:
    return one.details.get("attached_state") == "stopped"


KIND = Kind(
    name="ebs_volume",
    title="EBS volume",
    permissions={
        "find": ("ec2:DescribeVolumes", "ec2:DescribeInstances"),
        "measure": (),
        "read": ("ec2:DescribeVolumesModifications",),
        "delete": ("ec2:DeleteVolume",),
        "change_gp3": ("ec2:ModifyVolume",),
    },
    find=find,
    measure=no_metrics,
    price=price,
    read=read,
    verbs={"delete": delete, "change_gp3": change_gp3},
)
