"""Options from estimates: priced under every market, held against the wishes, and put in order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from data import MARKETS, Catalog, Instance
from estimator.candidates import HEADROOM, Estimator, Reasons, cluster_of, estimates, suitable
from estimator.chosen import HARD_TO_GET, LONGEST_HOURS, PATIENCE_HOURS, passed_over
from estimator.cost import disk
from estimator.option import Option
from estimator.price import PLANS, dressed, machines, option_of, priced
from estimator.result import Cluster, Estimate
from estimator.units import money
from estimator.wishes import shortfall
from estimator.workload import Hardware, Inference, Wish, Workload

FEW = 3
MOST_HOLDING, MOST_SERVING = 32, 1024  # chips that are tried where no number was told
SHOWN = 30  # options that an answer keeps


@dataclass(frozen=True, slots=True)
class Ranking:
    """Options, best first; why other types are not among them; what to say besides."""

    options: tuple[Option, ...]
    best: Option | None
    cheapest: Option | None
    fastest: Option | None
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def rank(work: Workload, catalog: Catalog, estimate: Estimator) -> Ranking:
    """Every sensible choice for *work*, in order.

    The best choice meets all wishes and has the lowest cost x (1 + hours / 168) x (1 + machines / 64): a
    week of waiting weighs as much as the price, and so do 64 machines at once, which are hard to get. So a small job
    goes to a cheap machine that is not slow, and a large one to as many as scale well. It is bought on
    demand unless the asker names a market or only another market meets the wishes: spot is a risk and a plan is a
    commitment that nobody asked for. The cheapest and the fastest are looked for among all that meets the wishes,
    without plans; all three among what fits over the whole interval of its memory, where anything does. A service is
    ranked by its cost a month; its fastest has the shortest time per token.
    """
    reasons = Reasons()
    options = list(_named(work, catalog, estimate) if work.hardware else _searched(work, catalog, estimate, reasons))
    front = _front(options)
    listed = _listed(options, work.wish)
    order = sorted(options, key=lambda option: _order(option, work, listed))
    chosen = [option for option in order if option.meets]
    certain = [option for option in chosen if certain_to_fit(option)] or chosen
    eligible = [option for option in certain if option.market not in PLANS or _asks_for_plan(work.wish)]
    best = _best(eligible or certain, work.wish)
    cheapest = _cheapest(eligible)
    timed = [one for one in eligible if _time(one) < float("inf")]
    fastest = min(timed, key=lambda one: (_time(one), _cost(one)), default=None)

    def shown(option: Option) -> Option:
        return dressed(option, work, catalog, pareto=id(option) in front)

    def shown_or_none(option: Option | None) -> Option | None:
        return None if option is None else shown(option)

    return Ranking(
        options=tuple(map(shown, _kept(order, best, front))),
        best=shown_or_none(best),
        cheapest=shown_or_none(cheapest),
        fastest=shown_or_none(fastest),
        left_out=reasons.lines(),
        notes=(*passed_over(certain, cheapest), *_notes(best, work, catalog)),
    )


def certain_to_fit(option: Option) -> bool:
    """Whether the card holds the work over the whole interval of its memory."""
    memory = option.estimate.memory
    return memory is None or memory.certain


def _asks_for_plan(wish: Wish) -> bool:
    return wish.market is not None and wish.market.startswith("savings-plan")


def _searched(work: Workload, catalog: Catalog, estimate: Estimator, reasons: Reasons) -> Iterator[Option]:
    space = disk(work, work.wish.region, catalog)
    for instance in suitable(work, catalog, reasons):
        for made in estimates(work, instance, catalog, estimate, reasons):
            yield from priced(work, made, instance, catalog, space)


def _named(work: Workload, catalog: Catalog, estimate: Estimator) -> Iterator[Option]:
    """The machines that were named, under every market."""
    asked = work.hardware or Hardware()
    space = disk(work, work.wish.region, catalog)
    made = _least(work, asked, catalog, estimate)
    cluster, instance = cluster_named(replace(asked, count=made.cluster.count) if asked.accelerator else asked, catalog)
    if instance is None:
        yield option_of(work, made, None, cluster.nodes, None, space)
        return
    options = list(priced(work, made, instance, catalog, space))
    yield from options or [option_of(work, made, instance, machines(cluster, instance), None, space)]


def _least(work: Workload, asked: Hardware, catalog: Catalog, estimate: Estimator) -> Estimate:
    """The estimate on the machines that were named; of chips without a number, on the least that serve the model."""
    cluster, _ = cluster_named(asked, catalog)
    made = estimate(work, cluster, catalog)
    if asked.count is not None or not asked.accelerator or not isinstance(work, Inference):
        return made
    first, chips = made, 1
    while not made.fits and made.memory is not None and chips < MOST_HOLDING:
        chips *= 2
        made = estimate(work, cluster_named(replace(asked, count=chips), catalog)[0], catalog)
    if made.overload and work.qps and made.samples_per_s:
        need = math.ceil(min(MOST_SERVING, made.replicas * work.qps / (HEADROOM * made.samples_per_s.mid)))
        chips = chips // made.replicas * need
        made = estimate(work, cluster_named(replace(asked, count=chips), catalog)[0], catalog)
    return made if made.fits else first


def cluster_named(asked: Hardware, catalog: Catalog) -> tuple[Cluster, Instance | None]:
    """The cluster of the machines or chips that were named, and the EC2 type that it is priced as.

    Chips that AWS rents are priced as the type that holds them in the fewest machines, the cheapest of those.
    """
    if asked.instance_type:
        instance = catalog.instances[asked.instance_type]
        return cluster_of(instance, asked.count or 1, catalog), instance
    chip = catalog.chips[asked.accelerator or ""]
    count = asked.count or 1
    types = [
        one
        for one in catalog.instances.values()
        if one.chip == chip.name and one.chips >= 1 and "metal" not in one.name
    ]
    instance_of = _smallest(types, count, asked.per_node, catalog)
    usual = int(max((one.chips for one in types), default=8))
    per_node = asked.per_node or min(count, usual)
    return Cluster(chip=chip, count=count, per_node=per_node), instance_of


def _smallest(types: list[Instance], count: int, per_node: int | None, catalog: Catalog) -> Instance | None:
    def price(one: Instance) -> float:
        rates = (catalog.rate(one.name, region, market) for region in _HOMES for market in _BOUGHT)
        return next((rate.usd_per_hour for rate in rates if rate), 1e9)

    exact = [one for one in types if one.chips == per_node]
    return min(exact or types, key=lambda one: (-(-count // int(one.chips)), price(one)), default=None)


_HOMES = ("us-east-1", "us-east-2", "us-west-2")
_BOUGHT = ("on-demand", "capacity-block")


# -- order


def _cost(option: Option) -> float:
    if option.usd is not None:
        return option.usd.mid
    per = option.usd_per_million_tokens or option.usd_per_thousand_requests
    return per.mid if per else option.usd_per_hour or float("inf")


def _time(option: Option) -> float:
    if option.hours is not None:
        return option.hours.mid
    made = option.estimate
    if made.tpot_ms is not None:
        return made.tpot_ms.mid
    speed = made.samples_per_s or made.tokens_per_s
    return 1 / speed.mid if speed else float("inf")


def balance(option: Option) -> float:
    """Cost x (1 + hours / 168) x (1 + machines / 64), where the cost holds the start; of a service its cost."""
    if option.hours is None:
        return _cost(option)
    return _cost(option) * (1 + option.hours.mid / PATIENCE_HOURS) * (1 + option.nodes / HARD_TO_GET)


Machines = tuple[str | None, int]


def _weight(option: Option, wish: Wish) -> float:
    return {"cheapest": _cost, "fastest": _time}.get(wish.prefer or "", balance)(option)


def _listed(options: list[Option], wish: Wish) -> dict[Machines, float]:
    """The weight of the same machines on demand, so that their markets stand together."""
    return {
        (option.instance_type, option.nodes): _weight(option, wish)
        for option in options
        if option.market == "on-demand" and option.estimate.fits
    }


def _missed(option: Option, work: Workload) -> int:
    """How far off the worst missed wish is, in classes within which the cost decides; the further off, the wider.

    Up to 1.3 x the limit, to 3.5 x, to 25 x, to 1,300 x, and beyond.
    """
    return round(math.log2(1.0 + math.log2(shortfall(option, work))))


def _order(option: Option, work: Workload, listed: dict[Machines, float]) -> tuple[object, ...]:
    """First what runs and meets the wishes, then what misses them by little, last what does not run.

    Plans that nobody asked for stand behind; misses that are nearly alike are told apart by cost.
    """
    wish = work.wish
    runs = option.estimate.fits
    own = _weight(option, wish) if runs else 0.0
    weight = own if wish.prefer else listed.get((option.instance_type, option.nodes), own)
    unasked = option.market in PLANS and not _asks_for_plan(wish)
    missed = _missed(option, work) if runs and option.failing else 0
    return (not runs, bool(option.failing), missed, unasked, weight, MARKETS.index(option.market), option.nodes)


def _cheapest(eligible: list[Option]) -> Option | None:
    """The cheapest that is done in LONGEST_HOURS; of all, where none is."""
    priced = [one for one in eligible if _cost(one) < float("inf")]
    soon = [one for one in priced if one.hours is None or one.hours.mid <= LONGEST_HOURS]
    return min(soon or priced, key=_cost, default=None)


def _best(chosen: list[Option], wish: Wish) -> Option | None:
    if wish.market is None and wish.prefer != "cheapest":
        for market in _BOUGHT:
            if found := next((option for option in chosen if option.market == market), None):
                return found
    return next(iter(chosen), None)


def _front(options: list[Option]) -> set[int]:
    """Ids of the options that no other beats in both time and cost; plans aside."""
    front: set[int] = set()
    cheapest = float("inf")
    runs = [option for option in options if option.estimate.able and option.market not in PLANS]
    for option in sorted(runs, key=lambda one: (_time(one), _cost(one))):
        if _cost(option) < cheapest:
            cheapest = _cost(option)
            front.add(id(option))
    return front


def _kept(order: list[Option], best: Option | None, front: set[int]) -> list[Option]:
    """The best first; then in order the Pareto front, every market of the best's machines, and as many others as fit.

    Of the others every type and market has its best number of machines; of a FEW types every number is there.
    """
    few = len({option.instance_type for option in order}) <= FEW
    needed, others, seen = [], [], set()
    for option in order:
        key = (option.instance_type, option.market)
        same = best is not None and (option.instance_type, option.nodes) == (best.instance_type, best.nodes)
        if option is best or same or id(option) in front:
            needed.append(option)
        elif few or key not in seen:
            others.append(option)
        seen.add(key)
    kept = {id(option) for option in [*needed, *others][:SHOWN]}
    return sorted((option for option in order if id(option) in kept), key=lambda option: option is not best)


# -- what to say besides


def _elsewhere(best: Option, catalog: Catalog) -> Iterator[str]:
    """Where a type has a price that has none in the region asked for."""
    kind = best.instance_type or ""
    for market in MARKETS:
        if places := catalog.regions_with(kind, market):
            rate = catalog.rate(kind, places[0], market)
            price = f" for {money(rate.usd_per_hour)} an hour" if rate else ""
            also = f", also in {', '.join(places[1:4])}" if len(places) > 1 else ""
            yield f"{kind} is known as {market} in {places[0]}{price}{also}"
            return


def _notes(best: Option | None, work: Workload, catalog: Catalog) -> Iterator[str]:
    if best is None or best.instance_type is None:
        return
    if best.rate is None:
        yield from _elsewhere(best, catalog)
        return
    regions = catalog.regions_with(best.instance_type, best.market)
    if regions and regions[0] != best.region:
        there = catalog.rate(best.instance_type, regions[0], best.market)
        saved = 1 - there.usd_per_hour / best.rate.usd_per_hour if there else 0.0
        if there and saved > 0.01:
            here = money(best.rate.usd_per_hour)
            yield f"{regions[0]} is {saved:.0%} cheaper: {money(there.usd_per_hour)} an hour instead of {here}"
    managed = catalog.rate(best.instance_type, best.region, "sagemaker")
    if managed:
        more = managed.usd_per_hour / best.rate.usd_per_hour - 1
        share = f"{more:.0%} more" if more > 0 else f"{-more:.0%} less"
        yield f"on SageMaker it is ml.{best.instance_type} at {money(managed.usd_per_hour)} an hour, {share}"
    if best.rate.confidence == "low":
        yield f"the price of {best.instance_type} ({best.market}) is uncertain: {best.rate.basis}"
