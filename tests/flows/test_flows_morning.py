"""The morning, in the playground's own account: scan, message, answers that outlive a restart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from world import ENGINEER, LEAD, ML, World, world

from bot.playground.seed import seed
from bot.wiring import build

EVENING = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)  # 09:05 in New York, later that day in Berlin and Kolkata


@pytest.fixture
def account(tmp_path: Path) -> Iterator[World]:
    """The world with the playground's machines in it."""
    with world(tmp_path, at=EVENING) as made:
        seed(made.aws)
        made.bot.scan_and_remind()
        made.settle()
        yield made


def to_morning(town: World) -> None:
    town.clock.advance(MORNING - town.clock.now())
    town.bot.scan_and_remind()
    town.settle()


def test_each_owner_gets_one_message_with_evidence_money_and_buttons(account: World) -> None:
    to_morning(account)
    said = account.direct(ENGINEER)
    assert "notebook-vision" in said
    assert "GPU 0 %" in said
    assert "old-baseline" in said
    assert "a month" in said
    assert "llm-pretrain" not in account.direct(LEAD)
    to_morning(account)
    assert account.direct(ENGINEER) == said


def test_what_has_no_owner_goes_to_the_channel_with_claim(account: World) -> None:
    to_morning(account)
    message, _ = account.find("claim", user=LEAD, channel=ML)
    assert "tmp-test" in str(message)


def test_stop_in_the_message_stops_the_machine_and_the_message_says_so(account: World) -> None:
    to_morning(account)
    channel = account.slack.dm_channel(ENGINEER)
    account.press("stop_idle", user=ENGINEER, channel=channel)
    states = {
        tag["Value"]: i["State"]["Name"] for i in account.instances() for tag in i["Tags"] if tag["Key"] == "Name"
    }
    assert states["notebook-vision"] in ("stopping", "stopped")
    assert states["llm-pretrain"] == "running"
    assert "topped by Ann" in account.direct(ENGINEER)


def test_a_snooze_is_remembered_over_a_restart(account: World) -> None:
    to_morning(account)
    channel = account.slack.dm_channel(ENGINEER)
    for _ in range(4):  # one button for each thing that is idle
        try:
            account.press("snooze_1w", user=ENGINEER, channel=channel)
        except AssertionError:
            break
    before = len(account.slack.messages(channel, as_user=ENGINEER))
    again = build(account.bot.parts.settings, clock=account.clock)
    account.clock.advance(timedelta(days=1))
    again.scan_and_remind()
    again.run_due()
    assert len(account.slack.messages(channel, as_user=ENGINEER)) == before


def test_keep_asks_for_a_day_and_a_reason(account: World) -> None:
    to_morning(account)
    channel = account.slack.dm_channel(ENGINEER)
    account.press("keep", user=ENGINEER, channel=channel, text="notebook-vision")
    (form,) = account.slack.views(ENGINEER)
    sent = account.slack.submit_view(user=ENGINEER, view_id=form["id"], values={"until": "2026-11-20", "reason": " "})
    assert set(sent.errors) == {"until", "reason"}
    account.slack.submit_view(
        user=ENGINEER, view_id=form["id"], values={"until": "2026-12-01", "reason": "demo <!channel>"}
    )
    account.settle()
    account.command("/ml-idle", user=ENGINEER)
    assert "demo &lt;!channel&gt;" in account.said(ML, user=ENGINEER)


def test_not_mine_brings_it_to_the_channel(account: World) -> None:
    to_morning(account)
    account.press("not_mine", user=ENGINEER, channel=account.slack.dm_channel(ENGINEER), text="notebook-vision")
    assert "Whose is" in account.said(ML, user=LEAD)


def test_home_shows_what_is_mine_and_what_waits_for_my_decision(account: World) -> None:
    account.command('/ml-launch g5.xlarge hours=8 name=nightly purpose="LoRA <run>"', user=ENGINEER)
    for user in (ENGINEER, LEAD):
        account.slack.open_home(user=user)
        account.settle()
    mine, leads = (str(account.slack.home(user)) for user in (ENGINEER, LEAD))
    assert "notebook-vision" in mine
    assert "nightly" in mine
    assert "'approve'" not in mine
    assert "'approve'" in leads


def test_use_is_drawn_in_the_thread_of_the_message_and_what_was_whispered_stays_private(account: World) -> None:
    to_morning(account)
    direct = account.slack.dm_channel(ENGINEER)
    account.press("picture_usage", user=ENGINEER, channel=direct, text="notebook-vision")
    account.command("/ml-idle", user=ENGINEER)
    account.press("picture_usage", user=ENGINEER, channel=ML, text="notebook-vision")
    drawn = [m for m in account.slack.messages(direct, as_user=ENGINEER) if m["blocks"][0]["type"] == "image"]
    assert ["thread_ts" in message for message in drawn] == [True, False]
    assert all("last 0" in message["blocks"][0]["alt_text"] or "0 in 5 min" in str(message) for message in drawn)
    assert not [m for m in account.slack.messages(ML, as_user=LEAD) if "image" in str(m["blocks"])]
