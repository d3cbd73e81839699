"""What a choice costs: line items of the bill, what spot interruptions add."""

from __future__ import annotations

import math
from dataclasses import dataclass

from data import Catalog, Rate
from estimator.option import LineItem
from estimator.result import Range
from estimator.units import MONTH_HOURS
from estimator.workload import FineTuning, Inference, Training, Workload

SYSTEM_GB = 100.0  # a machine's root disk: a Deep Learning AMI needs 65 to 90 GB
KEPT_CHECKPOINTS = 2
CHECKPOINT_HOURS = 1.0  # between two checkpoints
RESTART_HOURS = 0.25  # until a machine that was taken back is replaced and the job runs again
USUAL_RECLAIMED = 0.2  # a month, where the share of machines that AWS takes back is not published
TERM_HOURS = {"savings-plan-1y": 8760.0, "savings-plan-3y": 3 * 8760.0}
DISK = "ebs_gp3"
SNAPSHOT = "ebs_snapshot_standard"
OUT = "data_transfer_out_internet_first_10TB"


# Between *running*, from where EC2 bills each second, and the first step: boot, image, weights. An assumption.
START_HOURS = 0.15
LONGEST_BY_DAY, DAYS_OF_A_BLOCK = 14, 7  # Capacity Blocks: by the day up to 14, then by the week (EC2 User Guide, 2026)
MOST_HOURS = 1e9
MOST_DATA_GB = 500.0  # more than this is streamed from S3


@dataclass(frozen=True, slots=True)
class Disk:
    """GB on the disk of every machine and of all together, GB worth keeping afterwards, USD per GB-month there."""

    per_node_gb: float
    shared_gb: float
    result_gb: float
    usd_per_gb_month: float | None
    source: str = ""

    def gigabytes(self, nodes: int) -> float:
        """On all machines."""
        return nodes * self.per_node_gb + self.shared_gb

    def usd_per_hour(self, nodes: int) -> float:
        """Of all machines; 0 where the price is unknown, which the line item says."""
        return self.gigabytes(nodes) * (self.usd_per_gb_month or 0.0) / MONTH_HOURS


def exactly(value: float) -> Range:
    """A range without width."""
    return Range(value, value, value)


def disk(work: Workload, region: str, catalog: Catalog) -> Disk:
    """What the workload keeps on disk: the system, the weights, and for training its checkpoints and data."""
    item = catalog.item(DISK, region)
    weights = work.model.params * (4.0 if work.precision == "fp32" else 2.0) / 1e9
    shared, result = 0.0, 0.0 if isinstance(work, Inference) else weights
    if isinstance(work, FineTuning) and work.method not in (None, "full"):
        result = 0.02 * weights  # adapters are one to two percent of the model
        shared = KEPT_CHECKPOINTS * result
    elif isinstance(work, Training):
        state = work.model.params * 14 / 1e9  # bf16 weights, fp32 copy and two moments
        shared = KEPT_CHECKPOINTS * state + min(MOST_DATA_GB, (work.tokens or 0.0) * 2 / 1e9)
    source = f"{item.source}, {item.as_of}" if item else ""
    return Disk(SYSTEM_GB + weights, shared, result, item.usd if item else None, source)


def interrupted(hours: Range, rate: Rate, nodes: int) -> tuple[Range, float]:
    """Hours with what spot interruptions cost, and how many of them are expected.

    A machine is taken back at a constant hazard that gives the published share a month; each time all machines lose
    half of the time between two checkpoints and wait for the replacement.
    """
    share = USUAL_RECLAIMED if rate.reclaimed_per_month is None else rate.reclaimed_per_month
    per_hour = nodes * -math.log(1 - min(share, 0.99)) / MONTH_HOURS
    lost = CHECKPOINT_HOURS / 2 + RESTART_HOURS
    # Without end where more is lost than done; cut there, so that such a choice is only very slow.
    factor = 1 / max(0.05, 1 - per_hour * lost)
    longer = hours.times(factor)
    return longer, per_hour * longer.mid


def billed(hours: Range, market: str) -> Range:
    """Hours that a job is paid for: its own and START_HOURS before them, of a Capacity Block in whole days or weeks."""
    started = (hours.low + START_HOURS, hours.mid + START_HOURS, hours.high + START_HOURS)
    return Range(*map(_reserved, started)) if market == "capacity-block" else Range(*started)


def _reserved(hours: float) -> float:
    days = math.ceil(min(hours, MOST_HOURS) / 24)
    return 24.0 * (days if days <= LONGEST_BY_DAY else DAYS_OF_A_BLOCK * math.ceil(days / DAYS_OF_A_BLOCK))


@dataclass(frozen=True, slots=True)
class Machines:
    """What is billed: machines of a type, the hours of the work, and the hours that are paid for it."""

    instance_type: str
    nodes: int
    hours: Range
    paid: Range


def bill(what: Machines, rate: Rate | None, space: Disk, catalog: Catalog, region: str) -> tuple[LineItem, ...]:
    """The line items: machines, their start and their disks; then a snapshot and a download, beside the total."""
    unit = rate.usd_per_hour if rate else None
    source = f"{rate.basis}, {rate.as_of}" if rate else ""
    named = f"{what.nodes} x {what.instance_type}" + (f" ({rate.market})" if rate else "")
    work = _rented(named, what.hours.times(what.nodes), unit, source)
    more = Range(*(paid - own for paid, own in zip(_ends(what.paid), _ends(what.hours), strict=True)))
    found = [work]
    if more.mid > 0 and rate and rate.market == "capacity-block":
        found.append(_rented("the rest of the days that are reserved", more.times(what.nodes), unit, source))
    elif more.mid > 0:
        name = f"starting the machines, about {START_HOURS * 60:.0f} min"
        found.append(
            _rented(name, more.times(what.nodes), unit, "assumed; EC2 bills each second, at least 60, from running")
        )
    return (*found, _disks(space, what), *_beside(space, catalog, region))


def _ends(span: Range) -> tuple[float, float, float]:
    return span.low, span.mid, span.high


def _rented(name: str, hours: Range, unit: float | None, source: str) -> LineItem:
    return LineItem(
        name=name,
        quantity=hours.mid,
        unit="instance-hours",
        usd_per_unit=unit,
        usd=None if unit is None else hours.times(unit),
        source=source,
    )


def _disks(space: Disk, what: Machines) -> LineItem:
    months = what.paid.times(space.gigabytes(what.nodes) / MONTH_HOURS)
    return LineItem(
        name=f"gp3 disks, {space.gigabytes(what.nodes):,.0f} GB",
        quantity=months.mid,
        unit="GB-months",
        usd_per_unit=space.usd_per_gb_month,
        usd=None if space.usd_per_gb_month is None else months.times(space.usd_per_gb_month),
        source=space.source,
    )


def _beside(space: Disk, catalog: Catalog, region: str) -> tuple[LineItem, ...]:
    """What the result costs later: kept as a snapshot for a month, or taken out of AWS once."""
    if not space.result_gb:
        return ()
    made = []
    for name, item_name, unit in (
        ("result kept as a snapshot", SNAPSHOT, "GB-months"),
        ("result downloaded once", OUT, "GB"),
    ):
        item = catalog.item(item_name, region)
        price = item.usd if item else None
        total = None if price is None else price * space.result_gb
        made.append(
            LineItem(
                name=name,
                quantity=space.result_gb,
                unit=unit,
                usd_per_unit=price,
                usd=None if total is None else exactly(total),
                included=False,
                source=item.source if item else "",
            )
        )
    return tuple(made)
