"""The Web API as bots use it: who may call, what comes back, what is refused and in which words."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.slack import LocalSlack, Pace
from tests.playground.slack_app import APPROVALS, ENGINEER, LEAD, ML, NOON, Ticks, client, local_slack

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


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


def test_a_bot_learns_who_it_is(api: WebClient) -> None:
    told = api.auth_test()
    assert (told["user_id"], told["bot_id"], told["team_id"]) == ("U0MLBOT", "B0MLBOT", "T0LOCAL")


@pytest.mark.parametrize(("token", "code"), [("xoxb-other", "invalid_auth"), ("", "not_authed")])
def test_a_wrong_token_opens_nothing(slack: LocalSlack, token: str, code: str) -> None:
    assert refused(client(slack, token).auth_test) == code


def test_an_unknown_method_is_named_so(api: WebClient) -> None:
    assert refused(api.api_call, "chat.shout") == "unknown_method"


def test_arguments_come_as_a_form_or_as_json(api: WebClient) -> None:
    blocks = [{"type": "section", "text": plain("x")}]
    as_json = api.api_call("chat.postMessage", json={"channel": ML, "text": "a", "blocks": blocks})
    as_form = api.api_call("chat.postMessage", data={"channel": ML, "text": "a", "blocks": json.dumps(blocks)})
    assert as_json["message"]["blocks"][0]["text"] == as_form["message"]["blocks"][0]["text"]


def test_methods_that_take_no_json_see_nothing_of_it(api: WebClient) -> None:
    assert refused(api.api_call, "users.info", json={"user": ENGINEER}) == "user_not_found"
    assert api.api_call("users.info", data={"user": ENGINEER})["user"]["tz"] == "Europe/Berlin"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ({"channel": ML}, "no_text"),
        ({"channel": "U0GONE", "text": "x"}, "user_disabled"),
        ({"channel": "U0BOT", "text": "x"}, "cannot_dm_bot"),
        ({"channel": ML, "text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        ({"channel": ML, "blocks": "{"}, "invalid_blocks_format"),
        ({"channel": ML, "blocks": [{"type": "nothing"}]}, "invalid_blocks"),
    ],
)
@pytest.mark.filterwarnings("ignore:The top-level `text` argument")
def test_a_message_that_cannot_be_posted_says_why(api: WebClient, given: dict[str, Any], code: str) -> None:
    assert refused(api.chat_postMessage, **given) == code


def test_wrong_blocks_are_told_with_pointers(api: WebClient) -> None:
    with pytest.raises(SlackApiError) as error:
        api.chat_postMessage(channel=ML, text="x", blocks=[{"type": "header", "text": plain("x" * 151)}])
    problem = "must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    assert error.value.response["errors"] == [problem]
    assert error.value.response["response_metadata"]["messages"] == [f"[ERROR] {problem}"]


def test_a_long_text_is_cut_when_posted_and_refused_when_edited(api: WebClient) -> None:
    posted = api.chat_postMessage(channel=ML, text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    assert refused(api.chat_update, channel=ML, ts=posted["ts"], text="x" * 4_001) == "msg_too_long"


def test_stamps_differ_even_when_the_clock_stands_still(api: WebClient) -> None:
    first, second = (api.chat_postMessage(channel=ML, text="x")["ts"] for _ in range(2))
    assert float(first) < float(second)
    assert first.startswith(f"{NOON.timestamp():.0f}.")


def test_only_own_messages_can_be_edited_or_taken_back(slack: LocalSlack, api: WebClient) -> None:
    ts = slack.say(user=LEAD, channel=ML, text="hello")
    assert refused(api.chat_update, channel=ML, ts=ts, text="x") == "cant_update_message"
    assert refused(api.chat_delete, channel=ML, ts=ts) == "cant_delete_message"
    assert refused(api.chat_update, channel=ML, ts="1.000000", text="x") == "message_not_found"


def test_an_edit_that_changes_the_blocks_alone_leaves_no_mark(slack: LocalSlack, api: WebClient) -> None:
    ts = api.chat_postMessage(channel=ML, text="x")["ts"]
    api.chat_update(channel=ML, ts=ts, text="x", blocks=[{"type": "divider"}])
    assert "edited" not in slack.messages(ML)[0]
    api.chat_update(channel=ML, ts=ts, text="y", blocks=[])
    (message,) = slack.messages(ML)
    assert message["edited"]
    assert "blocks" not in message


def test_a_whisper_is_for_one_member_and_cannot_be_edited(slack: LocalSlack, api: WebClient) -> None:
    ts = api.chat_postEphemeral(channel=ML, user=ENGINEER, text="psst")["message_ts"]
    assert [m["text"] for m in slack.messages(ML, ENGINEER)] == ["psst"]
    assert slack.messages(ML, LEAD) == slack.messages(ML) == []
    assert refused(api.chat_update, channel=ML, ts=ts, text="x") == "message_not_found"
    assert refused(api.chat_postEphemeral, channel=ML, user="U0GONE", text="x") == "user_not_in_channel"


def test_a_direct_message_is_opened_once(slack: LocalSlack, api: WebClient) -> None:
    first, second = (api.conversations_open(users=ENGINEER) for _ in range(2))
    assert first["channel"]["id"] == second["channel"]["id"] == slack.dm_channel(ENGINEER) == "D0ENG"
    assert second["already_open"]
    api.chat_postMessage(channel=ENGINEER, text="hello")
    assert [m["text"] for m in slack.messages("D0ENG", ENGINEER)] == ["hello"]


def test_threads_have_their_root_their_answers_and_their_figures(slack: LocalSlack, api: WebClient) -> None:
    root = api.chat_postMessage(channel=ML, text="root")["ts"]
    api.chat_postMessage(channel=ML, text="one", thread_ts=root)
    api.chat_postMessage(channel=ML, text="two", thread_ts=root, reply_broadcast=True)
    assert [m["text"] for m in api.conversations_replies(channel=ML, ts=root)["messages"]] == ["root", "one", "two"]
    assert [m["text"] for m in api.conversations_history(channel=ML)["messages"]] == ["two", "root"]
    assert slack.messages(ML)[0]["reply_count"] == 2


def test_history_comes_in_pages(api: WebClient) -> None:
    for number in range(5):
        api.chat_postMessage(channel=ML, text=str(number))
    pages = [page["messages"] for page in api.conversations_history(channel=ML, limit=2)]
    assert [[m["text"] for m in page] for page in pages] == [["4", "3"], ["2", "1"], ["0"]]


def test_people_channels_and_groups_can_be_looked_up(slack: LocalSlack, api: WebClient) -> None:
    assert {c["name"] for c in api.conversations_list()["channels"]} == {"ml", "ml-approvals"}
    assert api.conversations_info(channel=APPROVALS)["channel"]["is_member"]
    assert ENGINEER in api.conversations_members(channel=ML)["members"]
    assert api.usergroups_list(include_users=True)["usergroups"][0]["users"] == [LEAD]
    assert api.usergroups_users_list(usergroup="S0LEADS")["users"] == [LEAD]
    assert api.users_info(user="U0GUEST")["user"]["is_restricted"]
    assert api.users_info(user="U0STRANGER")["user"]["team_id"] == "T0OTHER"
    assert api.users_info(user="U0GONE")["user"]["deleted"]
    assert "locale" not in api.users_info(user=ENGINEER)["user"]
    assert api.users_info(user=ENGINEER, include_locale=True)["user"]["locale"] == "en-US"
    assert refused(api.users_info, user="U0NOBODY") == "user_not_found"
    assert api.dnd_info(user=ENGINEER)["dnd_enabled"] is False
    assert api.team_info()["team"]["id"] == "T0LOCAL"
    assert api.bots_info(bot="B0MLBOT")["bot"]["user_id"] == "U0MLBOT"


def test_a_permalink_leads_to_the_message_on_the_page(slack: LocalSlack, api: WebClient) -> None:
    ts = api.chat_postMessage(channel=ML, text="x")["ts"]
    link = api.chat_getPermalink(channel=ML, message_ts=ts)["permalink"]
    assert link == f"{slack.url}/archives/{ML}/p{ts.replace('.', '')}"
    with urllib.request.urlopen(link) as answer:
        assert answer.url == f"{slack.url}/#{ML}/{ts}"


def test_a_reaction_stands_once(slack: LocalSlack, api: WebClient) -> None:
    ts = api.chat_postMessage(channel=ML, text="x")["ts"]
    api.reactions_add(channel=ML, timestamp=ts, name="eyes")
    assert refused(api.reactions_add, channel=ML, timestamp=ts, name="eyes") == "already_reacted"
    assert slack.messages(ML)[0]["reactions"] == [{"name": "eyes", "users": ["U0MLBOT"], "count": 1}]


def test_a_picture_goes_up_in_three_steps_and_is_shown(slack: LocalSlack, api: WebClient) -> None:
    api.files_upload_v2(channel=ML, filename="a.png", title="Cost", alt_txt="a chart", content=PNG)
    ((file,),) = [m["files"] for m in slack.messages(ML)]
    assert (file["mimetype"], file["alt_txt"], file["title"]) == ("image/png", "a chart", "Cost")
    with urllib.request.urlopen(file["url_private"]) as answer:
        assert answer.read() == PNG
        assert answer.headers["Content-Type"] == "image/png"


def test_a_file_needs_the_channels_id_and_its_whole_length(slack: LocalSlack, api: WebClient) -> None:
    place = api.files_getUploadURLExternal(filename="a.png", length=len(PNG) + 1)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(place["upload_url"], data=PNG)
    place = api.files_getUploadURLExternal(filename="a.png", length=len(PNG))
    urllib.request.urlopen(place["upload_url"], data=PNG).close()
    assert refused(api.files_completeUploadExternal, files=[{"id": place["file_id"]}], channel_id="#ml") == (
        "channel_not_found"
    )


def test_blocks_can_be_checked_without_a_token(slack: LocalSlack) -> None:
    nobody = client(slack, "")
    assert nobody.api_call("blocks.validate", json={"blocks": [{"type": "divider"}]})["ok"]
    assert refused(nobody.api_call, "blocks.validate", json={"blocks": [{"type": "x"}]}) == "invalid_blocks"
    assert (
        refused(nobody.api_call, "blocks.validate", json={"view": {"type": "modal", "blocks": []}})
        == "invalid_arguments"
    )


def test_posts_into_one_channel_are_let_through_at_slacks_pace(slack: LocalSlack, api: WebClient, ticks: Ticks) -> None:
    slack.rates.pace = Pace(posts_at_once=3)
    for _ in range(3):
        api.chat_postMessage(channel=ML, text="x")
    with pytest.raises(SlackApiError) as error:
        api.chat_postMessage(channel=ML, text="x")
    assert error.value.response.status_code == 429
    assert error.value.response.headers["Retry-After"] == "1"
    assert api.chat_postMessage(channel=APPROVALS, text="x")["ok"]
    ticks.now += 1
    assert api.chat_postMessage(channel=ML, text="x")["ok"]


def test_thirteen_messages_a_minute_into_one_channel_are_never_too_many(
    slack: LocalSlack, api: WebClient, ticks: Ticks
) -> None:
    for _ in range(39):
        api.chat_postMessage(channel=ML, text="x")
        ticks.now += 60 / 13


def test_each_method_has_its_tier(slack: LocalSlack, api: WebClient) -> None:
    for _ in range(20):
        api.users_list()
    assert refused(api.users_list) == "ratelimited"
    assert api.users_info(user=ENGINEER)["ok"]


MANIFEST = {
    "features": {"slash_commands": [{"command": "/known"}], "app_home": {"home_tab_enabled": False}},
    "oauth_config": {"scopes": {"bot": ["chat:write"]}},
    "settings": {},
}


@pytest.fixture
def strict() -> Iterator[LocalSlack]:
    made = local_slack(manifest=MANIFEST)
    made.start()
    yield made
    made.stop()


def test_what_the_manifest_does_not_ask_for_is_not_granted(strict: LocalSlack) -> None:
    api = client(strict)
    assert api.chat_postMessage(channel=ML, text="x").headers["x-oauth-scopes"] == "chat:write"
    with pytest.raises(SlackApiError) as error:
        api.users_info(user=ENGINEER)
    assert (error.value.response["error"], error.value.response["needed"]) == ("missing_scope", "users:read")
    assert refused(api.views_publish, user_id=ENGINEER, view={"type": "home", "blocks": []}) == "not_enabled"


def test_a_command_that_the_manifest_does_not_know_never_reaches_the_bot(strict: LocalSlack) -> None:
    assert strict.command(user=ENGINEER, channel=ML, command="/unknown") is None
    (told,) = strict.messages(ML, ENGINEER)
    assert told["text"].startswith("`/unknown` is not a valid command.")
    assert strict.messages(ML, LEAD) == []
