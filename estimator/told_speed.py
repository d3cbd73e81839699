"""The speed under a split that was told, against the split that would have been chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from estimator import fit, speed
from estimator.compute import Shape
from estimator.efficiency import Factors
from estimator.fit import Room
from estimator.memory import Job, Split
from estimator.result import Step
from estimator.run import Run
from estimator.speed import Load, Site
from estimator.split import Told
from estimator.split_time import SAYS, Links, Pace, stretch
from estimator.units import figure

ALIKE = 1.1  # splits that take so many times as long as the best are as well chosen as those of the calibrated rows
WORTH_SAYING = 1.02
SMALLEST = 0.01  # share of the computation from which a cost is named
INTERLEAVED = 2  # parts of a pipeline stage in Megatron-class software, between which micro-batches alternate
RACK = 72  # chips that NVLink joins in an NVL72, whose machines have four
RACKS = ("GB200", "GB300")


@dataclass(frozen=True, slots=True)
class Against:
    """How many times as long the told split takes as *chosen* does."""

    times: float
    chosen: Split
    costs: dict[str, float]  # of the told split, in shares of the computation

    @property
    def because(self) -> str:
        """What costs the told split most."""
        return SAYS[max(self.costs, key=lambda name: self.costs[name])]


def rate(run: Run, load: Load, site: Site, factors: Factors) -> float:
    """Units a second of the whole site.

    Fewer data-parallel ranks never do more, and never use more accelerator time for the same: what more ranks do is
    held against each halving of them.
    """
    if run.of is None or not _told(run):
        return speed.rate(load, site, factors)
    best, longest = 0.0, 0.0
    for count in _halvings(run.cluster.count, max(1, run.ground.asked.model_ranks // run.ground.cores)):
        split = _split(run, count)
        if count < run.cluster.count and not fit.fits(run.of, run.ground.job, run.ground.room, split):
            continue
        busy = fit.busy(split, run.ground.job, replace(run.ground.room, count=count))
        pace = speed.rate(load, replace(site, count=busy), factors) / against(run, load, site, split, count).times
        longest = max(longest, count / pace)
        best = max(best, count / longest)
    return best


def _split(run: Run, count: int) -> Split:
    """The told split on fewer chips, with fewer data-parallel ranks."""
    if run.of is None or count == run.cluster.count:
        return run.split
    asked = run.ground.asked
    if asked.dp:
        asked = replace(asked, dp=max(1, asked.dp * count // run.cluster.count))
    return fit.lay_out(run.of, run.ground.job, replace(run.ground.room, count=count), asked, run.ground.cores).split


def says(run: Run, load: Load, site: Site) -> Iterator[str]:
    """What is said of a told split that is slower than the one that would be chosen."""
    if not _told(run):
        return
    found = against(run, load, site, run.split, run.cluster.count)
    if found.times > WORTH_SAYING:
        told, chosen = (fit.said(one, run.cluster.count) for one in (run.split, found.chosen))
        yield f"the told split {told} takes {figure(found.times)} times as long as {chosen} would: {found.because}"


def steps(run: Run, load: Load, site: Site) -> Iterator[Step]:
    """How the told split was held against the one that would be chosen."""
    if not _told(run):
        return
    found = against(run, load, site, run.split, run.cluster.count)
    costs = [f"{SAYS[name]} {share:.0%}" for name, share in found.costs.items() if share >= SMALLEST]
    added = " + ".join(costs) or "nothing worth counting"
    yield Step(
        name="split",
        formula=f"{fit.said(run.split, run.cluster.count)} adds {added} of the computation: x {figure(found.times)}",
        source=f"beside {fit.said(found.chosen, run.cluster.count)}; Narayanan et al. 2021, Rajbhandari et al. 2020",
    )


def _told(run: Run) -> bool:
    return run.of is not None and (run.ground.asked.ranked or run.ground.asked.stage is not None)


def _halvings(count: int, least: int) -> list[int]:
    """Numbers of chips, each half of the next, that the told ranks can be laid over."""
    found = [count]
    while found[-1] % 2 == 0 and found[-1] // 2 >= least:
        found.append(found[-1] // 2)
    return found[::-1]


def against(run: Run, load: Load, site: Site, told: Split, count: int) -> Against:
    """The told split on so many chips, against the one that would be chosen for them."""
    assert run.of is not None
    factors, work = run.known.factors, run.work
    pace = Pace(
        seconds=speed.ideal_seconds(load, site, factors),
        seq_len=run.ground.job.seq_len,
        global_batch=work.global_batch,
        trained=1.0 if run.plan.method == "full" else 0.01,
        interleaved=INTERLEAVED if run.plan.stack == "tuned" else 1,
        balanced=run.plan.stack in fit.MODEL_PARALLEL,
        overlap=factors["exchange_overlap"],
        half_width=factors["half_width"],
        links=_links(run, site),
    )
    costs = stretch(run.of, told, pace)
    room = replace(run.ground.room, count=count)
    chosen, least = _chosen(run.of, run.ground.job, room, run.ground.asked.cp or 1, run.ground.asked.ep or 1, pace)
    mine = 1 + sum(costs.values())
    if chosen is None or least >= mine:
        return Against(1.0, chosen or told, costs)
    return Against(max(1.0, mine / least / ALIKE), chosen, costs)


@lru_cache(maxsize=4096)
def _chosen(of: Shape, job: Job, room: Room, cp: int, ep: int, pace: Pace) -> tuple[Split | None, float]:
    """The split that fits and takes least of those that would be chosen from, and how long it takes."""
    found = [(1 + sum(stretch(of, one, pace).values()), one) for one in fit.choices(of, job, room, Told(cp=cp, ep=ep))]
    if not found:
        return None, 1.0
    least, best = min(found, key=lambda pair: pair[0])
    return best, least


def _links(run: Run, site: Site) -> Links:
    factors, chip = run.known.factors, run.cluster.chip
    per_node = RACK if chip and chip.name in RACKS else site.per_node
    one = site.link_gb_s * 1e9
    network = site.instance.network_gbps if site.instance else None
    machine = network / 8 * 1e9 if network else one * factors["nic_share"] * site.per_node
    share = factors["network_share" if site.instance is None or site.instance.efa else "network_share_plain"]
    return Links(one / 2 * factors["link_share"], machine * share * per_node / site.per_node, per_node)
