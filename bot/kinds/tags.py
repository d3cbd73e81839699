"""The tags that mlbot puts on what it launches, and reads on everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

MANAGED = "mlbot:managed"
REQUEST = "mlbot:request"
OWNER = "mlbot:owner"
PURPOSE = "mlbot:purpose"
UNTIL = "mlbot:until"
IMAGE = "mlbot:image"  # on a saved image and its snapshots: the id of the row that it was made for


def read(fact: Mapping[str, Any]) -> dict[str, str]:
    """AWS's list of Key and Value as a dict."""
    tags: Iterable[Mapping[str, str]] = fact.get("Tags") or ()
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def ours(tags: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a Resource that tags decide."""
    return {
        "name": tags.get("Name", ""),
        "owner": tags.get(OWNER) or None,
        "request": tags.get(REQUEST) or None,
        "purpose": tags.get(PURPOSE, ""),
        "until": moment(tags.get(UNTIL, "")),
        "tags": tags,
    }


def moment(text: str) -> datetime | None:
    """An ISO time as UTC, or None when it is not one."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
