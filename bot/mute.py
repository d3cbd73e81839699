"""Who hears no reminders for a while, by their own wish; what they must know still comes."""

from __future__ import annotations

from datetime import datetime

from bot import audit
from bot.parts import Parts
from bot.rules.mute_words import is_about, length
from bot.store import state
from bot.store.db import Tx
from bot.store.values import moment, stamp

__all__ = ["is_about", "switch", "until"]

NAME = "mute:"  # before the user's id


def switch(parts: Parts, words: str, *, user: str, team: str) -> datetime | None:
    """Do what *words* (`mute 3d`, `unmute`) say for *user*; returns until when it is quiet. Raises Unclear."""
    asked, now = length(words), parts.clock.now()
    end = now + asked if asked else None
    with parts.store.transaction() as tx:
        state.put(tx, NAME + user, stamp(end) if end else "", by=user, now=now)
        action = "mute" if end else "unmute"
        audit.record(tx, actor=user, team=team, action=action, subject=user, now=now, detail={"until": end})
    return end


def until(tx: Tx, user: str, now: datetime) -> datetime | None:
    """Until when *user* wants no reminders; None when they do."""
    row = state.get(tx, NAME + user)
    end = moment(row["value"]) if row else None
    return end if end and end > now else None
