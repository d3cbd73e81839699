"""What the policy file may say of requests: who says yes, hard caps, budgets, and what is launched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from bot.rules.policy_section import Section

Market = Literal["on-demand", "spot"]


class Quiet(Section):
    """Hours in which nothing is approved by itself and no approver is reminded; equal hours: none."""

    begin: int = Field(default=0, ge=0, le=23)
    end: int = Field(default=0, ge=0, le=23)
    weekends: bool = False  # Saturday and Sunday count as quiet, too
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{zone!r} is no time zone; one is Europe/Berlin") from error
        return zone


class Approvals(Section):
    """Who may say yes, where requests are posted, how long they stay open, and how many yeses money needs."""

    channel: str = ""
    approvers: tuple[str, ...] = ()  # Slack user ids
    groups: tuple[str, ...] = ()  # Slack user group ids, whose members approve too
    denied: tuple[str, ...] = ()  # may neither ask nor approve, whatever else is said
    expires_hours: float = Field(default=24, gt=0, le=24 * 30)
    start_within_hours: float = Field(default=6, gt=0, le=24 * 7)  # an approval that could not be carried out lapses
    auto_below_usd: float = Field(default=0, ge=0)  # cheaper than this in all: approved by the policy itself
    two_above_usd: float | None = Field(default=None, gt=0)  # from this on two different people must say yes
    own_below_usd: float = Field(default=0, ge=0)  # approvers may approve their own when it is cheaper than this
    drift_percent: float = Field(default=5, ge=0)  # a price that moved further needs a new yes
    remind_hours: tuple[float, ...] = ()  # hours after the request at which approvers are reminded
    break_glass: tuple[str, ...] = ()  # people who may, in need, approve alone, even their own; hard caps still hold
    quiet: Quiet = Quiet()

    @property
    def people(self) -> tuple[str, ...]:
        """Approvers who are named one by one."""
        return tuple(one for one in self.approvers if not one.startswith("S"))

    @property
    def all_groups(self) -> tuple[str, ...]:
        """User groups of approvers, wherever they are named."""
        return (*self.groups, *(one for one in self.approvers if one.startswith("S")))


class Limits(Section):
    """Hard caps on any one launch, which no approval lifts."""

    regions: tuple[str, ...] = ("us-east-1",)
    families: tuple[str, ...] = ()  # like "g5"; none: all
    denied_families: tuple[str, ...] = ()
    markets: tuple[Market, ...] = ("on-demand", "spot")
    max_count: int = Field(default=16, ge=1)
    max_disk_gb: int = Field(default=2000, ge=1, le=16384)
    max_hours: float = Field(default=72, gt=0)
    max_usd_per_hour: float = Field(default=60, gt=0)
    max_usd: float = Field(default=1000, gt=0)

    @field_validator("regions")
    @classmethod
    def _there_is_a_region(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        if not regions:
            raise ValueError("name at least one region")
        return regions


class TeamBudget(Section):
    """What the named people may spend together in a calendar month (UTC)."""

    members: tuple[str, ...]
    usd_per_month: float = Field(gt=0)


class Budgets(Section):
    """Spending by calendar month (UTC), counted when it is approved; none is set by default."""

    usd_per_month: float | None = Field(default=None, gt=0)  # everybody together
    person_usd_per_month: float | None = Field(default=None, gt=0)
    people: Mapping[str, float] = Field(default_factory=dict)  # Slack user id -> another figure
    teams: Mapping[str, TeamBudget] = Field(default_factory=dict)


class End(Section):
    """What happens when the asked hours are over."""

    remind_minutes: float = Field(default=30, ge=0)  # before the end
    stop: bool = False  # by itself; else the owner is asked
    grace_minutes: float = Field(default=15, ge=0)  # between the end and the stop
    extend_needs_approval: bool = False


class Launching(Section):
    """What is launched: image, network, rights, and what the machine does when it boots."""

    image: str = Field(default="", pattern=r"^(ami-\S+)?$")
    images: Mapping[Literal["nvidia", "neuron", "x86_64", "arm64"], str] = Field(default_factory=dict)
    login: str = ""  # the image's user; empty: ubuntu for a Deep Learning AMI
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    instance_profile: str = ""  # name or ARN
    spot: Literal["one-time", "persistent"] = "one-time"
    boot: tuple[Literal["gpu-check", "jupyter", "end-guard"], ...] = ("gpu-check", "jupyter")
    end: End = End()

    @model_validator(mode="after")
    def _images_are_ids(self) -> Launching:
        for chip, image in self.images.items():
            if not image.startswith("ami-"):
                raise ValueError(f"images.{chip}: {image!r} is no image id; one is ami-0123456789abcdef0")
        return self
