"""Options from estimates: priced under every market, held against the wishes, and put in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from data import MARKETS, Catalog, Instance
from estimator.candidates import Estimator, Reasons, cluster_of, estimates, suitable
from estimator.cost import disk
from estimator.option import Option
from estimator.price import PLANS, machines, option_of, priced
from estimator.result import Cluster
from estimator.units import money
from estimator.workload import Hardware, Wish, Workload

PATIENCE_HOURS = 168.0  # a week of waiting weighs as much as the price of the job
SHOWN = 60  # options that an answer keeps


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

    The best choice meets all wishes and has the lowest cost x (1 + hours / 168): waiting a week weighs as much as the
    price, so a small job goes to the cheapest machine and a large one to as many as scale well. It is bought on
    demand unless the asker names a market or only another market meets the wishes: spot is a risk and a plan is a
    commitment that nobody asked for. The cheapest and the fastest are looked for among all that meets the wishes,
    without plans. A service is ranked by its cost a month; its fastest has the shortest time per token.
    """
    reasons = Reasons()
    made = list(_named(work, catalog, estimate) if work.hardware else _searched(work, catalog, estimate, reasons))
    options = _marked(made)
    order = sorted(options, key=lambda option: _order(option, work.wish))
    chosen = [option for option in order if option.meets]
    eligible = [option for option in chosen if option.market not in PLANS or _asks_for_plan(work.wish)]
    best = _best(eligible or chosen, work.wish)
    return Ranking(
        options=_kept(order, best),
        best=best,
        cheapest=min((one for one in eligible if one.usd or one.usd_per_million_tokens), key=_cost, default=None),
        fastest=min(
            (one for one in eligible if _time(one) < float("inf")),
            key=lambda one: (_time(one), _cost(one)),
            default=None,
        ),
        left_out=reasons.lines(),
        notes=tuple(_notes(best, work, catalog)),
    )


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
    cluster, instance = cluster_named(asked, catalog)
    made = estimate(work, cluster, catalog)
    if instance is None:
        yield option_of(work, made, None, cluster.nodes, None, space)
        return
    options = list(priced(work, made, instance, catalog, space))
    yield from options or [option_of(work, made, instance, machines(cluster, instance), None, space)]


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
    """Cost x (1 + hours / 168); of a service its cost."""
    waiting = option.hours.mid / PATIENCE_HOURS if option.hours else 0.0
    return _cost(option) * (1 + waiting)


def _order(option: Option, wish: Wish) -> tuple[object, ...]:
    """First what runs and meets the wishes; plans and spot behind on-demand of about the same balance."""
    weight = {"cheapest": _cost, "fastest": _time}.get(wish.prefer or "", balance)(option)
    return (not option.estimate.fits, bool(option.failing), weight, MARKETS.index(option.market), option.nodes)


def _best(chosen: list[Option], wish: Wish) -> Option | None:
    if wish.market is None and wish.prefer != "cheapest":
        listed = [option for option in chosen if option.market in _BOUGHT]
        return next(iter(listed or chosen), None)
    return next(iter(chosen), None)


def _marked(options: list[Option]) -> list[Option]:
    """The same options, with those marked that no other beats in both time and cost."""
    front: set[int] = set()
    runs = [
        (index, option) for index, option in enumerate(options) if option.estimate.fits and option.market not in PLANS
    ]
    cheapest = float("inf")
    for index, option in sorted(runs, key=lambda pair: (_time(pair[1]), _cost(pair[1]))):
        if _cost(option) < cheapest:
            cheapest = _cost(option)
            front.add(index)
    return [replace(option, pareto=True) if index in front else option for index, option in enumerate(options)]


def _kept(order: Iterable[Option], best: Option | None) -> tuple[Option, ...]:
    """The best first, then of every type and market its best number of machines, and all of the Pareto front."""
    kept = [best] if best else []
    seen = {(best.instance_type, best.market)} if best else set()
    for option in order:
        key = (option.instance_type, option.market)
        if option is not best and (key not in seen or option.pareto):
            kept.append(option)
            seen.add(key)
    return tuple(kept[:SHOWN])


# -- what to say besides


def _notes(best: Option | None, work: Workload, catalog: Catalog) -> Iterator[str]:
    if best is None or best.instance_type is None or best.rate is None:
        return
    regions = catalog.regions_with(best.instance_type, best.market)
    if regions and regions[0] != best.region:
        there = catalog.rate(best.instance_type, regions[0], best.market)
        saved = 1 - there.usd_per_hour / best.rate.usd_per_hour if there else 0.0
        if there and saved > 0.01:
            here = money(best.rate.usd_per_hour)
            yield f"{regions[0]} is {saved:.0%} cheaper: {money(there.usd_per_hour)} an hour instead of {here}"
    if best.rate.as_of and best.rate.confidence == "low":
        yield f"the price of {best.instance_type} ({best.market}) is uncertain: {best.rate.basis}"
