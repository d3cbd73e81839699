"""Beyond messages: who is called by name, links that unfurl, steps of workflows, installing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.slack import LocalSlack, called
from tests.playground.slack_app import ENGINEER, LEAD, ML, bolt, client, local_slack, over_http

MANIFEST = {
    "features": {"unfurl_domains": ["mlbot.example"]},
    "settings": {"event_subscriptions": {"bot_events": ["link_shared", "function_executed"]}},
    "oauth_config": {"scopes": {"bot": ["links:write", "chat:write"]}},
}


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    made = local_slack(manifest=MANIFEST)
    made.start()
    yield made
    made.stop()


def marked(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


CALLED = [
    ({"text": "<!channel> and <@U0ENG|Ann>"}, {"@channel", "U0ENG"}),
    ({"text": "&lt;!channel&gt; &lt;@U0ENG&gt;"}, set()),
    ({"text": "<!here>", "blocks": [marked("nobody")]}, set()),
    ({"text": "", "blocks": [marked("<!subteam^S0LEADS> <!everyone>")]}, {"S0LEADS", "@everyone"}),
    ({"text": "", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "<!channel>"}}]}, set()),
    ({"text": "", "blocks": [{"type": "rich_text", "elements": [{"type": "broadcast", "range": "here"}]}]}, {"@here"}),
    ({"text": "", "blocks": [{"type": "rich_text", "elements": [{"type": "user", "user_id": LEAD}]}]}, {LEAD}),
]


@pytest.mark.parametrize(("message", "names"), CALLED)
def test_whom_a_message_calls(message: dict[str, Any], names: set[str]) -> None:
    assert called(message) == names


def test_a_direct_message_is_seen_by_its_person_alone(slack: LocalSlack) -> None:
    client(slack).chat_postMessage(channel=ENGINEER, text="for you")
    assert [m["text"] for m in slack.messages("D0ENG", ENGINEER)] == ["for you"]
    assert slack.messages("D0ENG", LEAD) == []


@pytest.mark.parametrize(("escapes", "text"), [(False, "R&D <x>"), (True, "R&amp;D &lt;x&gt;")])
def test_a_commands_words_come_as_typed_or_escaped(slack: LocalSlack, escapes: bool, text: str) -> None:
    slack.workspace.escapes_commands = escapes
    sent = slack.command(user=ENGINEER, channel=ML, command="/x", text="R&D <x>")
    assert sent is not None
    assert sent.payload["text"] == text


def test_a_link_of_the_apps_unfurls_below_its_message(slack: LocalSlack) -> None:
    app, heard = bolt(slack), []

    @app.event("link_shared")
    def shared(event: dict[str, Any], client: WebClient) -> None:
        heard.append(event)
        shown = {event["links"][0]["url"]: {"blocks": [marked("the card")]}}
        client.chat_unfurl(channel=event["channel"], ts=event["message_ts"], unfurls=shown)

    with over_http(app, slack):
        slack.say(user=ENGINEER, channel=ML, text="see https://mlbot.example/l_1 and https://other.example/x")
    assert [link["domain"] for link in heard[0]["links"]] == ["mlbot.example"]
    ((attached,),) = [m["attachments"] for m in slack.messages(ML)]
    assert attached["blocks"][0]["text"]["text"] == "the card"


def test_a_workflows_step_ends_well_or_not_but_once(slack: LocalSlack) -> None:
    app = bolt(slack)

    @app.function("estimate_cost")
    def estimate(inputs: dict[str, Any], complete: Any, fail: Any) -> None:
        if inputs["words"] == "bad":
            fail("not understood")
        else:
            complete({"cost": f"{inputs['words']} by {inputs['user_id']}"})

    with over_http(app, slack):
        good = slack.run_step(user=ENGINEER, callback_id="estimate_cost", inputs={"words": "$5"})
        bad = slack.run_step(user=ENGINEER, callback_id="estimate_cost", inputs={"words": "bad"})
    assert (good.outputs, good.error) == ({"cost": f"$5 by {ENGINEER}"}, "")
    assert (bad.outputs, bad.error) == (None, "not understood")
    (identity, *_) = slack.workspace.steps
    with pytest.raises(SlackApiError, match="not_in_running_state"):
        client(slack).functions_completeSuccess(function_execution_id=identity, outputs={})


def test_an_install_code_gives_the_token_once(slack: LocalSlack) -> None:
    nobody = client(slack, "")
    given = {"client_id": "1", "client_secret": "s", "code": slack.install_code(LEAD)}
    told = nobody.oauth_v2_access(**given)
    assert (told["access_token"], told["team"]["id"], told["authed_user"]["id"]) == ("xoxb-local", "T0LOCAL", LEAD)
    with pytest.raises(SlackApiError, match="invalid_code"):
        nobody.oauth_v2_access(**given)
