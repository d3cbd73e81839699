"""What Slack hands out for a short while: triggers for forms, addresses for answers."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bot.clock import Clock
from bot.playground.slack.errors import Refused

TRIGGER_SECONDS = 3.0
ANSWERS = 5
ANSWERS_FOR = timedelta(minutes=30)
REMEMBERED = 5000
T = TypeVar("T")


@dataclass(slots=True)
class Trigger:
    """Lets the bot open one form for one person."""

    user: str
    at: float  # monotonic seconds
    spent: bool = False


class Triggers:
    """Trigger ids: single use, good for three seconds of *monotonic*."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: OrderedDict[str, Trigger] = OrderedDict()

    def issue(self, user: str) -> str:
        """A fresh trigger id for what *user* just did."""
        identity = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**11)}.{secrets.token_hex(16)}"
        _remember(self._known, identity, Trigger(user, self._monotonic()))
        return identity

    def spend(self, identity: str) -> str:
        """Use it up; returns whose it is."""
        trigger = self._known.get(identity)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.spent:
            raise Refused("exchanged_trigger_id")
        if self._monotonic() - trigger.at > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        trigger.spent = True
        return trigger.user


@dataclass(slots=True)
class ResponseUrl:
    """Where the bot may answer, and what an answer may replace."""

    user: str
    channel: str
    until: datetime
    thread_ts: str = ""
    original: str = ""  # ts of the message whose button was pressed
    left: int = ANSWERS
    token: str = field(default_factory=lambda: secrets.token_urlsafe(18))


class ResponseUrls:
    """Response addresses: five uses within thirty minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: OrderedDict[str, ResponseUrl] = OrderedDict()

    def issue(self, user: str, channel: str, *, original: str = "", thread_ts: str = "") -> str:
        """The secret part of a new address."""
        url = ResponseUrl(user, channel, self._clock.now() + ANSWERS_FOR, thread_ts, original)
        _remember(self._known, url.token, url)
        return url.token

    def peek(self, token: str) -> ResponseUrl:
        """The address, if it still takes an answer."""
        url = self._known.get(token)
        if url is None:
            raise Refused("invalid_url")
        if self._clock.now() > url.until:
            raise Refused("expired_url")
        if url.left <= 0:
            raise Refused("used_url")
        return url


def _remember(known: OrderedDict[str, T], key: str, value: T) -> None:
    known[key] = value
    while len(known) > REMEMBERED:
        known.popitem(last=False)
