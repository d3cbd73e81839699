"""How values are kept in columns: times as UTC text that sorts, records as JSON, ids that nobody can guess."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def stamp(at: datetime) -> str:
    """A time as UTC text of one width, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """The time that `stamp` wrote."""
    return datetime.fromisoformat(text)


def moment_or_none(text: str | None) -> datetime | None:
    """The time that `stamp` wrote, where there is one."""
    return moment(text) if text else None


def pack(value: Mapping[str, Any] | list[Any] | tuple[Any, ...]) -> str:
    """A record as JSON with its keys in order; times as `stamp` writes them."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)


def unpack(text: str | None) -> Any:
    """What `pack` wrote; an empty dict for nothing."""
    return json.loads(text) if text else {}


def new_id(prefix: str) -> str:
    """A fresh id such as l_5f0c...: 80 random bits."""
    return f"{prefix}_{secrets.token_hex(10)}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
