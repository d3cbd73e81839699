"""Longer hours for a launch: its new sum is judged like a request for that sum; pure, time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.rules import launch_money
from bot.rules.launch import BudgetLine, How, Launch, Reply, State
from bot.rules.launch_check import Refusal, by_policy
from bot.rules.launch_money import Price
from bot.rules.launch_text import at, hours, people, usd, which
from bot.rules.policy import Policy
from data import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One request for more hours, as its row stands; sums are those of the whole launch."""

    id: str
    launch: str
    asker: str  # who pressed, which need not be who asked for the machine
    state: State  # asked, approved, denied, withdrawn, expired or refused
    more: float  # hours beyond the sum so far, with those in which it ran past its end
    hours: float  # the new sum
    before: datetime | None  # the end as it was
    until: datetime  # the end as it would be
    usd_more: float
    usd_total: float  # the new sum
    usd_per_hour: float
    asked_at: datetime
    expires_at: datetime
    needed: int = 1
    votes: tuple[str, ...] = ()
    channel: str = ""  # where its card stands
    decided_by: tuple[str, ...] = ()
    decided_at: datetime | None = None
    how: How = ""
    reason: str = ""
    error: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What more hours would make of a launch."""

    more: float
    hours: float
    until: datetime
    price: Price  # of the new sum
    usd_more: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionCard:
    """Everything that the card of an extension may say."""

    extension: Extension
    launch: Launch
    votes: tuple[str, ...] = ()  # that count now
    budgets: tuple[BudgetLine, ...] = ()
    buttons: tuple[str, ...] = ()


def sum_of(launch: Launch, until: datetime, more: float, catalog: Catalog) -> Asked | None:
    """The launch with *more* hours, which cost what they cost today; None where that is not known."""
    total = launch.wanted.hours + more
    price = launch_money.price(replace(launch.wanted, hours=total), catalog)
    if price is None:
        return None
    usd_more = price.usd_total * more / total
    spent = price.usd_total - usd_more if launch.usd_total is None else launch.usd_total
    return Asked(
        more=more, hours=total, until=until, price=replace(price, usd_total=spent + usd_more), usd_more=usd_more
    )


def asked(launch: Launch, more: float, catalog: Catalog, now: datetime) -> Asked | None:
    """What *more* hours from its end, or from now where that is over, make of it; hours past its end count too."""
    over = launch_money.hours_run(launch, launch.until, now) if launch.until and launch.until < now else 0.0
    until = max(launch.until or now, now) + timedelta(hours=more)
    return sum_of(launch, until, round(more + over, 2), catalog)


def refusal(launch: Launch, found: Asked | None, policy: Policy, catalog: Catalog) -> Refusal | None:
    """The limits that no approval lifts, for the new sum."""
    if launch.state not in ("launching", "running"):
        return Refusal(f"{which(launch)} does not run as mlbot knows it.", "Look at /ml-instances again in a minute.")
    wanted, instance = launch.wanted, catalog.instance(launch.wanted.instance_type)
    if found is None:
        return by_policy(wanted, instance, None, policy, catalog)
    why = by_policy(replace(wanted, hours=found.hours), instance, found.price, policy, catalog)
    return Refusal(f"With {hours(found.more)} more: {why.why}", _room(launch, policy), why.code) if why else None


def _room(launch: Launch, policy: Policy) -> str:
    rest = policy.limits.max_hours - launch.wanted.hours
    so_far = f"So far it is {hours(launch.wanted.hours)} and {usd(launch.usd_total)}"
    return f"{so_far}; its hours leave room for {hours(round(rest, 2))}." if rest > 0 else f"{so_far}."


def needed(policy: Policy, found: Asked, now: datetime) -> int:
    """How many people must say yes to the new sum; at least one where the policy says so or a price is not known."""
    count = launch_money.needed(policy.approvals, found.price.usd_total, now)
    at_least_one = policy.launch.end.extend_needs_approval or found.price.usd_disk is None
    return max(count, 1) if at_least_one else count


def as_request(one: Extension, launch: Launch) -> Launch:
    """The extension as the request for the new sum that it is, for the rules of requests."""
    return replace(
        launch,
        id=one.id,
        state=one.state,
        wanted=replace(launch.wanted, hours=one.hours),
        usd_per_hour=one.usd_per_hour,
        usd_total=one.usd_total,
        asked_at=one.asked_at,
        expires_at=one.expires_at,
        needed=one.needed,
        reply=Reply(by=one.asker),
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        how=one.how,
        reason=one.reason,
        error=one.error,
        changed_at=one.changed_at,
    )


def words(one: Extension) -> str:
    """by 18 h to 26 h, until 2026-11-24 14:00 UTC, for $18.30 more and $26.44 in all."""
    to = f"by {hours(one.more)} to {hours(one.hours)}, until {at(one.until)}"
    return f"{to}, for {usd(one.usd_more)} more and {usd(one.usd_total)} in all"


def line(one: Extension) -> str:
    """One line of the launch's card: what became of it."""
    if one.state == "asked":
        return f"More hours wait for approval: {words(one)}."
    who = people(one.decided_by) or "nobody"
    if one.state == "approved":
        return f"Extended {words(one)}, approved by {'the policy' if one.how == 'policy' else who}."
    return f"More hours ({hours(one.more)}) were {one.state}{f' by {who}' if one.state == 'denied' else ''}."
