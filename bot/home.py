"""What one person's Home tab shows, gathered from the database alone: no call to AWS, at most one to Slack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from bot import home_picture, idle, mute
from bot.home_health import Health, health, note_door
from bot.instances import approvers
from bot.launch_rows import frozen
from bot.parts import Parts
from bot.rules import launch_money
from bot.rules.extension import Extension
from bot.rules.idle_finding import Finding, Gap
from bot.rules.images import SavedImage
from bot.rules.launch import OVER, BudgetLine, Launch, State
from bot.rules.policy import Policy
from bot.rules.remind import by_money
from bot.store import extensions, images, launches, money, resources
from bot.store import idle as scans
from bot.store.db import Row, Tx
from bot.store.money import Spend
from bot.store.values import moment, unpack

__all__ = ["Asked", "Health", "Home", "Roles", "Spent", "note_door", "of", "roles"]

OPEN: tuple[State, ...] = ("checking", "asked", "approved", "launching", "running")
CHART_DAYS = 14


class Asked(NamedTuple):
    """A request that is not over, and how many different people said yes to it."""

    launch: Launch
    votes: int


@dataclass(frozen=True, slots=True)
class Roles:
    """What somebody's page is about besides their own."""

    lead: bool  # approves, or gets the weekly message: sees the team
    approver: bool
    operator: bool  # sees mlbot's health
    break_glass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """USD as scans counted them, days in UTC; None before the first scan."""

    today: float | None
    month: float | None
    team_today: float | None
    team_month: float | None
    owners: tuple[tuple[str, Spend], ...]  # of the month, the most first; "" is nobody's
    days: tuple[tuple[date, float, float], ...]  # day, USD, USD of it idle; the last fortnight
    unseen: float = 0.0  # this person's that may have come on top this month, while nobody looked
    team_unseen: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One person's page."""

    user: str
    at: datetime
    roles: Roles
    waiting: tuple[Asked, ...]  # for this person's decision
    mine: tuple[Asked, ...]  # this person's open requests, and launches that no scan has seen yet
    machines: tuple[Finding, ...]  # of this person and nothing to answer, dearest first
    reminders: tuple[Finding, ...]  # of this person, to be answered, dearest first
    others: tuple[Finding, ...]  # everybody else's, idle first, then dearest; empty unless lead
    asked: tuple[Asked, ...]  # everybody's open requests; empty unless lead
    spent: Spent
    budgets: tuple[BudgetLine, ...]
    scanned_at: datetime | None
    gaps: tuple[Gap, ...]  # what the last scan could not see; empty unless lead
    muted_until: datetime | None
    frozen: str
    health: Health | None
    extensions: tuple[Extension, ...] = ()  # more hours that wait for this person's decision
    parked: tuple[SavedImage, ...] = ()  # machines of this person that rest in an image and are not being woken
    picture: str = ""  # the id in Slack of the drawn spending, where there is one

    @property
    def usd_per_hour(self) -> float:
        """What this person's things bill now, where known."""
        own = (*self.machines, *self.reminders)
        return sum(one.usd_per_hour or 0.0 for one in own if not one.resource.details.get("counted_with"))


def roles(parts: Parts, user: str) -> Roles:
    """What *user* sees; groups are remembered for minutes, and nobody is in one that Slack does not tell of."""
    policy = parts.policy()
    may = approvers(parts, policy)
    return Roles(
        lead=user in may or user in policy.reminders.leads,
        approver=user in may,
        operator=user in (policy.access.operators or may),
        break_glass=user in policy.approvals.break_glass,
    )


def of(parts: Parts, user: str) -> Home:
    """The Home of *user* as of now."""
    policy, now, role = parts.policy(), parts.clock.now(), roles(parts, user)
    found = tuple(idle.findings(parts, user=None if role.lead else user))
    own = [one for one in found if one.owner == user]
    with parts.store.reading() as tx:
        scan = scans.last_scan(tx)
        asked = tuple(_asked(tx, one) for one in launches.in_state(tx, *OPEN))
        to_answer = [one for one in own if _to_answer(one)]
        return Home(
            user=user,
            at=now,
            roles=role,
            waiting=tuple(one for one in asked if _waits_for(one.launch, user, role)),
            mine=tuple(one for one in asked if user in one.launch.askers and not _seen(one.launch, own)),
            machines=by_money(one for one in own if not _to_answer(one)),
            reminders=by_money(to_answer),
            others=_others(found, user) if role.lead else (),
            asked=tuple(one for one in asked if one.launch.state != "running") if role.lead else (),
            spent=_spent(tx, user, now, scanned=scan is not None),
            budgets=_budgets(tx, policy, user, role, now),
            scanned_at=moment(scan["at"]) if scan else None,
            gaps=_gaps(scan) if role.lead else (),
            muted_until=mute.until(tx, user, now),
            frozen=frozen(tx),
            health=health(parts, tx, now) if role.operator else None,
            extensions=_extensions(tx, user, role),
            parked=_parked(tx, user),
            picture=home_picture.file(tx, lead=role.lead),
        )


def _gaps(scan: Row | None) -> tuple[Gap, ...]:
    found = unpack(scan["data"])["gaps"] if scan else ()
    return tuple(Gap(one["account"], one["region"], one["kind"], one["reason"]) for one in found)


def _asked(tx: Tx, launch: Launch) -> Asked:
    return Asked(launch, len(launches.votes(tx, launch.id, shown=launch.shown)) if launch.state == "asked" else 0)


def _waits_for(launch: Launch, user: str, role: Roles) -> bool:
    return launch.state == "asked" and user not in launch.askers and (role.approver or role.break_glass)


def _extensions(tx: Tx, user: str, role: Roles) -> tuple[Extension, ...]:
    if not (role.approver or role.break_glass):
        return ()
    return tuple(one for one in extensions.waiting(tx) if one.asker != user)


def _parked(tx: Tx, user: str) -> tuple[SavedImage, ...]:
    """As the rows say; an image that a scan found gone is left out."""
    found = (one for one in images.in_state(tx, "saved") if one.parked and user == (one.owner or one.by))
    return tuple(one for one in found if not _woken(tx, one) and not _is_gone(tx, one))


def _woken(tx: Tx, one: SavedImage) -> bool:
    launch = launches.find(tx, one.launch) if one.launch else None
    return launch is not None and launch.state not in OVER


def _is_gone(tx: Tx, one: SavedImage) -> bool:
    place = {"account": one.account, "region": one.region, "kind": "ec2_image"}
    row = resources.find(tx, resources.ref(tx, **place, aws_id=one.aws_id))
    return row is not None and row["gone_at"] is not None


def _seen(launch: Launch, own: list[Finding]) -> bool:
    """Whether a scan found its machines, so that they stand among what this person runs."""
    ids = {one.resource.id for one in own}
    return launch.state == "running" and bool(launch.instance_ids) and ids.issuperset(launch.instance_ids)


def _to_answer(one: Finding) -> bool:
    return one.verdict.level == "idle" and one.hold is None and one.outcome is None and not one.asleep


def _others(found: tuple[Finding, ...], user: str) -> tuple[Finding, ...]:
    rest = [one for one in found if one.owner != user and not one.resource.details.get("counted_with")]
    return (*by_money(one for one in rest if _to_answer(one)), *by_money(one for one in rest if not _to_answer(one)))


def _spent(tx: Tx, user: str, now: datetime, *, scanned: bool) -> Spent:
    today, first = now.date(), launch_money.month_of(now).date()
    month, day = money.between(tx, first, today), money.between(tx, today, today)
    days = money.by_day(tx, today - timedelta(days=CHART_DAYS - 1), today)
    if not scanned:
        return Spent(today=None, month=None, team_today=None, team_month=None, owners=(), days=())
    return Spent(
        today=day.get(user, Spend()).usd,
        month=month.get(user, Spend()).usd,
        team_today=sum(one.usd for one in day.values()),
        team_month=sum(one.usd for one in month.values()),
        owners=tuple(sorted(month.items(), key=lambda pair: (-pair[1].usd, pair[0]))),
        days=tuple((when, one.usd, one.idle) for when, one in days.items()),
        unseen=month.get(user, Spend()).unseen,
        team_unseen=sum(one.unseen for one in month.values()),
    )


def _budgets(tx: Tx, policy: Policy, user: str, role: Roles, now: datetime) -> tuple[BudgetLine, ...]:
    spending = launches.spending(tx, launch_money.month_of(now))
    if role.lead:
        return launch_money.every_line(policy.budgets, spending, now)
    return launch_money.lines(policy.budgets, user, spending, now)
