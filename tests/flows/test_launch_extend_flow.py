"""More hours from the button to the machine, over the real bot: form, card in the approvals channel, answers."""

from __future__ import annotations

from pathlib import Path

from world import APPROVALS, ENGINEER, LEAD, ML, OPERATOR, world


def test_more_hours_are_asked_with_a_form_and_approved_on_a_card(tmp_path: Path) -> None:
    with world(tmp_path) as town:
        town.command("/ml-launch g5.xlarge hours=8 name=nightly")
        town.press("approve", user=LEAD, channel=APPROVALS)
        town.pass_time(seconds=30)
        town.command("/ml-instances")
        town.press("extend", user=ENGINEER, channel=ML)
        form = town.slack.views(ENGINEER)[-1]
        town.slack.submit_view(user=ENGINEER, view_id=form["id"], values={"hours": "18"})
        town.settle()
        card = town.said(APPROVALS, user=LEAD)
        assert "More hours? 18 h for nightly" in card
        assert "$26.44 ($18.31 more)" in card
        assert "waits for approval" in town.whispered(ML, user=ENGINEER)
        town.press("approve", user=ENGINEER, channel=APPROVALS, text="More hours?")
        assert "Nobody approves their own request" in town.whispered(APPROVALS, user=ENGINEER)
        town.press("approve", user=OPERATOR, channel=APPROVALS, text="More hours?")
        card = town.said(APPROVALS, user=LEAD)
        assert "More hours: approved 18 h for nightly" in card
        assert "Running: g5.xlarge in us-east-1 for 26 h, $1.01 an hour, $26.44 in all" in card
        assert "Extended by 18 h to 26 h" in card
        assert "approved more hours for nightly" in town.direct(ENGINEER)
        (machine,) = town.instances()
        ends = {tag["Value"] for tag in machine["Tags"] if tag["Key"] == "mlbot:until"}
        assert ends == {"2026-11-24T14:00:00+00:00"}
