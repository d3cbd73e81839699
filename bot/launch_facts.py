"""What AWS says about a request before anybody is asked: five questions at once, each answered or open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from bot.cloud import Cloud
from bot.parts import Parts
from bot.rules.errors import CloudError, Gone, Unsure
from bot.rules.launch import Place, Wanted
from bot.rules.launch_check import Answer, Found, Room
from bot.rules.launch_image import Image, named, parameters
from bot.rules.policy_launch import Launching
from data import Quota
from data.shapes import Instance

T = TypeVar("T")
PATIENCE_SECONDS = 7.0  # the card must stand within 15 s, whatever AWS does
KEEP = timedelta(minutes=5)  # offers, subnets and images change seldom

_lock = threading.Lock()
_flights: dict[tuple[int, object], Future[Any]] = {}
_kept: WeakKeyDictionary[Cloud, dict[object, tuple[datetime, Any]]] = WeakKeyDictionary()


def look(parts: Parts, wanted: Wanted, instance: Instance, *, patience: float = PATIENCE_SECONDS) -> Found:
    """Ask AWS everything; what is not answered within *patience* seconds stays open."""
    launching = parts.policy().launch
    pool = ThreadPoolExecutor(5, thread_name_prefix="look")
    zones = pool.submit(_answer, lambda: _zones(parts, wanted))
    places = pool.submit(_answer, lambda: _places(parts, wanted, launching))
    image = pool.submit(_image, parts, wanted, launching, instance)
    room = pool.submit(_answer, lambda: _room(parts, wanted))
    key = pool.submit(_answer, lambda: _key(parts, wanted))
    asked: list[Future[Any]] = [zones, places, image, room, key]
    wait(asked, timeout=patience)
    pool.shutdown(wait=False, cancel_futures=True)
    seen = _now(image)
    if seen.value is None and isinstance(seen.error, Unsure):
        seen = Answer(_unseen(wanted, launching, instance), seen.error)
    return Found(zones=_now(zones), places=_now(places), image=seen, room=_now(room), key=_now(key))


def places(parts: Parts, wanted: Wanted) -> tuple[Place, ...]:
    """Where it may be tried, asked on its own; raises CloudError."""
    zones, found = _zones(parts, wanted), _places(parts, wanted, parts.policy().launch)
    return tuple(place for place in found if place.zone in zones)


def dry_run(
    parts: Parts, wanted: Wanted, params: dict[str, Any], *, patience: float = PATIENCE_SECONDS
) -> CloudError | None:
    """What AWS would refuse about these parameters, capacity and quota aside; None when nothing."""
    client = parts.cloud.client("ec2", wanted.region)
    pool = ThreadPoolExecutor(1, thread_name_prefix="look")
    asked = pool.submit(_answer, lambda: parts.cloud.dry_run(client.run_instances, **params))
    wait((asked,), timeout=patience)
    pool.shutdown(wait=False)
    return _now(asked).error


def _now(asked: Future[Answer[T]]) -> Answer[T]:
    """The answer if it is there; a question that was not answered in time is open."""
    if asked.done() and not asked.cancelled():
        return asked.result()
    return Answer(error=Unsure("AWS did not answer in time.", code="Timeout"))


def _answer(ask: Callable[[], T]) -> Answer[T]:
    try:
        return Answer(ask())
    except CloudError as error:
        return Answer(error=error)


def _remembered(parts: Parts, key: object, ask: Callable[[], T]) -> T:
    """The answer of the last minutes; nothing that is empty or failed is kept."""
    kept = _kept.setdefault(parts.cloud, {})
    now = parts.clock.now()
    if (known := kept.get(key)) and abs(now - known[0]) < KEEP:
        value: T = known[1]
        return value
    found = _together(parts, key, ask)
    if found:
        kept[key] = (now, found)
    return found


def _together(parts: Parts, key: object, ask: Callable[[], T]) -> T:
    """Ask once for all who want to know the same at the same time: many requests at once are one question."""
    flight: Future[T] = Future()
    with _lock:
        leading = _flights.setdefault((id(parts.cloud), key), flight)
    if leading is not flight:
        joined: T = leading.result()
        return joined
    try:
        flight.set_result(ask())
    except BaseException as error:
        flight.set_exception(error)
    finally:
        with _lock:
            del _flights[id(parts.cloud), key]
    return flight.result()


def _zones(parts: Parts, wanted: Wanted) -> tuple[str, ...]:
    def ask() -> tuple[str, ...]:
        rows = parts.cloud.items(
            parts.cloud.client("ec2", wanted.region),
            "describe_instance_type_offerings",
            "InstanceTypeOfferings",
            LocationType="availability-zone",
            Filters=[{"Name": "instance-type", "Values": [wanted.instance_type]}],
        )
        return tuple(sorted(row["Location"] for row in rows))

    return _remembered(parts, ("zones", wanted.region, wanted.instance_type), ask)


def _places(parts: Parts, wanted: Wanted, launching: Launching) -> tuple[Place, ...]:
    """The policy's subnets in their order, else the default VPC's by zone."""
    named_subnets = list(launching.subnets)
    name, values = ("subnet-id", named_subnets) if named_subnets else ("default-for-az", ["true"])

    def ask() -> tuple[Place, ...]:
        rows = parts.cloud.items(
            parts.cloud.client("ec2", wanted.region),
            "describe_subnets",
            "Subnets",
            Filters=[{"Name": name, "Values": values}],
        )
        found = [Place(row["AvailabilityZone"], row["SubnetId"]) for row in rows]
        if named_subnets:
            return tuple(sorted(found, key=lambda place: named_subnets.index(place.subnet)))
        return tuple(sorted(found, key=lambda place: place.zone))

    return _remembered(parts, ("places", wanted.region, *values), ask)


def _image(parts: Parts, wanted: Wanted, launching: Launching, instance: Instance) -> Answer[Image]:
    """The image; its id is there even when AWS does not describe it now."""
    identity = named(wanted, launching, instance)
    try:
        identity = identity or _newest(parts, wanted.region, instance)
    except Unsure as error:
        return Answer(_unseen(wanted, launching, instance), error)
    except CloudError as error:
        return Answer(error=error)
    try:
        return Answer(_described(parts, wanted.region, identity, ours=identity == wanted.image))
    except Gone as error:
        return Answer(error=error)
    except CloudError as error:
        return Answer(Image(identity), error)


def _unseen(wanted: Wanted, launching: Launching, instance: Instance) -> Image | None:
    """The image that will be taken when AWS says nothing about it: EC2 can look a parameter up at the launch."""
    if identity := named(wanted, launching, instance):
        return Image(identity)
    names = parameters(instance)
    return Image(f"resolve:ssm:{names[0]}") if names else None


def _newest(parts: Parts, region: str, instance: Instance) -> str:
    """The id behind the best public parameter that exists; raises Gone when none does."""
    names = list(parameters(instance))
    if not names:
        chip = instance.chip or instance.family
        raise Gone(f"AWS publishes no image that mlbot knows for {chip}.", code="ParameterNotFound")

    def ask() -> str:
        ssm = parts.cloud.client("ssm", region)
        answer = parts.cloud.call(ssm.get_parameters, Names=names[:10])
        found = {row["Name"]: str(row["Value"]) for row in answer["Parameters"]}
        return next((found[name] for name in names if name in found), "")

    identity = _remembered(parts, ("newest", region, *names), ask)
    if not identity:
        raise Gone(f"AWS has no public parameter like {names[0]} in {region}.", code="ParameterNotFound")
    return identity


def _described(parts: Parts, region: str, identity: str, *, ours: bool) -> Image:
    """Raises Gone for an image that is not there; one that a person named must be the account's or Amazon's."""
    owners = {"Owners": ["self", "amazon"]} if ours else {}

    def ask() -> Image | None:
        ec2 = parts.cloud.client("ec2", region)
        rows = parts.cloud.call(ec2.describe_images, ImageIds=[identity], **owners)["Images"]
        return _shape(rows[0]) if rows else None

    found = _remembered(parts, ("image", region, identity, ours), ask)
    if found is None:
        whose = "of this account or of Amazon" if ours else "there"
        raise Gone(f"The image {identity} is not {whose} in {region}.", code="InvalidAMIID.NotFound")
    return found


def _shape(row: dict[str, Any]) -> Image:
    root = str(row.get("RootDeviceName") or "")
    disks = {disk.get("DeviceName"): disk.get("Ebs", {}) for disk in row.get("BlockDeviceMappings", ())}
    least = int(disks.get(root, {}).get("VolumeSize") or 0)
    return Image(row["ImageId"], str(row.get("Name") or ""), str(row.get("Architecture") or ""), root, least)


def _room(parts: Parts, wanted: Wanted) -> Room | None:
    """The quota's limit, and how much of it runs; None where the catalog knows no quota."""
    quota = parts.catalog.quota(wanted.instance_type, wanted.market)
    if quota is None:
        return None
    client = parts.cloud.client("service-quotas", wanted.region)
    which = {"ServiceCode": quota.service, "QuotaCode": quota.code}

    def ask() -> float:
        return float(parts.cloud.call(client.get_service_quota, **which)["Quota"]["Value"])

    limit = _together(parts, ("limit", wanted.region, quota.code), ask)
    used = _together(parts, ("used", wanted.region, quota.code), lambda: _used(parts, wanted, quota))
    return Room(quota, limit, used)


def _used(parts: Parts, wanted: Wanted, quota: Quota) -> float:
    running = parts.cloud.items(
        parts.cloud.client("ec2", wanted.region),
        "describe_instances",
        "Reservations",
        Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}],
    )
    used = 0.0
    for one in (instance for reservation in running for instance in reservation["Instances"]):
        market = "spot" if one.get("InstanceLifecycle") == "spot" else "on-demand"
        if parts.catalog.quota(one["InstanceType"], market) == quota:
            used += _vcpus(parts, one)
    return used


def _vcpus(parts: Parts, one: dict[str, Any]) -> float:
    known = parts.catalog.instances.get(one["InstanceType"])
    if known:
        return known.vcpu
    cpus = one.get("CpuOptions", {})
    return float(cpus.get("CoreCount", 0) * cpus.get("ThreadsPerCore", 0))


def _key(parts: Parts, wanted: Wanted) -> bool:
    if not wanted.key_name:
        return True
    ec2 = parts.cloud.client("ec2", wanted.region)
    return bool(parts.cloud.call(ec2.describe_key_pairs, KeyNames=[wanted.key_name])["KeyPairs"])
