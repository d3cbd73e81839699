"""An estimate under every market: hours with interruptions, cost of the job or of a month, cost per token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from data import Catalog, Instance, Rate
from estimator.candidates import OLD, rates_of
from estimator.cost import TERM_HOURS, Disk, billed, interrupted
from estimator.energy import co2e, energy
from estimator.option import Option
from estimator.result import Cluster, Estimate, Range
from estimator.units import MONTH_HOURS, duration, money, plural
from estimator.wishes import limited, limits_missed
from estimator.workload import Inference, Training, Workload

PLANS = ("savings-plan-1y", "savings-plan-3y")


def machines(cluster: Cluster, instance: Instance) -> int:
    """How many machines of a type hold the chips of a cluster."""
    return cluster.count if not instance.chips else max(1, -(-cluster.count // max(1, int(instance.chips))))


def priced(work: Workload, made: Estimate, instance: Instance, catalog: Catalog, space: Disk) -> Iterator[Option]:
    """One estimate under every market that the asker allows and the region sells."""
    nodes = machines(made.cluster, instance)
    for rate in _rates_of(instance, work.wish.region, work.wish.market, catalog):
        yield option_of(work, made, instance, nodes, rate, space)


@lru_cache(maxsize=4096)
def _rates_of(instance: Instance, region: str, market: str | None, catalog: Catalog) -> tuple[Rate, ...]:
    rates = {rate.market: rate for rate in rates_of(catalog, instance.name, region) if rate.market != "sagemaker"}
    if market == "savings-plan":
        return tuple(rates[plan] for plan in PLANS if plan in rates)[:1]
    if market is not None:
        return (rates[market],) if market in rates else ()
    if "on-demand" in rates:
        rates.pop("capacity-block", None)
    return tuple(rates.values())


def option_of(
    work: Workload, made: Estimate, instance: Instance | None, nodes: int, rate: Rate | None, space: Disk
) -> Option:
    hours, note = made.hours, ""
    if rate is not None and rate.market == "spot":
        hours, note = _on_spot(work, made, rate, nodes)
    at_once = _at_once(work)
    span = _span(work, hours)
    machines_paid = nodes * at_once
    hourly = None if rate is None else rate.usd_per_hour * machines_paid
    market = rate.market if rate else work.wish.market or "on-demand"
    paid = None if span is None else span if is_service(work) else billed(span, market)
    usd = None
    if hourly is not None and paid is not None:
        usd = paid.times(hourly + space.usd_per_hour(machines_paid))
    shown = span if isinstance(work, Training) else hours
    chip = made.cluster.chip
    return Option(
        instance_type=instance.name if instance else None,
        nodes=machines_paid,
        chip=chip.name if chip else None,
        chips=made.cluster.count * at_once if chip else 0,
        region=work.wish.region,
        market=market,
        rate=rate,
        estimate=made,
        hours=shown,
        usd=usd,
        billed_hours=paid,
        usd_per_million_tokens=None if usd else _per(made.tokens_per_s, None, hourly, 1e6),
        usd_per_thousand_requests=None if usd else _per(made.samples_per_s, None, hourly, 1e3),
        failing=tuple(limits_missed(work, made, shown, usd, hourly, machines_paid))
        if limited(work) or made.overload
        else (),
        note=note,
    )


def dressed(option: Option, work: Workload, catalog: Catalog, *, pareto: bool) -> Option:
    """The option with what only those that are shown need: price per token, energy, commitment, notes."""
    made, hourly, rate = option.estimate, option.usd_per_hour, option.rate
    committed = rate is not None and rate.market in TERM_HOURS and hourly is not None
    used = energy(made, work_hours(work, option), option.chips)
    return replace(
        option,
        usd_per_million_tokens=_per(made.tokens_per_s, _tokens_asked(work, made), hourly, 1e6),
        usd_per_thousand_requests=_per(made.samples_per_s, getattr(work, "qps", None), hourly, 1e3),
        energy_kwh=used,
        co2e_kg=co2e(used, catalog.grids.get(option.region)) if option.instance_type else None,
        pareto=pareto,
        commitment_usd=hourly * TERM_HOURS[option.market] if committed and hourly else None,
        note=_note(option, work, catalog),
    )


def _at_once(work: Workload) -> int:
    """Trials of a sweep that run side by side."""
    return min(work.parallel_trials or 1, work.trials or 1) if isinstance(work, Training) else 1


def _span(work: Workload, hours: Range | None) -> Range | None:
    """The hours of work: of the job, of all rounds of a sweep, of a service's month; None where nothing ends."""
    if isinstance(work, Training):
        rounds = -(-(work.trials or 1) // _at_once(work))
        return None if hours is None else hours.times(rounds)
    if is_service(work):
        paid = work.service_hours or MONTH_HOURS
        return Range(paid, paid, paid)
    return hours


def work_hours(work: Workload, choice: Option) -> Range | None:
    """The hours that a choice works: of the job, or of the service; None where nothing ends."""
    return _span(work, None) if is_service(work) else choice.hours


def is_service(work: Workload) -> bool:
    """Whether it runs until somebody stops it: requests keep coming, or a duration was told."""
    if not isinstance(work, Inference) or work.samples is not None:
        return False
    return work.qps is not None or work.concurrency is not None or work.service_hours is not None


def _tokens_asked(work: Workload, made: Estimate) -> float | None:
    if not isinstance(work, Inference) or work.qps is None or made.tokens_per_s is None or made.samples_per_s is None:
        return None
    return work.qps * (made.tokens_per_s.mid / made.samples_per_s.mid)


def _per(rate: Range | None, asked: float | None, usd_per_hour: float | None, units: float) -> Range | None:
    """USD for *units* tokens or requests: at what is asked for, else at full speed."""
    if rate is None or usd_per_hour is None or rate.low <= 0:
        return None
    if asked is not None:
        price = usd_per_hour / (min(asked, rate.mid) * 3600) * units
        return Range(price, price, price)
    return rate.inverse(usd_per_hour / 3600 * units)


def _on_spot(work: Workload, made: Estimate, rate: Rate, nodes: int) -> tuple[Range | None, str]:
    known = "" if rate.reclaimed_per_month is not None else ", at an assumed rate"
    if is_service(work):
        return made.hours, "two minutes' notice when AWS takes a machine back; keep a spare"
    if made.hours is None:
        return None, ""
    longer, times = interrupted(made.hours, rate, nodes)
    if times < 0.05:
        return longer, f"an interruption is unlikely{known}"
    added = longer.mid - made.hours.mid
    expected = "less than one interruption" if times < 1 else f"about {plural(round(times), 'interruption')}"
    return longer, f"{expected} expected{known}, +{duration(added)}; checkpoint every hour"


def _note(option: Option, work: Workload, catalog: Catalog) -> str:
    parts = [option.note] if option.note else []
    if option.market in TERM_HOURS and option.usd_per_hour is not None:
        years = "a year" if option.market.endswith("1y") else "3 years"
        parts.append(f"commits to {money(option.usd_per_hour * TERM_HOURS[option.market])} over {years}")
    if option.market == "capacity-block":
        parts.append("sold only as a Capacity Block: prepaid, in whole days up to 14, then in weeks")
    instance = catalog.instances.get(option.instance_type or "")
    if instance is not None and instance.family in OLD:
        parts.append(f"{OLD[instance.family]} is an old chip; AWS hardly rents it any more")
    if isinstance(work, Training) and work.trials:
        parts.append(f"{plural(work.trials, 'trial')}, {_at_once(work)} at a time")
    return "; ".join(parts)
