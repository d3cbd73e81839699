"""After AWS said no: another place, or the end with the way out and the next choice; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from bot.rules.errors import CloudError, Forbidden, Gone, NoCapacity, NoQuota, Unsure
from bot.rules.launch import Attempt, Offer, Place, Wanted
from bot.rules.launch_check import QUOTA, elsewhere
from bot.rules.policy_launch import Limits
from data import Catalog

Next = Literal["again", "elsewhere", "wait", "over", "look"]

# Refusals of mlbot's credentials: nothing ran, and it works again when they come back.
CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "TokenRetrievalError",
    }
)
TERMINATED = "IdempotentInstanceTerminated"
MISMATCH = "IdempotentParameterMismatch"


def after(error: CloudError) -> Next:
    """
    What a failed RunInstances asks for.

    again: nobody answered, so the same token, place and parameters. elsewhere: a definite no of this place.
    wait: our credentials. look: the token was used; what it made is looked up by tag. over: a definite no.
    """
    if isinstance(error, Unsure):
        return "again"
    if isinstance(error, NoCapacity):
        return "elsewhere"
    if error.code in CREDENTIALS:
        return "wait"
    if error.code in (TERMINATED, MISMATCH):
        return "look"
    return "over"


def next_place(offer: Offer, tried: Sequence[Attempt]) -> Place | None:
    """The first place that was not tried."""
    zones = {attempt.zone for attempt in tried}
    return next((place for place in offer.places if place.zone not in zones), None)


def nowhere(wanted: Wanted, tried: Sequence[Attempt]) -> str:
    """Where it was tried; each zone's own words stand on the card."""
    zones = ", ".join(attempt.zone for attempt in tried)
    return f"AWS has no capacity for {wanted.instance_type} ({wanted.market}) now; tried {zones}."


def way_out(error: CloudError, wanted: Wanted, limits: Limits, catalog: Catalog) -> str:
    """What to do about a definite no, in words."""
    if isinstance(error, NoCapacity):
        spot = " or market=on-demand" if wanted.market == "spot" else ""
        return f"Try again later{spot}, or another size; for another region, {elsewhere(wanted, limits, catalog)}."
    if isinstance(error, NoQuota):
        quota = catalog.quota(wanted.instance_type, wanted.market)
        name = f"{quota.name!r} ({quota.code})" if quota else "of this family"
        return (
            f"Only a higher quota {name} in {wanted.region} helps; other zones have the same. Ask AWS with the button."
        )
    if isinstance(error, Forbidden):
        return "An operator gives mlbot's AWS role this right (docs/aws.md), and you ask again."
    if isinstance(error, Gone):
        return "An operator corrects image, subnets or profile under [launch] in the policy file, and you ask again."
    if error.code == MISMATCH:
        return "This is mlbot's own mistake; tell an operator. Nothing more is launched for this request."
    return "Change the request as AWS says, and ask again."


def next_choice(wanted: Wanted, code: str, limits: Limits, catalog: Catalog) -> Wanted | None:
    """What to ask for instead: on-demand for spot, the next region for a full or limited one, else the next type."""
    if code in ("", "policy"):
        return None
    if wanted.market == "spot" and "on-demand" in limits.markets and _priced(wanted, catalog, market="on-demand"):
        return replace(wanted, market="on-demand", max_usd_per_hour=None)
    regions = catalog.regions_with(wanted.instance_type, wanted.market)
    after_this = [region for region in limits.regions if region in regions]
    if wanted.region in after_this:
        after_this = after_this[after_this.index(wanted.region) + 1 :]
    if after_this:
        return replace(wanted, region=after_this[0], key_name="", image="")
    return _next_type(wanted, limits, catalog)


def _next_type(wanted: Wanted, limits: Limits, catalog: Catalog) -> Wanted | None:
    """The cheapest other family with as many chips of at least this memory, or as many CPUs, that the policy allows."""
    now = catalog.instances.get(wanted.instance_type)
    if now is None:
        return None
    found = []
    for other in catalog.instances.values():
        rate = catalog.rate(other.name, wanted.region, wanted.market)
        same = other.family == now.family or other.arch != now.arch or (other.chip is None) != (now.chip is None)
        if rate is None or same or wanted.market not in other.markets or _denied(other.family, limits):
            continue
        enough = (
            other.chips >= now.chips and (other.chip_memory_gb or 0) >= (now.chip_memory_gb or 0)
            if now.chip
            else other.vcpu >= now.vcpu and other.memory_gib >= now.memory_gib
        )
        if enough and _kind(other.family) == _kind(now.family):
            found.append((rate.usd_per_hour, other.name))
    return replace(wanted, instance_type=min(found)[1]) if found else None


def is_quota(code: str) -> bool:
    """Whether a higher quota would help against this code."""
    return code in (QUOTA, "VcpuLimitExceeded", "InstanceLimitExceeded", "MaxSpotInstanceCountExceeded")


def _priced(wanted: Wanted, catalog: Catalog, *, market: str) -> bool:
    return catalog.rate(wanted.instance_type, wanted.region, market) is not None


def _denied(family: str, limits: Limits) -> bool:
    return family in limits.denied_families or bool(limits.families and family not in limits.families)


def _kind(family: str) -> str:
    return "neuron" if family.startswith(("trn", "inf")) else "other"
