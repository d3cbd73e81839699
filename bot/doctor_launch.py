"""The doctor tries a launch dry in every region, with what a request would send: image, subnet, quota, rights."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot import launch_facts
from bot.doctor import Line, Lines, bad, by_aws, good, unknown
from bot.parts import Parts
from bot.rules import launch_check, launch_params
from bot.rules.errors import Forbidden, Gone, NoCapacity, NoQuota
from bot.rules.launch import Launch, Wanted
from bot.rules.launch_check import Answer, Found, Room
from bot.rules.launch_image import Image, chip_family
from data.shapes import Instance

ROLE = "Give the role what deploy/iam-policy.json has; docs/aws.md says how."
QUOTA = "Ask AWS for more under Service Quotas; this may take days."


def examine(parts: Parts) -> Lines:
    """Every region of the policy, with the cheapest machine with an accelerator that it allows there."""
    for region in parts.cloud.regions():
        instance = _sample(parts, region)
        if instance is None:
            yield unknown(f"launch in {region}", "No priced type is allowed there.", "Look at [limits] families.")
            continue
        yield from _region(parts, Wanted(instance_type=instance.name, region=region, disk_gb=_disk(parts)), instance)


def _sample(parts: Parts, region: str) -> Instance | None:
    limits, catalog = parts.policy().limits, parts.catalog
    priced = (
        (rate.usd_per_hour, one)
        for one in catalog.instances.values()
        if (rate := catalog.rate(one.name, region, "on-demand"))
        and chip_family(one) in ("nvidia", "neuron")
        and (not limits.families or one.family in limits.families)
        and one.family not in limits.denied_families
    )
    return min(priced, key=lambda pair: pair[0], default=(0.0, None))[1]


def _disk(parts: Parts) -> int:
    return min(Wanted(instance_type="", region="").disk_gb, parts.policy().limits.max_disk_gb)


def _region(parts: Parts, wanted: Wanted, instance: Instance) -> Lines:
    found = launch_facts.look(parts, wanted, instance)
    yield _quota(found.room, wanted, instance)
    yield _image(found.image, wanted)
    yield _network(found, wanted)
    if found.image.value is not None:
        yield _dry(parts, wanted, found, found.image.value)


def _quota(room: Answer[Room | None], wanted: Wanted, instance: Instance) -> Line:
    what = f"quota in {wanted.region}"
    if room.error is not None:
        return by_aws(what, room.error, ROLE)
    if room.value is None:
        return unknown(what, f"The catalog knows no quota of {wanted.instance_type}.")
    quota, limit, used = room.value.quota, room.value.limit, room.value.used
    says = f"{quota.name} ({quota.code}): {used:g} of {limit:g} {quota.unit} in use."
    return good(what, says) if limit - used >= instance.vcpu else bad(what, says, QUOTA)


def _image(image: Answer[Image], wanted: Wanted) -> Line:
    what = f"image in {wanted.region}"
    if isinstance(image.error, Gone):
        return bad(what, str(image.error), "Set [launch] image to one that is there.")
    if image.error is not None:
        return by_aws(what, image.error, ROLE)
    assert image.value is not None  # an answer has a value or an error
    return good(what, f"{image.value.name or image.value.id} for {wanted.instance_type}.")


def _network(found: Found, wanted: Wanted) -> Line:
    what = f"subnets in {wanted.region}"
    if found.places.error is not None:
        return by_aws(what, found.places.error, "Set [launch] subnets to ones that are there.")
    places = launch_check.places(found)
    if not places:
        mend = "Set [launch] subnets, or make a default VPC (aws ec2 create-default-vpc)."
        return bad(what, f"None in a zone that offers {wanted.instance_type}.", mend)
    return good(what, f"{len(places)}, in {', '.join(sorted({place.zone for place in places}))}.")


def _dry(parts: Parts, wanted: Wanted, found: Found, image: Image) -> Line:
    what = f"launch in {wanted.region}"
    error = launch_facts.dry_run(parts, wanted, _params(parts, wanted, found, image))
    if error is None or isinstance(error, (NoCapacity, NoQuota)):
        return good(what, f"A {wanted.instance_type} is allowed (tried dry).")
    if isinstance(error, Forbidden):
        return bad(what, str(error), ROLE)
    return by_aws(what, error, "Mend what AWS names, mostly in [launch] of the policy file.")


def _params(parts: Parts, wanted: Wanted, found: Found, image: Image) -> dict[str, Any]:
    now = parts.clock.now()
    made_up = Launch(
        id="l_doctor",
        state="checking",
        wanted=wanted,
        asker="doctor",
        team="",
        usd_per_hour=None,
        usd_total=None,
        asked_at=now,
        expires_at=now + timedelta(hours=1),
    )
    params = launch_params.build(made_up, parts.policy().launch, image=image.id, root=image.root, user_data="")
    places = launch_check.places(found)
    if places and places[0].subnet:
        params["SubnetId"] = places[0].subnet
    return params
