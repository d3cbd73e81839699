"""The catalog in plain text: one instance, chip or model with its prices and sources, or a list of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from data import MARKETS, OLD_PRICES, Catalog, Chip, Instance, Model, Rate

HEADINGS = dict(
    zip(MARKETS, ("on-demand", "spot", "1-year plan", "3-year plan", "capacity block", "SageMaker"), strict=True)
)


def table(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """Columns as wide as their widest cell, two spaces between; those named in *right* end together."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    ends = set(right)
    lines = (
        "  ".join(c.rjust(w) if i in ends else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def number(value: float | None, unit: str = "") -> str:
    """A figure for people; unknown when there is none."""
    if value is None:
        return "unknown"
    return f"{value:,.6g} {unit}".rstrip() if value < 1e6 else f"{value:,.0f} {unit}".rstrip()


def size(count: float) -> str:
    """Parameters as 8.03B or 110M."""
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if count >= scale:
            return f"{count / scale:.3g}{letter}"
    return f"{count:.0f}"


def usd(value: float) -> str:
    """Dollars per hour, with as many places as a small price needs."""
    return f"{value:,.2f}" if value >= 10 else f"{value:.4f}".rstrip("0").ljust(4, "0")


def instance(catalog: Catalog, one: Instance, *, regions: Sequence[str], today: date) -> str:
    """One EC2 type with its price in every market and region."""
    quota = catalog.quota(one.name, "on-demand")
    facts = [
        ("chips", _chips(one)),
        ("host", f"{one.vcpu} vCPU, {number(one.memory_gib)} GiB, {one.arch}"),
        ("network", f"{number(one.network_gbps)} Gbit/s{', EFA' if one.efa else ', no EFA'}"),
        ("local disks", number(one.nvme_gb, "GB NVMe") if one.nvme_gb else "none known"),
        ("markets", ", ".join(one.markets)),
        ("quota", f"{quota.code} {quota.name}" if quota else "unknown"),
        ("note", one.note),
        ("source", f"{one.source}, {one.as_of}"),
    ]
    rates = [rate for region in regions for rate in catalog.rates(one.name, region)]
    return "\n\n".join([_sheet(one.name, facts), *_prices(rates, today)])


def _chips(one: Instance) -> str:
    if not one.chip or one.chip_memory_gb is None:
        return "none"
    if one.chips < 1:
        return f"1/{round(1 / one.chips)} of a {one.chip}, {number(one.chip_memory_gb)} GB"
    return f"{number(one.chips)} x {one.chip}, {number(one.chip_memory_gb)} GB each"


def _sheet(name: str, facts: Iterable[tuple[str, str]]) -> str:
    return "\n".join([name, table([[f"  {key}", value] for key, value in facts if value])])


def _prices(rates: Sequence[Rate], today: date) -> list[str]:
    if not rates:
        return ["No price is known. It may be sold by Capacity Block only, or not in these regions."]
    found = {(rate.region, rate.market): rate for rate in rates}
    markets = [market for market in MARKETS if any(rate.market == market for rate in rates)]
    regions = list(dict.fromkeys(rate.region for rate in rates))
    rows = [["USD per hour", *(HEADINGS[market] for market in markets)]]
    rows += [[region, *(_price(found.get((region, market))) for market in markets)] for region in regions]
    return [table(rows, right=range(1, len(markets) + 1)), _bases(rates), age(rates, today)]


def _price(rate: Rate | None) -> str:
    if rate is None:
        return "-"
    spread = f" ({usd(rate.low)}-{usd(rate.high)})" if rate.low is not None and rate.high is not None else ""
    return usd(rate.usd_per_hour) + spread


def _bases(rates: Sequence[Rate]) -> str:
    """Where each column comes from, once for all regions that share it."""
    groups: dict[tuple[str, str, str], list[Rate]] = {}
    for rate in rates:
        groups.setdefault((rate.market, rate.basis, rate.confidence), []).append(rate)
    lines = ["Where from (confidence; dates)"]
    for market in MARKETS:
        for (where, basis, confidence), group in groups.items():
            if where == market:
                lines.append(f"  {HEADINGS[market]}: {basis} ({confidence}; {_days(group)}; {_sources(group)})")
    return "\n".join(lines)


def _days(rates: Sequence[Rate]) -> str:
    days = sorted({rate.as_of.isoformat() for rate in rates})
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _sources(rates: Sequence[Rate]) -> str:
    return " / ".join(dict.fromkeys(rate.source for rate in rates))


def age(rates: Sequence[Rate], today: date) -> str:
    """How old the oldest of the prices is, and what to do when that is more than 90 days."""
    oldest = min(rate.as_of for rate in rates)
    old = today - oldest > OLD_PRICES
    advice = "; some are more than 90 days old: `mlbot catalog refresh` reads them anew" if old else ""
    return f"Prices of {_days(rates)}{advice}."


def chip(catalog: Catalog, one: Chip) -> str:
    """One chip with its dense peaks, and the EC2 types that carry it."""
    peaks = ((name, getattr(one, name)) for name in ("fp32", "tf32", "fp16", "bf16", "fp8", "int8", "fp4"))
    peak = ", ".join(f"{name} {number(value)}" for name, value in peaks if value is not None)
    types = [other for other in catalog.instances.values() if other.chip == one.name]
    facts = [
        ("vendor", f"{one.vendor}, {one.arch}"),
        ("memory", f"{number(one.memory_gb)} GB usable, {number(one.bandwidth_gb_s)} GB/s"),
        ("dense peak", f"{peak or 'unknown'} (TFLOP/s, TOP/s for integers)"),
        ("link", f"{one.link}, {number(one.link_gb_s)} GB/s per chip, both directions"),
        ("power", number(one.watts, "W")),
        ("EC2 types", ", ".join(f"{other.name} ({number(other.chips)})" for other in types) or "none listed"),
        ("confidence", one.confidence),
        ("note", one.note),
        ("source", f"{one.source}, {one.as_of}"),
    ]
    return _sheet(one.name, facts)


def model(one: Model) -> str:
    """One model with its architecture."""
    active = f", {size(one.active_params)} of them in use at a time" if one.active_params else ""
    facts = [
        ("family", one.family),
        ("parameters", f"{size(one.params)} ({one.params:,.0f}){active}"),
        ("shape", _shape(one)),
        ("experts", f"{one.experts}, {one.experts_per_token} per token" if one.experts else ""),
        ("cache", f"compressed, {one.kv_rank} values a token and layer" if one.kv_rank else ""),
        ("context", f"{one.context:,}" if one.context else ""),
        ("work", f"{number(one.gflops_per_sample)} GFLOP a sample" if one.gflops_per_sample else ""),
        ("also called", ", ".join(one.aliases)),
        ("note", one.note),
        ("source", f"{one.source}, {one.as_of}"),
    ]
    return _sheet(one.name, facts)


def _shape(one: Model) -> str:
    names = ("layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "vocab")
    known = [(name, getattr(one, name)) for name in names]
    return ", ".join(f"{name} {value:,}" for name, value in known if value is not None)


def instances(catalog: Catalog, region: str) -> str:
    """Every EC2 type with its on-demand price in one region, and where it is cheapest."""
    rows = [["type", "chips", "GB each", "vCPU", "GiB", "Gbit/s", f"$/h {region}", "cheapest in"]]
    for one in catalog.instances.values():
        rate = catalog.rate(one.name, region, "on-demand")
        rows.append(
            [
                one.name,
                f"{number(one.chips)} x {one.chip}" if one.chip else "",
                number(one.chip_memory_gb) if one.chip else "",
                str(one.vcpu),
                number(one.memory_gib),
                number(one.network_gbps),
                usd(rate.usd_per_hour) if rate else "-",
                next(iter(catalog.regions_with(one.name)), "-"),
            ]
        )
    return table(rows, right=(2, 3, 4, 5, 6))


def chips(catalog: Catalog) -> str:
    """Every chip: memory, bandwidth, dense peaks, EC2 families."""
    rows = [["chip", "GB", "GB/s", "bf16", "fp16", "fp8", "EC2 families"]]
    for one in catalog.chips.values():
        figures = (one.memory_gb, one.bandwidth_gb_s, one.bf16, one.fp16, one.fp8)
        rows.append([one.name, *("-" if x is None else number(x) for x in figures), " ".join(one.families) or "-"])
    return table(rows, right=range(1, 6))


def models(catalog: Catalog) -> str:
    """Every model: family, parameters, context."""
    rows = [["model", "family", "parameters", "active", "context"]]
    for one in catalog.models.values():
        active = size(one.active_params) if one.active_params else ""
        rows.append([one.name, one.family, size(one.params), active, f"{one.context:,}" if one.context else ""])
    return table(rows, right=(2, 3, 4))
