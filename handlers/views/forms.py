"""The inputs of modals: a label, an input, a hint; and the modal around them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from handlers.views.blocks import OPTIONS, cut, option, plain_text
from handlers.views.message import Block

FILL = "fill"  # the action id of inputs that redraw their form


def modal(
    title: str, callback_id: str, blocks: Sequence[Block], *, submit: str = "", state: Mapping[str, str]
) -> Block:
    """A modal; *state* is what the submission needs to find its way back (ids only), kept in private_metadata."""
    view: Block = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(cut(title, 24)),
        "close": plain_text("Cancel" if submit else "Close"),
        "blocks": list(blocks)[:100],
        "private_metadata": json.dumps(dict(state)),
    }
    if submit:
        view["submit"] = plain_text(cut(submit, 24))
    return view


def text_input(
    block_id: str,
    label: str,
    *,
    value: str = "",
    hint: str = "",
    placeholder: str = "",
    optional: bool = False,
    multiline: bool = False,
    max_length: int = 200,
) -> Block:
    """A line of text (or several)."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": "value",
        "multiline": multiline,
        "max_length": max_length,
    }
    if value:
        element["initial_value"] = value[:max_length]
    if placeholder:
        element["placeholder"] = plain_text(cut(placeholder, 150))
    return _input(block_id, label, element, hint=hint, optional=optional)


def select(block_id: str, label: str, choices: Sequence[tuple[str, str]], *, value: str = "", hint: str = "") -> Block:
    """One of *choices*, pairs of (shown, value); at most a hundred."""
    options = [option(shown, given) for shown, given in choices[:OPTIONS]]
    element: Block = {"type": "static_select", "action_id": "value", "options": options}
    chosen = [choice for choice in options if choice["value"] == value]
    if chosen:
        element["initial_option"] = chosen[0]
    return _input(block_id, label, element, hint=hint)


def date_input(block_id: str, label: str, *, value: str = "", hint: str = "") -> Block:
    """A day, as YYYY-MM-DD."""
    element: Block = {"type": "datepicker", "action_id": "value"}
    if value:
        element["initial_date"] = value
    return _input(block_id, label, element, hint=hint)


def search(block_id: str, label: str, action_id: str, *, chosen: Block | None = None, **given: Any) -> Block:
    """A select whose options the bot looks up for the letters typed so far."""
    element: Block = {"type": "external_select", "action_id": action_id, "min_query_length": 0}
    if placeholder := given.pop("placeholder", ""):
        element["placeholder"] = plain_text(cut(placeholder, 150))
    if chosen:
        element["initial_option"] = chosen
    return _input(block_id, label, element, **given)


def live(block: Block) -> Block:
    """The same input, but the bot hears of every change and redraws the form."""
    element = dict(block["element"])
    if element["action_id"] == "value":
        element["action_id"] = FILL
    if element["type"] == "plain_text_input":
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    return {**block, "dispatch_action": True, "element": element}


def _input(block_id: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    block: Block = {"type": "input", "block_id": block_id, "label": plain_text(label), "element": element}
    if hint:
        block["hint"] = plain_text(hint)
    if optional:
        block["optional"] = True
    return block
