"""What is done to a machine at an edge of its schedule, from how it stands just now; pure, time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from bot.rules.idle_facts import Resource, Verdict
from bot.rules.idle_words import moment, span
from bot.rules.policy_idle import Idle
from bot.rules.policy_schedule import Scheduling
from bot.rules.schedule import Edge, Schedule

OWN_STOP = timedelta(minutes=15)  # AWS dates a stop this near to ours; a later one was somebody else's
LATER, SOON = timedelta(minutes=30), timedelta(minutes=1)  # when a machine that works, or is on its way, is seen again
GONE = ("shutting-down", "terminated")
OF_THE_WINDOW = ("nag_minutes", "cpu_hours", "pace", "boot_minutes")


@dataclass(frozen=True, slots=True)
class Step:
    """One look at an edge: what to do and why; *tell* says whether somebody must hear of it."""

    effect: Literal["stop", "start", "wait", "none", "forget"]
    reason: str
    after: timedelta = timedelta()  # of wait
    tell: bool = False


def quick(rules: Idle, scheduling: Scheduling) -> Idle:
    """
    The policy's limits over the minutes that the schedule asks for.

    The day that a reminder waits for is too long here: its owner said beforehand that it may stop at this hour.
    """
    minutes = scheduling.quiet_minutes
    window = {"nag_minutes": minutes, "cpu_hours": max(1.0, minutes / 60), "pace": 0.0, "boot_minutes": 0.0}

    def without(changes: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        return {name: {k: v for k, v in one.items() if k not in OF_THE_WINDOW} for name, one in changes.items()}

    families = without({name: dict(one) for name, one in rules.families.items()})
    tags = without({name: dict(one) for name, one in rules.tags.items()})
    return rules.model_copy(update={**window, "families": families, "tags": tags})


def off(one: Resource | None, verdict: Verdict | None, edge: Edge, scheduling: Scheduling, now: datetime) -> Step:
    """At the end of the hours; *verdict* is a fresh look by `quick`, None where it does not run."""
    if one is None or one.state in GONE:
        return Step("forget", "it does not exist any more")
    if one.state == "pending":
        return Step("wait", "it is still starting", SOON)
    if one.state != "running":
        return Step("none", f"it was {one.state} before")
    if one.since and one.since > edge.at:
        return Step("none", f"somebody started it after {moment(edge.at)}, so it stays on")
    quiet = timedelta(minutes=scheduling.quiet_minutes)
    if scheduling.force:
        return Step("stop", "its hours are over, and the policy stops what works too")
    if one.since and now - one.since < quiet:
        return Step("wait", f"it was started {span(now - one.since)} ago", LATER)
    if verdict is not None and verdict.level == "active":
        return Step("wait", verdict.reason, LATER, tell=True)
    return Step("stop", f"its hours are over; {verdict.reason}" if verdict else "its hours are over")


def on(one: Resource | None, plan: Schedule, now: datetime) -> Step:
    """At the beginning of the hours: only what this schedule stopped is started, and nothing past its planned end."""
    if one is None or one.state in GONE:
        return Step("forget", "it does not exist any more")
    if one.state in ("running", "pending"):
        return Step("none", f"it was {one.state} before")
    if one.state == "stopping":
        return Step("wait", "it is still stopping", SOON)
    if plan.asleep_at is None:
        return Step("none", "somebody stopped it by hand, so it is left as it is")
    if one.since and one.since.astimezone(UTC) > plan.asleep_at + OWN_STOP:
        return Step("none", f"somebody stopped it again at {moment(one.since)}, so it is left as it is")
    if one.until and one.until <= now:
        return Step("none", f"its planned end ({moment(one.until)}) has passed", tell=True)
    return Step("start", "its hours begin")
