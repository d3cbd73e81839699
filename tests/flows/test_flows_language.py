"""The reader's language: Slack's locale decides until somebody says otherwise; a channel reads English."""

from __future__ import annotations

from dataclasses import replace

from world import ENGINEER, LEAD, ML, World

SAID = "Không ai được tự duyệt yêu cầu của mình."


def test_help_lang_vi_turns_what_one_person_reads_and_nobody_elses(quick_town: World) -> None:
    quick_town.command("/ml-help lang vi")
    assert SAID in quick_town.said(ML, user=ENGINEER)
    quick_town.command("/ml-help", user=LEAD)
    assert SAID not in quick_town.said(ML, user=LEAD)
    quick_town.command("/ml-help lang en")
    quick_town.command("/ml-help")
    assert "Nobody approves their own request." in quick_town.said(ML, user=ENGINEER)


def test_slacks_locale_decides_for_who_said_nothing(quick_town: World) -> None:
    users = quick_town.slack.workspace.users
    users[ENGINEER] = replace(users[ENGINEER], locale="vi-VN")
    quick_town.command("/ml-help")
    assert SAID in quick_town.said(ML, user=ENGINEER)


def test_a_language_that_mlbot_does_not_speak_is_told_with_those_that_it_does(quick_town: World) -> None:
    quick_town.command("/ml-help lang tlh")
    assert "/ml-help lang en" in quick_town.said(ML, user=ENGINEER)
