"""What came of one verb on every machine of a request, in words; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.rules.idle import Resource
from bot.rules.instances import GONE, Decision, Verb

PAST = {"stop": "stopped", "start": "started", "terminate": "terminated", "extend": "extended"}


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one machine: how many such are counted together by *how*; *why* is told of each that refused."""

    id: str
    how: str  # done, refused, or what it was already
    why: str = ""
    notes: tuple[str, ...] = ()


def before(found: Resource | None, identity: str, decision: Decision, verb: Verb) -> Came | None:
    """What is known without doing anything; None where *verb* is to be carried out."""
    if decision.effect != "none":
        return None
    if not decision.allowed:
        return Came(identity, "refused", decision.reason)
    gone = found is None or found.state in GONE
    return Came(identity, "terminated" if gone else "running" if verb == "start" else PAST[verb])


def summed(verb: Verb, came: Sequence[Came]) -> str:
    """6 are being stopped, 1 was stopped already, 1 refused: why; then what is the same for each that it came to."""
    notes = Counter(note for one in came for note in one.notes)
    said = [f"{count} x: {note}" if count > 1 else note for note, count in notes.items()]
    return " ".join([f"{', '.join(_counted(verb, came)) or 'no machine of it is left'}.", *said])


def _counted(verb: Verb, came: Sequence[Came]) -> Iterator[str]:
    many = Counter(one.how for one in came)
    if done := many.pop("done", 0):
        yield f"{done} {'is' if done == 1 else 'are'} being {PAST[verb]}"
    refused = many.pop("refused", 0)
    for how, count in many.items():
        yield f"{count} {'was' if count == 1 else 'were'} {how} already"
    if refused:
        whys = dict.fromkeys(one.why.rstrip(".") for one in came if one.how == "refused")
        yield f"{refused} refused: {'; '.join(whys)}"
