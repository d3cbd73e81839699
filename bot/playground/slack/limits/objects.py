"""The parts that blocks share: texts, options, confirm dialogs."""

from __future__ import annotations

from typing import Any

from bot.playground.slack.limits.rules import Problems, Rule, anything, boolean, by_type, fields, items, one_of, string
from bot.playground.slack.limits.rules import url as address

TYPE: Rule = anything  # by_type has looked at it
IDENTITY = string(255)


def plain(most: int) -> Rule:
    """A plain_text object."""
    return by_type({"plain_text": _plain(most)})


def text(most: int) -> Rule:
    """A plain_text or mrkdwn object."""
    return by_type({"plain_text": _plain(most), "mrkdwn": _mrkdwn(most)})


def _plain(most: int) -> Rule:
    return fields({"type": TYPE, "text": string(most)}, {"emoji": boolean})


def _mrkdwn(most: int) -> Rule:
    return fields({"type": TYPE, "text": string(most)}, {"verbatim": boolean})


def option(*, marked: bool = False, link: bool = False) -> Rule:
    """One choice: *marked* ones may be mrkdwn (radio buttons, checkboxes), *link* ones may have an address."""
    words = text(75) if marked else plain(75)
    described = text(75) if marked else plain(75)
    return fields(
        {"text": words, "value": string(150)},
        {"description": described, **({"url": address()} if link else {})},
    )


CONFIRM = fields(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
PLACEHOLDER = plain(150)
DISPATCH = fields({}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), least=1)})
FILTER = fields(
    {},
    {
        "include": items(one_of("im", "mpim", "private", "public"), least=1),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
SLACK_FILE = fields({}, {"id": string(255), "url": string(3000)})


def one_source(value: Any, at: str, problems: Problems) -> None:
    """An image has an address or a file of Slack's, and not both."""
    if isinstance(value, dict) and bool(value.get("image_url")) == bool(value.get("slack_file")):
        problems.add("must define either `image_url` or `slack_file`", at)
