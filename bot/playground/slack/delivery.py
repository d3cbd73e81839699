"""How the bot hears of what people do, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Kind = Literal["slash_commands", "interactive", "events_api"]
Payload = dict[str, Any]

ACK_SECONDS = 3.0
TIMEOUT, FAILED = "operation_timeout", "dispatch_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The bot's ack; *problem* is Slack's word for what went wrong, empty when nothing did."""

    problem: str = ""
    body: Payload = field(default_factory=dict)
    status: int = 0  # of HTTP
    retry: bool = True  # whether a failed event may be sent again


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One delivery to the bot, as it came out; *errors* stand beside a form's fields."""

    kind: Kind
    payload: Payload
    reply: Reply = field(default_factory=Reply)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the bot acked in time and had nothing against it."""
        return not self.reply.problem and not self.errors


class Transport(Protocol):
    """A way to the bot."""

    def send(self, kind: Kind, payload: Payload, *, retry: int = 0, reason: str = "") -> Reply:
        """Deliver and wait for the ack, three seconds at most; *retry* counts from 1 when an event is sent again."""
