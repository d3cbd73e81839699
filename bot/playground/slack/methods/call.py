"""One call of a Web API method, and how it is declared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.playground.slack.errors import Refused, invalid
from bot.playground.slack.workspace import Workspace

Answer = dict[str, Any]
TokenKind = Literal["bot", "app", "none"]


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments that the bot gave; form fields that hold JSON read like a JSON body."""

    workspace: Workspace
    args: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """A text argument."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def need(self, name: str, code: str = "invalid_arguments") -> str:
        """A text argument that may not be missing."""
        if not (value := self.text(name)):
            if code == "invalid_arguments":
                raise invalid(code, [f"missing required field: {name}"])
            raise Refused(code)
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A truth value: true, "true" or "1"."""
        value = self.args.get(name)
        return default if value is None else value in (True, "true", "1", 1)

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.args.get(name) or default)
        except ValueError:
            raise Refused("invalid_arguments") from None

    def json(self, name: str, code: str = "invalid_arguments") -> Any:
        """An object or list, given as such or as JSON text; None when it is missing or empty."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise Refused(code) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What a method does and what it asks for."""

    run: Callable[[Call], Answer]
    scope: str = ""  # alternatives are separated by a bar
    tier: int = 3  # 0: special, see rates
    token: TokenKind = "bot"
    form_only: bool = False


def page_of(items: list[Any], call: Call, name: str, most: int) -> Answer:
    """One page of *items* under *name*, with the cursor to the next."""
    limit = min(call.number("limit", most), most)
    start = _cursor(call.text("cursor"))
    following = str(start + limit) if start + limit < len(items) else ""
    return {name: items[start : start + limit], "response_metadata": {"next_cursor": following}}


def _cursor(text: str) -> int:
    if text and not text.isdigit():
        raise Refused("invalid_cursor")
    return int(text or 0)
