"""The same stories over signed HTTP and over Socket Mode, with a tiny Bolt app."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk.errors import SlackApiError

from bot.playground.slack import LocalSlack
from tests.playground.slack_app import APPROVALS, ENGINEER, LEAD, ML, TRANSPORTS, bolt, client, local_slack

Heard = list[dict[str, Any]]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(action_id: str, value: str = "v1") -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain("Go"), "value": value}


def form(**given: Any) -> dict[str, Any]:
    words = {"type": "plain_text_input", "action_id": "value"}
    blocks = [{"type": "input", "block_id": "name", "label": plain("Name"), "element": words}]
    view = {"type": "modal", "callback_id": "form", "title": plain("A form"), "submit": plain("Send"), "blocks": blocks}
    return {**view, **given}


@pytest.fixture(params=TRANSPORTS)
def place(request: pytest.FixtureRequest) -> Iterator[SimpleNamespace]:
    slack = local_slack()
    slack.start()
    app = bolt(slack)
    heard: Heard = []
    _listen(app, heard)
    with TRANSPORTS[request.param](app, slack):
        yield SimpleNamespace(slack=slack, app=app, heard=heard, api=client(slack))
    slack.stop()


def _listen(app: App, heard: Heard) -> None:
    @app.command("/say")
    def say(ack: Callable[..., None], respond: Callable[..., None], body: dict[str, Any]) -> None:
        ack()
        heard.append(body)
        respond(f"heard {body['text']}")

    @app.command("/echo")
    def echo(ack: Callable[..., None], body: dict[str, Any]) -> None:
        ack({"response_type": "in_channel", "text": body["text"]})

    @app.command("/form")
    def open_form(ack: Callable[..., None], body: dict[str, Any]) -> None:
        ack()
        app.client.views_open(trigger_id=body["trigger_id"], view=form(private_metadata="m"))

    @app.action("go")
    def go(ack: Callable[..., None], respond: Callable[..., None], body: dict[str, Any]) -> None:
        ack()
        heard.append(body)
        respond(f"done by {body['user']['id']}", replace_original=True)

    @app.action("pick")
    def pick(ack: Callable[..., None], body: dict[str, Any]) -> None:
        ack()
        heard.append(body)

    @app.view("form")
    def submitted(ack: Callable[..., None], body: dict[str, Any]) -> None:
        heard.append(body)
        answers = {
            "bad": {"response_action": "errors", "errors": {"name": "not that one"}},
            "more": {"response_action": "push", "view": form(title=plain("Second"))},
            "other": {"response_action": "update", "view": form(title=plain("Redrawn"))},
            "enough": {"response_action": "clear"},
        }
        ack(**answers.get(body["view"]["state"]["values"]["name"]["value"]["value"], {}))

    @app.view_closed("form")
    def closed(ack: Callable[..., None], body: dict[str, Any]) -> None:
        ack()
        heard.append(body)

    @app.event("app_mention")
    def mentioned(body: dict[str, Any]) -> None:
        heard.append(body)

    app.event("message")(lambda: None)

    @app.event("app_home_opened")
    def home(body: dict[str, Any]) -> None:
        heard.append(body)


def test_an_answer_to_a_command_is_seen_by_its_asker_alone(place: SimpleNamespace) -> None:
    sent = place.slack.command(user=ENGINEER, channel=ML, command="/say", text="a & b")
    assert sent.ok
    assert place.heard[0]["user_name"] == "ann"
    assert [m["text"] for m in place.slack.messages(ML, ENGINEER)] == ["heard a & b"]
    assert place.slack.messages(ML, LEAD) == []
    assert place.api.conversations_history(channel=ML)["messages"] == []


def test_a_press_on_what_was_redrawn_meanwhile_reaches_the_bot(place: SimpleNamespace) -> None:
    def drawn(*names: str) -> list[dict[str, Any]]:
        return [{"type": "actions", "elements": [button(name, "old")]} for name in names]

    def home(*names: str) -> dict[str, Any]:
        view: dict[str, Any] = place.api.views_publish(user_id=ENGINEER, view={"type": "home", "blocks": drawn(*names)})
        return view["view"]

    page, card = home("pick"), place.api.chat_postMessage(channel=ML, text="card", blocks=drawn("pick"))
    seen = [page["blocks"][0]["block_id"], card["message"]["blocks"][0]["block_id"]]
    home("other", "pick")
    place.api.chat_update(channel=ML, ts=card["ts"], text="card", blocks=drawn("other"))
    place.slack.click_view(user=ENGINEER, view_id=page["id"], action_id="pick", block_id=seen[0])
    place.slack.click(user=ENGINEER, channel=ML, ts=card["ts"], action_id="pick", block_id=seen[1])
    told = [(body["actions"][0]["block_id"], body["actions"][0]["value"]) for body in place.heard]
    assert told == [(seen[0], "old"), (seen[1], "old")]


def test_an_ack_may_carry_the_answer_for_all(place: SimpleNamespace) -> None:
    place.slack.command(user=ENGINEER, channel=ML, command="/echo", text="here")
    assert [m["text"] for m in place.slack.messages(ML, LEAD)] == ["here"]


def test_a_press_rewrites_the_message_through_its_response_address(place: SimpleNamespace) -> None:
    posted = place.api.chat_postMessage(
        channel=APPROVALS, text="ask", blocks=[{"type": "actions", "elements": [button("go")]}]
    )
    place.slack.click(user=LEAD, channel=APPROVALS, ts=posted["ts"], action_id="go")
    assert place.heard[0]["actions"][0]["value"] == "v1"
    assert place.heard[0]["message"]["ts"] == posted["ts"]
    (message,) = place.slack.messages(APPROVALS, ENGINEER)
    assert message["text"] == f"done by {LEAD}"
    assert "blocks" not in message
    assert message["edited"]["user"] == "U0MLBOT"


def test_a_choice_in_a_menu_comes_with_its_option(place: SimpleNamespace) -> None:
    options = [{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2"}]
    menu = {"type": "static_select", "action_id": "pick", "options": options}
    posted = place.api.chat_postMessage(channel=ML, text="menu", blocks=[{"type": "actions", "elements": [menu]}])
    place.slack.click(user=LEAD, channel=ML, ts=posted["ts"], action_id="pick", value="2")
    assert place.heard[0]["actions"][0]["selected_option"]["value"] == "2"
    ((state,),) = [list(block.values()) for block in place.heard[0]["state"]["values"].values()]
    assert state["selected_option"]["text"]["text"] == "Two"


def test_a_form_opens_keeps_its_values_beside_an_error_and_closes(place: SimpleNamespace) -> None:
    place.slack.command(user=ENGINEER, channel=ML, command="/form")
    (view,) = place.slack.views(ENGINEER)
    refused = place.slack.submit_view(user=ENGINEER, view_id=view["id"], values={"name": "bad"})
    assert refused.errors == {"name": "not that one"}
    (view,) = place.slack.views(ENGINEER)
    assert view["state"]["values"]["name"]["value"]["value"] == "bad"
    assert place.slack.submit_view(user=ENGINEER, view_id=view["id"], values={"name": "good"}).ok
    assert place.slack.views(ENGINEER) == []
    assert place.heard[-1]["view"]["private_metadata"] == "m"


def test_what_is_required_is_asked_for_before_the_bot_hears(place: SimpleNamespace) -> None:
    place.slack.command(user=ENGINEER, channel=ML, command="/form")
    (view,) = place.slack.views(ENGINEER)
    assert place.slack.submit_view(user=ENGINEER, view_id=view["id"]).errors == {
        "name": "Please complete this required field."
    }
    assert place.heard == []


@pytest.mark.parametrize(("word", "titles"), [("more", ["A form", "Second"]), ("other", ["Redrawn"]), ("enough", [])])
def test_an_ack_may_push_redraw_or_clear_forms(place: SimpleNamespace, word: str, titles: list[str]) -> None:
    place.slack.command(user=ENGINEER, channel=ML, command="/form")
    (view,) = place.slack.views(ENGINEER)
    place.slack.submit_view(user=ENGINEER, view_id=view["id"], values={"name": word})
    assert [view["title"]["text"] for view in place.slack.views(ENGINEER)] == titles


def test_events_come_to_those_who_are_mentioned_or_looked_at(place: SimpleNamespace) -> None:
    place.slack.say(user=LEAD, channel=ML, text="hello @mlbot, 3 < 5")
    assert place.heard[0]["event"]["text"] == "hello <@U0MLBOT>, 3 &lt; 5"
    place.slack.open_home(user=LEAD)
    assert place.heard[1]["event"] | {"event_ts": ""} == {
        "type": "app_home_opened",
        "user": LEAD,
        "channel": "D0LEAD",
        "tab": "home",
        "event_ts": "",
    }


def test_a_closed_form_is_told_where_it_asked_for_that(place: SimpleNamespace) -> None:
    sent = place.slack.command(user=ENGINEER, channel=ML, command="/say", text="x")
    place.api.views_open(trigger_id=sent.payload["trigger_id"], view=form(notify_on_close=True))
    (view,) = place.slack.views(ENGINEER)
    place.slack.close_view(user=ENGINEER, view_id=view["id"])
    assert place.heard[-1]["type"] == "view_closed"
    assert place.slack.views(ENGINEER) == []


def test_the_same_delivery_can_come_twice(place: SimpleNamespace) -> None:
    sent = place.slack.command(user=ENGINEER, channel=ML, command="/say", text="x")
    assert place.slack.resend(sent).ok
    assert place.heard[0] == place.heard[1]


def test_a_bot_that_does_not_ack_in_time_is_reported_as_slack_does() -> None:
    slack = local_slack()
    slack.start()
    slack.ack_seconds = 0.2
    app, held = bolt(slack), threading.Event()
    app.command("/late")(lambda ack: (held.wait(5), ack()))
    with TRANSPORTS["http"](app, slack):
        sent = slack.command(user=ENGINEER, channel=ML, command="/late")
        held.set()
    slack.stop()
    assert sent is not None
    assert sent.reply.problem == "operation_timeout"
    (message,) = slack.messages(ML, ENGINEER)
    assert message["text"] == '/late failed with the error "operation_timeout"'


def test_a_bot_that_is_not_there_is_reported_as_slack_does() -> None:
    slack: LocalSlack = local_slack()
    slack.start()
    slack.command(user=ENGINEER, channel=ML, command="/any")
    slack.stop()
    assert slack.messages(ML, ENGINEER)[0]["text"] == '/any failed with the error "dispatch_failed"'


def test_a_socket_that_is_asked_to_refresh_comes_back() -> None:
    slack = local_slack()
    slack.start()
    app, heard = bolt(slack), []
    app.command("/say")(lambda ack, body: (ack(), heard.append(body)))
    with TRANSPORTS["socket"](app, slack):
        slack.sockets.refresh()
        assert slack.sockets.connected.wait(10)
        assert slack.command(user=ENGINEER, channel=ML, command="/say").ok  # type: ignore[union-attr]
    slack.stop()
    assert len(heard) == 1


def test_a_bot_token_opens_no_socket() -> None:
    slack = local_slack()
    slack.start()
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        client(slack).apps_connections_open(app_token="xoxb-local")
    slack.stop()
