"""An answer as the JSON of `mlbot estimate --json` and `--batch`; unknown is null, never 0, and never NaN."""

from __future__ import annotations

import math
from typing import Any

from estimator import margin
from estimator.answer import Answer
from estimator.option import LineItem, Option
from estimator.parse_keys import Unclear
from estimator.result import Estimate, Memory, Range
from estimator.serve_endpoint import EndpointShape
from estimator.wishes import risks
from estimator.workload import Pipeline

Json = dict[str, Any]


def to_json(answer: Answer, identity: object = None) -> Json:
    """The line that answers a line."""
    if answer.parts:
        return _pipeline(answer, identity)
    shown = answer.shown
    made = shown.estimate if shown else None
    if shown is None or made is None or isinstance(answer.work, Pipeline):
        return error_json(answer.headline, field="hardware", identity=identity)
    return {
        "id": identity,
        "ok": True,
        "headline": answer.headline,
        **_figures(made),
        "hours": span(shown.hours),
        "accelerator_hours": span(shown.accelerator_hours),
        "cost_usd": span(shown.usd),
        "cost_for": answer.per or None,
        **_choice(shown),
        "energy_kwh": span(shown.energy_kwh),
        "co2e_kg": span(shown.co2e_kg),
        "steps": [{"name": one.name, "formula": one.formula, "source": one.source} for one in answer.steps],
        "line_items": [_item(item) for item in shown.items],
        "shapes": [_shape(shape, answer.per) for shape in answer.shapes],
        "options": [option_json(option) for option in answer.options],
        "could_miss": list(risks(shown, answer.work)),
        "best": answer.best.label if answer.best else None,
        "cheapest": answer.cheapest.label if answer.cheapest else None,
        "fastest": answer.fastest.label if answer.fastest else None,
        "assumptions": list(answer.assumptions),
        "left_out": list(answer.left_out),
        "notes": list(answer.notes),
        "biggest_unknown": answer.biggest_unknown or None,
        "prices": answer.prices,
        "prices_as_of": answer.prices_as_of.isoformat(),
        "words": answer.words,
    }


def _pipeline(answer: Answer, identity: object) -> Json:
    """A pipeline's costs and hours are those of its parts together, where both are known."""
    parts = [to_json(part) for part in answer.parts]
    shown = [part.shown for part in answer.parts]
    made = {**to_json(answer.parts[0], identity), "headline": answer.headline, "words": answer.words, "parts": parts}
    made["cost_usd"] = span(_sum([option.usd if option else None for option in shown]))
    made["hours"] = span(_sum([option.hours if option else None for option in shown]))
    made["assumptions"] = list(answer.assumptions)
    return made


def _sum(ranges: list[Range | None]) -> Range | None:
    known = [one for one in ranges if one is not None]
    if len(known) < len(ranges):
        return None
    return Range(sum(one.low for one in known), sum(one.mid for one in known), sum(one.high for one in known))


def error_json(message: str, *, field: str, identity: object = None, **more: str) -> Json:
    """The line that says why a line is not answered."""
    return {"id": identity, "ok": False, "error": {"field": field, "message": message, **more}}


def unclear_json(unclear: Unclear, identity: object = None) -> Json:
    """The same for words or values that were not understood."""
    near = {"nearest": unclear.nearest} if unclear.nearest else {}
    return error_json(unclear.message, field=unclear.field, identity=identity, example=unclear.example, **near)


def _figures(made: Estimate) -> Json:
    return {
        "flops": number(made.flops),
        "tokens_per_s": span(made.tokens_per_s),
        "samples_per_s": span(made.samples_per_s),
        "memory_gb": _memory(made.memory),
        "fits": made.fits,
        "overloaded": bool(made.overload),
        "why_not": made.why_not or made.overload or None,
        "advice": list(made.advice),
        "ttft_ms": span(made.ttft_ms),
        "tpot_ms": span(made.tpot_ms),
        "split": made.split or None,
        "batch": made.batch,
        "replicas": made.replicas,
    }


def _memory(memory: Memory | None) -> Json | None:
    if memory is None:
        return None
    return {
        "per_accelerator": span(memory.per_accelerator),
        "parts": {name: number(size) for name, size in memory.parts.items()},
        "usable": number(memory.usable_gb),
        "margin": number(memory.usable_gb - memory.per_accelerator.mid),
        "verdict": margin.verdict(memory),
    }


def _choice(option: Option) -> Json:
    return {
        "instance_type": option.instance_type,
        "count": option.nodes,
        "accelerator": option.chip,
        "accelerators": option.chips,
        "billed_hours": span(option.billed_hours),
        "region": option.region,
        "market": option.market,
        "usd_per_hour": number(option.usd_per_hour),
        "usd_per_million_tokens": span(option.usd_per_million_tokens),
        "usd_per_thousand_requests": span(option.usd_per_thousand_requests),
    }


def option_json(option: Option) -> Json:
    """One row of the options."""
    made = option.estimate
    return {
        **_choice(option),
        "hours": span(option.hours),
        "accelerator_hours": span(option.accelerator_hours),
        "cost_usd": span(option.usd),
        "tokens_per_s": span(made.tokens_per_s),
        "samples_per_s": span(made.samples_per_s),
        "ttft_ms": span(made.ttft_ms),
        "tpot_ms": span(made.tpot_ms),
        "memory_gb": span(made.memory.per_accelerator) if made.memory else None,
        "fits": made.fits,
        "overloaded": bool(made.overload),
        "why_not": made.why_not or made.overload or None,
        "split": made.split or None,
        "meets": option.meets,
        "misses": list(option.failing),
        "pareto": option.pareto,
        "note": option.note or None,
        "price_basis": option.rate.basis if option.rate else None,
        "price_as_of": option.rate.as_of.isoformat() if option.rate else None,
    }


def _shape(shape: EndpointShape, per: str) -> Json:
    return {
        "kind": shape.kind,
        "fits": shape.fits,
        "advised": shape.advised,
        "asked": shape.asked,
        "why": shape.why,
        "instance": shape.instance,
        "count": shape.count or None,
        "invocations_per_instance": number(shape.target),
        "memory_gb": number(shape.memory_gb),
        "request_ms": number(shape.request_ms),
        "usd": number(shape.usd),
        "usd_for": per if shape.usd is not None and per else None,
        "price_basis": shape.price or None,
        "price_as_of": shape.price_as_of.isoformat() if shape.price_as_of else None,
    }


def _item(item: LineItem) -> Json:
    return {
        "name": item.name,
        "quantity": number(item.quantity),
        "unit": item.unit,
        "usd_per_unit": number(item.usd_per_unit),
        "usd": span(item.usd),
        "included": item.included,
        "source": item.source or None,
    }


def span(value: Range | None) -> Json | None:
    """{"low", "mid", "high"}, or null when one of them is not a number."""
    if value is None or not all(map(math.isfinite, (value.low, value.mid, value.high))):
        return None
    return {"low": number(value.low), "mid": number(value.mid), "high": number(value.high)}


def number(value: float | None) -> float | None:
    """A finite number with eight significant figures; null otherwise."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.8g}")
