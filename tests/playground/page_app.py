"""A bot with a bit of everything for the page to show, and the page opened on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page
from slack_bolt import App

from bot.playground.slack import LocalSlack, Pace
from tests.playground.slack_app import ENGINEER, ML, bolt, local_slack, over_http

Block = dict[str, Any]
COMMANDS = [
    {"command": "/ml-estimate", "usage_hint": "finetune llama-3-8b", "description": "What a job costs"},
    {"command": "/ml-launch", "usage_hint": "g5.xlarge hours=8", "description": "Ask for a machine"},
    {"command": "/late", "description": "Never answers in time"},
]
EVENTS = ["app_home_opened", "message.im", "function_executed"]
MANIFEST = {
    "features": {
        "slash_commands": COMMANDS,
        "app_home": {"home_tab_enabled": True},
        "shortcuts": [{"name": "Estimate this", "type": "message", "callback_id": "estimate", "description": "x"}],
    },
    "functions": {
        "estimate": {
            "title": "Estimate an ML job",
            "description": "What a job costs",
            "input_parameters": {
                "text": {"type": "string", "title": "The job", "description": "In words", "is_required": True},
                "hours": {"type": "number", "title": "Hours"},
                "who": {"type": "slack#/types/user_id", "title": "Who asks"},
            },
        }
    },
    "settings": {"event_subscriptions": {"bot_events": EVENTS}},
    "oauth_config": {"scopes": {"bot": ["chat:write", "files:write", "im:write"]}},
}


def until(page: Page, done: Callable[[], object]) -> None:
    """Wait for what the bot hears of."""
    for _ in range(500):
        if done():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it never came")


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def marked(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def button(action_id: str, text: str, **given: Any) -> Block:
    return {"type": "button", "action_id": action_id, "text": plain(text), "value": "v", **given}


def options(*names: str) -> list[Block]:
    return [{"text": plain(name), "value": name} for name in names]


def field_of(block_id: str, label: str, element: Block, **given: Any) -> Block:
    element = {"action_id": "value", **element}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **given}


SURE = {
    "title": plain("Terminate nightly?"),
    "text": marked("The disk of *200 GB* is lost."),
    "confirm": plain("Terminate"),
    "deny": plain("Keep it"),
    "style": "danger",
}


def card(state: str = "asked") -> list[Block]:
    return [
        {"type": "header", "text": plain("A machine is asked for")},
        {"type": "section", "fields": [marked("*Price*\n$1.006 an hour"), marked(f"*State*\n{state}")]},
        {
            "type": "actions",
            "elements": [
                button("approve", "Approve", style="primary"),
                button("terminate", "Terminate", style="danger", confirm=SURE),
                button("late", "Slow one"),
            ],
        },
    ]


EXTRAS = {"type": "checkboxes", "options": options("encrypt", "public")}


def form(cost: str = "$1 an hour") -> Block:
    regions = options("us-east-1", "us-west-2")
    return {
        "type": "modal",
        "callback_id": "launch",
        "title": plain("Ask for a machine"),
        "submit": plain("Ask"),
        "close": plain("Cancel"),
        "blocks": [
            field_of(
                "region",
                "Region",
                {"type": "static_select", "options": regions, "initial_option": regions[0]},
                dispatch_action=True,
            ),
            field_of("name", "Name", {"type": "plain_text_input"}, hint=plain("Letters and digits")),
            field_of("count", "Machines", {"type": "number_input", "is_decimal_allowed": False, "max_value": "16"}),
            field_of("market", "Market", {"type": "radio_buttons", "options": options("on-demand", "spot")}),
            field_of(
                "extras", "Extras", {"type": "checkboxes", "options": options("encrypt", "public")}, optional=True
            ),
            {"type": "section", "block_id": "cost", "text": marked(f"About *{cost}*")},
        ],
    }


@dataclass
class Place:
    """A local Slack, its bot, what the bot heard, and pages on them."""

    slack: LocalSlack
    app: App
    browser: Browser
    heard: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    problems: list[str] = field(default_factory=list)

    def open(self, user: str = ENGINEER, channel: str = ML, **given: Any) -> Page:
        """A page as *user* in *channel*; what its console complains of is kept."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", **given)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self._only_local(request.url))
        page.goto(f"{self.slack.url}/?as={user}#{channel}")
        page.wait_for_selector(".place")
        return page

    def _only_local(self, url: str) -> None:
        if not url.startswith((self.slack.url, "data:")):
            self.problems.append(f"asked for {url}")

    def post(self, channel: str = ML, **given: Any) -> str:
        """The bot writes something; returns its ts."""
        return str(self.app.client.chat_postMessage(channel=channel, **{"text": "fallback", **given})["ts"])


@contextmanager
def place(browser: Browser) -> Iterator[Place]:
    """Everything started; at the end all pages are closed and nothing may have gone wrong on them."""
    slack = local_slack(manifest=MANIFEST, monotonic=time.monotonic)
    slack.start()
    slack.ack_seconds = 0.5
    slack.rates.pace = Pace.generous()
    made = Place(slack, bolt(slack), browser)
    _listen(made)
    try:
        with over_http(made.app, slack):
            yield made
            made.released.set()
            assert made.problems == []
    finally:
        made.released.set()
        for context in browser.contexts:
            context.close()
        slack.stop()


def _listen(made: Place) -> None:
    app, heard = made.app, made.heard

    @app.command("/ml-estimate")
    def estimate(ack: Any, respond: Any, body: dict[str, Any]) -> None:
        ack()
        heard.append(body)
        respond(f"You asked for `{body['text']}`")

    @app.command("/ml-launch")
    def launch(ack: Any, body: dict[str, Any]) -> None:
        ack()
        app.client.views_open(trigger_id=body["trigger_id"], view=form())

    @app.function("estimate")
    def step(inputs: dict[str, Any], complete: Any, fail: Any) -> None:
        heard.append(inputs)
        if inputs["text"] == "bad":
            fail("not <understood>")
        else:
            complete({"summary": "cheap & fast"})

    @app.command("/late")
    def late(ack: Any) -> None:
        made.released.wait(10)
        ack()

    @app.action("late")
    def late_press(ack: Any) -> None:
        made.released.wait(10)
        ack()

    @app.action("approve")
    def approve(ack: Any, body: dict[str, Any]) -> None:
        ack()
        told = card(f"approved by <@{body['user']['id']}>")[:2]
        where = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        app.client.chat_update(**where, text="approved", blocks=told)

    @app.action("terminate")
    @app.action("refresh")
    @app.action("pick")
    def other(ack: Any, body: dict[str, Any]) -> None:
        ack()
        heard.append(body)

    @app.action("value")
    def redraw(ack: Any, body: dict[str, Any]) -> None:
        ack()
        region = body["actions"][0]["selected_option"]["value"]
        app.client.views_update(view_id=body["view"]["id"], view=form(f"$2 in {region}"))

    @app.view("launch")
    def submitted(ack: Any, body: dict[str, Any]) -> None:
        heard.append(body)
        if body["view"]["state"]["values"]["name"]["value"]["value"] == "taken":
            ack(response_action="errors", errors={"name": "There is a machine of that name."})
        else:
            ack()

    @app.event("app_home_opened")
    def home(body: dict[str, Any]) -> None:
        user = body["event"]["user"]
        shown = [{"type": "section", "text": marked(f"Welcome <@{user}>")}]
        row = {"type": "actions", "elements": [button("refresh", "Refresh")]}
        app.client.views_publish(user_id=user, view={"type": "home", "blocks": [*shown, row]})

    @app.event("message")
    def message(body: dict[str, Any]) -> None:
        heard.append(body)

    @app.shortcut("estimate")
    def shortcut(ack: Any, body: dict[str, Any]) -> None:
        ack()
        heard.append(body)
