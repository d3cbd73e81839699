"""EC2 instances, running and stopped, with their disks and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import data
from bot.kinds import ec2_usage, prices, tags
from bot.kinds.base import Fact, Kind, Look, request_id
from bot.rules.errors import CloudError, Forbidden, Gone
from bot.rules.idle import Resource
from data import Catalog

BILLS = ("pending", "running", "stopping")  # as an instance; stopped ones bill for disks and addresses
STANDING = ("open", "active", "disabled")  # of a spot request; disabled: its machine is stopped
STOPPED_AT = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")
PLAIN_LINUX = ("", "Linux/UNIX")  # what the catalog's prices are for


def find(look: Look) -> list[Resource]:
    """Every instance that is not gone; three calls for a thousand."""
    disks, addresses = _disks_by_instance(look.volumes), _addresses_by_instance(look.addresses)
    return [resource(look, one, disks.get(one["InstanceId"], ()), addresses) for one in look.instances]


def read(look: Look, identity: str) -> Resource | None:
    """One instance as it is now, with what guards it; None when it is gone."""
    try:
        answer = look.call("ec2", "describe_instances", InstanceIds=[identity])
    except Gone:
        return None
    found = [one for reservation in answer["Reservations"] for one in reservation["Instances"]]
    if not found:
        return None
    mine = [{"Name": "attachment.instance-id", "Values": [identity]}]
    disks = _disks_by_instance(look.items("ec2", "describe_volumes", "Volumes", Filters=mine))
    here = [{"Name": "instance-id", "Values": [identity]}]
    addresses = _addresses_by_instance(look.call("ec2", "describe_addresses", Filters=here)["Addresses"])
    one = resource(look, found[0], disks.get(identity, ()), addresses)
    return replace(one, details={**one.details, **_guards(look, one)})


def resource(look: Look, fact: Fact, disks: Sequence[prices.Disk], addresses: dict[str, int]) -> Resource:
    """An instance of DescribeInstances as ours."""
    identity, state = str(fact["InstanceId"]), str(fact["State"]["Name"])
    known = data.load().instances.get(fact["InstanceType"])
    chip = data.load().chips.get(known.chip) if known and known.chip else None
    attached = [disk["attached"] for disk in disks if disk["attached"]]
    return Resource(
        id=identity,
        kind="ec2_instance",
        account=look.account,
        region=look.region,
        zone=fact.get("Placement", {}).get("AvailabilityZone", ""),
        type=fact["InstanceType"],
        state=state,
        created=min((datetime.fromisoformat(at) for at in attached), default=fact["LaunchTime"].astimezone(UTC)),
        since=fact["LaunchTime"].astimezone(UTC) if state in BILLS else _stopped_at(fact),
        market=_market(fact),
        details={
            "chip": chip.name if chip else None,
            "chips": known.chips if known else None,
            "neuron": bool(chip and chip.vendor == "AWS"),
            "known_type": known is not None,
            "disks": [_with_its_end(disk, fact) for disk in disks],
            "public_ip": fact.get("PublicIpAddress", ""),
            "elastic_ips": addresses.get(identity, 0),
            "private_dns": fact.get("PrivateDnsName", ""),
            "private_ip": fact.get("PrivateIpAddress", ""),
            "subnet": fact.get("SubnetId", ""),
            "key_name": fact.get("KeyName", ""),
            "image": fact.get("ImageId", ""),
            "root": fact.get("RootDeviceType", "ebs"),
            "nvme_gb": known.nvme_gb if known else 0,
            "platform": fact.get("PlatformDetails") or fact.get("Platform") or "",
            "reason": fact.get("StateTransitionReason", ""),
            "state_reason": (fact.get("StateReason") or {}).get("Message", ""),
        },
        **tags.ours(tags.read(fact)),
    )


def price(one: Resource, catalog: Catalog) -> Resource:
    """With what it bills now and what a stop leaves; the parts stand in the details."""
    disks = prices.disks(catalog, _list(one.details.get("disks")), one.region)
    elastic = int(str(one.details.get("elastic_ips", 0)))
    kept = prices.total([disks, prices.addresses(catalog, elastic, one.region)])
    public = max(elastic, 1 if one.details.get("public_ip") else 0)
    machine = prices.instance(catalog, one.type, one.region, one.market)
    if one.details.get("platform") not in PLAIN_LINUX or one.market == "capacity-block":
        machine = None  # other licences cost more; a block was paid in advance
    running = prices.total([machine, disks, prices.addresses(catalog, public, one.region)])
    return replace(
        one,
        usd_per_hour=running if one.state in BILLS else kept,
        usd_per_hour_stopped=kept,
        details={**one.details, "usd_instance": machine, "usd_disks": disks},
    )


def stop(look: Look, one: Resource) -> str:
    """StopInstances."""
    return request_id(look.call("ec2", "stop_instances", InstanceIds=[one.id]))


def start(look: Look, one: Resource) -> str:
    """StartInstances."""
    return request_id(look.call("ec2", "start_instances", InstanceIds=[one.id]))


def terminate(look: Look, one: Resource) -> str:
    """
    TerminateInstances; protection is respected, never lifted.

    A persistent spot request is cancelled first: EC2 would start another machine for it.
    """
    if one.market == "spot" and (standing := _standing(_requests(look, one))):
        ec2 = look.client("ec2")
        look.cloud.dry_run(ec2.terminate_instances, InstanceIds=[one.id])  # what may not end keeps its request
        look.call("ec2", "cancel_spot_instance_requests", SpotInstanceRequestIds=standing)
    return request_id(look.call("ec2", "terminate_instances", InstanceIds=[one.id]))


def set_tag(look: Look, one: Resource, name: str, value: str) -> str:
    """Write one tag of the instance."""
    return request_id(look.call("ec2", "create_tags", Resources=[one.id], Tags=[{"Key": name, "Value": value}]))


def _disks_by_instance(volumes: Iterable[Fact]) -> dict[str, list[prices.Disk]]:
    found: dict[str, list[prices.Disk]] = {}
    for volume in volumes:
        for attachment in volume.get("Attachments", ()):
            found.setdefault(attachment.get("InstanceId", ""), []).append(disk_of(volume, attachment))
    return found


def disk_of(volume: Fact, attachment: Fact | None = None) -> prices.Disk:
    """A volume as what it bills and what happens to it."""
    attachment = attachment or {}
    attached = attachment.get("AttachTime")
    return {
        "id": volume["VolumeId"],
        "gb": volume["Size"],
        "type": volume["VolumeType"],
        "iops": volume.get("Iops"),
        "mbps": volume.get("Throughput"),
        "ends_with_instance": bool(attachment.get("DeleteOnTermination")),
        "attached": attached.astimezone(UTC).isoformat() if attached else "",
    }


def _with_its_end(disk: prices.Disk, fact: Fact) -> prices.Disk:
    """*disk* with what the instance says becomes of it at termination."""
    ends = {
        mapping["Ebs"]["VolumeId"]: bool(mapping["Ebs"].get("DeleteOnTermination"))
        for mapping in fact.get("BlockDeviceMappings", ())
        if mapping.get("Ebs", {}).get("VolumeId")
    }
    return {**disk, "ends_with_instance": ends.get(disk["id"], disk["ends_with_instance"])}


def _addresses_by_instance(addresses: Iterable[Fact]) -> dict[str, int]:
    found: dict[str, int] = {}
    for address in addresses:
        identity = address.get("InstanceId") or ""
        found[identity] = found.get(identity, 0) + 1
    return found


def _guards(look: Look, one: Resource) -> dict[str, Any]:
    """Protection, and whether a spot instance may be stopped; None where the bot may not know."""
    found: dict[str, Any] = {}
    for key, attribute in (("protected", "disableApiTermination"), ("stop_protected", "disableApiStop")):
        field = attribute[0].upper() + attribute[1:]
        try:
            answer = look.call("ec2", "describe_instance_attribute", InstanceId=one.id, Attribute=attribute)
            found[key] = bool(answer.get(field, {}).get("Value"))
        except Forbidden:
            found[key] = None
    if one.market == "spot":
        try:
            requests = _requests(look, one)
        except CloudError:
            return {**found, "one_time_spot": None}
        found["one_time_spot"] = not any(_lasts(request) for request in requests)
        found["spot_request"] = ", ".join(_standing(requests))
    return found


def is_one_time_spot(look: Look, one: Resource) -> bool:
    """Whether *one*, a spot instance, has no persistent request, so that EC2 never stops it; raises CloudError."""
    return not any(_lasts(request) for request in _requests(look, one))


def _requests(look: Look, one: Resource) -> list[Fact]:
    here = [{"Name": "instance-id", "Values": [one.id]}]
    found: list[Fact] = look.call("ec2", "describe_spot_instance_requests", Filters=here)["SpotInstanceRequests"]
    return found


def _standing(requests: Iterable[Fact]) -> list[str]:
    """The persistent spot requests for which EC2 would start another machine."""
    return [str(one["SpotInstanceRequestId"]) for one in requests if _lasts(one) and one.get("State") in STANDING]


def _lasts(request: Fact) -> bool:
    return request.get("Type") == "persistent"


def _market(fact: Fact) -> str:
    return str(fact.get("InstanceLifecycle") or "on-demand")


def _stopped_at(fact: Fact) -> datetime | None:
    found = STOPPED_AT.search(fact.get("StateTransitionReason") or "")
    return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


KIND = Kind(
    name="ec2_instance",
    title="EC2 instance",
    permissions={
        "find": ("ec2:DescribeInstances", "ec2:DescribeVolumes", "ec2:DescribeAddresses"),
        "measure": ("cloudwatch:GetMetricData", "cloudwatch:ListMetrics"),
        "read": ("ec2:DescribeInstanceAttribute", "ec2:DescribeSpotInstanceRequests"),
        "stop": ("ec2:StopInstances",),
        "start": ("ec2:StartInstances",),
        "terminate": ("ec2:TerminateInstances", "ec2:CancelSpotInstanceRequests"),
        "extend": ("ec2:CreateTags",),
    },
    find=find,
    measure=ec2_usage.measure,
    price=price,
    read=read,
    verbs={"stop": stop, "start": start, "terminate": terminate},
)
