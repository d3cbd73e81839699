"""What a request costs, how many people must agree to that, and what the month's budgets have left; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.rules.launch import BudgetLine, Launch, State, Wanted
from bot.rules.launch_text import person, usd
from bot.rules.policy import Approvals, Budgets
from bot.rules.policy_launch import Quiet
from data import Catalog

HOURS_PER_MONTH = 730.0  # how AWS turns a price per month into one per hour
DISK = "ebs_gp3"


@dataclass(frozen=True, slots=True)
class Price:
    """All machines of a request together; a disk without a known price is in no total, and the card says so."""

    usd_per_hour: float  # of the machines
    usd_total: float  # for the hours asked, disks included where their price is known
    usd_disk: float | None  # for the hours asked
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """One launch, as far as budgets care."""

    asker: str
    state: State
    usd_per_hour: float | None  # while it runs, disks included
    usd_total: float | None
    started_at: datetime | None  # of the run that is on, or was last
    ended_at: datetime | None
    until: datetime | None = None
    ran: tuple[tuple[datetime, datetime], ...] = ()  # the runs before


def price(wanted: Wanted, catalog: Catalog) -> Price | None:
    """USD per hour and for the hours asked; None where the machine's price is not known."""
    rate = catalog.rate(wanted.instance_type, wanted.region, wanted.market)
    if rate is None:
        return None
    disk = catalog.item(DISK, wanted.region)
    per_hour = rate.usd_per_hour * wanted.count
    gb_month = disk.usd if disk else None
    usd_disk = None if gb_month is None else gb_month * wanted.disk_gb * wanted.count * wanted.hours / HOURS_PER_MONTH
    total = per_hour * wanted.hours + (usd_disk or 0.0)
    return Price(per_hour, total, usd_disk, f"{rate.basis}, {rate.as_of}")


def needed(approvals: Approvals, usd_total: float | None, now: datetime) -> int:
    """How many different people must say yes: none below one figure, two from another on, else one."""
    if approvals.two_above_usd is not None and (usd_total is None or usd_total >= approvals.two_above_usd):
        return 2
    if usd_total is not None and usd_total < approvals.auto_below_usd and not is_quiet(approvals.quiet, now):
        return 0
    return 1


def moved(launch: Launch, today: Price | None, percent: float) -> bool:
    """Whether machine or total cost another sum today than was shown, further off than the policy lets pass."""
    hourly, total = (today.usd_per_hour, today.usd_total) if today else (None, None)
    return drifted(launch.usd_per_hour, hourly, percent) or drifted(launch.usd_total, total, percent)


def is_quiet(quiet: Quiet, now: datetime) -> bool:
    """Whether *now* is in the quiet hours."""
    local = now.astimezone(ZoneInfo(quiet.zone))
    if quiet.weekends and local.weekday() >= 5:
        return True
    if quiet.begin <= quiet.end:
        return quiet.begin <= local.hour < quiet.end
    return local.hour >= quiet.begin or local.hour < quiet.end


def drifted(before: float | None, now: float | None, percent: float) -> bool:
    """Whether a price moved further than the policy lets an approval stand."""
    if before is None or now is None:
        return before is not now
    return abs(now - before) > before * percent / 100


def month_of(now: datetime) -> datetime:
    """The first moment of the calendar month in UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def lines(budgets: Budgets, asker: str, spending: Iterable[Spending], now: datetime) -> tuple[BudgetLine, ...]:
    """The budgets that a request of *asker* counts against, as they stand."""
    rows = list(spending)
    found = []
    personal = budgets.people.get(asker, budgets.person_usd_per_month)
    if personal is not None:
        found.append(_line(person(asker), personal, [row for row in rows if row.asker == asker], now))
    for name, team in sorted(budgets.teams.items()):
        if asker in team.members:
            members = [row for row in rows if row.asker in team.members]
            found.append(_line(f"team {name}", team.usd_per_month, members, now))
    if budgets.usd_per_month is not None:
        found.append(_line("everybody", budgets.usd_per_month, rows, now))
    return tuple(found)


def every_line(budgets: Budgets, spending: Iterable[Spending], now: datetime) -> tuple[BudgetLine, ...]:
    """Every budget that the policy sets, as it stands: all, teams, then people, who spent most first."""
    rows = list(spending)
    found = [_line("everybody", budgets.usd_per_month, rows, now)] if budgets.usd_per_month is not None else []
    for name, team in sorted(budgets.teams.items()):
        found.append(_line(f"team {name}", team.usd_per_month, [r for r in rows if r.asker in team.members], now))
    people = set(budgets.people) | ({row.asker for row in rows} if budgets.person_usd_per_month is not None else set())
    own = []
    for one in people:
        limit = budgets.people.get(one, budgets.person_usd_per_month)
        if limit is not None:
            own.append(_line(person(one), limit, [row for row in rows if row.asker == one], now))
    return (*found, *sorted(own, key=lambda line: (line.left / line.limit, line.name)))


def over(found: Iterable[BudgetLine], usd_total: float | None) -> str:
    """Why the request does not fit into a budget, in words; empty when it does."""
    for line in found:
        if usd_total is None or usd_total > line.left:
            return (
                f"The budget of {line.name} for this month is {usd(line.limit)}: {usd(line.spent)} is spent and "
                f"{usd(line.committed)} committed, so {usd(max(line.left, 0))} is left and this asks for "
                f"{usd(usd_total)}."
            )
    return ""


def charge(row: Spending, now: datetime) -> tuple[float, float]:
    """
    What one launch spent in the month of *now*, and what is committed beyond that.

    It spends in the hours of the month in which it ran; it commits the hours until its end, even those of next month.
    """
    if row.state in ("approved", "launching") and row.started_at is None:
        return 0.0, row.usd_total or 0.0
    rate = row.usd_per_hour or 0.0
    spent = rate * hours_run(row, month_of(now), now)
    if row.started_at is None or row.ended_at is not None:
        return spent, 0.0
    left = row.until - now if row.until else timedelta()
    return spent, rate * max(left.total_seconds(), 0.0) / 3600


def hours_run(row: Spending | Launch, since: datetime, now: datetime) -> float:
    """The hours between two moments in which it ran."""
    runs = [*row.ran, *([(row.started_at, row.ended_at or now)] if row.started_at else [])]
    inside = (min(end, now) - max(begin, since) for begin, end in runs)
    return sum(max(one.total_seconds(), 0.0) for one in inside) / 3600


def _line(name: str, limit: float, rows: list[Spending], now: datetime) -> BudgetLine:
    charges = [charge(row, now) for row in rows]
    return BudgetLine(name, limit, sum(spent for spent, _ in charges), sum(more for _, more in charges))
