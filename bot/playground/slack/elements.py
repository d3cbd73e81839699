"""What a Slack client makes of interactive elements: their ids, their state, the action that a person causes."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

Block = dict[str, Any]
Drawings = list[list[Block]]  # what stands on a screen, newest first
State = dict[str, dict[str, Any]]  # by block id, then action id

ONE_OF_OPTIONS = ("static_select", "external_select", "radio_buttons", "overflow")
SOME_OF_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")
PLAIN = {  # element type -> (name in the state, name of the initial value)
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "file_input": ("files", ""),
}
DRAWINGS = 8  # a press may come from an earlier one: Slack's screens lag behind what the bot draws
STATELESS = ("button", "overflow", "workflow_button", "icon_button", "feedback_buttons")


def with_ids(blocks: list[Block]) -> list[Block]:
    """A copy of *blocks* in which each block and each interactive element has an id, as Slack gives them."""
    made = copy.deepcopy(blocks)
    for block in made:
        if not block.get("block_id"):
            block["block_id"] = secrets.token_urlsafe(4)[:5]
        for element in elements_of(block):
            if not element.get("action_id"):
                element["action_id"] = secrets.token_urlsafe(4)[:5]
    return made


def elements_of(block: Block) -> Iterator[Block]:
    """The interactive elements of one block."""
    found = [block.get("accessory"), block.get("element"), *(block.get("elements") or [])]
    for element in found:
        if isinstance(element, dict) and _interactive(str(element.get("type"))):
            yield element


def _interactive(kind: str) -> bool:
    return kind in PLAIN or kind in STATELESS or kind in ONE_OF_OPTIONS or kind in SOME_OF_OPTIONS


def find(blocks: list[Block], action_id: str, block_id: str | None = None) -> tuple[Block, Block] | None:
    """The block and element with that action id."""
    for block in blocks:
        if block_id and block.get("block_id") != block_id:
            continue
        for element in elements_of(block):
            if element["action_id"] == action_id:
                return block, element
    return None


def found_in(drawings: Drawings, action_id: str, block_id: str | None = None) -> tuple[Block, Block] | None:
    """The block and element in the newest drawing that has them."""
    return next((found for blocks in drawings if (found := find(blocks, action_id, block_id))), None)


def options_of(element: Block) -> list[Block]:
    """Every option of a select, its groups' too."""
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(option for group in groups for option in group["options"])]


def chosen(element: Block, given: Any) -> Block:
    """The element's state once a person chose or typed *given*: an option's value, a list of them, a text."""
    kind = element["type"]
    if kind in ONE_OF_OPTIONS:
        return {"type": kind, "selected_option": _option(element, given)}
    if kind in SOME_OF_OPTIONS:
        return {"type": kind, "selected_options": [_option(element, value) for value in given or []]}
    name = PLAIN[kind][0]
    if kind == "rich_text_input" and isinstance(given, str):
        given = rich_text(given)
    if kind == "datetimepicker" and given not in (None, ""):
        given = int(given)
    return {"type": kind, name: None if given in ("", None) else given}


def _option(element: Block, given: Any) -> Block | None:
    if given in ("", None):
        return None
    if isinstance(given, dict):  # an external select's option, which the element does not list
        return given
    if element["type"] == "external_select":
        return {"text": {"type": "plain_text", "text": str(given)}, "value": str(given)}
    for option in options_of(element):
        if option.get("value") == given:
            return option
    raise ValueError(f"{element['action_id']} has no option {given!r}")


def rich_text(text: str) -> Block:
    """Typed words as the rich text that a rich text input gives."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def initial(element: Block) -> Block:
    """The element's state before anybody touched it."""
    kind = element["type"]
    if kind in ONE_OF_OPTIONS:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in SOME_OF_OPTIONS:
        return {"type": kind, "selected_options": element.get("initial_options") or []}
    name, at_first = PLAIN[kind]
    value = element.get(at_first)
    if value is None and kind.startswith("multi_"):
        value = []
    return {"type": kind, name: value}


def state_of(blocks: list[Block], typed: Mapping[tuple[str, str], Block]) -> State:
    """Every stateful element's value: what was typed where block id, action id and type still fit, else the initial."""
    found: State = {}
    for block in blocks:
        for element in elements_of(block):
            if element["type"] in STATELESS:
                continue
            own = typed.get((block["block_id"], element["action_id"]))
            kept = own if own and own["type"] == element["type"] else initial(element)
            found.setdefault(block["block_id"], {})[element["action_id"]] = kept
    return found


def action(block: Block, element: Block, given: Any, at: str) -> Block:
    """The action of a block_actions payload; *given* is what was chosen, for a button its value."""
    found: Block = {
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "type": element["type"],
        "action_ts": at,
    }
    if element["type"] == "button":
        found["text"] = element["text"]
        if given or element.get("value"):
            found["value"] = given or element["value"]
        if element.get("style"):
            found["style"] = element["style"]
        return found
    return found | chosen(element, given)


def empty(state: Block) -> bool:
    """Whether a required input still lacks its value."""
    return not any(value for name, value in state.items() if name != "type")
