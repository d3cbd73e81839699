"""What mlbot did to a thing, by whichever button: nothing offers that again before the next scan sees it."""

from __future__ import annotations

from datetime import datetime

from bot import audit
from bot.idle_remind import refresh
from bot.parts import Parts
from bot.rules.idle_finding import Outcome
from bot.store import holds, resources
from bot.store.db import Tx

DONE = {"stop": "stopped", "start": "started", "terminate": "terminated", "delete": "deleted"}


def note(tx: Tx, parts: Parts, ref: str, effect: str, *, by: str, now: datetime, why: str = "") -> None:
    """Write down that *effect* (stop, start, terminate, delete) was done by the Slack id *by*; others change none."""
    word = DONE.get(effect, "")
    if not word or resources.find(tx, ref) is None:
        return
    person = parts.people.remembered(by)
    name = "mlbot" if by == audit.BOT else person.name if person and person.name else by
    holds.answered(tx, ref, Outcome(word, by, now, f"{word.capitalize()} by {name}{why}."))
    refresh(tx, ref, now)
