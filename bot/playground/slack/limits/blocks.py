"""Blocks and their limits, and what a whole list of them must keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from bot.playground.slack.limits.elements import ACCESSORY, ACTION, CONTEXT, CONTEXT_ACTION, ELEMENTS, INPUT
from bot.playground.slack.limits.objects import IDENTITY, SLACK_FILE, TYPE, one_source, plain, text
from bot.playground.slack.limits.rich import RICH, RICH_TEXT
from bot.playground.slack.limits.rules import (
    Problems,
    Rule,
    also,
    anything,
    boolean,
    by_type,
    fields,
    integer,
    items,
    nothing_or,
    number,
    one_of,
    string,
    url,
)

Surface = Literal["message", "modal", "home"]
Block = dict[str, Any]

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MARKDOWN_CHARACTERS = 12_000  # over all markdown blocks of a message
TABLE_CHARACTERS = 10_000  # over all cells of a table
MESSAGE_CHARACTERS = 13_200  # of a message's blocks as JSON: beyond, Slack answers msg_blocks_too_long
TABLES = ("table", "data_table")

CELL = by_type(
    {
        "raw_text": fields({"type": TYPE, "text": string(TABLE_CHARACTERS)}),
        "raw_number": fields({"type": TYPE, "value": number}, {"text": string(200)}),
        "rich_text": RICH_TEXT,
    }
)
HEADER_CELL = by_type(
    {
        "raw_text": fields({"type": TYPE, "text": string(TABLE_CHARACTERS)}),
        "raw_number": fields({"type": TYPE, "value": number}, {"text": string(200)}),
    }
)
COLUMN = fields({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def _says_something(value: Any, at: str, problems: Problems) -> None:
    if not value.get("text") and not value.get("fields"):
        problems.add("must define either `text` or `fields`", at)


def _header_row(value: Any, at: str, problems: Problems) -> None:
    rows = value.get("rows")
    if isinstance(rows, list) and rows and isinstance(rows[0], list):
        for index, cell in enumerate(rows[0]):
            HEADER_CELL(cell, f"{at}/rows/0/{index}", problems)


def _block(required: dict[str, Rule], optional: dict[str, Rule] | None = None) -> Rule:
    return fields({"type": TYPE, **required}, {"block_id": IDENTITY, **(optional or {})})


IMAGE = also(
    _block({"alt_text": string(2000)}, {"image_url": url(), "slack_file": SLACK_FILE, "title": plain(2000)}),
    one_source,
)
CARD = _block(
    {},
    {
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "subtext": text(200),
        "hero_image": by_type({"image": ELEMENTS["image"]}),
        "icon": by_type({"image": ELEMENTS["image"]}),
        "slack_icon": anything,
        "actions": items(ACTION, least=1, most=25),
    },
)
BLOCKS: dict[str, Rule] = {
    "section": also(
        _block(
            {},
            {
                "text": text(3000),
                "fields": items(text(2000), least=1, most=10),
                "accessory": ACCESSORY,
                "expand": boolean,
            },
        ),
        _says_something,
    ),
    "header": _block({"text": plain(150)}, {"level": integer(1, 6)}),
    "divider": _block({}),
    "image": IMAGE,
    "context": _block({"elements": items(CONTEXT, least=1, most=10)}),
    "actions": _block({"elements": items(ACTION, least=1, most=25)}),
    "context_actions": _block({"elements": items(CONTEXT_ACTION, least=1, most=5)}),
    "input": _block(
        {"label": plain(2000), "element": INPUT},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": _block({"text": string(MARKDOWN_CHARACTERS)}),
    "rich_text": _block({"elements": RICH}),
    "table": _block(
        {"rows": items(items(CELL, least=1, most=20), least=1, most=100)},
        {"column_settings": items(nothing_or(COLUMN), most=20)},
    ),
    "data_table": also(
        _block(
            {"caption": string(2000), "rows": items(items(CELL, least=1, most=20), least=2, most=101)},
            {"page_size": integer(1, 100), "column_settings": anything},
        ),
        _header_row,
    ),
    "video": _block(
        {"alt_text": string(2000), "title": plain(200), "thumbnail_url": url(), "video_url": url()},
        {
            "description": plain(200),
            "title_url": url(),
            "author_name": string(50),
            "provider_name": string(50),
            "provider_icon_url": url(),
        },
    ),
    "alert": _block(
        {"text": text(3000)}, {"level": one_of("default", "info", "warning", "error", "success"), "title": text(150)}
    ),
    "card": CARD,
    "carousel": _block({"elements": items(by_type({"card": CARD}), least=1, most=10)}),
    "task_card": _block(
        {"task_id": IDENTITY, "title": string(255)},
        {
            "status": one_of("pending", "in_progress", "complete", "error"),
            "details": RICH_TEXT,
            "output": RICH_TEXT,
            "sources": anything,
        },
    ),
    "plan": _block({"title": string(255)}, {"tasks": items(anything, most=50)}),
}
BLOCKS["container"] = _block(
    {"child_blocks": items(by_type(BLOCKS), least=1, most=10)},
    {
        "title": plain(150),
        "rich_text_title": anything,
        "subtitle": text(150),
        "icon": anything,
        "width": one_of("narrow", "standard", "wide", "full"),
        "is_collapsible": boolean,
        "default_collapsed": boolean,
        "has_header_divider": boolean,
    },
)
ONLY_IN_MESSAGES = (*TABLES, "markdown", "context_actions", "card", "carousel", "container", "task_card", "plan")
IN_VIEWS = tuple(name for name in BLOCKS if name not in ONLY_IN_MESSAGES)


def problems_of(blocks: Any, surface: Surface, at: str = "/blocks") -> Problems:
    """What Slack would not take in *blocks* on that surface."""
    problems = Problems()
    known = by_type(BLOCKS, None if surface == "message" else IN_VIEWS)
    items(known, most=MOST_BLOCKS[surface])(blocks, at, problems)
    if problems:
        return problems
    _unique(blocks, at, problems)
    _in_all(blocks, at, problems)
    return problems


def _unique(blocks: list[Block], at: str, problems: Problems) -> None:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        identity = block.get("block_id")
        if identity and identity in seen:
            problems.add(f'`block_id` "{identity}" already exists', f"{at}/{index}/block_id")
        seen.add(identity or "")
        actions: set[str] = set()
        for place, element in _with_actions(block):
            if element["action_id"] in actions:
                where = f"{at}/{index}/{place}/action_id"
                problems.add(f'`action_id` "{element["action_id"]}" already exists', where)
            actions.add(element["action_id"])


def _with_actions(block: Block) -> Iterator[tuple[str, Block]]:
    found = [(f"elements/{i}", element) for i, element in enumerate(block.get("elements") or [])]
    found += [(name, block[name]) for name in ("accessory", "element") if block.get(name)]
    return ((place, element) for place, element in found if element.get("action_id"))


def _in_all(blocks: list[Block], at: str, problems: Problems) -> None:
    tables = [index for index, block in enumerate(blocks) if block["type"] in TABLES]
    for index in tables[1:]:
        problems.add("only_one_table_allowed", f"{at}/{index}")
    for index in tables:
        if _cell_characters(blocks[index]["rows"]) > TABLE_CHARACTERS:
            problems.add(f"must be less than {TABLE_CHARACTERS + 1} characters in all cells", f"{at}/{index}/rows")
    marked = [block for block in blocks if block["type"] == "markdown"]
    if sum(len(block["text"]) for block in marked) > MARKDOWN_CHARACTERS:
        problems.add(f"all markdown blocks must be less than {MARKDOWN_CHARACTERS + 1} characters", at)
    focused = [i for i, block in enumerate(blocks) if any(e.get("focus_on_load") for _, e in _with_actions(block))]
    for index in focused[1:]:
        problems.add("only one element may have `focus_on_load`", f"{at}/{index}")


def _cell_characters(value: Any) -> int:
    if isinstance(value, dict):
        return sum(
            len(str(part))
            if name in ("text", "value") and not isinstance(part, dict | list)
            else _cell_characters(part)
            for name, part in value.items()
        )
    return sum(_cell_characters(part) for part in value) if isinstance(value, list) else 0


def characters(blocks: list[Block]) -> int:
    """How long the blocks are as compact JSON."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))
