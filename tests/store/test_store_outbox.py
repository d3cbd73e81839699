"""What must reach Slack: posted once, edited in place, in order, at Slack's pace, never lost."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from store_desk import NOON, parts

from bot import outbox
from bot.outbox import OutboxRow, Sender, View, deliver
from bot.parts import Parts
from bot.rules.errors import SlackError


@dataclass
class Said:
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)


class Room:
    """A Slack that remembers every call and refuses what it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.refuse: list[tuple[str, SlackError]] = []

    def _call(self, *call: str) -> None:
        for name, error in self.refuse:
            if call[0] == name:
                self.refuse.remove((name, error))
                raise error
        self.calls.append(call)

    def post(self, channel: str, message: Any, *, thread_ts: str | None = None) -> tuple[str, str]:
        self._call("post", channel, message.text)
        return channel, f"{len(self.calls)}.0"

    def update(self, channel: str, ts: str, message: Any) -> None:
        self._call("update", channel, ts, message.text)

    def whisper(self, channel: str, user: str, message: Any) -> None:
        self._call("whisper", channel, user, message.text)

    def respond(self, url: str, message: Any) -> None:
        self._call("respond", url, message.text)

    def open_dm(self, user: str) -> str:
        self._call("open_dm", user)
        return f"D-{user}"


def text(at: Parts, row: OutboxRow) -> Said:
    return Said(str(row.data.get("text", row.subject)))


VIEWS: Mapping[str, View] = {"card": text, "whisper": text, "silent": lambda at, row: None}


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def at(tmp_path: Path, room: Room) -> Parts:
    return parts(tmp_path, room)


def say(at: Parts, what: str, words: str, *, to: str = "C1", subject: str = "s", key: str = "", **data: str) -> None:
    with at.store.transaction() as tx:
        now = at.clock.now()
        outbox.say(tx, what=what, subject=subject, to=to, now=now, data={"text": words, **data}, key=key)


def waiting(at: Parts) -> int:
    with at.store.reading() as tx:
        return int(tx.value("SELECT COUNT(*) FROM outbox WHERE version > sent_version"))


def test_a_message_is_posted_once_and_edited_from_then_on(at: Parts, room: Room) -> None:
    say(at, "card", "asked")
    assert deliver(at, VIEWS) == 1
    say(at, "card", "approved")
    say(at, "card", "launching")
    assert deliver(at, VIEWS) == 1
    assert deliver(at, VIEWS) == 0
    assert room.calls == [("post", "C1", "asked"), ("update", "C1", "1.0", "launching")]


def test_what_changes_while_it_is_sent_is_sent_again(at: Parts, room: Room) -> None:
    def racing(parts_: Parts, row: OutboxRow) -> Said:
        if row.data["text"] == "asked":
            say(at, "card", "approved")
        return text(parts_, row)

    say(at, "card", "asked")
    assert deliver(at, {"card": racing}) == 2
    assert room.calls == [("post", "C1", "asked"), ("update", "C1", "1.0", "approved")]


def test_a_person_gets_a_direct_message(at: Parts, room: Room) -> None:
    say(at, "card", "hello", to="U1")
    say(at, "card", "hello again", to="U1")
    deliver(at, VIEWS)
    assert room.calls == [("open_dm", "U1"), ("post", "D-U1", "hello again")]


def test_a_whisper_takes_the_nearest_way_that_works_and_is_sent_once(at: Parts, room: Room) -> None:
    gone = SlackError("no", code="http_404")
    for key, refused in (("1", []), ("2", ["respond"]), ("3", ["respond", "whisper"])):
        room.refuse = [(name, gone) for name in refused]
        for _ in range(2):
            say(at, "whisper", key, to="U1", key=key, response_url="https://hooks", channel="C1")
            deliver(at, VIEWS)
    assert room.calls == [
        ("respond", "https://hooks", "1"),
        ("whisper", "C1", "U1", "2"),
        ("open_dm", "U1"),
        ("post", "D-U1", "3"),
    ]


def test_a_failed_sending_is_tried_again_later_and_later_and_never_lost(at: Parts, room: Room) -> None:
    say(at, "card", "asked")
    tries = 0
    while waiting(at):
        room.refuse = [("post", SlackError("Slack did not answer.", code="TimeoutError"))] if tries < 12 else []
        assert deliver(at, VIEWS) in (0, 1)
        tries += 1
        at.clock.advance(outbox.LONGEST_PAUSE)
    assert tries == 13
    assert room.calls == [("post", "C1", "asked")]


def test_slacks_pause_is_kept_for_the_channel_and_its_order_too(at: Parts, room: Room) -> None:
    room.refuse = [("post", SlackError("slow down", code="ratelimited", retry_after=20))]
    say(at, "card", "first", subject="1")
    say(at, "card", "second", subject="2")
    say(at, "card", "elsewhere", to="C2")
    deliver(at, VIEWS)
    assert room.calls == [("post", "C2", "elsewhere")]
    at.clock.advance(timedelta(seconds=19))
    assert deliver(at, VIEWS) == 0
    at.clock.advance(timedelta(seconds=1))
    assert deliver(at, VIEWS) == 1  # from now on one a second there
    assert deliver(at, VIEWS) == 0
    at.clock.advance(timedelta(seconds=1))
    assert deliver(at, VIEWS) == 1
    assert [call[2] for call in room.calls] == ["elsewhere", "first", "second"]


def test_a_hundred_messages_go_out_within_ten_seconds_as_long_as_slack_does_not_mind(at: Parts, room: Room) -> None:
    for n in range(100):
        say(at, "card", str(n), subject=str(n))
    for sent in (3, *([1] * 9), 88):
        assert deliver(at, VIEWS) == sent
        at.clock.advance(timedelta(seconds=1))
    assert [call[2] for call in room.calls] == [str(n) for n in range(100)]


def test_a_message_that_slack_finds_wrong_does_not_hold_up_its_channel(at: Parts, room: Room) -> None:
    room.refuse = [("post", SlackError("no", code="invalid_blocks"))]
    say(at, "card", "broken", subject="1")
    say(at, "card", "fine", subject="2")
    deliver(at, VIEWS)
    assert room.calls == [("post", "C1", "fine")]
    at.clock.advance(timedelta(minutes=5))
    assert deliver(at, VIEWS) == 1


def test_a_view_that_fails_holds_up_nobody_and_is_tried_again(at: Parts, room: Room) -> None:
    def broken(at_: Parts, row: OutboxRow) -> Said:
        raise KeyError(row.subject)

    say(at, "card", "x", subject="1")
    say(at, "whisper", "fine", to="C1", subject="2", channel="C1")
    deliver(at, {**VIEWS, "card": broken})
    assert [call[0] for call in room.calls] == ["whisper"]
    assert waiting(at) == 1


def test_a_message_that_was_deleted_is_posted_anew(at: Parts, room: Room) -> None:
    say(at, "card", "asked")
    deliver(at, VIEWS)
    room.refuse = [("update", SlackError("gone", code="message_not_found"))]
    say(at, "card", "approved")
    deliver(at, VIEWS)
    say(at, "card", "running")
    deliver(at, VIEWS)
    assert room.calls[1:] == [("post", "C1", "approved"), ("update", "C1", "2.0", "running")]


def test_a_view_that_has_nothing_to_say_any_more_sends_nothing(at: Parts, room: Room) -> None:
    say(at, "silent", "")
    assert deliver(at, VIEWS) == 1
    assert room.calls == []
    assert waiting(at) == 0


def test_a_channel_is_served_by_one_sender_at_a_time(at: Parts, room: Room) -> None:
    say(at, "card", "first", subject="1")
    say(at, "card", "second", subject="2")
    inner: list[int] = []

    def nested(at_: Parts, row: OutboxRow) -> Said:
        inner.append(deliver(at, VIEWS) if not inner else 0)
        return text(at_, row)

    deliver(at, {"card": nested})
    assert inner == [0, 0]
    assert [call[2] for call in room.calls] == ["first", "second"]


def test_a_sender_that_died_is_followed_by_another_and_the_post_may_come_twice_at_most(at: Parts, room: Room) -> None:
    def die(at_: Parts, row: OutboxRow) -> Said:
        raise KeyboardInterrupt

    say(at, "card", "asked")
    with pytest.raises(KeyboardInterrupt):
        deliver(at, {"card": die})
    assert deliver(at, VIEWS) == 0
    at.clock.advance(timedelta(seconds=30))
    assert deliver(at, VIEWS) == 1


def test_threads_send_what_is_written_and_stop_when_told(at: Parts, room: Room) -> None:
    sent = threading.Event()

    def noting(at_: Parts, row: OutboxRow) -> Said:
        sent.set()
        return text(at_, row)

    sender = Sender(at, {"card": noting})
    sender.start()
    say(at, "card", "asked")
    sender.wake()
    assert sent.wait(5)
    sender.stop(5)
    assert room.calls == [("post", "C1", "asked")]
    assert at.clock.now() == NOON
