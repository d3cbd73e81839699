"""The catalog: one immutable look at the tables, with forgiving names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType

from data import tables
from data.names import Names, chip_spellings, instance_spellings, model_spellings
from data.rates import MARKETS, Rates
from data.shapes import Chip, Dataset, Grid, Instance, Item, Model, Quota, Rate

HERE = Path(__file__).parent
OLD_PRICES = timedelta(days=90)  # prices older than this are said to be old, wherever they are shown
OVERLAY = Path(".local/catalog/current")  # the link that `catalog refresh` turns; whoever wants it passes it to load()
ONE_CHARGE = {"elastic_ip_unattached": "public_ipv4_idle"}  # two names of one line of the bill


@dataclass(frozen=True, eq=False)
class Catalog:
    """Chips, EC2 types, models, prices, quotas; every figure with its source and date."""

    chips: Mapping[str, Chip]
    instances: Mapping[str, Instance]
    models: Mapping[str, Model]
    datasets: Mapping[str, Dataset]  # by name and alias
    quotas: tuple[Quota, ...]
    grids: Mapping[str, Grid]  # by region
    regions: tuple[str, ...]
    calibration: Mapping[str, tuple[Mapping[str, str], ...]]
    _rates: Rates
    _items: Mapping[tuple[str, str], Item]
    _chip_names: Names
    _instance_names: Names
    _model_names: Names

    @cached_property
    def prices_as_of(self) -> date:
        """The day of the prices in every region, as `prices_of` counts it."""
        found = self.prices_of(self.regions)
        assert found is not None  # a catalog has prices
        return found

    def prices_of(self, regions: Collection[str]) -> date | None:
        """
        The day of which half of the on-demand prices in *regions* are, or older; None where no price is known.

        Not the oldest: a type that AWS withdrew keeps its last price and day for ever.
        """
        days = sorted(day for region in regions for day in self._rates.days.get(region, ()))
        return days[(len(days) - 1) // 2] if days else None

    def chip(self, name: str) -> Chip:
        """The chip that is meant by *name*; UnknownName when there is none."""
        return self.chips[self._chip_names.find(name)]

    def instance(self, name: str) -> Instance:
        """The EC2 type that is meant by *name*; UnknownName when there is none."""
        return self.instances[self._instance_names.find(name)]

    def model(self, name: str) -> Model:
        """The model that is meant by *name*; UnknownName when there is none."""
        return self.models[self._model_names.find(name)]

    def model_within(self, text: str) -> Model | None:
        """The model that a phrase names among other words ("bert-large SQuAD"), if there is one."""
        name = self._model_names.within(text)
        return self.models[name] if name else None

    @property
    def chip_keys(self) -> Mapping[str, str]:
        """Chips by the key that `names.chip_spellings` makes of what people write."""
        return self._chip_names.known

    @property
    def model_keys(self) -> Mapping[str, str]:
        """Models by the keys that `names.model_spellings` makes of what people write."""
        return self._model_names.known

    def with_model(self, model: Model) -> Catalog:
        """The same catalog with one more model."""
        models = {**self.models, model.name: model}
        names = Names("model", {one.name: one.aliases for one in models.values()}, model_spellings)
        return replace(self, models=MappingProxyType(models), _model_names=names)

    def rate(self, instance_type: str, region: str, market: str) -> Rate | None:
        """USD per instance-hour under one of MARKETS; None when it is not known."""
        return self._rates.find(instance_type, region, market)

    def rates(self, instance_type: str, region: str) -> tuple[Rate, ...]:
        """Every known price of a type in a region, in the order of MARKETS."""
        found = (self.rate(instance_type, region, market) for market in MARKETS)
        return tuple(rate for rate in found if rate)

    def regions_with(self, instance_type: str, market: str = "on-demand") -> tuple[str, ...]:
        """The regions that have a price of *instance_type*, cheapest first."""
        found = [rate for region in self.regions if (rate := self.rate(instance_type, region, market))]
        return tuple(rate.region for rate in sorted(found, key=lambda rate: rate.usd_per_hour))

    def item(self, name: str, region: str) -> Item | None:
        """A price beside the instances ("ebs_gp3": USD per GB-month), read for the region or for all regions."""
        name = ONE_CHARGE.get(name, name)
        places = (region, "us-*", "*") if region.startswith("us-") else (region, "*")
        return next((self._items[name, place] for place in places if (name, place) in self._items), None)

    def items(self, region: str) -> tuple[Item, ...]:
        """Every price beside the instances that holds in a region."""
        names = dict.fromkeys(name for name, _ in self._items)
        return tuple(found for name in names if (found := self.item(name, region)))

    def quota(self, instance_type: str, market: str) -> Quota | None:
        """The quota that limits a type; a savings plan changes the bill only, so on-demand's counts."""
        if market == "sagemaker":
            return self._quota(f"ml.{instance_type}", market)
        bought = "on-demand" if market.startswith("savings-plan") else market
        return self._quota(instance_type.partition(".")[0], bought)

    def _quota(self, family: str, market: str) -> Quota | None:
        return next((quota for quota in self.quotas if quota.market == market and family in quota.families), None)


def load(overlay: Path | None = None) -> Catalog:
    """The catalog of the files beside this one; rows of the folder *overlay*, if it exists, take their place.

    A folder is read once: an overlay that changes must come under a new real path (`catalog refresh` turns a link).
    """
    return _load(overlay.resolve() if overlay and overlay.is_dir() else None)


@lru_cache(maxsize=4)
def _load(overlay: Path | None) -> Catalog:
    folders = (HERE,) if overlay is None else (HERE, overlay)
    chips = tables.read(folders, "chips", tables.chip)
    instances = {one.name: one for one in tables.read(folders, "instances", tables.instance)}
    models = {one.name: one for one in tables.read(folders, "models", tables.model)}
    shares = tables.read(folders, "discounts", tables.shares)
    rates = Rates(tables.read(folders, "rates", tables.rate), (share for each in shares for share in each))
    return Catalog(
        chips=MappingProxyType({one.name: one for one, _ in chips}),
        instances=MappingProxyType(instances),
        models=MappingProxyType(models),
        datasets=MappingProxyType(
            {name: one for one in tables.read((HERE,), "datasets", tables.dataset) for name in (one.name, *one.aliases)}
        ),
        quotas=tuple(tables.read((HERE,), "quotas", tables.quota)),
        grids=MappingProxyType({one.region: one for one in tables.read((HERE,), "grid", tables.grid)}),
        regions=tuple(sorted({rate.region for rate in rates.listed})),
        calibration=_calibration(),
        _rates=rates,
        _items={(one.name, one.region): one for one in tables.read(folders, "items", tables.item)},
        _chip_names=Names("chip", {one.name: others for one, others in chips}, chip_spellings),
        _instance_names=Names("instance type", dict.fromkeys(instances, ()), instance_spellings),
        _model_names=Names("model", {one.name: one.aliases for one in models.values()}, model_spellings),
    )


def _calibration() -> Mapping[str, tuple[Mapping[str, str], ...]]:
    paths = sorted((HERE / "calibration").glob("*.csv"))
    return MappingProxyType({path.stem: tuple(tables.rows(path)) for path in paths})
