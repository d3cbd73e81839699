"""What must reach Slack is first a row; it is rendered when it is sent, posted once and edited from then on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from bot.parts import Parts
from bot.rules.errors import BotError, SlackError
from bot.slack import Sendable
from bot.store import outbox as table
from bot.store.db import Row, Tx
from bot.store.values import unpack

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
POLL_SECONDS = 0.5
LONGEST_PAUSE = timedelta(minutes=5)
OUTAGE_PAUSE = timedelta(seconds=15)  # where Slack is down, and nothing is wrong with the message
SLOW_FOR = timedelta(minutes=10)  # after Slack asked for a pause, a channel gets one message a second for so long
# Slack documents one post a second into one channel, and "short bursts". With more than thirteen at once it is tried
# whether Slack takes them faster, so that a card stands within 15 s; a 429 ends that.
PACE = table.Pace(gap=timedelta(seconds=1), burst=3, patience=timedelta(seconds=10))
WHISPER = "whisper"  # cannot be edited: the same one is never sent twice

# Slack's codes for a message that is not there (any more) or may not be edited: it is posted anew.
NOT_EDITABLE = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "is_inactive"}
)
# Slack's codes for a channel in which mlbot may not write.
NOT_INSIDE = frozenset({"not_in_channel", "channel_not_found", "is_archived", "restricted_action"})
# Codes that lie in one message and not in its channel: the next message need not wait for it.
OF_THE_MESSAGE = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_arguments",
        "msg_too_long",
        "msg_blocks_too_long",
        "no_text",
        "invalid_arg_name",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A message as its row stands: *what* picks the view, *subject* is the id of what it is about."""

    id: int
    what: str
    subject: str
    to: str  # channel id, or user id
    key: str
    data: Mapping[str, Any]
    channel: str  # where it stands; empty before the first post
    ts: str
    attempts: int = 0  # times that Slack did not take it as it is now


View = Callable[[Parts, OutboxRow], Sendable | None]  # None: there is nothing to say any more


def say(
    tx: Tx,
    *,
    what: str,
    subject: str,
    to: str,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    key: str = "",
) -> None:
    """
    Have a message sent, or the one that stands under the same (what, subject, to, key) brought up to date.

    A "whisper" goes to one person (*to*) through data["response_url"], else in data["channel"], else as a direct
    message; the same one is sent once. Its data["text"] is plain text in which only <@U...>, <#C...> and
    <!subteam^S...> are mark-up; data["offer"] with data["ref"] is a button. Of another message data["thread_ts"] names
    the thread, and data["response_url"] reaches who asked where mlbot may not write.
    """
    table.put(tx, table.Name(what, subject, to, key), data=data or {}, now=now, again=what != WHISPER)


def stands(tx: Tx, *, what: str, subject: str) -> bool:
    """Whether such a message about *subject* was ever written."""
    return table.find(tx, what=what, subject=subject) is not None


def again(tx: Tx, *, what: str, subject: str, now: datetime) -> None:
    """Have every such message about *subject* that was ever written brought up to date."""
    for row in table.about(tx, what=what, subject=subject):
        say(tx, what=what, subject=subject, to=row["dest"], now=now, data=unpack(row["data"]), key=row["key"])


def standing(tx: Tx, *, whats: Sequence[str], channel: str, ts: str) -> OutboxRow | None:
    """The message of one of these kinds that stands at *channel* and *ts*; None for any other."""
    row = table.at(tx, whats=whats, channel=channel, ts=ts) if channel and ts else None
    return _outgoing(row) if row else None


def deliver(parts: Parts, views: Mapping[str, View]) -> int:
    """Send all that is due now, in this thread; returns how many messages went out."""
    done = 0
    while (went := _one(parts, views)) is not None:
        done += went
    return done


class Sender:
    """Threads that send what is due; a channel is served by one at a time, over all replicas."""

    def __init__(self, parts: Parts, views: Mapping[str, View], *, threads: int = 2) -> None:
        self._parts = parts
        self._views = views
        self._size = threads
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._bell = threading.Event()

    def start(self) -> None:
        """Begin to send."""
        self._stopping.clear()
        self._parts.store.presence.show()
        self._threads = [threading.Thread(target=self._run, name=f"sender-{n}", daemon=True) for n in range(self._size)]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that a row was written."""
        self._bell.set()

    def stop(self, drain_seconds: float = 10) -> None:
        """Take nothing more and wait for what is being sent."""
        self._stopping.set()
        self._bell.set()
        deadline = time.monotonic() + drain_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._threads = []

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if _one(self._parts, self._views) is not None:
                    continue
            except Exception:
                log.exception("the outbox could not reach its database")
            self._bell.wait(POLL_SECONDS)
            self._bell.clear()
        self._parts.store.close()


def _one(parts: Parts, views: Mapping[str, View]) -> int | None:
    """Send one message: 1 when it went out, 0 when it did not, None when nothing is due."""
    now, owner = parts.clock.now(), f"{parts.store.presence.name}:{uuid4().hex}"
    with parts.store.reading() as tx:
        if not table.is_due(tx, now):
            return None
    with parts.store.transaction() as tx:
        row = table.claim(tx, owner=owner, now=now, lease=LEASE)
    if row is None:
        return None
    try:
        message = views[row["what"]](parts, _outgoing(row))
        channel, ts = _send(parts, row, message) if message is not None else (row["channel"], row["ts"])
    except Exception as error:
        _failed(parts, row, owner, error)
        return 0
    _sent(parts, row, owner, channel, ts)
    return 1


def _send(parts: Parts, row: Row, message: Sendable) -> tuple[str, str]:
    """Post or edit; returns where it stands."""
    if row["what"] == WHISPER:
        return _whisper(parts, row, message)
    if row["ts"]:
        try:
            parts.slack.update(row["channel"], row["ts"], message)
            return row["channel"], row["ts"]
        except SlackError as error:
            if error.code not in NOT_EDITABLE:
                raise
    return _post(parts, row, message)


def _post(parts: Parts, row: Row, message: Sendable) -> tuple[str, str]:
    """Post anew, in the thread that the row names; where mlbot may not write, only who asked reads it."""
    data = unpack(row["data"])
    channel, url = row["channel"] or _channel(parts, row["dest"]), str(data.get("response_url") or "")
    try:
        if thread := str(data.get("thread_ts") or ""):
            return parts.slack.post(channel, message, thread_ts=thread)
        return parts.slack.post(channel, message)
    except SlackError as error:
        if not url or error.code not in NOT_INSIDE:
            raise
    parts.slack.respond(url, message)
    return channel, ""


def _whisper(parts: Parts, row: Row, message: Sendable) -> tuple[str, str]:
    """To one person by the nearest way that works: the response address, the channel, a direct message."""
    data = unpack(row["data"])
    url, channel, person = str(data.get("response_url") or ""), str(data.get("channel") or ""), row["dest"]
    ways: list[Callable[[], object]] = []
    if url:
        ways.append(lambda: parts.slack.respond(url, message))
    if channel:
        ways.append(lambda: parts.slack.whisper(channel, person, message))
    for way in ways:
        try:
            way()
            return channel, ""
        except SlackError as error:
            if error.retry_after is not None:
                raise
            log.info("a whisper takes another way: %s", error.code)
    return parts.slack.post(_channel(parts, person), message)


def _channel(parts: Parts, dest: str) -> str:
    return parts.slack.open_dm(dest) if dest[:1] in ("U", "W") else dest


def _sent(parts: Parts, row: Row, owner: str, channel: str, ts: str) -> None:
    """The message's place is saved at once, so that only a crash in between can post it twice."""
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        table.sent(tx, row=row, channel=channel, ts=ts, now=now)
        slow = table.is_slow(tx, dest=row["dest"], now=now)
        posted = ts and ts != row["ts"]
        next_at = table.paced(tx, dest=row["dest"], now=now, pace=PACE) if posted else now
        if slow:
            next_at = now + PACE.gap
        table.release(tx, dest=row["dest"], owner=owner, next_at=next_at)


def _failed(parts: Parts, row: Row, owner: str, error: Exception) -> None:
    now = parts.clock.now()
    if not isinstance(error, BotError):
        log.error("message %s %s could not be drawn or sent", row["what"], row["subject"], exc_info=error)
    code = getattr(error, "code", "") or type(error).__name__
    log.warning("message %s %s to %s waits: %s", row["what"], row["subject"], row["dest"], code)
    longest = OUTAGE_PAUSE if _is_outage(code) else LONGEST_PAUSE
    pause = min(timedelta(seconds=2.0 ** min(row["attempts"], 10)), longest)
    after = getattr(error, "retry_after", None)
    held = isinstance(error, SlackError) and code not in OF_THE_MESSAGE
    if after is not None:
        pause = timedelta(seconds=max(after, 1))
    with parts.store.transaction() as tx:
        table.postpone(tx, row=row, until=now + pause, error=f"{code}: {error}")
        if after is not None:
            table.slow(tx, dest=row["dest"], until=now + pause + SLOW_FOR)
        table.release(tx, dest=row["dest"], owner=owner, next_at=now + pause if held else now)


def _is_outage(code: str) -> bool:
    """Whether Slack did not answer (then the code is the error's class) or said that it is broken."""
    return code.startswith("http_5") or (code.endswith("Error") and code[:1].isupper())


def _outgoing(row: Row) -> OutboxRow:
    return OutboxRow(
        id=row["id"],
        what=row["what"],
        subject=row["subject"],
        to=row["dest"],
        key=row["key"],
        data=unpack(row["data"]),
        channel=row["channel"],
        ts=row["ts"],
        attempts=row["attempts"],
    )
