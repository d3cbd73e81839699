"""SageMaker endpoints: they bill while they stand, asked or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.kinds import prices, tags
from bot.kinds.base import Fact, Kind, Look, request_id
from bot.kinds.cloudwatch import STEP, Points, Query, fetch, floor, series
from bot.rules.errors import Gone
from bot.rules.idle import Resource, Usage
from data import Catalog

PAGE = 100
HOUR = timedelta(hours=1)


def find(look: Look) -> list[Resource]:
    """Every endpoint with its variants: a page of names for 100, then three calls each (status, shape, tags)."""
    names = [one["EndpointName"] for one in look.items("sagemaker", "list_endpoints", "Endpoints", MaxResults=PAGE)]
    return [one for name in names if (one := read(look, name)) is not None]


def read(look: Look, identity: str) -> Resource | None:
    """One endpoint as it is now; None when it is gone."""
    try:
        fact = look.call("sagemaker", "describe_endpoint", EndpointName=identity)
        config = look.call("sagemaker", "describe_endpoint_config", EndpointConfigName=fact["EndpointConfigName"])
    except Gone:
        return None
    marks = {"Tags": look.items("sagemaker", "list_tags", "Tags", ResourceArn=fact["EndpointArn"])}
    variants = [_variant(one, fact) for one in config["ProductionVariants"]]
    named = tags.ours(tags.read(marks))
    return Resource(
        id=identity,
        kind="sagemaker_endpoint",
        account=look.account,
        region=look.region,
        type=", ".join(dict.fromkeys(one["type"] for one in variants if one["type"])),
        state=fact["EndpointStatus"],
        created=fact["CreationTime"].astimezone(UTC),
        since=fact["CreationTime"].astimezone(UTC),
        market="sagemaker",
        details={"variants": variants, "config": fact["EndpointConfigName"]},
        **named | {"name": identity},
    )


def measure(look: Look, resources: Sequence[Resource], start: datetime, end: datetime) -> dict[str, Usage]:
    """
    Invocations of all variants together; hours for windows over 63 days, for which CloudWatch keeps 5 minutes.

    AWS publishes nothing while nobody asks, so missing datapoints are zero here, from its creation on. Where
    CloudWatch failed to answer there is no series and nothing is called missing: that is unknown.
    """
    step = STEP if look.now - start <= timedelta(days=63) else HOUR
    queries = [
        Query(one.id, "invocations", "AWS/SageMaker", "Invocations", _dimensions(one, variant), "Sum")
        for one in resources
        for variant in _variants(one)
    ]
    found = fetch(look, queries, start, end, step)
    answered = {
        one.id: [found[query] for query in queries if query.resource == one.id and query in found] for one in resources
    }
    return {one.id: _usage(one, answered[one.id], start, end, step) for one in resources}


def price(one: Resource, catalog: Catalog) -> Resource:
    """With the SageMaker price of every instance behind it; serverless variants bill by use and cost nothing idle."""
    parts = [
        prices.times(prices.instance(catalog, str(variant["type"]).removeprefix("ml."), one.region, "sagemaker"), count)
        for variant in _variants(one)
        if (count := int(variant["count"])) and variant["type"]
    ]
    return replace(one, usd_per_hour=prices.total(parts), usd_per_hour_stopped=0.0)


def delete(look: Look, one: Resource) -> str:
    """DeleteEndpoint; its configuration stays, so that it can be made again."""
    return request_id(look.call("sagemaker", "delete_endpoint", EndpointName=one.id))


def _usage(one: Resource, parts: Sequence[Points], start: datetime, end: datetime, step: timedelta) -> Usage:
    if len(parts) < len(_variants(one)):
        return Usage({})
    values = dict.fromkeys(_steps(max(start, one.created or start), end, step), 0.0)
    for points in parts:
        values |= {at: values.get(at, 0.0) + value for at, value in points.items()}
    return Usage({"invocations": series(values, step)} if values else {})


def _variant(config: Fact, endpoint: Fact) -> dict[str, Any]:
    running = {one["VariantName"]: one for one in endpoint.get("ProductionVariants", ())}
    now = running.get(config["VariantName"], {})
    count = now.get("CurrentInstanceCount", config.get("InitialInstanceCount", 0))
    return {"name": config["VariantName"], "type": config.get("InstanceType", ""), "count": count or 0}


def _variants(one: Resource) -> list[Mapping[str, Any]]:
    found = one.details.get("variants")
    return found if isinstance(found, list) else []


def _dimensions(one: Resource, variant: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return (("EndpointName", one.id), ("VariantName", str(variant["name"])))


def _steps(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    """The ends of the whole steps between two times."""
    first, last = floor(start, step), floor(end, step)
    return [first + step * number for number in range(1, int((last - first) / step) + 1)]


KIND = Kind(
    name="sagemaker_endpoint",
    title="SageMaker endpoint",
    permissions={
        "find": (
            "sagemaker:ListEndpoints",
            "sagemaker:DescribeEndpoint",
            "sagemaker:DescribeEndpointConfig",
            "sagemaker:ListTags",
        ),
        "measure": ("cloudwatch:GetMetricData",),
        "read": (),
        "delete": ("sagemaker:DeleteEndpoint",),
    },
    find=find,
    measure=measure,
    price=price,
    read=read,
    verbs={"delete": delete},
)
