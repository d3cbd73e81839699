"""Reach: plain English in channels and direct messages, the message shortcut, help that works, a mute that holds."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from world import APPROVALS, ENGINEER, LEAD, ML, World, buttons, words

from bot.playground.slack import called
from handlers.views import help as help_views

BOT = "<@U0MLBOT>"
COST = "what would it cost to fine-tune mistral 7b on 20M tokens?"


def mention(town: World, text: str, *, user: str = ENGINEER, channel: str = ML, thread_ts: str = "") -> str:
    ts = town.slack.say(user=user, channel=channel, text=f"@mlbot {text}", thread_ts=thread_ts)
    town.settle()
    return ts


def write(town: World, text: str, *, user: str = ENGINEER) -> str:
    ts = town.slack.say(user=user, channel=town.slack.dm_channel(user), text=text)
    town.settle()
    return ts


def replies(town: World, channel: str, ts: str) -> list[dict[str, Any]]:
    return [m for m in town.slack.messages(channel) if m.get("thread_ts") == ts and m["ts"] != ts]


def test_a_mention_is_answered_once_in_its_thread(town: World) -> None:
    ts = mention(town, COST)
    (answer,) = replies(town, ML, ts)
    assert "Best" in words(answer)
    assert [e["action_id"] for e in buttons(answer)][-2:] == ["how", "picture_choices"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("what is idle?", "nothing of yours is idle"),
        ("what am I running?", "No machine of yours runs"),
        ("help", "/ml-estimate"),
        ("help launch", "approvals channel"),
        ("make me a sandwich", COST),
        ("fine-tune lama-3-8b on 20M tokens", "llama-3-8b"),
    ],
)
def test_a_direct_message_gets_the_same_answers(quick_town: World, text: str, told: str) -> None:
    write(quick_town, text)
    assert told in quick_town.direct(ENGINEER)


def test_a_direct_message_is_answered_over_each_transport(town: World) -> None:
    write(town, COST)
    (answer,) = [m for m in town.slack.messages(town.slack.dm_channel(ENGINEER)) if m["user"] == "U0MLBOT"]
    assert "thread_ts" not in answer
    assert "Best" in words(answer)


def test_a_machine_asked_for_in_a_sentence_is_priced_and_asked_with_a_button(town: World) -> None:
    ts = mention(town, "can I get a g5.xlarge for 8 hours for the LoRA run?")
    (answer,) = replies(town, ML, ts)
    assert "$8.14 in all" in answer["text"]
    town.press("launch_0", user=ENGINEER, channel=ML)
    (form,) = town.slack.views(ENGINEER)
    town.slack.submit_view(user=ENGINEER, view_id=form["id"], values={})
    town.settle()
    card = town.said(APPROVALS, user=LEAD)
    assert "g5.xlarge" in card
    assert "the LoRA run" in card


def test_a_mention_in_a_thread_is_answered_there(quick_town: World) -> None:
    root = quick_town.slack.say(user=LEAD, channel=ML, text="planning the week")
    mention(quick_town, "what is idle?", thread_ts=root)
    assert [m["user"] for m in replies(quick_town, ML, root)] == [ENGINEER, "U0MLBOT"]


def heard(town: World, **event: Any) -> None:
    base = {"type": "message", "user": ENGINEER, "channel": "D0ENG", "channel_type": "im", "text": "what is idle?"}
    town.slack.people.events.send({**base, **event})
    town.settle()


def answers(town: World) -> int:
    return sum(m["user"] == "U0MLBOT" for c in ("D0ENG", ML) for m in town.slack.messages(c))


@pytest.mark.parametrize(
    "event",
    [
        {"bot_id": "B0OTHER", "ts": "1.1"},
        {"bot_id": "B0MLBOT", "user": "U0MLBOT", "ts": "1.1"},
        {"user": "U0BOT", "ts": "1.1"},
        {"subtype": "message_changed", "ts": "1.1", "message": {"text": "what is idle?"}},
        {"subtype": "message_deleted", "ts": "1.1"},
        {"channel_type": "channel", "channel": ML, "ts": "1.1"},
        {"ts": ""},
        {"user": ""},
    ],
)
def test_bots_edits_and_other_talk_are_not_answered(quick_town: World, event: dict[str, Any]) -> None:
    quick_town.slack.dm_channel(ENGINEER)
    heard(quick_town, **event)
    assert answers(quick_town) == 0


def test_the_same_message_heard_again_is_answered_once(town: World) -> None:
    town.slack.dm_channel(ENGINEER)
    for _ in range(3):
        heard(town, ts="5.1")
    heard(town, type="app_mention", ts="5.1", edited={"user": ENGINEER, "ts": "6.1"})
    assert answers(town) == 1


def test_a_mention_that_was_edited_is_not_answered_twice(quick_town: World) -> None:
    ts = mention(quick_town, "what is idle?")
    event = {"type": "app_mention", "channel": ML, "channel_type": None, "text": f"{BOT} what is idle now?", "ts": ts}
    heard(quick_town, **event, edited={"user": ENGINEER, "ts": "9.1"})
    assert len(replies(quick_town, ML, ts)) == 1


def test_people_from_elsewhere_are_told_why_not(quick_town: World) -> None:
    ts = mention(quick_town, "what is running?", user="U0STRANGER")
    assert "may not do this" in words(replies(quick_town, ML, ts)[0])


def test_a_slack_that_does_not_answer_loses_no_question(quick_town: World) -> None:
    quick_town.slack.fail("users.info", times=1)
    quick_town.slack.fail("chat.postMessage", times=1)
    ts = mention(quick_town, "what is idle?")
    for _ in range(4):
        quick_town.pass_time(seconds=5)
    assert len(replies(quick_town, ML, ts)) == 1


def test_a_message_is_estimated_from_its_menu_in_its_thread(town: World) -> None:
    ts = town.slack.say(user=LEAD, channel=ML, text="We should fine-tune mistral 7b on 20M tokens with lora")
    town.slack.shortcut(user=ENGINEER, callback_id="estimate_this", channel=ML, ts=ts)
    town.settle()
    (answer,) = replies(town, ML, ts)
    assert "Best" in words(answer)


def test_a_message_that_is_no_job_is_told_to_who_pressed_alone(quick_town: World) -> None:
    ts = quick_town.slack.say(user=LEAD, channel=ML, text="lunch?")
    quick_town.slack.shortcut(user=ENGINEER, callback_id="estimate_this", channel=ML, ts=ts)
    quick_town.settle()
    assert replies(quick_town, ML, ts) == []
    assert "understand" in quick_town.whispered(ML, user=ENGINEER)


def test_where_mlbot_is_no_member_the_answer_comes_to_who_pressed(quick_town: World) -> None:
    ts = quick_town.slack.say(user=LEAD, channel=ML, text="fine-tune mistral 7b on 20M tokens")
    quick_town.slack.fail("chat.postMessage", "not_in_channel", times=None)
    quick_town.slack.shortcut(user=ENGINEER, callback_id="estimate_this", channel=ML, ts=ts)
    quick_town.settle()
    assert "Best" in quick_town.whispered(ML, user=ENGINEER)


EXAMPLES = [(topic.name, line) for topic in help_views.ALL for line in topic.examples]


@pytest.mark.parametrize(("topic", "line"), EXAMPLES)
def test_every_example_of_the_help_works_when_pasted(quick_town: World, topic: str, line: str) -> None:
    if line.startswith("/"):
        quick_town.command(line, user=LEAD)
    else:
        mention(quick_town, line, user=LEAD)
    seen = quick_town.said(ML, user=LEAD)
    assert seen
    for trouble in ("understand", "do not know", "went wrong", "no command", "Did you mean"):
        assert trouble not in seen


@pytest.mark.parametrize("topic", [*help_views.TOPICS, "cost", "mention"])
def test_every_topic_has_its_help_for_the_asker_alone(quick_town: World, topic: str) -> None:
    quick_town.command(f"/ml-help {topic}")
    assert "•" in quick_town.whispered(ML, user=ENGINEER)
    assert quick_town.said(ML, user=LEAD) == ""


def test_an_unknown_topic_is_told_with_the_nearest(quick_town: World) -> None:
    quick_town.command("/ml-help lanch")
    assert "For example: `/ml-help launch`" in quick_town.whispered(ML, user=ENGINEER)


def test_the_help_names_every_topic(quick_town: World) -> None:
    quick_town.command("/ml-help")
    seen = quick_town.whispered(ML, user=ENGINEER)
    assert all(f"/ml-help {topic}" in seen for topic in help_views.TOPICS)


def test_muting_is_said_and_can_be_taken_back(town: World) -> None:
    town.command("/ml-idle mute 3d")
    assert "muted for you until" in town.whispered(ML, user=ENGINEER)
    town.press("unmute", user=ENGINEER, channel=ML)
    assert "Reminders come again" in town.whispered(ML, user=ENGINEER)
    assert json.dumps(town.slack.messages(ML, as_user=LEAD)) == "[]"


def test_what_became_of_a_request_comes_to_the_muted_too(quick_town: World) -> None:
    quick_town.command("/ml-idle mute 3d")
    quick_town.command("/ml-launch g5.xlarge hours=8 purpose=run")
    quick_town.press("approve", user=LEAD, channel=APPROVALS)
    quick_town.pass_time(minutes=2)
    quick_town.pass_time(minutes=2)
    assert "is ready" in quick_town.direct(ENGINEER)


def test_a_muted_approver_is_not_reminded(quick_town: World) -> None:
    quick_town.policy.write_text(
        quick_town.policy.read_text().replace("[approvals]", "[approvals]\nremind_hours = [1]")
    )
    quick_town.command("/ml-idle mute 3d", user=LEAD)
    quick_town.command("/ml-launch g5.xlarge hours=8 purpose=run")
    quick_town.clock.advance(timedelta(hours=2))
    quick_town.pass_time(seconds=1)
    assert "waits since" in quick_town.direct("U0OPS")
    assert "waits since" not in quick_town.direct(LEAD)


def test_a_list_in_a_channel_names_its_owners_and_calls_nobody(quick_town: World) -> None:
    quick_town.command("/ml-launch g5.xlarge hours=8 purpose=run name=nightly")
    quick_town.press("approve", user=LEAD, channel=APPROVALS)
    quick_town.pass_time(minutes=2)
    quick_town.pass_time(minutes=2)
    ts = mention(quick_town, "who is running what?", user=LEAD)
    (answer,) = replies(quick_town, ML, ts)
    assert "nightly" in words(answer)
    assert "Ann (engineer)" in words(answer)
    assert called(answer) == set()


def test_the_home_tab_says_how_reminders_stand_and_changes_it(town: World) -> None:
    town.slack.open_home(user=ENGINEER)
    town.settle()
    for action, said in (("mute_1w", "muted for you until"), ("unmute", "Mute for me")):
        view = town.slack.home(ENGINEER)
        assert view is not None
        town.slack.click_view(user=ENGINEER, view_id=view["id"], action_id=action)
        town.settle()
        assert said in json.dumps(town.slack.home(ENGINEER))
