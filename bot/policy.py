"""The team's policy file, read again when it changes; a broken edit leaves the last good one in force."""

from __future__ import annotations

import difflib
import logging
import threading
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.rules.errors import UserError
from bot.rules.policy import Policy

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
        return Policy.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{name} is not TOML: {error}.") from error
    except ValidationError as error:
        raise UserError("\n".join(f"{name}: {_sentence(line)}" for line in error.errors())) from error


def _sentence(line: Any) -> str:
    place = [str(part) for part in line["loc"]]
    key = f"[{'.'.join(place[:-1])}] {place[-1]}" if len(place) > 1 else f"[{place[0]}]" if place else "the file"
    if line["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place[-1], _known_keys(place[:-1]), n=1)
        return f"{key}: there is no such key{f'; did you mean {near[0]}?' if near else '.'}"
    said = WORDS.get(line["type"]) or str(line["msg"]).removeprefix("Value error, ")
    given = line["input"]
    shown = isinstance(given, (str, int, float, bool)) and len(str(given)) <= 60 and line["type"] != "value_error"
    return f"{key}: {said[:1].lower()}{said[1:]}{f', not {given!r}' if shown else ''}."


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
        f"Reminders at {found.reminders.hour}:00 where each owner is; what has no owner goes to "
        f"{found.reminders.channel or 'nowhere (set [reminders] channel)'}.",
    ]
    if asks.auto_below_usd:
        lines.append(f"Requests below ${asks.auto_below_usd:g} are approved by the policy itself.")
    if asks.two_above_usd is not None:
        lines.append(f"From ${asks.two_above_usd:g} on two people must say yes.")
    return lines
