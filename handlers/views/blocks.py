"""The Block Kit shapes that views use, each within Slack's limits."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.views.message import Block

SECTION_CHARACTERS = 3000
FIELD_CHARACTERS = 2000
HEADER_CHARACTERS = 150
BUTTON_CHARACTERS = 75
OPTIONS = 100


def cut(text: str, most: int) -> str:
    """*text*, at most *most* characters, with an ellipsis where it was cut; an entity is never cut in half."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    start = kept.rfind("&")
    if start >= 0 and ";" not in kept[start:] and len(kept) - start < 6:
        kept = kept[:start]
    return kept + "…"


def section(text: str, *, fields: Sequence[str] = (), accessory: Block | None = None, block_id: str = "") -> Block:
    """A paragraph of mrkdwn, with up to ten short fields beside it."""
    block: Block = {"type": "section", "text": mrkdwn(cut(text, SECTION_CHARACTERS))}
    if fields:
        block["fields"] = [mrkdwn(cut(field, FIELD_CHARACTERS)) for field in fields[:10]]
    if accessory:
        block["accessory"] = accessory
    if block_id:
        block["block_id"] = block_id
    return block


def header(text: str) -> Block:
    """A heading (plain text)."""
    return {"type": "header", "text": plain_text(cut(text, HEADER_CHARACTERS))}


def context(*lines: str) -> Block:
    """Small grey lines, at most ten."""
    return {"type": "context", "elements": [mrkdwn(cut(line, FIELD_CHARACTERS)) for line in lines[:10]]}


def image(file: str, alt_text: str, *, title: str = "") -> Block:
    """A picture by its file id in Slack; *alt_text* says the same in words."""
    block: Block = {"type": "image", "slack_file": {"id": file}, "alt_text": cut(alt_text or title or file, 1900)}
    if title:
        block["title"] = plain_text(cut(title, 1900))
    return block


def divider() -> Block:
    """A line across."""
    return {"type": "divider"}


def actions(*elements: Block, block_id: str = "") -> Block:
    """A row of buttons and selects."""
    block: Block = {"type": "actions", "elements": list(elements)[:25]}
    if block_id:
        block["block_id"] = block_id
    return block


def button(text: str, action_id: str, value: str, *, style: str = "", confirm: Block | None = None) -> Block:
    """A button; *value* is an id of ours and nothing else."""
    block: Block = {
        "type": "button",
        "text": plain_text(cut(text, BUTTON_CHARACTERS)),
        "action_id": action_id,
        "value": value,
    }
    if style:
        block["style"] = style
    if confirm:
        block["confirm"] = confirm
    return block


def menu(label: str, action_id: str, choices: Sequence[tuple[str, str]]) -> Block:
    """A menu that acts on the choice itself; *choices* are pairs of (shown, value)."""
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain_text(cut(label, 150)),
        "options": [option(shown, value) for shown, value in choices[:OPTIONS]],
    }


def confirm(title: str, text: str, *, yes: str, no: str = "Cancel", danger: bool = False) -> Block:
    """The dialog between a press and its effect: says what is lost."""
    block: Block = {
        "title": plain_text(cut(title, 100)),
        "text": mrkdwn(cut(text, 300)),
        "confirm": plain_text(cut(yes, 30)),
        "deny": plain_text(cut(no, 30)),
    }
    if danger:
        block["style"] = "danger"
    return block


def option(text: str, value: str) -> Block:
    """One choice of a select."""
    return {"text": plain_text(cut(text, 75)), "value": cut(value, 150)}


def plain_text(text: str) -> Block:
    """Text in which Slack obeys nothing; never empty, which Slack refuses."""
    return {"type": "plain_text", "text": text or "-", "emoji": True}


def mrkdwn(text: str) -> Block:
    """Text in which Slack obeys its marks; outside text goes through `plain` first."""
    return {"type": "mrkdwn", "text": text or "-"}
