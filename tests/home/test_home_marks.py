"""Marks, mentions and links in people's words have no effect on Home and in what is told."""

from __future__ import annotations

import json

from world import APPROVALS, ENGINEER, LEAD, World

NASTY = "*big* `_now_` <@U0OPS> <!channel> https://evil.example"
OBEYED = ("*big*", "`_", "`ˍ", "<@U0OPS>", "<!channel>", "https://evil", "_now_")


def page(town: World, user: str) -> str:
    town.slack.open_home(user=user)
    town.settle()
    return "\n".join(
        block["text"]["text"] for block in (town.slack.home(user) or {})["blocks"] if block["type"] == "section"
    )


def test_a_purpose_and_a_name_are_shown_and_not_obeyed_on_home(homes: World) -> None:
    homes.command(f'/ml-launch g5.xlarge hours=8 name="*big*" purpose="{NASTY}"')
    for user in (ENGINEER, LEAD):
        said = page(homes, user)
        assert "evil.example" in said
        assert not [mark for mark in OBEYED if mark in said]


def test_reasons_are_told_and_not_obeyed(homes: World) -> None:
    homes.command("/ml-launch g5.xlarge hours=8 name=*big*")
    homes.press("deny", user=LEAD, channel=APPROVALS)
    form = homes.slack.views(LEAD)[-1]
    homes.slack.submit_view(user=LEAD, view_id=form["id"], values={"reason": NASTY})
    homes.settle()
    told = json.dumps(
        [one["blocks"] for one in homes.slack.messages(homes.slack.dm_channel(ENGINEER), as_user=ENGINEER)],
        ensure_ascii=False,
    )
    assert "denied your request" in told
    assert "evil.example" in told
    assert not [mark for mark in OBEYED if mark in told]
    homes.command(f"/ml-freeze on {NASTY}", user=LEAD)
    said = page(homes, ENGINEER)
    assert "Launches are frozen by <@U0LEAD>" in said
    assert not [mark for mark in OBEYED if mark in said]
