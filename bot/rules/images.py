"""Save image, Park and Wake: what each costs a month, who may, and when the machine may go; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from bot.rules.idle import HOURS_PER_MONTH, Resource
from bot.rules.instances import GONE, Decision, label, rate_when_running
from bot.rules.launch import Wanted

State = Literal["saving", "ending", "saved", "failed", "deleted"]
After = Literal["keep", "terminate", "park"]  # what becomes of the machine once its image is complete
AFTERS: tuple[After, ...] = ("keep", "terminate", "park")
SAVED_FROM = ("running", "stopped")
NAME_LENGTH = 128
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9()\[\] ./\-'@_]+")
_NOT_THERE = ("failed", "invalid", "error", "deregistered", "disabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedImage:
    """One image of a machine, as its row stands; money is USD, None where the price is not known."""

    id: str  # m_...: what buttons carry, and the tag mlbot:image
    state: State
    after: After
    ref: str  # of the machine
    account: str
    region: str
    instance: str
    was: str  # the machine's state when it was asked for
    label: str
    name: str  # of the image in AWS, once in an account and region
    owner: str
    by: str
    team: str
    wanted: Wanted  # what launches it again
    gb: float
    usd_per_month: float | None  # at most
    asked_at: datetime
    machine: Literal["", "ended", "kept"] = ""
    aws_id: str = ""
    progress: int = 0  # percent
    error: str = ""  # why it failed, or why the machine was kept
    launch: str = ""  # the request that woke it last
    called_at: datetime | None = None

    @property
    def parked(self) -> bool:
        """Whether the machine rests in this image alone."""
        return self.state == "saved" and self.after == "park" and self.machine == "ended"


@dataclass(frozen=True, slots=True)
class Costs:
    """USD a month of going on, of a stop, and at most of an image alone; None where a price is not known."""

    keep: float | None
    stop: float | None
    park: float | None
    gb: float


@dataclass(frozen=True, slots=True)
class Seen:
    """How far AWS is with an image."""

    state: Literal["pending", "available", "failed"]
    why: str = ""


def costs(found: Resource, usd_per_gb_month: float | None) -> Costs:
    """What a machine costs in each way; a snapshot bills at most the whole disk."""
    gb = disk_gb(found)
    rate, rest = rate_when_running(found), found.usd_per_hour_stopped
    return Costs(
        keep=None if rate is None else rate * HOURS_PER_MONTH,
        stop=None if rest is None else rest * HOURS_PER_MONTH,
        park=None if usd_per_gb_month is None else usd_per_gb_month * gb,
        gb=gb,
    )


def disk_gb(found: Resource) -> float:
    """The size of all its EBS disks."""
    return float(sum(disk["gb"] for disk in _disks(found)))


def refusal(found: Resource | None, after: After) -> str:
    """Why no image can be made of the machine as it was *found*, whoever asks; empty when it can."""
    if found is None or found.state in GONE:
        return "It does not exist any more."
    if found.state not in SAVED_FROM:
        return f"{label(found)} is still {found.state}; try again in a minute."
    if found.details.get("root") == "instance-store" or disk_gb(found) == 0:
        return f"{label(found)} has its root on a local disk, of which AWS makes no image."
    if after != "keep" and found.details.get("protected"):
        return f"{label(found)} is protected against termination; switch that off in AWS first."
    return ""


def warnings(found: Resource, after: After) -> tuple[str, ...]:
    """What somebody must know before, in a sentence each."""
    lost: list[str] = []
    nvme = found.details.get("nvme_gb")
    if isinstance(nvme, (int, float)) and nvme > 0:
        lost.append(f"Its local NVMe disks ({nvme:,.0f} GB) are not in the image.")
    if found.state == "running" and after == "keep":
        lost.append("It runs on meanwhile; what is being written just then may be missing. Stop it first to be sure.")
    if found.state == "running" and after != "keep":
        lost.append("It is restarted once, so that the disks are whole; what it does after that is lost.")
    if after != "keep" and (stays := sum(disk["gb"] for disk in _disks(found) if not disk.get("ends_with_instance"))):
        lost.append(f"{stays:,} GB of disk stay in AWS beside the image and keep billing.")
    return tuple(lost)


def aws_name(name: str, at: datetime, identity: str) -> str:
    """A name that AWS takes, and takes once: the same row always asks for the same one."""
    plain = " ".join(_NOT_IN_A_NAME.sub(" ", name).split())
    tail = f" {at:%Y-%m-%d %H.%M} {identity}"
    return f"mlbot {plain}"[: NAME_LENGTH - len(tail)].rstrip() + tail


def relaunch(found: Resource, asked: Wanted | None) -> Wanted:
    """What launches the machine again: as it was asked for, else as it stands; the image is filled in later."""
    if asked is not None:
        return replace(asked, instance_type=found.type, count=1)
    return Wanted(
        instance_type=found.type,
        region=found.region,
        market="spot" if found.market == "spot" else "on-demand",
        disk_gb=max(1, int(_largest(found))),
        name=found.name,
        purpose=found.purpose,
        key_name=str(found.details.get("key_name") or ""),
    )


def from_image(wanted: Wanted, fact: Mapping[str, Any]) -> Wanted:
    """*wanted* from the image that AWS describes as *fact*, with a root disk that holds it."""
    root = fact.get("RootDeviceName")
    disks = {disk.get("DeviceName"): disk.get("Ebs") or {} for disk in fact.get("BlockDeviceMappings", ())}
    least = int(disks.get(root, {}).get("VolumeSize") or 0)
    return replace(wanted, image=str(fact["ImageId"]), disk_gb=max(wanted.disk_gb, least))


def seen(fact: Mapping[str, Any]) -> Seen:
    """An image of DescribeImages."""
    state = str(fact.get("State") or "")
    if state == "available":
        return Seen("available")
    if state in _NOT_THERE:
        reason = fact.get("StateReason") or {}
        return Seen("failed", str(reason.get("Message") or f"AWS calls it {state}"))
    return Seen("pending")


def may_end(image: SavedImage, found: Resource | None, decision: Decision) -> str:
    """Why the machine is not terminated although its image is complete; empty when it may be."""
    if not decision.allowed:
        return decision.reason
    if found is None or found.state in GONE:
        return ""
    started = found.since and image.called_at and found.since > image.called_at
    if found.state != "stopped" and (image.was == "stopped" or started):
        return "it was started again after the image was made, so the image may lack what it did since"
    return ""


def _largest(found: Resource) -> float:
    return float(max((disk["gb"] for disk in _disks(found)), default=100))


def _disks(found: Resource) -> list[Mapping[str, Any]]:
    disks = found.details.get("disks")
    return disks if isinstance(disks, list) else []
