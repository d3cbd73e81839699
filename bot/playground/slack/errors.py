"""How the local Slack refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Refused(Exception):
    """A Web API call that Slack answers with `ok: false`."""

    def __init__(self, code: str, **fields: Any) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields

    def body(self) -> dict[str, Any]:
        """The answer in Slack's shape."""
        return {"ok": False, "error": self.code, **self.fields}


def invalid(code: str, problems: Sequence[str]) -> Refused:
    """A refusal that lists what is wrong, each with its JSON pointer."""
    marked = [f"[ERROR] {problem}" for problem in problems]
    return Refused(code, errors=list(problems), response_metadata={"messages": marked})
