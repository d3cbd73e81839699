"""Mornings that follow one another: what was claimed is told, what was snoozed is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from world import ENGINEER, LEAD, ML, OPERATOR, World, words, world

from bot.playground.seed import Seeded, seed

FIRST = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)  # a Sunday afternoon
MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[tuple[World, Seeded]]:
    """The playground's account on the morning after the bot was set up, its messages sent."""
    with world(tmp_path, at=FIRST) as town:
        seeded = seed(town.aws)
        town.bot.scan_and_remind()
        town.settle()
        for user in (ENGINEER, LEAD, OPERATOR):
            assert town.direct(user) == ""
        jump(town, MORNING)
        yield town, seeded


def jump(town: World, to: datetime) -> None:
    """Let it be *to* for the engineer and for the channel, and the bot do what is due then."""
    zone = town.bot.parts.people.zone(ENGINEER)
    there = to.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    town.clock.advance(max(there, to) - town.clock.now())
    town.bot.scan_and_remind()
    town.settle()


def dm(town: World, user: str = ENGINEER) -> list[dict[str, Any]]:
    return town.slack.messages(town.slack.dm_channel(user), as_user=user)


def press(town: World, action: str, name: str, user: str = ENGINEER) -> None:
    """Press the button of one thing in the newest direct message that names it."""
    message = next(one for one in reversed(dm(town, user)) if name in words(one))
    blocks = message["blocks"]
    at = next(n for n, block in enumerate(blocks) if block["type"] == "section" and name in block["text"]["text"])
    element = next(one for one in blocks[at + 1]["elements"] if one["action_id"].startswith(action))
    channel = town.slack.dm_channel(user)
    town.slack.click(
        user=user, channel=channel, ts=message["ts"], action_id=element["action_id"], value=element["value"]
    )
    town.settle()


def test_who_claims_something_hears_of_it_the_next_morning(account: tuple[World, Seeded]) -> None:
    town, _ = account
    assert "tmp-test" in town.said(ML, user=LEAD)
    town.press("claim", user=LEAD, channel=ML, text="tmp-test")
    jump(town, MORNING + timedelta(days=1, hours=10))
    assert "tmp-test" in town.direct(LEAD)


def test_what_is_snoozed_is_left_out_of_a_message_that_names_the_rest(account: tuple[World, Seeded]) -> None:
    town, _ = account
    press(town, "snooze_1w", "notebook-vision")
    assert "Snoozed by" in words(dm(town)[0])
    town.bot.parts.store.close()
    for day in (1, 2):
        jump(town, MORNING + timedelta(days=day))
    later = [words(one) for one in dm(town)[1:]]
    assert not any("notebook-vision" in text for text in later)
    assert any("sentiment-demo" in text for text in later)
