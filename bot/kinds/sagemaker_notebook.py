"""SageMaker notebook instances: the machine bills while it is InService, the disk always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import data
from bot.kinds import prices, tags
from bot.kinds.base import Kind, Look, request_id
from bot.kinds.cloudwatch import Query, fetch, series
from bot.rules.errors import Gone
from bot.rules.idle import Resource, Usage
from data import Catalog

PAGE = 100
LOGS = "/aws/sagemaker/NotebookInstances"  # where a notebook's agent publishes, when it is installed
SIGNALS = (("cpu_max_pct", "Maximum"), ("cpu_avg_pct", "Average"))


def find(look: Look) -> list[Resource]:
    """Every notebook instance; a page of names for 100, then two calls each."""
    listed = look.items("sagemaker", "list_notebook_instances", "NotebookInstances", MaxResults=PAGE)
    return [one for fact in listed if (one := read(look, fact["NotebookInstanceName"])) is not None]


def read(look: Look, identity: str) -> Resource | None:
    """One notebook instance as it is now; None when it is gone."""
    try:
        fact = look.call("sagemaker", "describe_notebook_instance", NotebookInstanceName=identity)
    except Gone:
        return None
    marks = {"Tags": look.items("sagemaker", "list_tags", "Tags", ResourceArn=fact["NotebookInstanceArn"])}
    known = data.load().instances.get(fact["InstanceType"].removeprefix("ml."))
    changed = fact["LastModifiedTime"].astimezone(UTC)
    return Resource(
        id=identity,
        kind="sagemaker_notebook",
        account=look.account,
        region=look.region,
        type=fact["InstanceType"],
        state=fact["NotebookInstanceStatus"],
        created=fact["CreationTime"].astimezone(UTC),
        since=changed,
        market="sagemaker",
        details={
            "gb": fact.get("VolumeSizeInGB", 0),
            "url": fact.get("Url", ""),
            "chip": known.chip if known else None,
            "known_type": known is not None,
        },
        **tags.ours(tags.read(marks)) | {"name": identity},
    )


def measure(look: Look, resources: Sequence[Resource], start: datetime, end: datetime) -> dict[str, Usage]:
    """CPU of running notebooks where an agent publishes it; AWS itself publishes nothing of them."""
    running = [one for one in resources if one.state == "InService"]
    queries = [
        Query(one.id, signal, LOGS, "CPUUtilization", (("NotebookInstanceName", one.id),), stat)
        for one in running
        for signal, stat in SIGNALS
    ]
    found = {
        (query.resource, query.signal): points for query, points in fetch(look, queries, start, end).items() if points
    }
    usage = {one.id: Usage({}) for one in resources}
    for one in running:
        known = {signal: series(found[one.id, signal]) for signal, _ in SIGNALS if (one.id, signal) in found}
        usage[one.id] = Usage(known, tuple(signal for signal, _ in SIGNALS if signal not in known))
    return usage


def price(one: Resource, catalog: Catalog) -> Resource:
    """With the SageMaker price of the machine while it runs; what its disk costs is not known here."""
    machine = prices.instance(catalog, one.type.removeprefix("ml."), one.region, "sagemaker")
    running = one.state in ("InService", "Pending", "Updating")
    return replace(one, usd_per_hour=machine if running else None, usd_per_hour_stopped=None)


def stop(look: Look, one: Resource) -> str:
    """StopNotebookInstance."""
    return request_id(look.call("sagemaker", "stop_notebook_instance", NotebookInstanceName=one.id))


def start(look: Look, one: Resource) -> str:
    """StartNotebookInstance."""
    return request_id(look.call("sagemaker", "start_notebook_instance", NotebookInstanceName=one.id))


KIND = Kind(
    name="sagemaker_notebook",
    title="SageMaker notebook",
    permissions={
        "find": (
            "sagemaker:ListNotebookInstances",
            "sagemaker:DescribeNotebookInstance",
            "sagemaker:ListTags",
        ),
        "measure": ("cloudwatch:GetMetricData",),
        "read": (),
        "stop": ("sagemaker:StopNotebookInstance",),
        "start": ("sagemaker:StartNotebookInstance",),
    },
    find=find,
    measure=measure,
    price=price,
    read=read,
    verbs={"stop": stop, "start": start},
)
