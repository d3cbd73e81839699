"""One choice: a cluster in a region under a market, with its time, its cost and where it misses what was wished."""

from __future__ import annotations

from dataclasses import dataclass

from data.shapes import Rate
from estimator.result import Estimate, Range


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """One line of the bill: name, quantity, unit, USD per unit and in all; None is unknown, never 0."""

    name: str
    quantity: float
    unit: str
    usd_per_unit: float | None
    usd: Range | None
    included: bool = True  # in the option's total; False: beside the job, for those who need it
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """*nodes* machines of one type (or *chips* accelerators that AWS does not rent) under one market.

    *hours* holds what interruptions of spot cost; *usd* is for what `Answer.per` says: the job, or a month.
    """

    instance_type: str | None  # None: not an EC2 type
    nodes: int
    chip: str | None  # None: CPU only
    chips: int
    region: str
    market: str  # one of data.MARKETS
    rate: Rate | None  # None: price unknown
    estimate: Estimate
    hours: Range | None = None
    usd: Range | None = None
    billed_hours: Range | None = None  # of each machine: the work, its start before it, and reserved days to their end
    items: tuple[LineItem, ...] = ()
    usd_per_million_tokens: Range | None = None
    usd_per_thousand_requests: Range | None = None
    energy_kwh: Range | None = None
    co2e_kg: Range | None = None  # of that energy with cooling and losses, by the region's grid
    commitment_usd: float | None = None  # what a savings plan obliges to pay over its term
    failing: tuple[str, ...] = ()  # each wish that is missed, as a sentence; empty: all are met
    pareto: bool = False  # no other option is both cheaper and faster
    note: str = ""  # interruptions, commitment, age of the chip

    @property
    def meets(self) -> bool:
        """Whether it runs and misses no wish."""
        return self.estimate.able and not self.failing

    @property
    def usd_per_hour(self) -> float | None:
        """All nodes together; None when the price is unknown."""
        return None if self.rate is None else self.rate.usd_per_hour * self.nodes

    @property
    def accelerator_hours(self) -> Range | None:
        """Chips x hours."""
        return None if self.hours is None or not self.chips else self.hours.times(self.chips)

    @property
    def machines(self) -> str:
        """2 x p5.48xlarge, or 8 x RTX-4090."""
        return f"{self.nodes} x {self.instance_type}" if self.instance_type else f"{self.chips} x {self.chip}"

    @property
    def label(self) -> str:
        """The machines and their market: 2 x p5.48xlarge spot."""
        return self.machines if self.market == "on-demand" else f"{self.machines} {self.market}"
