"""Elastic IPs that no running machine uses; a public address bills whether it is used or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.kinds import prices, tags
from bot.kinds.base import Fact, Kind, Look, no_metrics, request_id
from bot.rules.errors import Gone
from bot.rules.idle import Resource
from data import Catalog

AT_ONCE = 200  # values that a filter of EC2 takes


def find(look: Look) -> list[Resource]:
    """Addresses that are free, or belong to an instance that is stopped, or to an interface that serves nothing."""
    states = {one["InstanceId"]: one["State"]["Name"] for one in look.instances}
    loose = _loose(look, look.addresses)
    found = (resource(look, address, states, loose) for address in look.addresses)
    return [one for one in found if one.state == "available" or one.details.get("attached_state") == "stopped"]


def read(look: Look, identity: str) -> Resource | None:
    """One address as it is now; None when it is gone."""
    try:
        found = look.call("ec2", "describe_addresses", AllocationIds=[identity])["Addresses"]
    except Gone:
        return None
    return resource(look, found[0], {}, _loose(look, found)) if found else None


def _loose(look: Look, addresses: Sequence[Fact]) -> frozenset[str]:
    """Those network interfaces of *addresses* that are attached to nothing; asked only where one might be."""
    ids = [
        one["NetworkInterfaceId"] for one in addresses if one.get("NetworkInterfaceId") and not one.get("InstanceId")
    ]
    found: set[str] = set()
    for first in range(0, len(ids), AT_ONCE):
        which = [{"Name": "network-interface-id", "Values": ids[first : first + AT_ONCE]}]
        rows = look.items("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=which)
        found.update(row["NetworkInterfaceId"] for row in rows if row.get("Status") == "available")
    return frozenset(found)


def resource(look: Look, fact: Fact, states: dict[str, str], loose: frozenset[str]) -> Resource:
    """An address of DescribeAddresses as ours; AWS does not say when it was allocated."""
    instance = fact.get("InstanceId") or ""
    interface = str(fact.get("NetworkInterfaceId") or "")
    on = {"loose_interface": interface} if interface in loose else {}
    return Resource(
        id=str(fact["AllocationId"]),
        kind="elastic_ip",
        account=look.account,
        region=look.region,
        state="in-use" if fact.get("AssociationId") and not on else "available",
        details={
            "ip": fact.get("PublicIp", ""),
            "attached_to": instance,
            "attached_state": states.get(instance, ""),
            **on,
        },
        **(named := tags.ours(tags.read(fact))) | {"name": named["name"] or fact.get("PublicIp", "")},
    )


def price(one: Resource, catalog: Catalog) -> Resource:
    """With what it bills; an address of an instance is in that instance's price as well (counted_with)."""
    usd = prices.addresses(catalog, 1, one.region)
    details = {**one.details, "counted_with": one.details.get("attached_to") or ""}
    return replace(one, usd_per_hour=usd, usd_per_hour_stopped=usd, details=details)


def delete(look: Look, one: Resource) -> str:
    """ReleaseAddress; AWS refuses while it is associated."""
    return request_id(look.call("ec2", "release_address", AllocationId=one.id))


KIND = Kind(
    name="elastic_ip",
    title="Elastic IP",
    permissions={
        "find": ("ec2:DescribeAddresses", "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces"),
        "measure": (),
        "read": (),
        "delete": ("ec2:ReleaseAddress",),
    },
    find=find,
    measure=no_metrics,
    price=price,
    read=read,
    verbs={"delete": delete},
)
