"""AWS's replies about prices, in the catalog's shape; pure. What is 0, malformed or not believable gives no price."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from data import Item, Rate

SPOT_FLOOR = 0.02  # of on-demand: AWS caps the discount at 90 %, so what is far below is no price
YEARS = {31_536_000: "savings-plan-1y", 94_608_000: "savings-plan-3y"}  # seconds of one year and of three
VOLUMES = ("gp3", "gp2", "io1", "io2", "st1", "sc1")


@dataclass(frozen=True, slots=True)
class Offer:
    """One product of the Price List with its on-demand price."""

    attributes: Mapping[str, str]
    unit: str
    usd: float
    published: str


def offer(entry: str) -> Offer | None:
    """One string of GetProducts' PriceList; None when it has no on-demand price above 0."""
    told = json.loads(entry)
    dimensions = (
        dimension
        for term in told.get("terms", {}).get("OnDemand", {}).values()
        for dimension in term.get("priceDimensions", {}).values()
    )
    for dimension in dimensions:
        usd = float(dimension.get("pricePerUnit", {}).get("USD", 0))
        if usd > 0:
            published = str(told.get("publicationDate", ""))[:10]
            return Offer(told["product"]["attributes"], dimension.get("unit", ""), usd, published)
    return None


def offers(entries: Iterable[str]) -> Iterator[Offer]:
    """Every product that has a price."""
    return (found for entry in entries if (found := offer(entry)) is not None)


def on_demand(entries: Iterable[str], region: str, names: Container[str], day: date) -> Iterator[Rate]:
    """Linux on shared hardware, by the hour."""
    for one in offers(entries):
        told = one.attributes
        plain = told.get("operation") == "RunInstances" and "BoxUsage" in told.get("usagetype", "")
        listed = told.get("marketoption", "OnDemand") == "OnDemand" and one.unit == "Hrs"
        if plain and listed and _in_region(told) and told.get("instanceType") in names:
            yield _list_price(told["instanceType"], region, "on-demand", one, day)


def sagemaker(entries: Iterable[str], region: str, names: Container[str], day: date) -> Iterator[Rate]:
    """Real-time hosting, by the hour."""
    for one in offers(entries):
        told = one.attributes
        name = told.get("instanceName", "").removeprefix("ml.")
        if told.get("component") == "Hosting" and one.unit == "Hrs" and _in_region(told) and name in names:
            yield _list_price(name, region, "sagemaker", one, day)


def _in_region(told: Mapping[str, str]) -> bool:
    """Whether the product is sold in the region itself, not in a Local Zone or on an Outpost."""
    return told.get("locationType", "AWS Region") == "AWS Region"


def _list_price(name: str, region: str, market: str, one: Offer, day: date) -> Rate:
    basis = "AWS list price" if market == "on-demand" else "SageMaker hosting list price"
    source = f"AWS Price List GetProducts{f', published {one.published}' if one.published else ''}"
    return Rate(name, region, market, one.usd, None, None, basis, "high", source, day)


def storage(entries: Iterable[str], region: str, day: date) -> Iterator[Item]:
    """EBS volumes and snapshots, by GB and month."""
    for one in offers(entries):
        name = _storage_name(one.attributes)
        if name and one.unit == "GB-Mo" and _in_region(one.attributes):
            yield Item(name, "USD per GB-month", region, one.usd, "AWS Price List GetProducts", day)


def _storage_name(told: Mapping[str, str]) -> str:
    volume = told.get("volumeApiName")
    if volume in VOLUMES and "EBS:VolumeUsage" in told.get("usagetype", ""):
        return f"ebs_{volume}"
    return "ebs_snapshot_standard" if told.get("usagetype", "").endswith("EBS:SnapshotUsage") else ""


def spot(history: Iterable[Mapping[str, Any]], region: str, listed: Mapping[str, float], day: date) -> Iterator[Rate]:
    """The mean of the zones' latest prices, with the lowest and highest of the history.

    *listed* is the on-demand price by type, where it is known.
    """
    by_type: dict[str, list[Mapping[str, Any]]] = {}
    for row in history:
        by_type.setdefault(row["InstanceType"], []).append(row)
    for name, rows in by_type.items():
        latest = {row["AvailabilityZone"]: float(row["SpotPrice"]) for row in sorted(rows, key=_time)}
        prices = [float(row["SpotPrice"]) for row in rows]
        usd = round(sum(latest.values()) / len(latest), 6)
        if usd > max(0.0, SPOT_FLOOR * listed.get(name, 0)):
            zones = f"{len(latest)} zone{'s' if len(latest) > 1 else ''}"
            basis = f"the latest spot price, mean of {zones}, with the range of 30 days"
            source = "EC2 DescribeSpotPriceHistory"
            yield Rate(name, region, "spot", usd, min(prices), max(prices), basis, "high", source, day)


def _time(row: Mapping[str, Any]) -> Any:
    return row["Timestamp"]


def savings(results: Iterable[Mapping[str, Any]], region: str, names: Container[str], day: date) -> Iterator[Rate]:
    """EC2 Instance Savings Plans without upfront payment, Linux on shared hardware."""
    for row in results:
        plan = row.get("savingsPlanOffering", {})
        told = {pair["name"]: pair["value"] for pair in row.get("properties", ())}
        market, name = YEARS.get(plan.get("durationSeconds", 0)), told.get("instanceType", "")
        usd = float(row.get("rate", 0))
        plain = row.get("unit") == "Hrs" and "BoxUsage" in row.get("usageType", "")
        if market and plain and told.get("region") == region and name in names and usd > 0:
            basis = "EC2 Instance Savings Plan rate, no upfront payment"
            source = "Savings Plans DescribeSavingsPlansOfferingRates"
            yield Rate(name, region, market, usd, None, None, basis, "high", source, day)
