"""The same thing delivered again, strange words, a process that ends: over the whole bot."""

from __future__ import annotations

from pathlib import Path

from world import APPROVALS, ENGINEER, LEAD, ML, World, words, world


def cards(town: World) -> list[dict[str, object]]:
    return [one for one in town.slack.messages(APPROVALS, as_user=LEAD) if "resent" in words(one)]


def test_a_command_and_a_click_that_slack_delivers_again_change_nothing(town: World) -> None:
    sent = town.slack.command(user=ENGINEER, channel=ML, command="/ml-launch", text="g5.xlarge hours=2 name=resent")
    assert sent is not None
    town.slack.resend(sent)
    town.settle()
    town.slack.resend(sent)
    town.settle()
    assert len(cards(town)) == 1
    message, button = town.find("approve", user=LEAD, channel=APPROVALS)
    click = town.slack.click(user=LEAD, channel=APPROVALS, ts=message["ts"], action_id=button["action_id"])
    town.slack.resend(click)
    town.settle()
    town.slack.resend(click)
    town.pass_time(seconds=10)
    assert len(town.instances()) == 1
    assert len(cards(town)) == 1


def test_names_are_shown_and_not_obeyed(quick_town: World) -> None:
    quick_town.command('/ml-launch g5.xlarge name=<!channel> purpose="<https://evil|console> & *bold*"')
    said = quick_town.said(APPROVALS, user=LEAD)
    assert "&lt;!channel&gt;" in said
    assert "<!channel>" not in said
    assert "<https://evil" not in said


def test_what_one_process_wrote_down_the_next_one_carries_out(tmp_path: Path) -> None:
    with world(tmp_path) as first:
        first.slack.command(user=ENGINEER, channel=ML, command="/ml-launch", text="g5.xlarge hours=2 name=resent")
        assert cards(first) == []  # acked, and nothing more: the process ends here
    with world(tmp_path) as second:
        second.bot.sweep()
        second.settle()
        assert len(cards(second)) == 1
        second.press("approve", user=LEAD, channel=APPROVALS)
        second.pass_time(seconds=10)
        assert len(second.instances()) == 1
