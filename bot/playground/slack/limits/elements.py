"""Block elements and their limits, and where each may stand."""

from __future__ import annotations

from typing import Any

from bot.playground.slack.limits.objects import (
    CONFIRM,
    DISPATCH,
    FILTER,
    IDENTITY,
    PLACEHOLDER,
    SLACK_FILE,
    TYPE,
    one_source,
    option,
    plain,
    text,
)
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
    one_of,
    string,
    url,
)

PRESSED = {"action_id": IDENTITY, "confirm": CONFIRM}
ENTERED = {**PRESSED, "focus_on_load": boolean}
SELECTED = {**ENTERED, "placeholder": PLACEHOLDER}
TYPED = {
    "action_id": IDENTITY,
    "focus_on_load": boolean,
    "placeholder": PLACEHOLDER,
    "dispatch_action_config": DISPATCH,
}
OPTION = option()
GROUP = fields({"label": plain(75), "options": items(OPTION, least=1, most=100)})
DAY = string(10, pattern=r"\d{4}-\d\d-\d\d")
DECIMAL = string(40, pattern=r"-?\d+(\.\d+)?")


def _exclusive(value: Any, at: str, problems: Problems) -> None:
    if bool(value.get("options")) == bool(value.get("option_groups")):
        problems.add("must define either `options` or `option_groups`", at)


def _offered(value: Any, at: str, problems: Problems) -> None:
    groups = [group for group in value.get("option_groups") or [] if isinstance(group, dict)]
    offered = [*(value.get("options") or []), *(o for group in groups for o in group.get("options") or [])]
    first = value.get("initial_option")
    chosen = ([first] if first else []) + list(value.get("initial_options") or [])
    for wanted in chosen:
        if wanted not in offered:
            name = "initial_option" if first else "initial_options"
            problems.add(f"`{name}` must match one of the options", f"{at}/{name}")


def _span(low: str, high: str) -> Rule:
    def check(value: Any, at: str, problems: Problems) -> None:
        least, most = value.get(low), value.get(high)
        try:
            crossed = least is not None and most is not None and float(least) > float(most)
        except (TypeError, ValueError):
            return
        if crossed:
            problems.add(f"`{low}` must not be greater than `{high}`", at)

    return check


def _listed(several: bool) -> Rule:
    first: dict[str, Rule] = (
        {"initial_options": items(OPTION, least=1, most=100), "max_selected_items": integer(1, 100)}
        if several
        else {"initial_option": OPTION}
    )
    shape = fields(
        {"type": TYPE},
        {
            **SELECTED,
            **first,
            "options": items(OPTION, least=1, most=100),
            "option_groups": items(GROUP, least=1, most=100),
        },
    )
    return also(shape, _exclusive, _offered)


def _fetched(several: bool) -> Rule:
    first: dict[str, Rule] = (
        {"initial_options": items(OPTION, least=1), "max_selected_items": integer(1, 100)}
        if several
        else {"initial_option": OPTION}
    )
    return fields({"type": TYPE}, {**SELECTED, **first, "min_query_length": integer(0, 100)})


def _named(noun: str, several: bool) -> Rule:
    most: dict[str, Rule] = {"max_selected_items": integer(1, 100)} if several else {}
    first: dict[str, Rule] = {f"initial_{noun}s": items(IDENTITY)} if several else {f"initial_{noun}": IDENTITY}
    extra: dict[str, Rule] = {} if several else {"response_url_enabled": boolean}
    if noun == "conversation":
        extra |= {"default_to_current_conversation": boolean, "filter": FILTER}
    return fields({"type": TYPE}, {**SELECTED, **first, **most, **extra})


def _ticked(first: dict[str, Rule]) -> Rule:
    shape = fields({"type": TYPE, "options": items(option(marked=True), least=1, most=10)}, {**ENTERED, **first})
    return also(shape, _offered)


def _text_input(extra: dict[str, Rule]) -> Rule:
    return fields({"type": TYPE}, {**TYPED, **extra})


IMAGE = also(
    fields({"type": TYPE, "alt_text": string(2000)}, {"image_url": url(), "slack_file": SLACK_FILE}), one_source
)
STYLE = one_of("primary", "danger")

ELEMENTS: dict[str, Rule] = {
    "button": fields(
        {"type": TYPE, "text": plain(75)},
        {**PRESSED, "value": string(2000), "url": url(), "style": STYLE, "accessibility_label": string(75)},
    ),
    "workflow_button": fields(
        {"type": TYPE, "text": plain(75), "workflow": anything},
        {"action_id": IDENTITY, "style": STYLE, "accessibility_label": string(75)},
    ),
    "icon_button": fields(
        {"type": TYPE, "icon": string(75), "text": plain(75)},
        {**PRESSED, "value": string(2000), "accessibility_label": string(75), "visible_to_user_ids": items(IDENTITY)},
    ),
    "feedback_buttons": fields(
        {"type": TYPE, "positive_button": anything, "negative_button": anything}, {"action_id": IDENTITY}
    ),
    "overflow": fields({"type": TYPE, "options": items(option(link=True), least=1, most=5)}, PRESSED),
    "checkboxes": _ticked({"initial_options": items(option(marked=True), least=1, most=10)}),
    "radio_buttons": _ticked({"initial_option": option(marked=True)}),
    "datepicker": fields({"type": TYPE}, {**SELECTED, "initial_date": DAY}),
    "timepicker": fields(
        {"type": TYPE},
        {**SELECTED, "initial_time": string(5, pattern=r"([01]\d|2[0-3]):[0-5]\d"), "timezone": string(64)},
    ),
    "datetimepicker": fields({"type": TYPE}, {**ENTERED, "initial_date_time": integer(10**9, 10**10 - 1)}),
    "static_select": _listed(several=False),
    "multi_static_select": _listed(several=True),
    "external_select": _fetched(several=False),
    "multi_external_select": _fetched(several=True),
    "users_select": _named("user", several=False),
    "multi_users_select": _named("user", several=True),
    "channels_select": _named("channel", several=False),
    "multi_channels_select": _named("channel", several=True),
    "conversations_select": _named("conversation", several=False),
    "multi_conversations_select": _named("conversation", several=True),
    "plain_text_input": also(
        _text_input(
            {
                "initial_value": string(3000, least=0),
                "multiline": boolean,
                "min_length": integer(0, 3000),
                "max_length": integer(1, 3000),
            }
        ),
        _span("min_length", "max_length"),
    ),
    "email_text_input": _text_input({"initial_value": string(3000)}),
    "url_text_input": _text_input({"initial_value": string(3000)}),
    "rich_text_input": _text_input({"initial_value": anything}),
    "number_input": also(
        fields(
            {"type": TYPE, "is_decimal_allowed": boolean},
            {**TYPED, "initial_value": DECIMAL, "min_value": DECIMAL, "max_value": DECIMAL},
        ),
        _span("min_value", "max_value"),
    ),
    "file_input": fields(
        {"type": TYPE}, {"action_id": IDENTITY, "filetypes": items(string(20)), "max_files": integer(1, 10)}
    ),
    "image": IMAGE,
    "plain_text": plain(3000),
    "mrkdwn": text(3000),
}

SELECTS = tuple(name for name in ELEMENTS if name.endswith("_select"))
CHOICES = (*SELECTS, "checkboxes", "radio_buttons", "datepicker", "timepicker")
INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "rich_text_input", "number_input", "file_input")

ACCESSORY = by_type(ELEMENTS, ("button", "workflow_button", "overflow", "image", *CHOICES))
ACTION = by_type(ELEMENTS, ("button", "workflow_button", "overflow", "datetimepicker", *CHOICES))
INPUT = by_type(ELEMENTS, (*CHOICES, *INPUTS, "datetimepicker"))
CONTEXT = by_type(ELEMENTS, ("image", "plain_text", "mrkdwn"))
CONTEXT_ACTION = by_type(ELEMENTS, ("feedback_buttons", "icon_button"))
