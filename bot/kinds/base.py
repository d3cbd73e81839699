"""What every resource kind can do: one record of functions each, over one look at one account and region."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.kinds.once import Once
from bot.rules.idle import Resource, Usage

if TYPE_CHECKING:
    from bot.cloud import Cloud
    from data import Catalog

Fact = Mapping[str, Any]  # as AWS answered it
OURS = [{"Name": "tag:mlbot:managed", "Values": ["true"]}]
HOURS_PER_MONTH = 730.0  # how AWS turns a price per month into one per hour


class Look:
    """
    One account and region during one scan or click; what several kinds need is read once. For one thread.

    *person* is the Slack id for whom it is looked and done, where there is one.
    """

    def __init__(self, cloud: Cloud, account: str, region: str, now: datetime, *, person: str = "") -> None:
        self.cloud = cloud
        self.account = account
        self.region = region
        self.now = now
        self.person = person

    def client(self, service: str) -> Any:
        """The boto3 client for *service* here."""
        return self.cloud.client(service, self.region, self.account, person=self.person)

    def items(self, service: str, operation: str, key: str, **given: Any) -> list[Fact]:
        """All of *key* over every page of *operation*."""
        return list(self.cloud.items(self.client(service), operation, key, **given))

    def call(self, service: str, operation: str, **given: Any) -> Fact:
        """One call; raises CloudError."""
        answer: Fact = self.cloud.call(getattr(self.client(service), operation), **given)
        return answer

    @Once
    def instances(self) -> tuple[Fact, ...]:
        """Every instance that is not gone, 1,000 a page."""
        found = self.items("ec2", "describe_instances", "Reservations", MaxResults=1000)
        instances = (instance for reservation in found for instance in reservation["Instances"])
        return tuple(one for one in instances if one["State"]["Name"] not in ("terminated", "shutting-down"))

    @Once
    def volumes(self) -> tuple[Fact, ...]:
        """Every EBS volume, 1,000 a page."""
        return tuple(self.items("ec2", "describe_volumes", "Volumes", MaxResults=1000))

    @Once
    def images(self) -> tuple[Fact, ...]:
        """Every image that mlbot saved."""
        return tuple(self.items("ec2", "describe_images", "Images", Owners=["self"], Filters=OURS, MaxResults=1000))

    @Once
    def snapshots(self) -> tuple[Fact, ...]:
        """Every snapshot that carries our tag; other people's and AWS's are never read."""
        mine = {"OwnerIds": ["self"], "Filters": OURS, "MaxResults": 1000}
        return tuple(self.items("ec2", "describe_snapshots", "Snapshots", **mine))

    @Once
    def addresses(self) -> tuple[Fact, ...]:
        """Every Elastic IP; AWS answers in one page."""
        found: Sequence[Fact] = self.call("ec2", "describe_addresses")["Addresses"]
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of resource that may bill. Functions raise CloudError; the caller turns one refusal into a gap."""

    name: str  # ec2_instance
    title: str  # EC2 instance
    permissions: Mapping[str, tuple[str, ...]]  # IAM actions by verb: find, measure, and each of verbs
    find: Callable[[Look], list[Resource]]
    measure: Callable[[Look, Sequence[Resource], datetime, datetime], dict[str, Usage]]  # start, end -> by resource id
    price: Callable[[Resource, Catalog], Resource]  # pure: the same with usd_per_hour and usd_per_hour_stopped
    read: Callable[[Look, str], Resource | None]  # one, as it is now; None when it is gone
    verbs: Mapping[str, Callable[[Look, Resource], str]]  # stop, start, terminate, delete -> AWS request id


def no_metrics(look: Look, resources: Sequence[Resource], start: datetime, end: datetime) -> dict[str, Usage]:
    """For kinds whose state says everything: nothing is measured, nothing is missing."""
    return {resource.id: Usage({}) for resource in resources}


def request_id(answer: Fact) -> str:
    """AWS's id of a call, for the audit log."""
    return str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
