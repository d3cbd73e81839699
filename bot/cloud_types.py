"""What EC2's DescribeInstanceTypes tells about a type, in the catalog's shape; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from data import Catalog, Chip, Instance, UnknownName

SOURCE = "EC2 DescribeInstanceTypes"
TOO_MUCH = 1.25  # the API's memory of a chip over what the chip has: Trainium2 is reported at 512 GiB for its 96


class UnknownChip(ValueError):
    """The type carries a chip that the catalog does not know."""


@dataclass(frozen=True, slots=True)
class Device:
    """The accelerators of a type as EC2 tells them; *part* is the share of a card, where it is sliced."""

    name: str
    count: float
    part: float | None
    mib: int


def device(told: Mapping[str, Any]) -> Device | None:
    """The type's accelerators; None for a CPU type."""
    groups = (("NeuronInfo", "NeuronDevices"), ("GpuInfo", "Gpus"), ("InferenceAcceleratorInfo", "Accelerators"))
    for group, key in groups:
        for one in told.get(group, {}).get(key, ()):
            mib = one.get("MemoryInfo", {}).get("SizeInMiB", 0)
            return Device(one["Name"], one.get("Count") or 0, one.get("GpuPartitionSize"), mib)
    return None


def instance(told: Mapping[str, Any], catalog: Catalog, day: date) -> Instance:
    """The type as the catalog would list it; UnknownChip when it carries one that the catalog lacks."""
    name = told["InstanceType"]
    known = catalog.instances.get(name)
    found = device(told)
    chip = _chip(found, known, catalog) if found else None
    network, burst = _network(told.get("NetworkInfo", {}))
    return Instance(
        name=name,
        chip=chip.name if chip else None,
        chips=_count(found, chip, known) if found and chip else 0,
        chip_memory_gb=_memory(found, chip, known) if found and chip else None,
        vcpu=told["VCpuInfo"]["DefaultVCpus"],
        memory_gib=told["MemoryInfo"]["SizeInMiB"] / 1024,
        network_gbps=network if network is not None else (known.network_gbps if known else None),
        efa=bool(told.get("NetworkInfo", {}).get("EfaSupported")),
        nvme_gb=told.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0),
        arch="arm64" if "arm64" in told["ProcessorInfo"]["SupportedArchitectures"] else "x86_64",
        markets=tuple(sorted(told.get("SupportedUsageClasses", ()), key=_market)),
        note=known.note if known else burst,
        source=SOURCE,
        as_of=day,
    )


def _market(name: str) -> int:
    order = ("on-demand", "spot", "capacity-block")
    return order.index(name) if name in order else len(order)


def _chip(found: Device, known: Instance | None, catalog: Catalog) -> Chip:
    if known and known.chip:
        return catalog.chips[known.chip]
    for name in (f"{found.name} {round(found.mib / 1024)}", found.name):
        try:
            chip = catalog.chip(name)
        except UnknownName:
            continue
        if chip.families:
            return chip
    raise UnknownChip(f"{found.name} of {round(found.mib / 1024)} GiB")


def _count(found: Device, chip: Chip, known: Instance | None) -> float:
    if found.count and not (found.part and found.part < 1):
        return float(found.count)
    if known and known.chips:
        return known.chips
    return found.part or round(_gb(found.mib) / chip.memory_gb * 8) / 8


def _memory(found: Device, chip: Chip, known: Instance | None) -> float:
    told = _gb(found.mib)
    if 0 < told <= chip.memory_gb * TOO_MUCH:
        return told
    return known.chip_memory_gb if known and known.chip_memory_gb else chip.memory_gb


def _gb(mib: int) -> float:
    return round(mib * 1.048576 / 1000, 2)


def _network(told: Mapping[str, Any]) -> tuple[float | None, str]:
    """Gbit/s that last, and the burst in words."""
    cards = told.get("NetworkCards", ())
    lasting = sum(card.get("BaselineBandwidthInGbps") or 0 for card in cards)
    peak = sum(card.get("PeakBandwidthInGbps") or 0 for card in cards)
    if lasting:
        return round(lasting, 3), f"network up to {peak:g} Gbit/s in bursts" if peak > lasting else ""
    words = re.fullmatch(r"(?:(\d+)x )?(?:Up to )?([\d.]+) Gigabit", told.get("NetworkPerformance", ""))
    return (float(words[2]) * int(words[1] or 1), "") if words else (None, "")
