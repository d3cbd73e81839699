"""The answer to a workload: the best, cheapest and fastest choice, the table behind them, and what was assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import estimator
from data import OLD_PRICES, Catalog
from estimator import energy, said
from estimator.candidates import Estimator
from estimator.chosen import rules
from estimator.cost import START_HOURS, Machines, bill, disk
from estimator.option import Option
from estimator.parse_retired import said_of
from estimator.point import headline
from estimator.price import is_service, work_hours
from estimator.rank import Ranking, rank
from estimator.result import Step
from estimator.serve_endpoint import EndpointShape
from estimator.serve_said import with_shape
from estimator.serve_shapes import shapes_for
from estimator.units import (
    MONTH_HOURS,
    duration,
    figure,
    money,
)
from estimator.workload import FineTuning, Inference, Pipeline, Training, Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the terminal and Slack show. *options* are ranked, best first; those that miss a wish come last."""

    work: Workload | Pipeline
    asked: str  # what was understood: "Fine-tune llama-3-8b (lora): 25.6M tokens"
    words: str  # the same as key=value words, which parse to the same workload
    headline: str  # the point in one sentence
    per: str  # what the options' usd is for: "the job", "a month", "24 h"; "" when nothing is priced
    options: tuple[Option, ...]
    best: Option | None
    cheapest: Option | None
    fastest: Option | None
    assumptions: tuple[str, ...]
    left_out: tuple[str, ...]  # why well-known types are not in the table, one line a reason
    notes: tuple[str, ...]  # a cheaper region, an uncertain price
    prices: str  # one line with the prices' date, and a warning when they are old
    prices_as_of: date
    prices_old: bool  # older than 90 days
    biggest_unknown: str
    steps: tuple[Step, ...]  # How was this computed?
    shapes: tuple[EndpointShape, ...] = ()  # in which shape a model is served, the advised one first; none without load
    parts: tuple[Answer, ...] = ()  # of a pipeline: the training, then the serving

    @property
    def shown(self) -> Option | None:
        """The option that speaks for the answer: the best, else the nearest to it."""
        return self.best or (self.options[0] if self.options else None)


def answer(
    work: Workload | Pipeline, catalog: Catalog, today: date, *, estimate: Estimator = estimator.estimate
) -> Answer:
    """Answer *work* from the catalog as of *today*; pure, and never fails for a valid workload."""
    if isinstance(work, Pipeline):
        return _pipeline(work, catalog, today, estimate)
    ranking = rank(work, catalog, estimate)
    shown = ranking.best or (ranking.options[0] if ranking.options else None)
    per = _per(work, ranking)
    shapes = shapes_for(work, ranking.options, catalog) if isinstance(work, Inference) else ()
    best_usd = ranking.best.usd if ranking.best else None
    as_of, old, prices = _prices(shown, catalog, today)
    options = tuple(
        _billed(option, work, catalog) if index == 0 else option for index, option in enumerate(ranking.options)
    )
    return Answer(
        work=work,
        asked=said.asked(work),
        words=said.words(work, catalog),
        headline=said_of(work.notes)
        + with_shape(said.asked(work), headline(work, ranking, per), best_usd, shapes, per),
        per=per,
        options=options,
        best=options[0] if ranking.best else None,
        cheapest=ranking.cheapest and _billed(ranking.cheapest, work, catalog),
        fastest=ranking.fastest and _billed(ranking.fastest, work, catalog),
        assumptions=tuple(dict.fromkeys(_assumptions(work, shown))),
        left_out=ranking.left_out,
        notes=ranking.notes,
        prices=prices,
        prices_as_of=as_of,
        prices_old=old,
        biggest_unknown=shown.estimate.biggest_unknown if shown else "",
        steps=tuple(_steps(shown, per, options, catalog)) if shown else (),
        shapes=shapes,
    )


def _pipeline(work: Pipeline, catalog: Catalog, today: date, estimate: Estimator) -> Answer:
    """The training's answer and the serving's, and what both cost together."""
    parts = tuple(answer(part, catalog, today, estimate=estimate) for part in (work.train, work.serve))
    first, second = parts
    costs = [part.best.usd for part in parts if part.best and part.best.usd]
    together = f"Together {money(sum(cost.mid for cost in costs))}. " if len(costs) == 2 else ""
    return replace(
        first,
        work=work,
        asked=said.asked(work),
        words=said.words(work, catalog),
        headline=f"{together}{first.headline} {second.headline}",
        assumptions=tuple(dict.fromkeys([*first.assumptions, *second.assumptions])),
        notes=tuple(dict.fromkeys([*first.notes, *second.notes])),
        left_out=tuple(dict.fromkeys([*first.left_out, *second.left_out])),
        steps=(*first.steps, *second.steps),
        shapes=second.shapes,
        prices_old=first.prices_old or second.prices_old,
        parts=parts,
    )


def _billed(option: Option, work: Workload, catalog: Catalog) -> Option:
    """The option with its line items."""
    hours, paid = work_hours(work, option), option.billed_hours
    if hours is None or paid is None or option.instance_type is None:
        return option
    space = disk(work, option.region, catalog)
    what = Machines(option.instance_type, option.nodes, hours, paid)
    return replace(option, items=bill(what, option.rate, space, catalog, option.region))


def _per(work: Workload, ranking: Ranking) -> str:
    if not any(option.usd for option in ranking.options):
        return ""
    if not is_service(work):
        return "the job"
    hours = work.service_hours if isinstance(work, Inference) else None
    return "a month" if hours is None or hours == MONTH_HOURS else duration(hours)


def _prices(shown: Option | None, catalog: Catalog, today: date) -> tuple[date, bool, str]:
    as_of = shown.rate.as_of if shown and shown.rate else catalog.prices_as_of
    if shown and shown.rate is None:
        where = f" in {shown.region}" if shown.instance_type else ""
        return as_of, False, f"No price is known for {shown.instance_type or shown.chip}{where}."
    days = (today - as_of).days
    line = f"Prices as of {as_of}"
    if shown and shown.rate:
        line += f" ({shown.rate.basis})"
    if today - as_of > OLD_PRICES:
        line += f", {days} days old: check them before you commit, or run `mlbot catalog refresh`"
    return as_of, today - as_of > OLD_PRICES, line + "."


# -- what was assumed, and how it was computed


def _assumptions(work: Workload, shown: Option | None) -> Iterator[str]:
    yield from work.notes
    if shown is None:
        return
    yield from shown.estimate.assumptions
    if isinstance(work, Training) and shown.estimate.hours is None and shown.estimate.fits:
        yield "no amount of data told: say tokens=, or samples= and epochs=, for time and cost"
    if isinstance(work, FineTuning) and work.samples and work.epochs is None:
        yield "no epochs told: each sample is seen once"
    if isinstance(work, Inference) and shown.usd is None and shown.estimate.fits:
        yield "no load told: say qps=, or queries=, for cost"
    if is_service(work) and isinstance(work, Inference) and work.service_hours is None:
        yield f"a service is priced for a month of {MONTH_HOURS:.0f} hours"
    if work.hardware and work.hardware.count is None:
        yield _counted(work, shown)
    if shown.usd is not None and not is_service(work):
        yield f"each machine is billed from about {START_HOURS * 60:.0f} min before the work: boot, image, weights"
    if shown.instance_type is None:
        yield f"AWS does not rent {shown.chip}: cost unknown"
    if shown.instance_type and work.hardware and work.hardware.accelerator and shown.usd:
        yield f"{work.hardware.accelerator} is priced as {shown.machines}"


def _counted(work: Workload, shown: Option) -> str:
    """How many machines or chips were taken where no number was told."""
    count = shown.estimate.cluster.count
    if not (isinstance(work, Inference) and work.hardware and work.hardware.accelerator) or not shown.estimate.fits:
        return "no count told: one taken"
    load = " and carry the load" if work.qps else ""
    return f"no count told: {count} taken, the least that hold the model{load}"


def _steps(shown: Option, per: str, options: tuple[Option, ...], catalog: Catalog) -> Iterator[Step]:
    yield from shown.estimate.steps
    yield from _costs(shown, per)
    yield from rules(options)
    yield from energy.steps(shown, catalog.grids.get(shown.region) if shown.instance_type else None)


def _costs(shown: Option, per: str) -> Iterator[Step]:
    if shown.usd is None or shown.rate is None or shown.billed_hours is None:
        return
    each = f"{shown.nodes} x {money(shown.rate.usd_per_hour)}/h"
    yield Step(
        name=f"cost of {per}",
        formula=f"{figure(shown.billed_hours.mid)} h x {each} + disks = {money(shown.usd.mid)}",
        source=f"{shown.rate.basis}; {shown.rate.source}, {shown.rate.as_of}",
    )
