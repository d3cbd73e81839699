"""Messages and Slack's limits: none goes faster than Slack takes it; what it does not take is sent later, once."""

from __future__ import annotations

import json
import re

import pytest
from world import LEAD, ML, World

from bot import outbox
from bot.playground.slack import Pace

POST = "chat.postMessage"


@pytest.fixture
def town(quick_town: World) -> World:
    """A Slack that enforces its rates by the clock of the story."""
    quick_town.slack.rates.pace = Pace()
    quick_town.slack.rates._monotonic = lambda: quick_town.clock.now().timestamp()
    return quick_town


def write(town: World, numbers: range, *, to: str = ML) -> None:
    with town.bot.parts.store.transaction() as tx:
        for n in numbers:
            data = {"text": f"notice-{n:03d}"}
            outbox.say(tx, what="notice", subject=f"n{n}", to=to, now=town.clock.now(), data=data)


def arrived(town: World, channel: str = ML) -> list[int]:
    """The numbers of the notices in *channel*, as they stand there."""
    found = (re.search(r"notice-(\d+)", json.dumps(m)) for m in town.slack.messages(channel))
    return [int(one[1]) for one in found if one]


def limited(town: World) -> int:
    return sum(call.error == "ratelimited" for call in town.slack.calls)


def seconds(town: World, count: int) -> None:
    for _ in range(count):
        town.pass_time(seconds=1)


def test_thirteen_messages_a_minute_to_one_channel_never_meet_a_429(town: World) -> None:
    for minute in range(3):
        write(town, range(13 * minute, 13 * minute + 13))
        town.settle()
        seconds(town, 60)
    assert arrived(town) == list(range(39))
    assert town.bot.parts.slack.errors == {}


def test_thirteen_at_once_go_three_at_once_and_then_one_a_second(town: World) -> None:
    write(town, range(13))
    town.settle()
    assert arrived(town) == list(range(3))
    for n in range(4, 14):
        seconds(town, 1)
        assert arrived(town) == list(range(n))
    assert town.bot.parts.slack.errors == {}


def test_a_hundred_at_once_stand_within_fifteen_seconds_where_slack_does_not_mind(town: World) -> None:
    town.slack.rates.pace = Pace.generous()
    write(town, range(100))
    town.settle()
    seconds(town, 11)
    assert arrived(town) == list(range(100))


def test_a_hundred_at_once_all_arrive_once_where_slack_minds(town: World) -> None:
    write(town, range(100))
    town.settle()
    seconds(town, 140)
    assert arrived(town) == list(range(100))
    assert limited(town) <= 3  # it learns from the first


def test_one_busy_channel_holds_up_no_other(town: World) -> None:
    write(town, range(30))
    write(town, range(100, 101), to=LEAD)
    town.settle()
    assert arrived(town, town.slack.dm_channel(LEAD)) == [100]


@pytest.mark.parametrize("how", ["429", "503", "no answer"])
def test_a_minute_without_slack_loses_and_doubles_nothing_and_keeps_the_order(town: World, how: str) -> None:
    if how == "429":
        town.slack.limit(POST, retry_after=20, times=None)
    elif how == "503":
        town.slack.fail(POST, "service_unavailable", status=503, times=None)
    else:
        town.slack.disturb("reset", POST, times=None)
    write(town, range(13))
    town.settle()
    seconds(town, 60)
    assert arrived(town) == []
    town.slack.mend()
    seconds(town, 90)
    assert arrived(town) == list(range(13))
    tried = sum(town.bot.parts.slack.errors.values())
    assert tried <= 8  # it waits and does not hammer, and tries no later message meanwhile
    with town.bot.parts.store.reading() as tx:
        assert tx.value("SELECT COUNT(*) FROM outbox WHERE version > sent_version") == 0


def test_a_clock_that_jumps_back_holds_no_channel_up(quick_town: World) -> None:
    town = quick_town
    town.slack.rates.pace = Pace.generous()
    write(town, range(30))
    town.settle()
    town.pass_time(hours=-1)
    seconds(town, 70)
    assert arrived(town) == list(range(30))
