"""Prices and types as AWS tells them now: which calls, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from bot import cloud_prices as prices
from bot import cloud_types as types
from bot.cloud import Cloud
from bot.rules.errors import CloudError
from data import Catalog, Instance, Item, Rate

PRICE_LIST = "us-east-1"  # where the Price List and Savings Plans answer, for every region
SPOT_DAYS = 30
NAMES_A_CALL = 100  # types in one DescribeSpotPriceHistory
T = TypeVar("T")

# The rights that a refresh needs, all read-only.
PERMISSIONS = (
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeSpotPriceHistory",
    "pricing:GetProducts",
    "savingsplans:DescribeSavingsPlansOfferingRates",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What AWS told; *gaps* are the sentences about what it did not."""

    rates: tuple[Rate, ...]
    instances: tuple[Instance, ...]
    items: tuple[Item, ...]
    gaps: tuple[str, ...]


class Reader:
    """Reads one region after another; a call that AWS refuses is a gap, and the rest goes on."""

    def __init__(self, cloud: Cloud, catalog: Catalog, now: datetime) -> None:
        self._cloud = cloud
        self._catalog = catalog
        self._now = now
        self._day: date = now.date()
        self._instances: dict[str, Instance] = {}
        self._rates: dict[tuple[str, str, str], Rate] = {}
        self._items: dict[tuple[str, str], Item] = {}
        self._gaps: list[str] = []

    def read(self, regions: Sequence[str]) -> Reading:
        """Types first, so that the prices of new ones count."""
        for region in regions:
            for one in self._attempt(f"types in {region}", partial(self._types, region)):
                self._instances.setdefault(one.name, one)
        for region in regions:
            for what, prices_of in self._prices(region).items():
                for rate in self._attempt(f"{what} in {region}", prices_of):
                    self._rates[rate.instance_type, rate.region, rate.market] = rate
            for item in self._attempt(f"storage prices in {region}", partial(self._storage, region)):
                self._items[item.name, item.region] = item
        return Reading(
            tuple(self._rates.values()),
            tuple(self._instances.values()),
            tuple(self._items.values()),
            tuple(dict.fromkeys(self._gaps)),
        )

    def _prices(self, region: str) -> Mapping[str, Callable[[], Iterable[Rate]]]:
        return {
            "on-demand prices": partial(self._on_demand, region),
            "SageMaker prices": partial(self._sagemaker, region),
            "spot prices": partial(self._spot, region),
            "savings-plan rates": partial(self._savings, region),
        }

    def _attempt(self, what: str, read: Callable[[], Iterable[T]]) -> list[T]:
        try:
            found = list(read())
        except CloudError as error:
            self._gaps.append(f"{what}: {error}")
            return []
        except (KeyError, TypeError, ValueError) as error:
            self._gaps.append(f"{what}: AWS's reply was not understood ({error!r})")
            return []
        if not found:
            self._gaps.append(f"{what}: none told")
        return found

    @property
    def _names(self) -> frozenset[str]:
        return frozenset(self._catalog.instances) | frozenset(self._instances)

    def _types(self, region: str) -> Iterator[Instance]:
        client = self._cloud.client("ec2", region)
        for told in self._cloud.items(client, "describe_instance_types", "InstanceTypes"):
            if told["InstanceType"] not in self._catalog.instances and types.device(told) is None:
                continue
            try:
                yield types.instance(told, self._catalog, self._day)
            except types.UnknownChip as chip:
                self._gaps.append(f"{told['InstanceType']} carries a chip that the catalog does not know: {chip}")

    def _products(self, service: str, region: str, **wanted: str) -> Iterator[str]:
        wanted = {"regionCode": region, **wanted}
        filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
        client = self._cloud.client("pricing", PRICE_LIST)
        for page in self._cloud.pages(client, "get_products", ServiceCode=service, Filters=filters):
            yield from page["PriceList"]

    def _on_demand(self, region: str) -> Iterator[Rate]:
        told = self._products(
            "AmazonEC2", region, operatingSystem="Linux", tenancy="Shared", preInstalledSw="NA", capacitystatus="Used"
        )
        return prices.on_demand(told, region, self._names, self._day)

    def _sagemaker(self, region: str) -> Iterator[Rate]:
        told = self._products("AmazonSageMaker", region, component="Hosting")
        return prices.sagemaker(told, region, self._names, self._day)

    def _storage(self, region: str) -> Iterator[Item]:
        for family in ("Storage", "Storage Snapshot"):
            yield from prices.storage(self._products("AmazonEC2", region, productFamily=family), region, self._day)

    def _spot(self, region: str) -> Iterator[Rate]:
        client, names = self._cloud.client("ec2", region), sorted(self._names)
        history: list[Mapping[str, Any]] = []
        for start in range(0, len(names), NAMES_A_CALL):
            history += self._cloud.items(
                client,
                "describe_spot_price_history",
                "SpotPriceHistory",
                InstanceTypes=names[start : start + NAMES_A_CALL],
                ProductDescriptions=["Linux/UNIX"],
                StartTime=self._now - timedelta(days=SPOT_DAYS),
                EndTime=self._now,
            )
        return prices.spot(history, region, self._listed(region), self._day)

    def _listed(self, region: str) -> dict[str, float]:
        """On-demand prices: those just read, else the catalog's."""
        found = {name: self._catalog.rate(name, region, "on-demand") for name in self._names}
        found |= {
            name: rate
            for (name, where, market), rate in self._rates.items()
            if (where, market) == (region, "on-demand")
        }
        return {name: rate.usd_per_hour for name, rate in found.items() if rate}

    def _savings(self, region: str) -> Iterator[Rate]:
        client = self._cloud.client("savingsplans", PRICE_LIST)
        wanted: dict[str, Any] = {
            "savingsPlanPaymentOptions": ["No Upfront"],
            "savingsPlanTypes": ["EC2Instance"],
            "products": ["EC2"],
            "serviceCodes": ["AmazonEC2"],
            "filters": [
                {"name": "region", "values": [region]},
                {"name": "productDescription", "values": ["Linux/UNIX"]},
                {"name": "tenancy", "values": ["shared"]},
            ],
            "maxResults": 1000,
        }
        while True:
            page = self._cloud.call(client.describe_savings_plans_offering_rates, **wanted)
            yield from prices.savings(page.get("searchResults", ()), region, self._names, self._day)
            if not page.get("nextToken"):
                return
            wanted["nextToken"] = page["nextToken"]


def read(cloud: Cloud, catalog: Catalog, regions: Sequence[str], now: datetime) -> Reading:
    """Everything that AWS tells about prices and types in *regions*."""
    return Reader(cloud, catalog, now).read(regions)
