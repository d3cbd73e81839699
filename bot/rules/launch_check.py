"""Whether a request can be granted before anybody is asked: the policy's limits, then what AWS answered; pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.rules.errors import CloudError, Gone
from bot.rules.launch import Place, Wanted
from bot.rules.launch_image import Image, chip_family
from bot.rules.launch_money import Price
from bot.rules.launch_text import hours, rate, usd
from bot.rules.policy import Policy
from bot.rules.policy_launch import Limits
from data import Catalog, Quota
from data.shapes import Instance

T = TypeVar("T")
QUOTA = "Quota"
NO_WAY_IN = "No way in but EC2 Instance Connect: no instance profile in the policy, no key pair in the request."
MADE_FOR = {"neuron": "Neuron", "nvidia": "NVIDIA", "gpu": "NVIDIA"}  # what an image's name says


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What AWS said to one question: a value, or why there is none."""

    value: T | None = None
    error: CloudError | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """A vCPU quota, and how much of it is in use."""

    quota: Quota
    limit: float
    used: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What AWS was asked."""

    zones: Answer[tuple[str, ...]]  # that offer the type
    places: Answer[tuple[Place, ...]]  # subnets with their zone
    image: Answer[Image]
    room: Answer[Room | None]
    key: Answer[bool]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, and the way out; *code* is AWS's or "policy"."""

    why: str
    way_out: str
    code: str = "policy"


def by_policy(
    wanted: Wanted, instance: Instance, price: Price | None, policy: Policy, catalog: Catalog
) -> Refusal | None:
    """The limits that no approval lifts."""
    problems = [(why, way) for _, why, way in _problems(wanted, instance, price, policy.limits, catalog)]
    if not policy.approvals.channel:
        problems.append(("the policy names no channel for requests", "an operator sets [approvals] channel"))
    if not problems:
        return None
    ways = "; ".join(dict.fromkeys(way for _, way in problems if way))
    return Refusal(f"{wanted.instance_type}: {'; '.join(why for why, _ in problems)}.", _sentence(ways))


def by_field(wanted: Wanted, price: Price | None, policy: Policy, catalog: Catalog) -> Iterator[tuple[str, Refusal]]:
    """The same limits one by one, each under its name: region, family, market, count, disk, hours, rate, total."""
    instance = catalog.instance(wanted.instance_type)
    for what, why, way in _problems(wanted, instance, price, policy.limits, catalog):
        yield what, Refusal(_sentence(why), _sentence(way))


Problem = tuple[str, str, str]  # what is limited, why not, the way out


def _problems(
    wanted: Wanted, instance: Instance, price: Price | None, limits: Limits, catalog: Catalog
) -> Iterator[Problem]:
    yield from _limits(wanted, instance, limits)
    if price is None:
        where = elsewhere(wanted, limits, catalog)
        yield "family", f"no {wanted.market} price of it is known in {wanted.region}", where
    else:
        yield from _money(wanted, price, limits)


def _limits(wanted: Wanted, instance: Instance, limits: Limits) -> Iterator[Problem]:
    if wanted.region not in limits.regions:
        yield "region", f"the policy does not allow {wanted.region}", f"allowed are {', '.join(limits.regions)}"
    if instance.family in limits.denied_families or (limits.families and instance.family not in limits.families):
        allowed = f"allowed are {', '.join(limits.families)}" if limits.families else "choose another family"
        yield "family", f"the policy does not allow the family {instance.family}", allowed
    if wanted.market not in limits.markets:
        yield "market", f"the policy does not allow {wanted.market}", f"allowed is {', '.join(limits.markets)}"
    if wanted.market not in instance.markets:
        sold = " and ".join(instance.markets)
        yield "market", f"AWS does not sell it {wanted.market}", f"it is sold as {sold}" if sold else ""
    yield from _sizes(wanted, limits)


def _sizes(wanted: Wanted, limits: Limits) -> Iterator[Problem]:
    if wanted.count > limits.max_count:
        most = limits.max_count
        yield "count", f"{wanted.count} machines are more than the policy's {most}", f"ask again with count={most}"
    if wanted.disk_gb > limits.max_disk_gb:
        largest = limits.max_disk_gb
        yield "disk", f"{wanted.disk_gb} GB are more than the policy's {largest} GB", f"ask again with disk={largest}"
    if wanted.hours > limits.max_hours:
        yield (
            "hours",
            f"{hours(wanted.hours)} are more than the policy's {hours(limits.max_hours)}",
            f"ask again with hours={limits.max_hours:g}",
        )


def _money(wanted: Wanted, price: Price, limits: Limits) -> Iterator[Problem]:
    each, most = price.usd_per_hour / wanted.count, wanted.max_usd_per_hour
    if most is not None and most < each:
        yield (
            "ceiling",
            f"its ceiling of {rate(most)} an hour is below today's spot price of {rate(each)}, so it would never start",
            f"ask again with max_price={math.ceil(each * 110) / 100:g}, or without a ceiling",
        )
    if price.usd_per_hour > limits.max_usd_per_hour:
        yield (
            "rate",
            f"{usd(price.usd_per_hour)} an hour are more than the policy's {usd(limits.max_usd_per_hour)}",
            "choose a smaller type or fewer machines",
        )
    if price.usd_total > limits.max_usd:
        fit = int(limits.max_usd / (price.usd_total / wanted.hours))
        yield (
            "total",
            f"{usd(price.usd_total)} for {hours(wanted.hours)} are more than the policy's {usd(limits.max_usd)}",
            f"ask again with hours={fit}, which fits" if fit else "choose a smaller type",
        )


def by_cloud(wanted: Wanted, instance: Instance, found: Found, policy: Policy, catalog: Catalog) -> Refusal | None:
    """What AWS refuses; what it does not answer is no refusal."""
    for refusal in (
        _no_zone(wanted, found, policy.limits, catalog),
        _no_image(instance, wanted, found),
        _no_subnet(found),
        _no_key(wanted, found),
        _no_room(wanted, instance, found, policy.limits, catalog),
    ):
        if refusal:
            return refusal
    return None


def places(found: Found) -> tuple[Place, ...]:
    """Where it may be tried, one after another; empty when AWS did not answer."""
    zones, subnets = found.zones.value, found.places.value
    if subnets is None:
        return tuple(Place(zone) for zone in zones or ())
    return tuple(place for place in subnets if zones is None or place.zone in zones)


def notes(wanted: Wanted, found: Found, policy: Policy, *, usd_disk: float | None) -> tuple[str, ...]:
    """What approvers and asker should know: what was not checked, and whether there is a way in."""
    questions = {
        "whether the type is offered there": found.zones.error,
        "the subnets": found.places.error,
        "the image": found.image.error,
        "the quota": found.room.error,
        "the key pair": found.key.error,
    }
    lines = [f"Not checked: {what}. {error}" for what, error in questions.items() if error]
    if usd_disk is None:
        lines.append(f"The price of disks in {wanted.region} is not known, so the total is without them.")
    if wanted.market == "spot":
        lines.append("Spot: AWS may take it back, with two minutes' warning.")
    if not policy.launch.instance_profile and not wanted.key_name:
        lines.append(NO_WAY_IN)
    return tuple(lines)


def misfit(wanted: Wanted, image: Image | None, instance: Instance) -> str:
    """A note when the image's name speaks of other chips than the type has; one that somebody asked for is theirs."""
    name, family = (image.name.lower() if image else ""), chip_family(instance)
    if not name or wanted.image:
        return ""
    made_for = next((chips for word, chips in MADE_FOR.items() if word in name), "")
    has = {"neuron": "Neuron", "nvidia": "NVIDIA", "x86_64": "none", "arm64": "none"}.get(family, "")
    if not has or made_for == has or (not made_for and has != "Neuron"):
        return ""
    told = f"is for {made_for} chips" if made_for else "does not say that it carries Neuron's drivers"
    chips = f"{wanted.instance_type} has {'none' if has == 'none' else f'{has} ones'}"
    return f"The policy's image {told} and {chips}: {image.name if image else ''}. Name another with image=ami-..."


def _no_zone(wanted: Wanted, found: Found, limits: Limits, catalog: Catalog) -> Refusal | None:
    if found.zones.value != ():
        return None
    why = f"AWS does not offer {wanted.instance_type} in {wanted.region}."
    return Refusal(why, _sentence(elsewhere(wanted, limits, catalog)), "NotOffered")


def _no_image(instance: Instance, wanted: Wanted, found: Found) -> Refusal | None:
    error, image = found.image.error, found.image.value
    if error is not None and image is None:
        mend = "Set an AMI id as `image` under [launch] in the policy file, or name one with image=ami-..."
        return Refusal(f"No image was found for {wanted.instance_type}: {error}", mend, error.code)
    if image is None:
        return None
    if image.arch and image.arch != instance.arch:
        why = f"The image {image.id} is for {image.arch}, and {wanted.instance_type} is {instance.arch}."
        return Refusal(why, "Name an image of that architecture with image=ami-...", "Architecture")
    if image.least_gb > wanted.disk_gb:
        why = f"The image {image.name or image.id} needs a disk of at least {image.least_gb} GB."
        return Refusal(why, f"Ask again with disk={image.least_gb}.", "DiskTooSmall")
    return None


def _no_subnet(found: Found) -> Refusal | None:
    if isinstance(found.places.error, Gone):
        return Refusal(
            str(found.places.error), "An operator corrects `subnets` under [launch].", found.places.error.code
        )
    if found.places.value == ():
        why = "None of the policy's subnets, and no default one, is in that region."
        return Refusal(why, "An operator names `subnets` of that region under [launch].", "NoSubnet")
    if found.places.value and not places(found):
        zones = ", ".join(sorted({place.zone for place in found.places.value}))
        why = f"AWS does not offer the type in the zones of the subnets that may be used ({zones})."
        offered = ", ".join(found.zones.value or ())
        return Refusal(why, f"An operator adds a subnet in {offered} under [launch].", "NoSubnet")
    return None


def _no_key(wanted: Wanted, found: Found) -> Refusal | None:
    if not wanted.key_name or not isinstance(found.key.error, Gone):
        return None
    why = f"There is no key pair {wanted.key_name!r} in {wanted.region}."
    return Refusal(why, "Name one that is there, or ask without key= to connect another way.", found.key.error.code)


def _no_room(wanted: Wanted, instance: Instance, found: Found, limits: Limits, catalog: Catalog) -> Refusal | None:
    room = found.room.value
    if room is None or room.used + instance.vcpu * wanted.count <= room.limit:
        return None
    need = instance.vcpu * wanted.count
    why = (
        f"The account's quota {room.quota.name!r} ({room.quota.code}) in {wanted.region} is {room.limit:g} vCPUs: "
        f"{room.used:g} are in use and this needs {need}."
    )
    left = room.limit - room.used
    fits = int(left // instance.vcpu)
    ways = [f"ask again with count={fits}, which fits"] if fits >= 1 else []
    if smaller := _smaller(wanted, instance, left, limits, catalog):
        ways.append(f"ask again with {smaller}, which fits")
    ways.append(elsewhere(wanted, limits, catalog).replace("which has it", "which has a quota of its own"))
    return Refusal(why, _sentence("; ".join(ways)), QUOTA)


def _smaller(wanted: Wanted, instance: Instance, left: float, limits: Limits, catalog: Catalog) -> str:
    """The largest smaller size of the family of which as many fit; empty when none does."""
    sizes = (one for one in catalog.instances.values() if one.family == instance.family and one.vcpu < instance.vcpu)
    fitting = (one for one in sizes if one.vcpu * wanted.count <= left)
    sold = [one for one in fitting if catalog.rate(one.name, wanted.region, wanted.market) is not None]
    return max(sold, key=lambda one: one.vcpu).name if sold else ""


def elsewhere(wanted: Wanted, limits: Limits, catalog: Catalog) -> str:
    """Where else the type is sold, allowed regions first."""
    sold = [one for one in catalog.regions_with(wanted.instance_type, wanted.market) if one != wanted.region]
    allowed = [one for one in sold if one in limits.regions]
    if allowed:
        return f"ask again with region={allowed[0]}, which has it"
    if sold:
        return f"no other region that the policy allows has it; AWS sells it in {', '.join(sold[:3])}"
    return "choose another type"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
