"""What Slack hands out for a short while: triggers and the forms that they open, response addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.playground.slack import LocalSlack
from tests.playground.slack_app import ENGINEER, LEAD, ML, Ticks, client, local_slack


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def form(**given: Any) -> dict[str, Any]:
    return {"type": "modal", "callback_id": "f", "title": plain("A form"), "blocks": [], **given}


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def slack(ticks: Ticks) -> Iterator[LocalSlack]:
    made = local_slack(monotonic=ticks)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def api(slack: LocalSlack) -> WebClient:
    return client(slack)


def refused(call: Any, *args: Any, **given: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        call(*args, **given)
    return str(error.value.response["error"])


def trigger(slack: LocalSlack, user: str = ENGINEER) -> str:
    return slack.workspace.triggers.issue(user)


def test_a_trigger_opens_one_form_within_three_seconds(slack: LocalSlack, api: WebClient, ticks: Ticks) -> None:
    used, late = trigger(slack), trigger(slack)
    api.views_open(trigger_id=used, view=form())
    assert refused(api.views_open, trigger_id=used, view=form()) == "exchanged_trigger_id"
    ticks.now += 3.1
    assert refused(api.views_open, trigger_id=late, view=form()) == "expired_trigger_id"
    assert refused(api.views_open, trigger_id="made.up", view=form()) == "invalid_trigger_id"


def test_a_form_with_a_mistake_does_not_use_up_its_trigger(slack: LocalSlack, api: WebClient) -> None:
    kept = trigger(slack)
    assert refused(api.views_open, trigger_id=kept, view=form(title=plain("x" * 25))) == "invalid_arguments"
    assert api.views_open(trigger_id=kept, view=form())["ok"]


def test_three_forms_stack_and_no_more(slack: LocalSlack, api: WebClient) -> None:
    root = api.views_open(trigger_id=trigger(slack), view=form())["view"]
    for _ in range(2):
        api.views_push(trigger_id=trigger(slack), view=form())
    assert refused(api.views_push, trigger_id=trigger(slack), view=form()) == "push_limit_reached"
    assert [view["root_view_id"] for view in slack.views(ENGINEER)] == [root["id"]] * 3


def test_an_update_keeps_what_was_typed_and_minds_the_hash(slack: LocalSlack, api: WebClient) -> None:
    def asked(label: str, block_id: str) -> dict[str, Any]:
        element = {"type": "plain_text_input", "action_id": "value"}
        block = {"type": "input", "block_id": block_id, "label": plain(label), "element": element}
        return form(submit=plain("Send"), blocks=[block])

    view = api.views_open(trigger_id=trigger(slack), view=asked("Name", "name"))["view"]
    slack.fill_view(user=ENGINEER, view_id=view["id"], values={"name": "nightly"})
    redrawn = api.views_update(view_id=view["id"], hash=view["hash"], view=asked("Another name", "name"))["view"]
    assert redrawn["state"]["values"]["name"]["value"]["value"] == "nightly"
    assert refused(api.views_update, view_id=view["id"], hash=view["hash"], view=form()) == "hash_conflict"
    api.views_update(view_id=view["id"], view=asked("Name", "other"))
    assert slack.views(ENGINEER)[0]["state"]["values"] == {
        "other": {"value": {"type": "plain_text_input", "value": None}}
    }
    assert refused(api.views_update, view_id="V0NONE", view=form()) == "not_found"


def test_an_external_id_stands_for_one_open_view(slack: LocalSlack, api: WebClient) -> None:
    api.views_open(trigger_id=trigger(slack), view=form(external_id="mine"))
    again = {"trigger_id": trigger(slack, LEAD), "view": form(external_id="mine")}
    assert refused(api.views_open, **again) == "duplicate_external_id"
    assert api.views_update(external_id="mine", view=form(external_id="mine"))["ok"]


def test_a_home_tab_is_drawn_for_one_person(slack: LocalSlack, api: WebClient) -> None:
    api.views_publish(user_id=ENGINEER, view={"type": "home", "blocks": [{"type": "divider"}]})
    home = slack.home(ENGINEER)
    assert home is not None
    assert home["blocks"][0]["type"] == "divider"
    assert slack.home(LEAD) is None


def answers(slack: LocalSlack, **given: Any) -> WebhookClient:
    token = slack.workspace.response_urls.issue(ENGINEER, ML, **given)
    return WebhookClient(f"{slack.url}/actions/T0LOCAL/{token}")


def test_a_response_address_takes_five_answers(slack: LocalSlack) -> None:
    address = answers(slack)
    statuses = [address.send(text=str(number)).status_code for number in range(6)]
    assert statuses == [200] * 5 + [404]
    assert "used_url" in address.send(text="x").body
    assert len(slack.messages(ML, ENGINEER)) == 5


def test_a_response_address_lasts_thirty_minutes(slack: LocalSlack) -> None:
    address = answers(slack)
    slack.workspace.clock.advance(timedelta(minutes=31))
    assert "expired_url" in address.send(text="x").body


def test_an_answer_may_be_for_all_replace_or_delete(slack: LocalSlack, api: WebClient) -> None:
    answers(slack).send(text="all", response_type="in_channel")
    assert [m["text"] for m in slack.messages(ML, LEAD)] == ["all"]
    ts = api.chat_postMessage(channel=ML, text="old")["ts"]
    address = answers(slack, original=ts)
    address.send(text="new", replace_original=True)
    assert [m["text"] for m in slack.messages(ML)] == ["all", "new"]
    address.send(delete_original=True)
    assert [m["text"] for m in slack.messages(ML)] == ["all"]


def test_an_answer_with_wrong_blocks_is_refused_and_does_not_count(slack: LocalSlack) -> None:
    address = answers(slack)
    told = address.send(text="x", blocks=[{"type": "nothing"}])
    assert (told.status_code, json.loads(told.body)["error"]) == (400, "invalid_blocks")
    assert [address.send(text="x").status_code for _ in range(5)] == [200] * 5
