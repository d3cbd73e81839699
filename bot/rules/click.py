"""A button press, as the Slack door saw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """Who pressed what, where; *value* is an id of ours to look up and nothing more."""

    action: str  # approve, deny, stop, snooze_1d, ...
    value: str
    user: str
    team: str
    key: str  # unique per press: a resend has the same
    channel: str = ""
    ts: str = ""  # of the message that carries the button
    trigger_id: str = ""
    response_url: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)  # what a form added: reason, until, hours

    def payload(self) -> dict[str, Any]:
        """As an op row's payload."""
        return asdict(self)
