"""What the point of an answer says of the shape that a model is served in."""

from __future__ import annotations

from estimator.result import Range
from estimator.serve_endpoint import FARGATE, LAMBDA, SERVERLESS, EndpointShape
from estimator.units import milliseconds, money

WITHOUT_MACHINES = (SERVERLESS, LAMBDA, FARGATE)


def with_shape(what: str, point: str, best: Range | None, shapes: tuple[EndpointShape, ...], per: str) -> str:
    """The point with the shape that was asked for, and why it cannot be; else with one that costs half or less.

    *what* was understood, with which the point begins; *best* is what the best machines cost.
    """
    first = next(iter(shapes), None)
    if first is None or not first.asked:
        return point + _lighter(first, best, per)
    rest = point.removeprefix(f"{what}. ")
    if not first.fits:
        return f"{what}. {_named(first.kind)} cannot serve it: {first.why}. {rest}"
    cost = f" for {money(first.usd)} for {per or 'a month'}" if first.usd is not None else ""
    taken = f", {milliseconds(first.request_ms)} a request" if first.request_ms else ""
    unknown = "" if first.usd is not None else "; say qps= or queries= for its cost"
    size = f" ({first.machines})" if first.machines else ""
    return f"{what}. {_named(first.kind)}{size} serves it{cost}{taken}{unknown}. On EC2: {rest}"


def _named(kind: str) -> str:
    return kind if kind in (LAMBDA, FARGATE) else f"A {kind}" if kind[0] not in "aeiou" else f"An {kind}"


def _lighter(first: EndpointShape | None, best: Range | None, per: str) -> str:
    """The shape that a light load is served in at half the cost of a machine or less, as a sentence; else ""."""
    if best is None or first is None or not first.advised or first.kind not in WITHOUT_MACHINES:
        return ""
    if first.usd is None or first.usd > best.mid / 2:
        return ""
    return f" {first.kind.capitalize()} ({first.machines}) does it for {money(first.usd)} for {per}."
