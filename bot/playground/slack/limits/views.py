"""Forms and Home tabs, and their limits."""

from __future__ import annotations

from typing import Any

from bot.playground.slack.limits.blocks import problems_of
from bot.playground.slack.limits.objects import plain
from bot.playground.slack.limits.rules import Problems, Rule, anything, boolean, fields, string

KEPT: dict[str, Rule] = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
MODAL = fields(
    {"type": anything, "title": plain(24), "blocks": anything},
    {
        **KEPT,
        "close": plain(24),
        "submit": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
HOME = fields({"type": anything, "blocks": anything}, KEPT)


def problems_of_view(view: dict[str, Any], *, home: bool) -> Problems:
    """What Slack would not take in *view*."""
    problems = Problems()
    wanted = "home" if home else "modal"
    if view.get("type") != wanted:
        problems.add("must be a valid enum value", "/view/type")
        return problems
    (HOME if home else MODAL)(view, "/view", problems)
    problems += problems_of(view.get("blocks"), "home" if home else "modal", "/view/blocks")
    if not problems and not home and not view.get("submit") and any(b["type"] == "input" for b in view["blocks"]):
        problems.add("must define `submit` to use an `input` block in modals", "/view/submit")
    return problems
