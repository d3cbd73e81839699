"""The team's policy as values: what the TOML file may say, a safe default for every key; rules read it, no I/O here."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from bot.rules.policy_idle import Idle, Reminders
from bot.rules.policy_section import Section


class Approvals(Section):
    """Who may say yes, where requests are posted, and how long they stay open."""

    channel: str = ""
    approvers: tuple[str, ...] = ()
    expires_hours: float = Field(default=24, gt=0, le=24 * 30)


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


class Account(Section):
    """Another AWS account, entered by a role; no regions means those of limits."""

    role_arn: str = Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")
    external_id: str = ""
    regions: tuple[str, ...] = ()


class Policy(Section):
    """The whole file."""

    approvals: Approvals = Approvals()
    reminders: Reminders = Reminders()
    idle: Idle = Idle()
    limits: Limits = Limits()
    launch: Launching = Launching()
    accounts: Mapping[str, Account] = Field(default_factory=dict)  # by alias; "default" is mlbot's own
