"""How long somebody wants to hear no reminders, in words; a pure rule."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.rules.errors import Unclear
from bot.rules.launch_fields import shown

LONGEST = timedelta(days=30)
USUAL = timedelta(days=7)
EXAMPLE = "/ml-idle mute 3d"
_LENGTH = re.compile(r"(?:for )?(\d{1,4}) ?(h|hours?|d|days?|w|weeks?)")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def is_about(words: str) -> bool:
    """Whether *words* of `/ml-idle` are about muting."""
    return words.lower().split(" ")[0] in ("mute", "unmute")


def length(words: str) -> timedelta | None:
    """`mute 3d` is three days, `mute` a week, `unmute` None; raises Unclear."""
    verb, _, rest = words.lower().strip().partition(" ")
    rest = rest.strip()
    if verb == "unmute" and not rest:
        return None
    if verb == "mute" and not rest:
        return USUAL
    found = _LENGTH.fullmatch(rest)
    if verb != "mute" or found is None:
        raise Unclear(f"I did not understand {shown(words)}.", nearest="mute 3d", example=EXAMPLE)
    asked = int(found[1]) * _UNITS[found[2][0]]
    if not timedelta() < asked <= LONGEST:
        raise Unclear("Reminders can be muted for up to 30 days.", nearest="mute 30d", example=EXAMPLE)
    return asked
