"""SageMaker Studio apps: notebooks and editors that bill by their machine until somebody deletes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

from bot.kinds import prices, tags
from bot.kinds.base import Fact, Kind, Look, no_metrics, request_id
from bot.rules.errors import Gone
from bot.rules.idle import Resource
from data import Catalog

FREE = ("", "system")  # the old Studio's own server costs nothing
PLACES = (("UserProfileName", "user"), ("SpaceName", "space"))


def find(look: Look) -> list[Resource]:
    """Apps that are in service, asked only where there is a Studio; then two calls each."""
    if not look.items("sagemaker", "list_domains", "Domains"):
        return []
    listed = look.items("sagemaker", "list_apps", "Apps")
    found = (read(look, name_of(fact)) for fact in listed if fact.get("Status") == "InService")
    return [one for one in found if one is not None and one.type not in FREE]


def read(look: Look, identity: str) -> Resource | None:
    """One app as it is now; None when it is gone."""
    try:
        fact = look.call("sagemaker", "describe_app", **key_of(identity))
    except Gone:
        return None
    if fact["Status"] == "Deleted":
        return None
    marks = {"Tags": look.items("sagemaker", "list_tags", "Tags", ResourceArn=fact["AppArn"])}
    active = fact.get("LastUserActivityTimestamp")
    return Resource(
        id=identity,
        kind="sagemaker_studio_app",
        account=look.account,
        region=look.region,
        type=(fact.get("ResourceSpec") or {}).get("InstanceType", ""),
        state=fact["Status"],
        created=fact["CreationTime"].astimezone(UTC),
        since=fact["CreationTime"].astimezone(UTC),
        market="sagemaker",
        details={"last_activity": active.astimezone(UTC).isoformat() if active else "", "app": fact["AppType"]},
        **tags.ours(tags.read(marks)) | {"name": identity.partition("/")[2]},
    )


def price(one: Resource, catalog: Catalog) -> Resource:
    """With the SageMaker price of its machine; the disk of its space bills on by itself and is not known here."""
    machine = prices.instance(catalog, one.type.removeprefix("ml."), one.region, "sagemaker")
    return replace(one, usd_per_hour=machine if one.state == "InService" else 0.0, usd_per_hour_stopped=0.0)


def delete(look: Look, one: Resource) -> str:
    """DeleteApp: files of its space or home stay, what is in memory is lost."""
    return request_id(look.call("sagemaker", "delete_app", **key_of(one.id)))


def name_of(fact: Fact) -> str:
    """d-abc/user:ann/JupyterLab/default: the four parts that name an app."""
    place = next(f"{word}:{fact[field]}" for field, word in PLACES if fact.get(field))
    return f"{fact['DomainId']}/{place}/{fact['AppType']}/{fact['AppName']}"


def key_of(identity: str) -> dict[str, Any]:
    """The parts again, as DescribeApp wants them."""
    domain, place, kind, name = (identity.split("/") + [""] * 4)[:4]
    word, _, who = place.partition(":")
    field = next((field for field, known in PLACES if known == word), "UserProfileName")
    return {"DomainId": domain, field: who, "AppType": kind or "JupyterLab", "AppName": name}


KIND = Kind(
    name="sagemaker_studio_app",
    title="SageMaker Studio app",
    permissions={
        "find": ("sagemaker:ListDomains", "sagemaker:ListApps", "sagemaker:DescribeApp", "sagemaker:ListTags"),
        "measure": (),
        "read": (),
        "delete": ("sagemaker:DeleteApp",),
    },
    find=find,
    measure=no_metrics,
    price=price,
    read=read,
    verbs={"delete": delete},
)
