"""The idle story as people live it: a morning message, its buttons, and what is remembered."""

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


def state(town: World, identity: str) -> str:
    answer = town.bot.parts.cloud.client("ec2", "us-east-1").describe_instances(InstanceIds=[identity])
    return str(answer["Reservations"][0]["Instances"][0]["State"]["Name"])


def test_the_morning_message_has_evidence_money_and_buttons_comes_once_and_stops(
    account: tuple[World, Seeded],
) -> None:
    town, seeded = account
    (message,) = dm(town)
    text = words(message)
    for part in (
        "notebook-vision",
        seeded.instances["notebook-vision"],
        "GPU 0 %",
        "since",
        "old-baseline",
        "still $40 a month",
        "imagenet-copy",
        "Snooze 1 day",
        "Keep until",
        "Not mine",
    ):
        assert part in text
    assert "llm-pretrain" not in text
    for _ in range(3):
        town.pass_time(minutes=20)
        town.bot.scan_and_remind()
        town.settle()
    assert len(dm(town)) == 1
    press(town, "stop", "notebook-vision")
    assert state(town, seeded.instances["notebook-vision"]) in ("stopping", "stopped")
    text = words(dm(town)[0])
    assert "Stopped by" in text
    assert "still cost" in text


def test_what_is_nobodys_goes_to_the_channel_with_claim(account: tuple[World, Seeded]) -> None:
    town, _ = account
    assert "tmp-test" in town.said(ML, user=LEAD)
    town.press("claim", user=LEAD, channel=ML, text="tmp-test")
    jump(town, MORNING + timedelta(days=1, hours=10))
    assert "tmp-test" in town.direct(LEAD)


def test_snooze_is_remembered_over_a_restart(account: tuple[World, Seeded], tmp_path: Path) -> None:
    town, _ = account
    press(town, "snooze_1w", "notebook-vision")
    assert "Snoozed by" in words(dm(town)[0])
    town.bot.parts.store.close()
    for day in (1, 2):
        jump(town, MORNING + timedelta(days=day))
    later = [words(one) for one in dm(town)[1:]]
    assert not any("notebook-vision" in text for text in later)
    assert any("sentiment-demo" in text for text in later)


def test_keep_asks_for_a_day_and_a_reason_and_idle_now_shows_it(account: tuple[World, Seeded]) -> None:
    town, _ = account
    press(town, "keep", "notebook-vision")
    (view,) = town.slack.views(ENGINEER)
    values = {"until": "2026-11-26", "reason": "demo on Thursday"}
    town.slack.submit_view(user=ENGINEER, view_id=view["id"], values=values)
    town.settle()
    text = words(dm(town)[0])
    assert "Kept by" in text
    assert "demo on Thursday" in text
    assert "$7" in text
    town.command("/ml-idle")
    assert "Quiet for now" in town.whispered(ML, user=ENGINEER)
    town.command("/ml-idle now", user=OPERATOR)
    seen = town.whispered(ML, user=OPERATOR)
    assert "speech-demo" in seen
    assert "notebook-vision" not in seen
