"""What one person's Home tab shows, gathered from the database alone: no call to AWS, at most one to Slack."""

from __future__ import annotations

from dataclasses import dataclass

from bot import idle
from bot.instances import approvers
from bot.parts import Parts
from bot.rules import launch_money
from bot.rules.idle_finding import Finding, ScanReport
from bot.rules.launch import BudgetLine, Launch, State
from bot.store import launches

OPEN: tuple[State, ...] = ("checking", "asked", "approved", "launching", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One person's page: requests of theirs, those that wait for their yes, what is theirs in AWS, budgets."""

    user: str
    approver: bool
    waiting: tuple[Launch, ...]  # for this person's decision
    mine: tuple[Launch, ...]  # open requests and running launches of this person
    findings: tuple[Finding, ...]  # of the latest scan, this person's; an approver's are everybody's idle ones, too
    report: ScanReport | None
    budgets: tuple[BudgetLine, ...]

    @property
    def usd_per_hour(self) -> float:
        """What this person's machines bill now, where known."""
        own = (one.resource for one in self.findings if one.owner == self.user)
        return sum(one.usd_per_hour or 0.0 for one in own if not one.details.get("counted_with"))


def of(parts: Parts, user: str) -> Home:
    """The Home of *user* as of now."""
    policy, now = parts.policy(), parts.clock.now()
    with parts.store.reading() as tx:
        unfinished = launches.in_state(tx, *OPEN)
        spending = launches.spending(tx, launch_money.month_of(now))
    may_decide = user in approvers(parts, policy)
    asked = tuple(one for one in unfinished if one.state == "asked" and user not in one.askers)
    found = idle.findings(parts, user=None if may_decide else user)
    return Home(
        user=user,
        approver=may_decide,
        waiting=asked if may_decide else (),
        mine=tuple(one for one in unfinished if one.asker == user),
        findings=tuple(one for one in found if one.owner == user or one.verdict.level == "idle"),
        report=idle.last_scan(parts),
        budgets=launch_money.lines(policy.budgets, user, spending, now),
    )
