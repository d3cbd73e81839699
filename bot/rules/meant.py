"""What somebody means who writes to mlbot in plain English: which command, with which words; a pure rule."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.rules import launch_words
from bot.rules.errors import Unclear
from data import Catalog

What = Literal["estimate", "launch", "instances", "idle", "help"]
EXAMPLE = "what would it cost to fine-tune mistral 7b on 20M tokens?"
EXAMPLES = {
    "estimate": EXAMPLE,
    "launch": "can I get a g5.xlarge for 8 hours?",
    "instances": "what am I running?",
    "idle": "what is idle?",
    "help": "help",
}
NOT_UNDERSTOOD = "I did not understand that: I estimate jobs, ask for machines, and list what runs or is idle."
FREEZE = "A freeze is switched with the command, not by a message."

_CALLED = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_MARKED = re.compile(r"<(?:[#!]|(?:https?://|mailto:))[^|>]*\|([^>]*)>|<((?:https?://|mailto:)[^|>]*)>|<[#!][^|>]*>")
_COMMAND = re.compile(r"/?ml-(\w+)\s*(.*)", re.IGNORECASE | re.DOTALL)
_NAMED = re.compile(r"(estimate|launch|instances|idle|help)\b[:,]?\s*(.*)", re.IGNORECASE | re.DOTALL)
_HELP = re.compile(
    r"(?:(?:please )?help(?: me)?(?: please)?|(?:hi|hello|hey)(?: there| mlbot)?|thanks?(?: you)?|good (?:morning|day)"
    r"|commands?|examples?"
    r"|what (?:can|do) (?:you|i) (?:do|ask|say)(?: here)?|how do(?:es)? (?:you|this|it) work|who are you)"
)
_ABOUT = re.compile(r"(?:help|examples?)(?: me)?(?: with| on| about| for)? (?:an? |the )?(\w+)")
_UNMUTE = re.compile(r"\bun-?mute\b|\b(?:remind|tell) me again\b")
_MUTE = re.compile(r"\b(?:mute|be quiet|do not disturb|don't remind me|stop reminding me)\b")
_FOR_HOW_LONG = re.compile(r"(\d+) ?(d|days?|w|weeks?|h|hours?)\b|\b(?:an?|one) (day|week|hour)\b")
_IDLE = re.compile(r"\b(?:idle|idling|unused|wast(?:e|ed|ing)|forgotten|doing nothing|left (?:on|running|behind))\b")
_NOW = re.compile(r"\b(?:now|scan|again)\b")
_ALL = re.compile(
    r"\b(?:all|everybody|everyone|everybody's|everyone's|anybody|anyone|we|us|our|ours|team|the others?|who|whose)\b"
)
_JOB = re.compile(
    r"\b(?:pre-?)?(?:train(?:s|ed|ing)?|fine-?tun(?:e|es|ed|ing)|learn|lora|qlora|serv(?:e|es|ing)|infer(?:ence)?"
    r"|deploy(?:ing)?|host(?:ing)?|generate|transcribe|embed|tokens?|samples?|epochs?|qps|requests?|model|llm)\b"
    r"|\b\d+(?:\.\d+)? ?b\b"
)
_COST = re.compile(
    r"\b(?:costs?|prices?|pric(?:ey|ing)|how (?:much|long|many|fast|big)|estimates?|cheap(?:est|er)?|fits?|budget|\$)\b"
)
_GET = re.compile(
    r"\b(?:get|give|launch|start|spin up|bring up|boot|reserve|rent|book|need|want|have|request|ask for|use|borrow"
    r"|up)\b"
)
_MACHINE = re.compile(r"\b(?:machines?|instances?|box(?:es)?|servers?|gpus?|nodes?|vms?)\b")
_RUNNING = re.compile(
    r"\b(?:what|which|whose|who|anything|something|list|show)\b.*\b(?:running|runs|run|up|stopped|on|using|have)\b"
    r"|\b(?:list|show|my|our|all|everybody's|which|whose|stop|terminate|kill|extend|shut down|what)\b.*"
    r"\b(?:machines?|instances?|box(?:es)?|servers?|vms?)\b"
    r"|\b(?:stop|terminate|kill|extend|shut down)\b"
)
_WHY = re.compile(
    r"\s(?:(?:in order )?to|because(?: of)?|so that|so)\s+(?!\d)(?P<why>\D.*)$"
    r"|\sfor\s+(?P<what>(?:my|our|the|an?)\s+(?!hour|day|week|couple|few|\d).+)$",
    re.IGNORECASE,
)
KNOWN = ("estimate", "launch", "instances", "idle", "help", "mute", "running", "machines", "cost", "train", "serve")
MEANS: dict[str, What] = {
    **dict.fromkeys(("estimate", "cost", "train", "serve"), "estimate"),
    "launch": "launch",
    **dict.fromkeys(("instances", "running", "machines"), "instances"),
    **dict.fromkeys(("idle", "mute"), "idle"),
    "help": "help",
}
_ONE = re.compile(r"\b(?:an?|one) (hour|day|week)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Meant:
    """A command and the words that it would be given."""

    what: What
    words: str = ""


def meant(text: str, catalog: Catalog) -> Meant:
    """What *text*, a message as Slack keeps it, asks for; raises Unclear with the nearest question and an example."""
    said = plainly(text)
    if not re.search(r"\w", said):
        return Meant("help")
    if command := _COMMAND.match(said):
        return _command(command[1].lower(), command[2].strip())
    low = said.lower().replace("’", "'").strip(" .,!?:;")
    for rule in RULES:
        if found := rule(low, said, catalog):
            return found
    raise _unclear(low)


def plainly(text: str) -> str:
    """A message without its mentions, its links and entities as they were typed."""
    shown = _MARKED.sub(lambda found: found[1] or (found[2] or "").removeprefix("mailto:"), _CALLED.sub(" ", text))
    return " ".join(html.unescape(shown).replace("`", " ").split())


def _command(name: str, words: str) -> Meant:
    if name in EXAMPLES:
        return Meant(name, words)  # type: ignore[arg-type]
    if name == "freeze":
        raise Unclear(FREEZE, nearest="/ml-freeze", example="/ml-freeze on budget review")
    near = difflib.get_close_matches(name, list(EXAMPLES), n=1, cutoff=0)[0]
    raise Unclear(f"I know no command ml-{name}.", nearest=near, example=EXAMPLES[near])


Rule = Callable[[str, str, Catalog], Meant | None]


def _help(low: str, said: str, catalog: Catalog) -> Meant | None:
    if about := _ABOUT.fullmatch(low):
        return Meant("help", about[1])
    return Meant("help") if _HELP.fullmatch(low) else None


def _mute(low: str, said: str, catalog: Catalog) -> Meant | None:
    if _UNMUTE.search(low):
        return Meant("idle", "unmute")
    if not _MUTE.search(low):
        return None
    long = _FOR_HOW_LONG.search(low)
    length = f"{long[1] or 1}{(long[2] or long[3])[0]}" if long else ""
    return Meant("idle", f"mute {length}".strip())


def _named(low: str, said: str, catalog: Catalog) -> Meant | None:
    """The name of a command first; "launch" needs a type with it, for models are launched, too."""
    if (found := _NAMED.match(said)) is None:
        return None
    name, rest = found[1].lower(), found[2].strip()
    if name == "launch":
        return Meant("launch", rest) if _type_in(low, catalog) else None
    if name in ("instances", "idle"):
        return Meant(name, _which(low, name))  # type: ignore[arg-type]
    return Meant(name, rest)  # type: ignore[arg-type]


def _idle(low: str, said: str, catalog: Catalog) -> Meant | None:
    return Meant("idle", _which(low, "idle")) if _IDLE.search(low) else None


def _running(low: str, said: str, catalog: Catalog) -> Meant | None:
    if _JOB.search(low) or _type_in(low, catalog) or not _RUNNING.search(low):
        return None
    if _GET.search(low) and re.match(r"(?:can|could|may|please|i (?:need|want)|give|get)\b", low):
        return None
    return Meant("instances", _which(low, "instances"))


def _which(low: str, name: str) -> str:
    """mine, all or now: nobody who asks what is running means the others alone."""
    if name == "idle" and _NOW.search(low) and not _ALL.search(low):
        return "now"
    mine = re.search(r"\b(?:i|my|mine|me)\b", low)
    anybodys = _ALL.search(low) or (name == "instances" and not mine and low != "instances")
    return "all" if anybodys and not mine else "mine"


def _launch(low: str, said: str, catalog: Catalog) -> Meant | None:
    """A type and no job, or the wish for a machine; what follows "to" or "because" is the purpose."""
    head, why = _reason(said)
    low = head.lower()
    if _JOB.search(low) or (_JOB.search(why.lower()) and not _type_in(low, catalog)):
        return None
    wished = _GET.search(low) and not _COST.search(low)
    if not _type_in(low, catalog):
        if wished and (by_chip := _by_chip(low, catalog)):
            raise by_chip
        if not (wished and _MACHINE.search(low)):
            return None
    purpose = f' purpose="{why}"' if why and "purpose" not in low else ""
    return Meant("launch", _ONE.sub(r"1 \1", head.strip(" ?!.")) + purpose)


def _reason(said: str) -> tuple[str, str]:
    found = _WHY.search(said)
    if found is None:
        return said, ""
    why = (found["why"] or found["what"]).strip(" ?!.").replace('"', "")
    return said[: found.start()], why[:200]


def _estimate(low: str, said: str, catalog: Catalog) -> Meant | None:
    return Meant("estimate", said) if _JOB.search(low) or _COST.search(low) or re.search(r"\d", low) else None


RULES: tuple[Rule, ...] = (_help, _mute, _named, _idle, _running, _launch, _estimate)


def _type_in(low: str, catalog: Catalog) -> bool:
    return any(launch_words.names_a_type(word.strip(",;.:!?()\"'"), catalog) for word in low.split())


def _by_chip(low: str, catalog: Catalog) -> Unclear | None:
    """A machine is asked for by its type; of those that have the chip named in *low* the smallest is the nearest."""
    machines = [one for one in catalog.instances.values() if one.chip]
    for word in re.findall(r"[a-z0-9-]+", low):
        having = [one for one in machines if f"{one.chip}-".lower().startswith(f"{word}-")]
        if having:
            near = min(having, key=lambda one: (one.chips, one.vcpu)).name
            told = f"{word.upper()} is a chip and no machine: name the instance type."
            return Unclear(told, nearest=near, example=f"can I get a {near} for 8 hours?")
    return None


def _unclear(low: str) -> Unclear:
    words = re.findall(r"[a-z]{3,}", low)
    near = [(difflib.get_close_matches(word, KNOWN, n=1, cutoff=0.7) or [""])[0] for word in words]
    what = next((MEANS[word] for word in near if word), None)
    nearest = EXAMPLES[what] if what else "help"
    return Unclear(NOT_UNDERSTOOD, nearest=nearest, example=EXAMPLE)
