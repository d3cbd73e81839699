"""Which answers can be taken back, for how long, and with which button; pure, time is an argument."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Literal

from bot.rules.idle_finding import Outcome

STOPS, OTHERS = timedelta(days=1), timedelta(days=7)  # how long after the answer its message offers to undo it
FINAL = ("terminated", "deleted")
REOPENED = ("undone", "unscheduled", "kept_on")  # answers after which a message shows the thing with its buttons again
Undo = Literal["", "start", "lift", "reassign", "unschedule"]


def way_back(outcome: Outcome | None, verbs: Collection[str], now: datetime) -> Undo:
    """How *outcome* is undone as of *now*; empty where it cannot be, or not any more."""
    if outcome is None:
        return ""
    age = now - outcome.at
    match outcome.what:
        case "stopped":
            return "start" if "start" in verbs and age < STOPS else ""
        case "snoozed" | "kept":
            return "lift" if age < OTHERS else ""
        case "not_mine":
            return "reassign" if age < OTHERS else ""
        case "scheduled":
            return "unschedule" if age < OTHERS else ""
    return ""


def refusal(outcome: Outcome | None) -> str:
    """Why nothing can be taken back, in words."""
    if outcome is None or outcome.what in REOPENED:
        return "There is nothing to undo: it was not answered, or that was undone already."
    if outcome.what in FINAL:
        return f"It was {outcome.what}, which cannot be undone."
    if outcome.what == "stopped":
        return "It was stopped too long ago for this button; `/ml-instances` starts it."
    if outcome.what == "claimed":
        return f"<@{outcome.by}> claimed it since; Not mine gives it back."
    return f"{outcome.words} There is nothing to undo."
