"""Charts as people get them: one press, one message in the thread, words when Slack takes no picture."""

from __future__ import annotations

from typing import Any

from world import ENGINEER, LEAD, ML, World, words

from bot.playground.slack import LocalSlack

ASK = "/ml-estimate finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs"


def pictures(slack: LocalSlack, channel: str) -> list[dict[str, Any]]:
    found = [m for m in slack.messages(channel, as_user=LEAD) if any(b["type"] == "image" for b in m["blocks"])]
    return found


def test_show_charts_puts_time_against_cost_and_the_memory_into_the_thread(town: World) -> None:
    town.command(ASK)
    answer = town.slack.messages(ML, as_user=LEAD)[-1]
    town.press("picture_choices", user=LEAD, channel=ML)
    (message,) = pictures(town.slack, ML)
    assert message["thread_ts"] == answer["ts"]
    choices, memory = message["blocks"]
    assert "Best: " in choices["alt_text"]
    assert "weights" in memory["alt_text"]
    assert choices["alt_text"] in message["text"]


def test_a_second_press_draws_nothing_anew(quick_town: World) -> None:
    quick_town.command(ASK)
    for _ in range(2):
        quick_town.press("picture_choices", user=ENGINEER, channel=ML)
    assert len(pictures(quick_town.slack, ML)) == 1


def test_when_slack_takes_no_picture_its_words_are_sent(quick_town: World) -> None:
    quick_town.command(ASK)
    quick_town.slack.fail("files.getUploadURLExternal", "fatal_error", times=20)
    quick_town.press("picture_choices", user=ENGINEER, channel=ML)
    for _ in range(8):
        quick_town.pass_time(minutes=5)
    assert pictures(quick_town.slack, ML) == []
    assert "Best: " in words(quick_town.slack.messages(ML, as_user=LEAD)[-1])


def test_a_picture_that_slack_never_shows_is_said_in_words(quick_town: World) -> None:
    quick_town.command(ASK)
    quick_town.slack.fail("chat.postMessage", "invalid_blocks", times=7)
    quick_town.press("picture_choices", user=ENGINEER, channel=ML)
    for _ in range(10):
        quick_town.pass_time(minutes=5)
    assert pictures(quick_town.slack, ML) == []
    assert "est: " in words(quick_town.slack.messages(ML, as_user=LEAD)[-1])
