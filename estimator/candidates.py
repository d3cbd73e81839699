"""Which machines are worth an estimate: every suitable type in useful numbers, and why the others are left out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from data import Catalog, Chip, Instance, Rate
from estimator.cost import START_HOURS
from estimator.neuron import refusal
from estimator.result import Cluster, Estimate
from estimator.units import figure
from estimator.wishes import too_slow
from estimator.workload import Inference, Training, Wish, Workload

Estimator = Callable[[Workload, Cluster, Catalog], Estimate]

OLD = {"g2": "K520", "g3": "M60", "g3s": "M60", "p2": "K80", "p3": "V100", "p3dn": "V100"}
NOT_FOR_THIS = {"g4ad": "AMD cards without ROCm support for training and serving", "vt1": "video transcoding"}
SERVES_ONLY = ("dl2q",)
CPU_FAMILIES = ("c7i", "c7g", "m7i", "r7i", "c6i", "m6i")
LIGHT = 1.5e9  # weights up to which a CPU is worth a look
SMALL_TRAINING = 5e7
MOST_NODES = 64
MOST_NODES_EVER = 512  # under a deadline
TWIN = "the same chips with more CPU and memory at a higher price"
SHORT_ENOUGH = 1.0  # hours; more machines than that takes are not worth the trouble
SHORTEST = 0.01  # hours that are left of a deadline at least
ENOUGH_REPLICAS = 256
WHOLE = 8  # chips of a machine from which a copy of a model is spread over more than one
MOST_TO_HOLD = 4  # machines that one copy of a model may be spread over
MOST_FOR_LATENCY = 8
TRIES = 6
DOES_NOT_FIT = "too small for this"
HEADROOM = 0.7  # of the throughput that a service may use, so that queues stay short


@dataclass
class Reasons:
    """Why types are left out: the types by reason, in the order in which reasons come up."""

    by_reason: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reason: str, name: str) -> None:
        """Leave *name* out because of *reason*."""
        if name not in self.by_reason[reason]:
            self.by_reason[reason].append(name)

    def lines(self) -> tuple[str, ...]:
        """One line a reason: "no price known in eu-west-3: p5, trn1"."""
        return tuple(f"{reason}: {_listed(names)}" for reason, names in self.by_reason.items())


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:6])
    return f"{shown} and {len(names) - 6} more" if len(names) > 6 else shown


@lru_cache(maxsize=1024)
def chip_of(instance: Instance, catalog: Catalog) -> Chip | None:
    """The chip of a type; of a slice of a card, that share of it."""
    chip = catalog.chips.get(instance.chip or "")
    if chip is None or instance.chips >= 1:
        return chip
    share = instance.chips
    return replace(
        chip,
        memory_gb=instance.chip_memory_gb or chip.memory_gb * share,
        bandwidth_gb_s=_part(chip.bandwidth_gb_s, share),
        watts=_part(chip.watts, share),
        fp32=_part(chip.fp32, share),
        tf32=_part(chip.tf32, share),
        fp16=_part(chip.fp16, share),
        bf16=_part(chip.bf16, share),
        fp8=_part(chip.fp8, share),
        int8=_part(chip.int8, share),
        fp4=_part(chip.fp4, share),
    )


def _part(value: float | None, share: float) -> float | None:
    return None if value is None else value * share


def cluster_of(instance: Instance, nodes: int, catalog: Catalog) -> Cluster:
    """*nodes* machines of one type."""
    if not instance.chip:
        return Cluster(chip=None, count=nodes, per_node=1, instance=instance)
    per_node = max(1, int(instance.chips))
    return Cluster(chip=chip_of(instance, catalog), count=nodes * per_node, per_node=per_node, instance=instance)


@lru_cache(maxsize=4096)
def rates_of(catalog: Catalog, instance_type: str, region: str) -> tuple[Rate, ...]:
    """Every known price of a type in a region, kept."""
    return catalog.rates(instance_type, region)


def suitable(work: Workload, catalog: Catalog, reasons: Reasons) -> list[Instance]:
    """The types that may run *work* under its wishes; the others go to *reasons* where somebody would ask."""
    named = set(work.wish.families)
    found = []
    for instance in catalog.instances.values():
        if named and instance.family not in named and instance.name not in named:
            continue
        why = _unsuitable(instance, work, catalog, named=bool(named))
        if why is None:
            found.append(instance)
        elif why:
            reasons.add(why, instance.family if instance.chip else "CPU types")
    return _without_twins(found, work, catalog, reasons, named=named)


def _unsuitable(instance: Instance, work: Workload, catalog: Catalog, *, named: bool) -> str | None:
    """Why not: a sentence, "" when nobody would ask, None when it is suitable."""
    if "metal" in instance.name or (instance.chip is None and not _cpu_sensible(instance, work, named=named)):
        return ""
    if not named and instance.family in OLD:
        return "old chips (K520, K80, M60, V100) that AWS hardly rents any more; name one to see it"
    if not named and instance.family in NOT_FOR_THIS:
        return NOT_FOR_THIS[instance.family]
    if isinstance(work, Training) and instance.family in SERVES_ONLY:
        return "made for inference"
    if refused := refusal(work, catalog.chips.get(instance.chip or ""), catalog):
        return f"{refused.why} ({refused.instead})" if named else refused.why
    if isinstance(work, Training) and 0 < instance.chips < 1:
        return "slices of a card, for inference"
    if not _vendor_fits(instance, work.wish, catalog):
        return f"not {work.wish.vendor}" if instance.chip else ""
    if not rates_of(catalog, instance.name, work.wish.region):
        return f"no price known in {work.wish.region}"
    return None


def _cpu_sensible(instance: Instance, work: Workload, *, named: bool) -> bool:
    if named:
        return True
    if instance.family.startswith("t"):
        return False  # burstable: its CPU credits run out under a steady load
    if work.wish.vendor == "cpu":
        return True
    if instance.family not in CPU_FAMILIES[:3] or instance.vcpu < 4:
        return False
    if isinstance(work, Inference):
        return work.model.params <= LIGHT
    return work.model.params <= SMALL_TRAINING


def _vendor_fits(instance: Instance, wish: Wish, catalog: Catalog) -> bool:
    if wish.vendor is None:
        return True
    if wish.vendor == "cpu" or not instance.chip:
        return wish.vendor == "cpu" and not instance.chip
    return wish.vendor == "gpu" or wish.vendor in catalog.chips[instance.chip].vendor.lower()


def _without_twins(
    found: list[Instance], work: Workload, catalog: Catalog, reasons: Reasons, *, named: set[str]
) -> list[Instance]:
    """Of types with the same chips only the cheapest; CPU types all count."""
    kept: dict[tuple[object, ...], Instance] = {}
    for one in sorted(found, key=lambda instance: _price(instance, work.wish.region, catalog)):
        alike: tuple[object, ...] = (one.chip, one.chips, one.chip_memory_gb)
        if not one.chip or one.name in named:
            kept[(one.name,)] = one
        elif alike in kept:
            reasons.add(TWIN, one.name)
        else:
            kept[alike] = one
    return list(kept.values())


def _price(instance: Instance, region: str, catalog: Catalog) -> float:
    rates = rates_of(catalog, instance.name, region)
    return next((rate.usd_per_hour for rate in rates if rate.market in ("on-demand", "capacity-block")), 1e9)


# -- in which numbers


def estimates(
    work: Workload, instance: Instance, catalog: Catalog, estimate: Estimator, reasons: Reasons
) -> Iterator[Estimate]:
    """The estimates of useful numbers of machines: from one up to what the load or the deadline needs."""
    if isinstance(work, Inference):
        yield from _replicated(work, instance, catalog, estimate, reasons)
        return
    nearest: Estimate | None = None
    for nodes in _numbers(work, instance, catalog, reasons):
        made = estimate(work, cluster_of(instance, nodes, catalog), catalog)
        if not made.fits:
            nearest = made
            continue
        nearest = None
        yield made
        if made.hours is None or made.hours.mid <= min(SHORT_ENOUGH, _left(work.wish) or SHORT_ENOUGH):
            return
    if nearest is not None:
        _does_not_fit(nearest, instance, reasons)


@lru_cache(maxsize=1024)
def _whole(instance: Instance, catalog: Catalog) -> bool:
    """Whether no other type holds more of the same chips; clusters are made of whole machines."""
    return instance.chips >= max(one.chips for one in catalog.instances.values() if one.chip == instance.chip)


def _numbers(work: Training, instance: Instance, catalog: Catalog, reasons: Reasons) -> Iterator[int]:
    """1, 2, 4 ... whole machines; one where there is no EFA; so many as make the chips that were asked for."""
    wish = work.wish
    if wish.chips is not None:
        nodes = wish.chips / instance.chips if instance.chips else 0
        if nodes >= 1 and nodes == int(nodes):
            yield int(nodes)
        return
    most = wish.max_nodes or (MOST_NODES_EVER if wish.deadline_hours else MOST_NODES)
    named = {instance.name, instance.family} & set(wish.families)
    if not instance.efa and instance.chips >= 1 and most > 1 and (named or _whole(instance, catalog)):
        reasons.add("one machine only: without EFA the network would hold the chips up", instance.family)
    if not instance.efa or not (named or _whole(instance, catalog)):
        most = 1
    nodes = 1
    while nodes <= most:
        yield nodes
        nodes *= 2
    if nodes // 2 < most and wish.max_nodes:
        yield most


def _replicated(
    work: Inference, instance: Instance, catalog: Catalog, estimate: Estimator, reasons: Reasons
) -> Iterator[Estimate]:
    """One machine, or so many as the model, the request rate, the latency or the deadline needs."""
    if work.wish.chips is not None and instance.chips != work.wish.chips:
        return
    most = work.wish.max_nodes or ENOUGH_REPLICAS
    nodes, tried = 1, 0
    made = estimate(work, cluster_of(instance, nodes, catalog), catalog)
    while tried < TRIES:
        more = _more(work, made, nodes, instance)
        if more <= nodes or nodes == most:
            break
        if made.able and tried == 0:
            yield made
        nodes, tried = min(most, more), tried + 1
        made = estimate(work, cluster_of(instance, nodes, catalog), catalog)
    if made.able:
        yield made
    else:
        _does_not_fit(made, instance, reasons)


def _more(work: Inference, made: Estimate, nodes: int, instance: Instance) -> int:
    """How many machines to try after *nodes*; as many again when more would not help."""
    if made.memory is not None and not made.memory.fits:
        return 2 * nodes if instance.efa and instance.chips >= WHOLE and nodes < MOST_TO_HOLD else nodes
    if not made.able:
        if work.qps is None or made.samples_per_s is None:
            return nodes
        return max(nodes + 1, math.ceil(nodes * work.qps / (HEADROOM * made.samples_per_s.mid)))
    if next(too_slow(made, work), None):
        return 2 * nodes if nodes < MOST_FOR_LATENCY else nodes
    deadline = _left(work.wish)
    if deadline and made.hours is not None and made.hours.mid > deadline:
        return math.ceil(nodes * made.hours.mid / deadline)
    return nodes


def _left(wish: Wish) -> float | None:
    """Hours of work until the deadline, once the machines have started."""
    return None if wish.deadline_hours is None else max(wish.deadline_hours - START_HOURS, SHORTEST)


def _does_not_fit(made: Estimate, instance: Instance, reasons: Reasons) -> None:
    memory, chip = made.memory, made.cluster.chip
    if memory is None or chip is None or memory.fits:
        reasons.add(made.why_not or made.overload or "cannot run this", instance.family if chip else "CPU types")
        return
    need, usable = figure(memory.per_accelerator.mid), figure(memory.usable_gb)
    reasons.add(DOES_NOT_FIT, f"{instance.name} (needs {need} GB a chip, has {usable})")
