"""Whether a stopped machine may be started as a launch of it might: caps, budgets, approved hours; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.rules import launch_money
from bot.rules.idle_facts import Resource
from bot.rules.instances import Verb, label, rate_when_running
from bot.rules.launch import BudgetLine, Launch
from bot.rules.launch_text import at, hours
from bot.rules.policy import Policy

HOUR = timedelta(hours=1)
LEAST = 1.0  # hours that a start counts where no end is planned, or it has passed


@dataclass(frozen=True, slots=True)
class NotStarted:
    """Why nothing is started, and the verb that would work instead."""

    why: str
    instead: Verb | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A wish to start machines that are stopped, all of one owner; *launch* is the request that they are of."""

    found: Sequence[Resource]
    launch: Launch | None
    user: str  # who presses, or whose schedule it is
    approver: bool
    budgets: tuple[BudgetLine, ...]  # of who pays for them, as they stand


def refusal(asked: Start, policy: Policy, now: datetime) -> NotStarted | None:
    """The first reason of the policy against it; None where there is none, or nothing to start."""
    resting = [one for one in asked.found if one.state == "stopped"]
    if not resting:
        return None
    if asked.user in policy.approvals.denied:
        return NotStarted("The policy lets you launch nothing, and start nothing.")
    why = next((why for one in resting if (why := _not_allowed(one, policy))), "")
    if why:
        return NotStarted(why)
    return _hours_are_over(asked, resting[0], policy, now) or _over_budget(asked, resting, now)


def _not_allowed(one: Resource, policy: Policy) -> str:
    limits, family = policy.limits, one.type.partition(".")[0]
    if one.region not in limits.regions:
        return f"{label(one)} is in {one.region}, which the policy does not allow."
    if family in limits.denied_families or (limits.families and family not in limits.families):
        return f"{label(one)} is of the family {family}, which the policy does not allow."
    return ""


def _hours_are_over(asked: Start, one: Resource, policy: Policy, now: datetime) -> NotStarted | None:
    """Where more hours need somebody's yes, a start after the end would go around it."""
    if asked.launch is None or one.until is None or one.until > now or not policy.launch.end.extend_needs_approval:
        return None
    if asked.approver and asked.user not in asked.launch.askers:
        return None
    over = f"The hours of {label(one)} ended {at(one.until)}, and more hours need somebody else's approval."
    return NotStarted(f"{over} Extend asks for them; then it can be started.", "extend")


def _over_budget(asked: Start, resting: Sequence[Resource], now: datetime) -> NotStarted | None:
    rates = [rate_when_running(one) for one in resting]
    until = resting[0].until
    length = max((until - now) / HOUR if until else 0.0, LEAST)
    usd = None if None in rates else sum(rate or 0.0 for rate in rates) * length
    why = launch_money.over(asked.budgets, usd)
    return NotStarted(f"{why} A start counts {_counted(until, length)}.") if why else None


def _counted(until: datetime | None, length: float) -> str:
    return f"the {hours(round(length, 1))} until its end" if until and length > LEAST else "an hour"
