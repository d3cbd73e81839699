"""Every block and element on the page, and what comes back from those that people fill in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.playground.slack.limits.blocks import BLOCKS
from bot.playground.slack.limits.elements import INPUTS
from tests.playground.page_app import Place, button, field_of, marked, options, place, plain, until
from tests.playground.slack_app import ENGINEER, LEAD, ML

pytestmark = pytest.mark.browser
SELECT = {"type": "static_select", "action_id": "pick", "options": options("one", "two")}
RICH = [
    {
        "type": "rich_text_section",
        "elements": [
            {"type": "text", "text": "bold", "style": {"bold": True}},
            {"type": "user", "user_id": LEAD},
            {"type": "emoji", "name": "rocket"},
            {"type": "broadcast", "range": "here"},
        ],
    },
    {
        "type": "rich_text_list",
        "style": "ordered",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "first"}]}],
    },
    {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
    {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "code"}]},
]
CELLS = [[{"type": "raw_text", "text": "Type"}], [{"type": "raw_number", "value": 7}]]
PICTURE = {"type": "image", "image_url": "https://pictures.example/a.png", "alt_text": "a chart"}
CARD = {"type": "card", "title": plain("A card"), "body": plain("its body"), "actions": [button("go", "Go")]}

# block type -> (the rest of the block, CSS of what stands for it, words that it shows)
DRAWN: dict[str, tuple[dict[str, Any], str, str]] = {
    "section": (
        {"text": marked("*hello*"), "fields": [plain("a field")], "accessory": SELECT},
        ".section:has(select)",
        "hello",
    ),
    "header": ({"text": plain("Head")}, ".header[role=heading]", "Head"),
    "divider": ({}, "hr", ""),
    "image": ({**PICTURE, "title": plain("Cost")}, "figure", "a chart"),
    "context": ({"elements": [marked("small"), PICTURE]}, ".context", "small"),
    "actions": ({"elements": [button("go", "Go"), SELECT]}, ".actions button", "Go"),
    "input": (
        {"label": plain("Name"), "element": {"type": "plain_text_input", "action_id": "n"}},
        ".input label",
        "Name",
    ),
    "markdown": ({"text": "**strong** words"}, ".markdown strong", "strong"),
    "rich_text": ({"elements": RICH}, ".rich:has(ol):has(pre):has(blockquote)", "@Lee (lead)"),
    "table": ({"rows": CELLS}, "table:has(th) td.align-right", "7"),
    "data_table": ({"caption": "Machines", "rows": CELLS}, "table caption", "Machines"),
    "alert": ({"text": marked("careful"), "level": "warning"}, ".alert.warning", "careful"),
    "card": ({k: v for k, v in CARD.items() if k != "type"}, ".card:has(button)", "its body"),
    "carousel": ({"elements": [CARD]}, ".carousel .card", "A card"),
    "container": ({"title": plain("Box"), "child_blocks": [{"type": "divider"}]}, ".card:has(hr)", "Box"),
    "task_card": ({"task_id": "t", "title": "Scan", "status": "complete"}, ".card", "Done Scan"),
    "plan": ({"title": "The plan"}, ".card-title", "The plan"),
    "video": (
        {
            "alt_text": "v",
            "title": plain("How to"),
            "thumbnail_url": "https://a.example/t.png",
            "video_url": "https://a.example/v",
        },
        "a",
        "How to",
    ),
}


@pytest.fixture(scope="module")
def here(chromium: Browser) -> Iterator[Place]:
    with place(chromium) as made:
        yield made


@pytest.fixture(scope="module")
def page(here: Place) -> Page:
    return here.open()


@pytest.mark.parametrize("kind", DRAWN)
def test_a_block_is_drawn(here: Place, page: Page, kind: str) -> None:
    given, selector, words = DRAWN[kind]
    ts = here.post(ML, blocks=[{"type": kind, **given}])
    message = page.locator(f'.message[data-ts="{ts}"] .message-body')
    expect(message.locator(selector)).to_have_count(1)
    expect(message.locator(selector)).to_contain_text(words)


def test_every_block_that_slack_takes_is_drawn() -> None:
    assert set(BLOCKS) - set(DRAWN) == {"context_actions"}


B = options("b")[0]
ENTERED: list[tuple[dict[str, Any], str, Any, Any]] = [
    # element, how it is filled in, what is entered, the state that reaches the bot
    ({"type": "plain_text_input"}, "fill", "words", {"value": "words"}),
    ({"type": "plain_text_input", "multiline": True}, "fill", "two\nlines", {"value": "two\nlines"}),
    ({"type": "number_input", "is_decimal_allowed": True}, "fill", "1.5", {"value": "1.5"}),
    ({"type": "email_text_input"}, "fill", "a@b.example", {"value": "a@b.example"}),
    ({"type": "url_text_input"}, "fill", "https://a.example", {"value": "https://a.example"}),
    ({"type": "datepicker"}, "fill", "2026-12-01", {"selected_date": "2026-12-01"}),
    ({"type": "timepicker"}, "fill", "09:30", {"selected_time": "09:30"}),
    (
        {"type": "static_select", "options": options("a", "b")},
        "select_option",
        "b",
        {"selected_option": options("b")[0]},
    ),
    ({"type": "users_select"}, "select_option", LEAD, {"selected_user": LEAD}),
    ({"type": "channels_select"}, "select_option", ML, {"selected_channel": ML}),
    ({"type": "conversations_select"}, "select_option", ENGINEER, {"selected_conversation": ENGINEER}),
    ({"type": "radio_buttons", "options": options("a", "b")}, "check", "b", {"selected_option": B}),
    ({"type": "checkboxes", "options": options("a", "b")}, "check", "b", {"selected_options": options("b")}),
    ({"type": "multi_static_select", "options": options("a", "b")}, "check", "a", {"selected_options": options("a")}),
    ({"type": "multi_users_select"}, "check", "Lee (lead)", {"selected_users": [LEAD]}),
    ({"type": "rich_text_input"}, "fill", "rich", None),
    ({"type": "datetimepicker"}, "fill", "2026-12-01T10:00", None),
]


def test_what_is_entered_in_a_form_reaches_the_bot(here: Place, page: Page) -> None:
    asked = [field_of(f"b{i}", f"Label {i}.", line[0]) for i, line in enumerate(ENTERED)]
    view = {"type": "modal", "callback_id": "all", "title": plain("All"), "submit": plain("Send"), "blocks": asked}
    heard: list[dict[str, Any]] = []
    here.app.view("all")(lambda ack, body: (ack(), heard.append(body)))
    here.app.client.views_open(trigger_id=here.slack.workspace.triggers.issue(ENGINEER), view=view)
    form = page.get_by_role("dialog", name="All")
    for index, (_, how, given, _) in enumerate(ENTERED):
        block = form.locator(f'[data-block="b{index}"]')
        target = block.get_by_label(given, exact=True) if how == "check" else block.locator(".field")
        getattr(target, how)(*[] if how == "check" else [given])
    form.get_by_role("button", name="Send").click()
    expect(form).to_have_count(0)
    values = heard[0]["view"]["state"]["values"]
    for index, (element, _, _, state) in enumerate(ENTERED):
        told = values[f"b{index}"]["value"]
        assert told["type"] == element["type"]
        assert state is None or told == {"type": element["type"], **state}
    assert values["b15"]["value"]["rich_text_value"]["elements"][0]["elements"][0]["text"] == "rich"
    assert isinstance(values["b16"]["value"]["selected_date_time"], int)
    assert {element["type"] for element, *_ in ENTERED} >= set(INPUTS) - {"file_input"}


def test_an_external_select_asks_the_bot_while_one_types(here: Place, page: Page) -> None:
    here.app.options("far")(lambda ack, payload: ack(options=options(payload["value"] + "-1", payload["value"] + "-2")))
    chosen: list[dict[str, Any]] = []
    here.app.action("far")(lambda ack, body: (ack(), chosen.append(body["actions"][0])))
    menu = {"type": "external_select", "action_id": "far", "min_query_length": 2, "placeholder": plain("Model")}
    here.post(ML, blocks=[{"type": "actions", "elements": [menu]}])
    page.get_by_role("combobox", name="Model").press_sequentially("ll")
    page.get_by_role("option", name="ll-2").click()
    until(page, lambda: chosen)
    assert chosen[0]["selected_option"]["value"] == "ll-2"


def test_what_stands_in_a_messages_inputs_comes_with_the_next_press(here: Place, page: Page) -> None:
    words = {"type": "plain_text_input"}
    heard: list[dict[str, Any]] = []
    here.app.action("send")(lambda ack, body: (ack(), heard.append(body)))
    row = {"type": "actions", "elements": [button("send", "Send it")]}
    here.post(ML, blocks=[field_of("why", "Why so", words), row])
    page.get_by_label("Why so").fill("because")
    page.get_by_role("button", name="Send it").click()
    until(page, lambda: heard)
    assert heard[0]["state"]["values"]["why"]["value"]["value"] == "because"


def test_a_long_channel_shows_its_end_and_more_on_request(here: Place) -> None:
    for number in range(130):
        here.slack.say(user=LEAD, channel="C0APPROVALS", text=f"line {number}")
    page = here.open(ENGINEER, "C0APPROVALS")
    expect(page.locator(".message")).to_have_count(100)
    expect(page.locator(".message").last).to_be_in_viewport()
    page.get_by_role("button", name="Show earlier messages").click()
    expect(page.locator(".message")).to_have_count(130)
    here.slack.say(user=LEAD, channel="C0APPROVALS", text="newest")
    expect(page.locator(".message")).to_have_count(131)
    expect(page.locator(".message").last).to_contain_text("newest")


def test_a_message_taller_than_the_screen_is_shown_from_its_beginning(here: Place, page: Page) -> None:
    rows = [{"type": "section", "text": marked(f"line {number}\nmore")} for number in range(40)]
    ts = here.post(ML, blocks=[{"type": "header", "text": plain("The point first")}, *rows])
    message = page.locator(f'.message[data-ts="{ts}"]')
    expect(message.get_by_role("heading")).to_be_in_viewport()
