"""The team's policy as values: what the TOML file may say, a safe default for every key; rules read it, no I/O here."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from bot.rules.policy_access import Access
from bot.rules.policy_idle import Idle, Reminders
from bot.rules.policy_launch import Approvals, Budgets, Launching, Limits
from bot.rules.policy_schedule import Scheduling
from bot.rules.policy_section import Section
from bot.rules.policy_stop import Stopping

__all__ = [
    "Access",
    "Account",
    "Approvals",
    "Budgets",
    "Idle",
    "Launching",
    "Limits",
    "Policy",
    "Reminders",
    "Scheduling",
    "Stopping",
]


class Account(Section):
    """Another AWS account, entered by a role; no regions means those of limits."""

    role_arn: str = Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")
    external_id: str = ""
    regions: tuple[str, ...] = ()


class Policy(Section):
    """The whole file."""

    access: Access = Access()
    approvals: Approvals = Approvals()
    reminders: Reminders = Reminders()
    idle: Idle = Idle()
    schedule: Scheduling = Scheduling()
    limits: Limits = Limits()
    stop: Stopping = Stopping()
    launch: Launching = Launching()
    budgets: Budgets = Budgets()
    accounts: Mapping[str, Account] = Field(default_factory=dict)  # by alias; "default" is mlbot's own
