"""The team's policy as values: what the TOML file may say, with a safe default for every key. Rules read it; nothing here does I/O."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A table of the policy file; unknown keys are refused so that a typo cannot loosen a limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Approvals(Section):
    """Who may say yes, where requests are posted, and how long they stay open."""

    channel: str = ""
    approvers: tuple[str, ...] = ()
    expires_hours: float = Field(default=24, gt=0, le=24 * 30)


class Reminders(Section):
    """Where and when people hear of what is idle."""

    channel: str = ""
    hour: int = Field(default=9, ge=0, le=23)  # in the owner's own zone


class Limits(Section):
    """Hard caps on any one launch."""

    regions: tuple[str, ...] = ("us-east-1",)
    max_hours: float = Field(default=72, gt=0)
    max_usd_per_hour: float = Field(default=60, gt=0)
    max_usd: float = Field(default=1000, gt=0)


class Launching(Section):
    """What is launched: image, subnets, profile."""

    image: str = ""
    subnets: tuple[str, ...] = ()
    instance_profile: str = ""


class Policy(Section):
    """The whole file."""

    approvals: Approvals = Approvals()
    reminders: Reminders = Reminders()
    limits: Limits = Limits()
    launch: Launching = Launching()
