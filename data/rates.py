"""Prices per hour: those that are listed, and those that follow from on-demand by a published discount or mark-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property

from data.shapes import Rate, Share

MARKETS = ("on-demand", "spot", "savings-plan-1y", "savings-plan-3y", "capacity-block", "sagemaker")


class Rates:
    """What an instance-hour costs by type, region and market; what has no basis is None."""

    def __init__(self, listed: Iterable[Rate], shares: Iterable[Share]) -> None:
        self._listed = {(rate.instance_type, rate.region, rate.market): rate for rate in listed}
        self._shares = {(share.applies_to, share.region, share.market): share for share in shares}
        self._found: dict[tuple[str, str, str], Rate | None] = {}

    @property
    def listed(self) -> tuple[Rate, ...]:
        """Every price that was read as such."""
        return tuple(self._listed.values())

    @cached_property
    def days(self) -> Mapping[str, list[date]]:
        """The day of every on-demand price, by region."""
        found: dict[str, list[date]] = {}
        for rate in self._listed.values():
            if rate.market == "on-demand":
                found.setdefault(rate.region, []).append(rate.as_of)
        return found

    def find(self, instance_type: str, region: str, market: str) -> Rate | None:
        """The listed price if there is one, else the one that a share of on-demand gives, else None."""
        key = (instance_type, region, market)
        if key not in self._found:
            self._found[key] = self._told(self._listed[key]) if key in self._listed else self._derive(*key)
        return self._found[key]

    def _told(self, rate: Rate) -> Rate:
        """A listed spot price does not say how often machines are taken back; the family's share may."""
        share = self._share(rate.instance_type, rate.region, "spot") if rate.market == "spot" else None
        return replace(rate, reclaimed_per_month=share.reclaimed_per_month) if share else rate

    def _derive(self, instance_type: str, region: str, market: str) -> Rate | None:
        base = self._listed.get((instance_type, region, "on-demand"))
        share = self._share(instance_type, region, market)
        if base is None or share is None or share.percent is None:
            return None
        return Rate(
            instance_type=instance_type,
            region=region,
            market=market,
            usd_per_hour=_part(base, share.percent),
            low=None if share.low is None else _part(base, share.low),
            high=None if share.high is None else _part(base, share.high),
            basis=share.basis,
            confidence=share.confidence,
            source=f"{share.source}; on-demand: {base.source}",
            as_of=min(share.as_of, base.as_of),
            reclaimed_per_month=share.reclaimed_per_month,
        )

    def _share(self, instance_type: str, region: str, market: str) -> Share | None:
        family = instance_type.partition(".")[0]
        for name in (instance_type, family):
            for place in (region, "*"):
                if share := self._shares.get((name, place, market)):
                    return share
        return None


def _part(base: Rate, percent: float) -> float:
    return round(base.usd_per_hour * percent / 100, 6)
