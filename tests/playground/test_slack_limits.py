"""Slack's limits, one line each: what is just allowed, what is just too much, and where the pointer points."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SdkBlock

from bot.playground.slack.errors import Refused
from bot.playground.slack.limits import check_message, check_view
from bot.playground.slack.limits.blocks import BLOCKS, problems_of
from bot.playground.slack.limits.elements import ELEMENTS

Block = dict[str, Any]


def plain(text: str = "x") -> Block:
    return {"type": "plain_text", "text": text}


def marked(text: str = "x") -> Block:
    return {"type": "mrkdwn", "text": text}


def section(**given: Any) -> Block:
    return {"type": "section", "text": marked(), **given}


def header(text: str = "x") -> Block:
    return {"type": "header", "text": plain(text)}


def button(**given: Any) -> Block:
    return {"type": "button", "action_id": "go", "text": plain(), **given}


def option(text: str = "x", value: str = "v", **given: Any) -> Block:
    return {"text": plain(text), "value": value, **given}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def pick(kind: str = "static_select", count: int = 1, **given: Any) -> Block:
    return {"type": kind, "action_id": "pick", "options": [option(f"o{i}", f"v{i}") for i in range(count)], **given}


def table(rows: int = 1, cells: int = 1, text: str = "x", **given: Any) -> Block:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * cells] * rows, **given}


def field(element: Block, **given: Any) -> Block:
    return {"type": "input", "label": plain(), "element": element, **given}


def words(**given: Any) -> Block:
    return {"type": "plain_text_input", "action_id": "value", **given}


def confirm(**given: Any) -> Block:
    return {"title": plain(), "text": marked(), "confirm": plain(), "deny": plain(), **given}


def image(**given: Any) -> Block:
    return {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a", **given}


def numbered(count: int) -> list[Block]:
    return [button(action_id=f"a{i}") for i in range(count)]


# (what, just allowed, too much, pointer)
TEXTS = [
    ("section text", lambda n: [section(text=marked("x" * n))], 3000, "/blocks/0/text/text"),
    ("section field", lambda n: [section(fields=[marked("x" * n)])], 2000, "/blocks/0/fields/0/text"),
    ("section fields", lambda n: [section(fields=[marked()] * n)], 10, "/blocks/0/fields"),
    ("header", lambda n: [header("x" * n)], 150, "/blocks/0/text/text"),
    ("block_id", lambda n: [section(block_id="b" * n)], 255, "/blocks/0/block_id"),
    ("action_id", lambda n: [actions(button(action_id="a" * n))], 255, "/blocks/0/elements/0/action_id"),
    ("context elements", lambda n: [{"type": "context", "elements": [marked()] * n}], 10, "/blocks/0/elements"),
    ("actions elements", lambda n: [actions(*numbered(n))], 25, "/blocks/0/elements"),
    ("button text", lambda n: [actions(button(text=plain("x" * n)))], 75, "/blocks/0/elements/0/text/text"),
    ("button value", lambda n: [actions(button(value="x" * n))], 2000, "/blocks/0/elements/0/value"),
    ("button url", lambda n: [actions(button(url="https://" + "x" * (n - 8)))], 3000, "/blocks/0/elements/0/url"),
    (
        "accessibility_label",
        lambda n: [actions(button(accessibility_label="x" * n))],
        75,
        "/blocks/0/elements/0/accessibility_label",
    ),
    (
        "option text",
        lambda n: [actions(pick(options=[option("x" * n)]))],
        75,
        "/blocks/0/elements/0/options/0/text/text",
    ),
    (
        "option value",
        lambda n: [actions(pick(options=[option(value="x" * n)]))],
        150,
        "/blocks/0/elements/0/options/0/value",
    ),
    ("select options", lambda n: [actions(pick(count=n))], 100, "/blocks/0/elements/0/options"),
    (
        "option groups",
        lambda n: [
            actions(
                {
                    "type": "static_select",
                    "action_id": "a",
                    "option_groups": [{"label": plain(), "options": [option()]}] * n,
                }
            )
        ],
        100,
        "/blocks/0/elements/0/option_groups",
    ),
    ("overflow options", lambda n: [actions(pick("overflow", n))], 5, "/blocks/0/elements/0/options"),
    ("checkboxes", lambda n: [actions(pick("checkboxes", n))], 10, "/blocks/0/elements/0/options"),
    ("radio buttons", lambda n: [actions(pick("radio_buttons", n))], 10, "/blocks/0/elements/0/options"),
    (
        "confirm title",
        lambda n: [actions(button(confirm=confirm(title=plain("x" * n))))],
        100,
        "/blocks/0/elements/0/confirm/title/text",
    ),
    (
        "confirm text",
        lambda n: [actions(button(confirm=confirm(text=marked("x" * n))))],
        300,
        "/blocks/0/elements/0/confirm/text/text",
    ),
    (
        "confirm yes",
        lambda n: [actions(button(confirm=confirm(confirm=plain("x" * n))))],
        30,
        "/blocks/0/elements/0/confirm/confirm/text",
    ),
    (
        "confirm no",
        lambda n: [actions(button(confirm=confirm(deny=plain("x" * n))))],
        30,
        "/blocks/0/elements/0/confirm/deny/text",
    ),
    (
        "placeholder",
        lambda n: [field(words(placeholder=plain("x" * n)))],
        150,
        "/blocks/0/element/placeholder/text",
    ),
    ("input label", lambda n: [field(words(), label=plain("x" * n))], 2000, "/blocks/0/label/text"),
    ("input hint", lambda n: [field(words(), hint=plain("x" * n))], 2000, "/blocks/0/hint/text"),
    ("image url", lambda n: [image(image_url="https://" + "x" * (n - 8))], 3000, "/blocks/0/image_url"),
    ("image alt text", lambda n: [image(alt_text="x" * n)], 2000, "/blocks/0/alt_text"),
    ("image title", lambda n: [image(title=plain("x" * n))], 2000, "/blocks/0/title/text"),
    ("markdown", lambda n: [{"type": "markdown", "text": "x" * n}], 12_000, "/blocks/0/text"),
    ("table rows", lambda n: [table(rows=n)], 100, "/blocks/0/rows"),
    ("table cells", lambda n: [table(cells=n)], 20, "/blocks/0/rows/0"),
    (
        "table column settings",
        lambda n: [table(column_settings=[{"align": "left"}] * n)],
        20,
        "/blocks/0/column_settings",
    ),
    ("blocks of a message", lambda n: [section()] * n, 50, "/blocks"),
    ("card title", lambda n: [{"type": "card", "title": plain("x" * n)}], 150, "/blocks/0/title/text"),
    ("card body", lambda n: [{"type": "card", "body": plain("x" * n)}], 200, "/blocks/0/body/text"),
    (
        "carousel",
        lambda n: [{"type": "carousel", "elements": [{"type": "card", "title": plain()}] * n}],
        10,
        "/blocks/0/elements",
    ),
    (
        "container children",
        lambda n: [{"type": "container", "child_blocks": [section()] * n}],
        10,
        "/blocks/0/child_blocks",
    ),
    (
        "data table rows",
        lambda n: [{"type": "data_table", "caption": "c", "rows": [[{"type": "raw_text", "text": "x"}]] * n}],
        101,
        "/blocks/0/rows",
    ),
]


@pytest.mark.parametrize(("make", "most", "pointer"), [line[1:] for line in TEXTS], ids=[line[0] for line in TEXTS])
def test_a_limit_is_kept_to_the_last_character(make: Any, most: int, pointer: str) -> None:
    assert problems_of(make(most), "message") == []
    assert pointers(make(most + 1)) == [pointer]


def pointers(blocks: list[Block], surface: Any = "message") -> list[str]:
    return [problem.partition("json-pointer:")[2].rstrip("]") for problem in problems_of(blocks, surface)]


WRONG = [
    ("an unknown block", [{"type": "sectoin"}], "/blocks/0/type"),
    ("a block without a type", [{"text": marked()}], "/blocks/0"),
    ("a block that is none", ["section"], "/blocks/0"),
    ("an empty text", [section(text=marked(""))], "/blocks/0/text/text"),
    ("neither text nor fields", [{"type": "section"}], "/blocks/0"),
    ("mrkdwn in a header", [{"type": "header", "text": marked()}], "/blocks/0/text/type"),
    ("mrkdwn on a button", [actions(button(text=marked()))], "/blocks/0/elements/0/text/type"),
    (
        "mrkdwn in a select's option",
        [actions(pick(options=[{"text": marked(), "value": "v"}]))],
        "/blocks/0/elements/0/options/0/text/type",
    ),
    ("mrkdwn as a label", [field(words(), label=marked())], "/blocks/0/label/type"),
    ("a button in a context", [{"type": "context", "elements": [button()]}], "/blocks/0/elements/0/type"),
    ("an input in actions", [actions(words())], "/blocks/0/elements/0/type"),
    ("a button as an input", [field(button())], "/blocks/0/element/type"),
    ("no elements in actions", [actions()], "/blocks/0/elements"),
    ("no elements in a context", [{"type": "context", "elements": []}], "/blocks/0/elements"),
    ("no options", [actions(pick(options=[]))], "/blocks/0/elements/0/options"),
    ("an unknown style", [actions(button(style="warning"))], "/blocks/0/elements/0/style"),
    ("an unknown confirm style", [actions(button(confirm=confirm(style="x")))], "/blocks/0/elements/0/confirm/style"),
    ("an unknown field", [section(colour="red")], "/blocks/0"),
    ("emoji in mrkdwn", [section(text={**marked(), "emoji": True})], "/blocks/0/text"),
    ("no alt text", [{"type": "image", "image_url": "https://example.com/a.png"}], "/blocks/0"),
    ("a picture without an address", [{"type": "image", "alt_text": "a"}], "/blocks/0"),
    ("a relative address", [image(image_url="/a.png")], "/blocks/0/image_url"),
    ("a script as address", [actions(button(url="javascript:alert(1)"))], "/blocks/0/elements/0/url"),
    ("the same block_id twice", [section(block_id="b"), section(block_id="b")], "/blocks/1/block_id"),
    ("the same action_id twice", [actions(button(), button())], "/blocks/0/elements/1/action_id"),
    ("two tables", [table(), table()], "/blocks/1"),
    ("a table of many characters", [table(rows=6, text="x" * 1700)], "/blocks/0/rows"),
    ("an empty cell", [table(text="")], "/blocks/0/rows/0/0/text"),
    (
        "markdown blocks that are too long together",
        [{"type": "markdown", "text": "x" * 6001}] * 2,
        "/blocks",
    ),
    (
        "an initial option that is none",
        [actions(pick(initial_option=option("y", "w")))],
        "/blocks/0/elements/0/initial_option",
    ),
    (
        "options and groups",
        [actions(pick(option_groups=[{"label": plain(), "options": [option()]}]))],
        "/blocks/0/elements/0",
    ),
    (
        "a number without saying which",
        [field({"type": "number_input", "action_id": "n"})],
        "/blocks/0/element",
    ),
    (
        "a wrong date",
        [actions({"type": "datepicker", "action_id": "d", "initial_date": "1.2.2026"})],
        "/blocks/0/elements/0/initial_date",
    ),
    (
        "a wrong time",
        [actions({"type": "timepicker", "action_id": "d", "initial_time": "25:00"})],
        "/blocks/0/elements/0/initial_time",
    ),
    ("a text for a number", [table(column_settings=[{"align": 1}])], "/blocks/0/column_settings/0/align"),
    ("min above max", [field(words(min_length=5, max_length=2))], "/blocks/0/element"),
    ("a wrong level", [{"type": "alert", "text": marked(), "level": "loud"}], "/blocks/0/level"),
    (
        "a rich header cell in a data table",
        [
            {
                "type": "data_table",
                "caption": "c",
                "rows": [[{"type": "rich_text", "elements": []}], [{"type": "raw_text", "text": "x"}]],
            }
        ],
        "/blocks/0/rows/0/0/type",
    ),
]


@pytest.mark.parametrize(("blocks", "pointer"), [line[1:] for line in WRONG], ids=[line[0] for line in WRONG])
def test_what_slack_refuses_is_refused_where_it_stands(blocks: list[Block], pointer: str) -> None:
    assert pointers(blocks) == [pointer]


def modal(*blocks: Block, **given: Any) -> Block:
    return {"type": "modal", "title": plain("A form"), "blocks": list(blocks), **given}


VIEWS = [
    ("title", lambda n: modal(title=plain("x" * n)), 24, "/view/title/text"),
    ("submit", lambda n: modal(submit=plain("x" * n)), 24, "/view/submit/text"),
    ("close", lambda n: modal(close=plain("x" * n)), 24, "/view/close/text"),
    ("private_metadata", lambda n: modal(private_metadata="x" * n), 3000, "/view/private_metadata"),
    ("callback_id", lambda n: modal(callback_id="x" * n), 255, "/view/callback_id"),
    ("external_id", lambda n: modal(external_id="x" * n), 255, "/view/external_id"),
    ("blocks of a form", lambda n: modal(*[section()] * n), 100, "/view/blocks"),
]


@pytest.mark.parametrize(("make", "most", "pointer"), [line[1:] for line in VIEWS], ids=[line[0] for line in VIEWS])
def test_a_form_keeps_its_limits(make: Any, most: int, pointer: str) -> None:
    assert check_view(make(most))
    assert refusal(make(most + 1)) == ("invalid_arguments", [pointer])


WRONG_VIEWS = [
    ("an input without submit", modal(field(words())), "/view/submit"),
    ("a table", modal(table()), "/view/blocks/0/type"),
    ("markdown", modal({"type": "markdown", "text": "x"}), "/view/blocks/0/type"),
    ("no title", {"type": "modal", "blocks": []}, "/view"),
    ("an unknown field", modal(titel="x"), "/view"),
    ("a Home tab", {"type": "home", "blocks": []}, "/view/type"),
    ("two focused elements", modal(*[field(words(focus_on_load=True))] * 2, submit=plain()), "/view/blocks/1"),
]


@pytest.mark.parametrize(("view", "pointer"), [line[1:] for line in WRONG_VIEWS], ids=[line[0] for line in WRONG_VIEWS])
def test_a_form_that_slack_would_not_draw_is_refused(view: Block, pointer: str) -> None:
    assert refusal(view) == ("invalid_arguments", [pointer])


def refusal(view: Any, *, home: bool = False) -> tuple[str, list[str]]:
    with pytest.raises(Refused) as refused:
        check_view(view, home=home)
    told = refused.value.fields.get("errors", [])
    return refused.value.code, [line.partition("json-pointer:")[2].rstrip("]") for line in told]


def test_a_view_may_not_weigh_more_than_250_kilobytes() -> None:
    rows = [section(text=marked("x" * 2900)) for _ in range(90)]
    assert refusal(modal(*rows)) == ("view_too_large", [])


def test_a_home_tab_has_no_title() -> None:
    home = {"type": "home", "blocks": [section()]}
    assert check_view(home, home=True) == home
    assert refusal({**home, "title": plain()}, home=True) == ("invalid_arguments", ["/view"])


def test_a_message_of_legal_blocks_can_still_be_too_long() -> None:
    check_message([section(text=marked("x" * 2900))] * 4, [])
    with pytest.raises(Refused, match="msg_blocks_too_long"):
        check_message([section(text=marked("x" * 2900))] * 5, [])


def test_attachments_count_too() -> None:
    with pytest.raises(Refused, match="invalid_attachments"):
        check_message([], [{"blocks": [section(text=marked(""))]}])
    with pytest.raises(Refused, match="msg_blocks_too_long"):
        check_message([section(text=marked("x" * 2900))] * 3, [{"blocks": [section(text=marked("x" * 2900))] * 2}])


LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6)
JUNK = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
PARTS = ("text", "elements", "element", "accessory", "rows", "options", "option_groups", "initial_option", "fields")
NEARLY = st.fixed_dictionaries({"type": st.sampled_from([*BLOCKS, *ELEMENTS])}, optional=dict.fromkeys(PARTS, JUNK))
INSIDE = st.fixed_dictionaries({"type": st.just("actions"), "elements": st.lists(NEARLY, max_size=3)})


@settings(deadline=None)  # other work may share the machine
@given(st.lists(NEARLY | INSIDE | JUNK, max_size=3) | JUNK)
def test_the_checks_take_whatever_comes(blocks: Any) -> None:
    problems_of(blocks, "message")
    problems_of(blocks, "modal")


@settings(deadline=None)
@given(st.text(min_size=1, max_size=200), st.integers(1, 10))
def test_what_passes_here_passes_slacks_own_models(text: str, count: int) -> None:
    blocks = [section(text=marked(text), fields=[plain(text)] * count), actions(*numbered(count))]
    assert problems_of(blocks, "message") == []
    for block in blocks:
        SdkBlock.parse(block).validate_json()  # type: ignore[union-attr]
