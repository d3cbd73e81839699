"""Elastic IPs that no running machine uses; a public address bills whether it is used or not."""

from __future__ import annotations

from dataclasses import replace

from bot.kinds import prices, tags
from bot.kinds.base import Fact, Kind, Look, no_metrics, request_id
from bot.rules.errors import Gone
from bot.rules.idle import Resource
from data import Catalog


def find(look: Look) -> list[Resource]:
    """Addresses that are free, or belong to an instance that is stopped."""
    states = {one["InstanceId"]: one["State"]["Name"] for one in look.instances}
    found = (resource(look, address, states) for address in look.addresses)
    return [one for one in found if one.state == "available" or one.details.get("attached_state") == "stopped"]


def read(look: Look, identity: str) -> Resource | None:
    """One address as it is now; None when it is gone."""
    try:
        found = look.call("ec2", "describe_addresses", AllocationIds=[identity])["Addresses"]
    except Gone:
        return None
    return resource(look, found[0], {}) if found else None


def resource(look: Look, fact: Fact, states: dict[str, str]) -> Resource:
    """An address of DescribeAddresses as ours; AWS does not say when it was allocated."""
    instance = fact.get("InstanceId") or ""
    return Resource(
        id=str(fact["AllocationId"]),
        kind="elastic_ip",
        account=look.account,
        region=look.region,
        state="in-use" if fact.get("AssociationId") else "available",
        details={"ip": fact.get("PublicIp", ""), "attached_to": instance, "attached_state": states.get(instance, "")},
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
        "find": ("ec2:DescribeAddresses", "ec2:DescribeInstances"),
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
