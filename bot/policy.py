"""The team's policy file, read again when it changes; a broken edit leaves the last good one in force."""

from __future__ import annotations

import difflib
import json
import logging
import threading
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot import policy_lines, policy_names
from bot.rules.errors import UserError
from bot.rules.policy import Policy
from data import OVERLAY, load

log = logging.getLogger(__name__)

WORDS = {"tuple_type": "it must be a list in brackets", "string_type": "it must be text in quotes"}


class PolicyFile:
    """Call it for the policy as it stands now; without a path it is the defaults, under which nobody may approve."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._mark: tuple[int, int, int] | None = None
        self._policy = Policy()
        self.trouble = ""  # why the file as it is now was not taken
        if path is not None:
            self._mark = _mark(path)
            self._policy = read(path)

    def __call__(self) -> Policy:
        """The policy now."""
        if self._path is None:
            return self._policy
        with self._lock:
            mark = _mark(self._path)
            if mark != self._mark:
                self._mark = mark
                self._reload(self._path)
            return self._policy

    def _reload(self, path: Path) -> None:
        try:
            self._policy, self.trouble = read(path), ""
            log.info("the policy file changed and was taken")
        except UserError as error:
            self.trouble = str(error)
            log.error("the policy file changed and was not taken: %s", error)


def read(path: Path) -> Policy:
    """The policy in *path*; raises UserError that names each wrong key."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"The policy file {path} cannot be read: {getattr(error, 'strerror', None) or error}."
        ) from error
    return parse(text, name=str(path))


def parse(text: str, *, name: str) -> Policy:
    """The policy that *text* says; raises UserError that names each wrong key."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{name} is not TOML: {error}.") from error
    found, wrong = Policy(), []
    try:
        found = Policy.model_validate(raw)
    except ValidationError as error:
        wrong = [(line["loc"], _sentence(line)) for line in error.errors()]
    for place, why, example in policy_names.problems(raw, load(OVERLAY)):
        wrong.append((place, f"{_key([*place])}: {why}{'' if why.endswith('?') else '.'} For example: {example}"))
    if wrong:
        raise UserError(_told(name, wrong, policy_lines.lines(text)))
    return found


def _told(name: str, wrong: list[tuple[tuple[int | str, ...], str]], known: Mapping[tuple[str, ...], int]) -> str:
    """A sentence for each wrong key, in the order of the file, with file and line."""
    placed = sorted(((policy_lines.line_of(place, known) or 0, said) for place, said in wrong), key=lambda one: one[0])
    return "\n".join(f"{name}{f', line {line}' if line else ''}: {said}" for line, said in dict.fromkeys(placed))


def _key(place: list[str]) -> str:
    return f"[{'.'.join(place[:-1])}] {place[-1]}" if len(place) > 1 else f"[{place[0]}]" if place else "the file"


def _sentence(line: Any) -> str:
    place = [part for part in line["loc"] if not isinstance(part, int)]
    key = _key(place)
    if line["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place[-1], _known_keys(place[:-1]), n=1)
        return f"{key}: there is no such key{f'; did you mean {near[0]}?' if near else '.'}"
    said = WORDS.get(line["type"]) or str(line["msg"]).removeprefix("Value error, ")
    given = line["input"]
    shown = isinstance(given, (str, int, float, bool)) and len(str(given)) <= 60 and line["type"] != "value_error"
    return f"{key}: {said[:1].lower()}{said[1:]}{f', not {given!r}' if shown else ''}.{_example(place)}"


def _example(place: list[str]) -> str:
    """The default, or a figure, of the key that was not understood; empty for a table."""
    model: Any = Policy
    field: Any = None
    for part in place:
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field else None
    if field is None or hasattr(model, "model_fields") or place[-1] in ("people", "teams", "images"):
        return ""
    default = 500 if field.default is None else field.default
    if isinstance(default, (bool, int, float, str, tuple)):
        shown = list(default) if isinstance(default, tuple) else default
        return f" For example: {place[-1]} = {json.dumps(shown)}"
    return ""


def _known_keys(place: list[str]) -> list[str]:
    """The keys of the table at *place*; none for a table that takes any name."""
    model: Any = Policy
    for part in place:
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field else None
    return list(getattr(model, "model_fields", {}))


def _mark(path: Path) -> tuple[int, int, int] | None:
    """What changes when the file does: time, size and number (editors write anew and rename)."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def summary(found: Policy) -> list[str]:
    """What a policy allows, a line each, and a warning where nobody could use it."""
    asks, caps = found.approvals, found.limits
    who = [*asks.approvers, *asks.groups]
    lines = [
        f"Requests go to {asks.channel or 'nowhere (set [approvals] channel)'} and stay open {asks.expires_hours:g} h.",
        f"Approvers: {', '.join(who) if who else 'nobody, so nothing can be launched (set [approvals] approvers)'}.",
        f"Regions: {', '.join(caps.regions)}.",
        f"At most {caps.max_hours:g} h, ${caps.max_usd_per_hour:g} an hour, ${caps.max_usd:g} in all.",
        *_money_and_people(found),
        f"Reminders at {found.reminders.hour}:00 where each owner is; what has no owner goes to "
        f"{found.reminders.channel or 'nowhere (set [reminders] channel)'}.",
    ]
    if asks.auto_below_usd:
        lines.append(f"Requests below ${asks.auto_below_usd:g} are approved by the policy itself.")
    if asks.two_above_usd is not None:
        lines.append(f"From ${asks.two_above_usd:g} on two people must say yes.")
    return lines


def _money_and_people(found: Policy) -> list[str]:
    """Budgets, quiet hours, break-glass, what happens at the end, and who may stop what."""
    asks, end = found.approvals, found.launch.end
    glass = f"by {', '.join(asks.break_glass)}, with a reason" if asks.break_glass else "by nobody"
    then = f"stops it {end.grace_minutes:g} minutes later" if end.stop else "asks its owner, and it runs on"
    longer = ", and more hours always ask somebody" if end.extend_needs_approval else ""
    return [
        f"Budgets by month: {_budgets(found)}.",
        f"Quiet hours: {_quiet(found)}.",
        f"Break-glass: {glass}.",
        f"At the end of the hours mlbot reminds {end.remind_minutes:g} minutes before and {then}{longer}.",
        f"Machines may be stopped by {_stoppers(found)}.",
    ]


def _budgets(found: Policy) -> str:
    budgets = found.budgets
    told = [f"everybody ${budgets.usd_per_month:g}"] if budgets.usd_per_month is not None else []
    if budgets.person_usd_per_month is not None:
        told.append(f"each person ${budgets.person_usd_per_month:g}")
    told += [f"{user} ${usd:g}" for user, usd in budgets.people.items()]
    told += [f"team {name} ${team.usd_per_month:g}" for name, team in budgets.teams.items()]
    return ", ".join(told) or "none"


def _quiet(found: Policy) -> str:
    quiet = found.approvals.quiet
    told = [f"{quiet.begin}:00 to {quiet.end}:00"] if quiet.begin != quiet.end else []
    told += ["weekends"] if quiet.weekends else []
    return f"{' and '.join(told)} ({quiet.zone})" if told else "none"


def _stoppers(found: Policy) -> str:
    rules = found.stop
    if rules.team:
        return "every member; the other verbs are for owner and approvers"
    told = [*(["their owner"] if rules.owner else []), *(["approvers"] if rules.approvers else [])]
    late = rules.anyone_after_hours
    return " and ".join(told) + (f", and by everybody {late:g} h after the planned end" if late is not None else "")
