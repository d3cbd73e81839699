"""What people answer to a finding: who may, until when it holds and what that costs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.rules.errors import NotAllowed, Unclear
from bot.rules.idle_facts import Hold, Resource
from bot.rules.policy_idle import Reminders
from bot.rules.policy_stop import Stopping
from bot.rules.stopping import may_work, who_may

SNOOZES = {"snooze": 1, "snooze_1d": 1, "snooze_1w": 7}  # in days
STRONG = ("stop_idle", "start_idle", "terminate_idle", "delete", "change_gp3")  # these change something in AWS
MOST_KEEP = timedelta(days=366)


def allowed(
    action: str,
    user: str,
    *,
    resource: Resource,
    owner: str | None,
    approvers: Collection[str],
    rules: Stopping,
    now: datetime,
) -> None:
    """
    Raise NotAllowed unless *user* may answer *action*.

    *owner* is whoever is told of it, by any source. Effects in AWS are for those whom *rules* (the policy's [stop])
    lets: the owner in *resource*, by its tag or a claim that counts. Claim is for everybody.
    """
    if action in STRONG:
        known, until = resource.owner, resource.until
        approver = user in approvers
        if not may_work(user, action, owner=known, approver=approver, until=until, rules=rules, now=now):
            raise NotAllowed(who_may(action, known, rules))
        return
    if action == "claim" or user in approvers:
        return
    if not user or user != (owner or resource.owner):
        raise NotAllowed("Only the person it belongs to or an approver may answer for it; Claim makes it yours.")


def snooze(action: str, user: str, now: datetime, where: ZoneInfo, rules: Reminders) -> Hold:
    """
    Quiet for a day or a week by the wall clock of *where*, so that the next morning (or seven) pass in silence.

    One pressed in the hour of the message ends after that hour, however late the message of that day comes.
    """
    local = now.astimezone(where)
    end = datetime.combine(local.date() + timedelta(days=SNOOZES[action]), local.time(), tzinfo=where)
    if end.hour == rules.hour:
        end = end.replace(minute=59, second=59)
    return Hold(what="snooze", until=end.astimezone(UTC), by=user)


def keep(until: str, reason: str, user: str, now: datetime, where: ZoneInfo, rules: Reminders) -> Hold:
    """Quiet until the morning of the day *until* (YYYY-MM-DD); raises Unclear with the field at fault."""
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise Unclear(f"{until!r} is no day.", field="until", example="2026-12-24") from None
    end = datetime.combine(day, time(rules.hour), tzinfo=where).astimezone(UTC)
    if end <= now:
        raise Unclear("Choose a day after today.", field="until", example="2026-12-24")
    if end - now > MOST_KEEP:
        raise Unclear("A year is the longest; choose a nearer day.", field="until", example="2026-12-24")
    if not reason.strip():
        raise Unclear("Say why, so that the next reader knows.", field="reason", example="demo on Friday")
    return Hold(what="keep", until=end, by=user, reason=reason.strip())


def price(hold: Hold, usd_per_hour: float | None, now: datetime) -> float | None:
    """USD that it bills until the hold ends; None where the price is not known."""
    return None if usd_per_hour is None else usd_per_hour * max(0.0, (hold.until - now).total_seconds() / 3600)
