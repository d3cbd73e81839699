"""SageMaker training jobs that run: they bill until they end, also past what was planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import data
from bot.kinds import prices, tags
from bot.kinds.base import Fact, Kind, Look, request_id
from bot.kinds.cloudwatch import Points, Query, fetch, series
from bot.rules.errors import Gone
from bot.rules.idle import Resource, Series, Usage
from data import Catalog

PAGE = 100
NAMESPACE = "/aws/sagemaker/TrainingJobs"
BILLS = ("InProgress", "Stopping")

# signal, metric, statistic; SageMaker adds up the percentages of a host's GPUs, so none is busier than the sum
SIGNALS = (
    ("gpu_max_pct", "GPUUtilization", "Maximum"),
    ("gpu_avg_pct", "GPUUtilization", "Average"),
    ("cpu_max_pct", "CPUUtilization", "Maximum"),
)


def find(look: Look) -> list[Resource]:
    """Jobs that run now; a page of names for 100, then two calls each."""
    listed = look.items(
        "sagemaker", "list_training_jobs", "TrainingJobSummaries", StatusEquals="InProgress", MaxResults=PAGE
    )
    found = (read(look, fact["TrainingJobName"]) for fact in listed)
    return [one for one in found if one is not None and one.state in BILLS]


def read(look: Look, identity: str) -> Resource | None:
    """One job as it is now; None when it is gone."""
    try:
        fact = look.call("sagemaker", "describe_training_job", TrainingJobName=identity)
    except Gone:
        return None
    marks = {"Tags": look.items("sagemaker", "list_tags", "Tags", ResourceArn=fact["TrainingJobArn"])}
    began = fact.get("TrainingStartTime") or fact["CreationTime"]
    known = tags.ours(tags.read(marks)) | {"name": identity}
    return Resource(
        id=identity,
        kind="sagemaker_training_job",
        account=look.account,
        region=look.region,
        type=fact["ResourceConfig"].get("InstanceType", ""),
        state=fact["TrainingJobStatus"],
        created=fact["CreationTime"].astimezone(UTC),
        since=began.astimezone(UTC),
        market="sagemaker",
        details=_details(fact),
        **known | {"until": known["until"] or _latest(fact)},
    )


def measure(look: Look, resources: Sequence[Resource], start: datetime, end: datetime) -> dict[str, Usage]:
    """GPU and CPU of the busiest host, as SageMaker publishes them; missing where it does not."""
    queries = [
        Query(one.id, signal, NAMESPACE, metric, (("Host", f"{one.id}/algo-{host}"),), stat)
        for one in resources
        for host in range(1, _count(one) + 1)
        for signal, metric, stat in SIGNALS
        if signal in _signals(one)
    ]
    found = fetch(look, queries, start, end)
    return {one.id: _usage(one, found) for one in resources}


def price(one: Resource, catalog: Catalog) -> Resource:
    """
    With the SageMaker price of all its instances; nothing is left once it has ended.

    Its disks are not counted (their price is not known here), and managed spot has no list price at all.
    """
    machine = prices.instance(catalog, one.type.removeprefix("ml."), one.region, "sagemaker")
    each = None if one.details.get("managed_spot") else machine
    running = prices.times(each, _count(one)) if one.state in BILLS else 0.0
    return replace(one, usd_per_hour=running, usd_per_hour_stopped=0.0)


def stop(look: Look, one: Resource) -> str:
    """StopTrainingJob: it gets two minutes to save its work, and cannot be started again."""
    return request_id(look.call("sagemaker", "stop_training_job", TrainingJobName=one.id))


def _details(fact: Fact) -> dict[str, object]:
    shape = fact["ResourceConfig"]
    known = data.load().instances.get(str(shape.get("InstanceType", "")).removeprefix("ml."))
    return {
        "count": shape.get("InstanceCount", 1),
        "gb": shape.get("VolumeSizeInGB", 0),
        "chip": known.chip if known else None,
        "known_type": known is not None,
        "managed_spot": bool(fact.get("EnableManagedSpotTraining")),
        "secondary": fact.get("SecondaryStatus", ""),
    }


def _latest(fact: Fact) -> datetime | None:
    """When its stopping condition ends it at the latest."""
    most = (fact.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds")
    began = fact.get("TrainingStartTime")
    return began.astimezone(UTC) + timedelta(seconds=most) if most and began else None


def _count(one: Resource) -> int:
    return int(str(one.details.get("count") or 1))


def _usage(one: Resource, found: Mapping[Query, Points]) -> Usage:
    """The busiest host at each time; a host that did not publish one of its signals makes that signal missing."""
    measured: dict[str, Series] = {}
    missing: list[str] = []
    for signal in _signals(one):
        parts = [
            points for query, points in found.items() if (query.resource, query.signal) == (one.id, signal) and points
        ]
        if parts:
            most = {at: max(part[at] for part in parts if at in part) for at in set().union(*parts)}
            measured[signal] = series({at: min(100.0, value) for at, value in most.items()})
        if len(parts) < _count(one):
            missing.append(signal)
    return Usage(measured, tuple(missing))


def _signals(one: Resource) -> tuple[str, ...]:
    return tuple(signal for signal, _, _ in SIGNALS if one.details.get("chip") or not signal.startswith("gpu"))


KIND = Kind(
    name="sagemaker_training_job",
    title="SageMaker training job",
    permissions={
        "find": ("sagemaker:ListTrainingJobs", "sagemaker:DescribeTrainingJob", "sagemaker:ListTags"),
        "measure": ("cloudwatch:GetMetricData",),
        "read": (),
        "stop": ("sagemaker:StopTrainingJob",),
    },
    find=find,
    measure=measure,
    price=price,
    read=read,
    verbs={"stop": stop},
)
