"""What the words after `/ml-idle` ask for, in any order; a pure rule."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from bot.rules.errors import Unclear
from bot.rules.launch_fields import shown

NOW, MINE, ALL = "now", "mine", "all"
WORDS = (NOW, MINE, ALL)
SAME = {"scan": NOW, "me": MINE, "my": MINE, "everybody": ALL, "everyone": ALL, "team": ALL}
ALONE = {"mute": "mute 3d", "unmute": "unmute"}
KNOWN = "say nothing, `now`, `mine`, `all`, `mute 3d` or `unmute`."


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose idle things to show, and whether to scan first."""

    now: bool
    everybody: bool


def asked_for(words: str) -> Wish:
    """The wish behind `now all`, `mine`, nothing at all ...; raises Unclear with the nearest that works."""
    said = [SAME.get(word, word) for word in words.lower().replace(",", " ").split()]
    for word in said:
        if word in ("mute", "unmute"):
            raise Unclear(f"`{word}` stands alone.", nearest=ALONE[word], example=f"/ml-idle {ALONE[word]}")
        if word not in WORDS:
            near = next(iter(difflib.get_close_matches(word, WORDS, n=1)), NOW)
            raise Unclear(f"I did not understand {shown(word)}: {KNOWN}", nearest=near, example="/ml-idle now all")
    if MINE in said and ALL in said:
        raise Unclear("`mine` and `all` exclude each other: say one of them.", nearest=ALL, example="/ml-idle now all")
    return Wish(now=NOW in said, everybody=ALL in said)
