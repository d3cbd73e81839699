"""What things bill by the hour, from the catalog; a part without a known price makes the sum unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.kinds.base import HOURS_PER_MONTH
from data import Catalog

GP3_IOPS, GP3_MBPS = 3000, 125  # included in the price per GB
GP2_IOPS_PER_GB, GP2_MOST_IOPS = 3, 16000
Disk = Mapping[str, Any]  # id, gb, type, iops, mbps


def total(parts: Iterable[float | None]) -> float | None:
    """The sum, or None when one of *parts* is unknown."""
    known = list(parts)
    return None if any(part is None for part in known) else sum(part for part in known if part is not None)


def instance(catalog: Catalog, name: str, region: str, market: str) -> float | None:
    """USD per hour of one running instance."""
    rate = catalog.rate(name, region, market)
    return rate.usd_per_hour if rate else None


def disk(catalog: Catalog, one: Disk, region: str) -> float | None:
    """USD per hour of a volume: space, and the IOPS and throughput that are paid apart."""
    kind = str(one["type"])
    parts = [times(item(catalog, f"ebs_{kind}", region), one["gb"])]
    iops, mbps = one.get("iops") or 0, one.get("mbps") or 0
    if kind == "gp3" and iops > GP3_IOPS:
        parts.append(times(item(catalog, "ebs_gp3_iops_over_3000", region), iops - GP3_IOPS))
    if kind == "gp3" and mbps > GP3_MBPS:
        parts.append(times(item(catalog, "ebs_gp3_throughput_over_125MBps", region), mbps - GP3_MBPS))
    if kind in ("io1", "io2"):
        parts.append(times(item(catalog, f"ebs_{kind}_iops_first_32000", region), iops) if iops <= 32000 else None)
    monthly = total(parts)
    return None if monthly is None else monthly / HOURS_PER_MONTH


def disks(catalog: Catalog, many: Iterable[Disk], region: str) -> float | None:
    """USD per hour of several volumes."""
    return total(disk(catalog, one, region) for one in many)


def as_gp3(one: Disk) -> Disk:
    """A gp2 volume as the gp3 volume that does the same work."""
    iops = min(GP2_MOST_IOPS, max(GP3_IOPS, GP2_IOPS_PER_GB * int(one["gb"])))
    return {**one, "type": "gp3", "iops": iops, "mbps": GP3_MBPS if one["gb"] <= 170 else 250}


def addresses(catalog: Catalog, count: int, region: str) -> float | None:
    """USD per hour of public IPv4 addresses, used or not: both cost the same."""
    return times(item(catalog, "public_ipv4_in_use", region), count)


def item(catalog: Catalog, name: str, region: str) -> float | None:
    """A unit price of the catalog."""
    found = catalog.item(name, region)
    return found.usd if found else None


def times(price: float | None, quantity: float) -> float | None:
    """*price* x *quantity*; nothing costs nothing even where the price is unknown."""
    if quantity == 0:
        return 0.0
    return None if price is None else price * quantity
