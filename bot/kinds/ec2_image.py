"""Images that mlbot saved of machines (Save image, Park), each with the snapshots that it is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from bot.kinds import prices, tags
from bot.kinds.base import HOURS_PER_MONTH, OURS, Fact, Kind, Look, no_metrics, request_id
from bot.kinds.ebs_snapshot import billed_gb, disks_of
from bot.rules.errors import Gone
from bot.rules.idle import Resource
from data import Catalog

LEFT_OVER = "deregistered"  # the image is gone, snapshots of it are not


def find(look: Look) -> list[Resource]:
    """Images that carry our tag, each with what its snapshots hold."""
    known = {str(fact["SnapshotId"]): fact for fact in look.snapshots}
    return [resource(look, fact, known) for fact in look.images]


def read(look: Look, identity: str) -> Resource | None:
    """One image as it is now; what is left of one whose deletion ended half way; None when nothing is."""
    try:
        images = look.call("ec2", "describe_images", ImageIds=[identity])["Images"]
    except Gone:
        images = []
    if not images:
        return _left_over(look, identity)
    filters = [{"Name": "snapshot-id", "Values": [disk["SnapshotId"] for disk in disks_of(images[0])]}]
    found = look.items("ec2", "describe_snapshots", "Snapshots", Filters=filters) if filters[0]["Values"] else []
    return resource(look, images[0], {str(fact["SnapshotId"]): fact for fact in found})


def resource(look: Look, fact: Fact, snapshots: dict[str, Fact]) -> Resource:
    """An image of DescribeImages as ours."""
    at = datetime.fromisoformat(fact["CreationDate"].replace("Z", "+00:00")).astimezone(UTC)
    disks = [
        {
            "snapshot": disk["SnapshotId"],
            "gb": disk.get("VolumeSize"),
            "bytes": snapshots.get(disk["SnapshotId"], {}).get("FullSnapshotSizeInBytes"),
        }
        for disk in disks_of(fact)
    ]
    return Resource(
        id=str(fact["ImageId"]),
        kind="ec2_image",
        account=look.account,
        region=look.region,
        type="image",
        state=fact["State"],
        created=at,
        since=at,
        details={"disks": disks, "image_name": fact.get("Name", "")},
        **tags.ours(tags.read(fact)),
    )


def price(one: Resource, catalog: Catalog) -> Resource:
    """With what its snapshots bill at most: each by its full size, shared blocks not taken off."""
    disks = one.details.get("disks")
    gb = sum(billed_gb(disk.get("bytes"), disk.get("gb")) for disk in disks) if isinstance(disks, list) else 0.0
    monthly = prices.times(prices.item(catalog, "ebs_snapshot_standard", one.region), gb)
    usd = None if monthly is None else monthly / HOURS_PER_MONTH
    return replace(one, usd_per_hour=usd, usd_per_hour_stopped=usd, details={**one.details, "gb": gb, "at_most": True})


def delete(look: Look, one: Resource) -> str:
    """DeregisterImage, then DeleteSnapshot of each of its snapshots; what is gone already is no error."""
    done = ""
    if one.state != LEFT_OVER:
        done = _gone_is_fine(look, "deregister_image", ImageId=one.id)
    disks = one.details.get("disks")
    for disk in disks if isinstance(disks, list) else []:
        done = _gone_is_fine(look, "delete_snapshot", SnapshotId=disk["snapshot"]) or done
    return done


def _gone_is_fine(look: Look, operation: str, **given: str) -> str:
    try:
        return request_id(look.call("ec2", operation, **given))
    except Gone as error:
        return error.request_id


def _left_over(look: Look, identity: str) -> Resource | None:
    """Snapshots of ours whose description names the image, as CreateImage writes it."""
    of_it = {"Name": "description", "Values": [f"Created by CreateImage(*) for {identity}*"]}
    found = look.items("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], Filters=[*OURS, of_it])
    if not found:
        return None
    first = found[0]
    return Resource(
        id=identity,
        kind="ec2_image",
        account=look.account,
        region=look.region,
        type="image",
        state=LEFT_OVER,
        created=first["StartTime"].astimezone(UTC),
        since=first["StartTime"].astimezone(UTC),
        details={"disks": list(_disks(found))},
        **tags.ours(tags.read(first)),
    )


def _disks(snapshots: Iterable[Fact]) -> Iterable[dict[str, object]]:
    for fact in snapshots:
        yield {
            "snapshot": fact["SnapshotId"],
            "gb": fact["VolumeSize"],
            "bytes": fact.get("FullSnapshotSizeInBytes"),
        }


KIND = Kind(
    name="ec2_image",
    title="Image saved by mlbot",
    permissions={
        "find": ("ec2:DescribeImages", "ec2:DescribeSnapshots"),
        "measure": (),
        "read": (),
        "delete": ("ec2:DeregisterImage", "ec2:DeleteSnapshot"),
    },
    find=find,
    measure=no_metrics,
    price=price,
    read=read,
    verbs={"delete": delete},
)
