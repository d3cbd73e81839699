"""Whom a message calls by name, as Slack reads it: entities call nobody, control sequences do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

CALL = re.compile(r"<(?:@(U\w+)|!(channel|here|everyone)|!subteam\^(S\w+))(?:\|[^>]*)?>")


def called(message: dict[str, Any]) -> set[str]:
    """User ids, user group ids and `@channel`, `@here`, `@everyone` that *message* notifies."""
    texts = [*_marked(message.get("blocks") or []), *_marked(message.get("attachments") or [])]
    if not message.get("blocks"):
        texts.append(str(message.get("text", "")))
    found = {name for text in texts for name in _names(text)}
    return found | set(_rich(message.get("blocks") or []))


def _names(text: str) -> Iterator[str]:
    for user, broadcast, group in CALL.findall(text):
        yield user or group or f"@{broadcast}"


def _marked(value: Any) -> Iterator[str]:
    """Every mrkdwn text within."""
    if isinstance(value, list):
        for item in value:
            yield from _marked(item)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield str(value.get("text", ""))
        for inner in value.values():
            yield from _marked(inner)


def _rich(value: Any) -> Iterator[str]:
    """Every user, group and broadcast element within rich text."""
    if isinstance(value, list):
        for item in value:
            yield from _rich(item)
    elif isinstance(value, dict):
        if value.get("type") == "broadcast":
            yield f"@{value.get('range')}"
        for name in ("user_id", "usergroup_id"):
            if isinstance(value.get(name), str):
                yield value[name]
        for inner in value.values():
            yield from _rich(inner)
