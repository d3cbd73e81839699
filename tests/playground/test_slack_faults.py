"""A Slack that is broken, slow, silent or busy; and what keeps it on this machine."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.signature import SignatureVerifier

from bot.playground.slack import LocalSlack
from tests.playground.slack_app import ENGINEER, LEAD, ML, SECRET, client, local_slack


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    made = local_slack()
    made.start()
    yield made
    made.stop()


def post(slack: LocalSlack) -> None:
    client(slack).chat_postMessage(channel=ML, text="x")


def test_a_failure_strikes_its_method_as_often_as_it_was_told(slack: LocalSlack) -> None:
    slack.fail("chat.postMessage", "service_unavailable", status=503, times=2)
    assert client(slack).auth_test()["ok"]
    for _ in range(2):
        with pytest.raises(SlackApiError) as error:
            post(slack)
        assert error.value.response.status_code == 503
    post(slack)
    assert len(slack.messages(ML)) == 1


def test_429_comes_with_the_seconds_to_wait_until_it_is_mended(slack: LocalSlack) -> None:
    slack.limit("chat.postMessage", retry_after=30, times=None)
    for _ in range(3):
        with pytest.raises(SlackApiError) as error:
            post(slack)
        assert error.value.response.headers["Retry-After"] == "30"
    slack.mend()
    post(slack)


def test_a_lost_answer_leaves_the_message(slack: LocalSlack) -> None:
    slack.disturb("lost", "chat.postMessage")
    with pytest.raises((SlackClientError, OSError, http.client.HTTPException)):
        post(slack)
    assert len(slack.messages(ML)) == 1


def test_a_reset_connection_leaves_nothing(slack: LocalSlack) -> None:
    slack.disturb("reset", "chat.postMessage")
    with pytest.raises((SlackClientError, OSError, http.client.HTTPException)):
        post(slack)
    assert slack.messages(ML) == []


def test_what_hangs_ends_when_it_is_mended(slack: LocalSlack) -> None:
    slack.disturb("hang", "chat.postMessage")
    ended = threading.Event()

    def call() -> None:
        with pytest.raises((SlackClientError, OSError, http.client.HTTPException)):
            post(slack)
        ended.set()

    threading.Thread(target=call, daemon=True).start()
    assert not ended.wait(0.1)
    slack.mend()
    assert ended.wait(5)


def test_response_addresses_can_fail_too(slack: LocalSlack) -> None:
    slack.fail("response_url", "server_error", status=500)
    token = slack.workspace.response_urls.issue(ENGINEER, ML)
    status, _ = ask(slack, "POST", f"/commands/T0LOCAL/{token}", body={"text": "x"})
    assert status == 500


class Bot:
    """An address that answers as it is told, and keeps what it got."""

    def __init__(self, *statuses: int) -> None:
        self.got: list[tuple[dict[str, str], str]] = []
        told = list(statuses)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:
                body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
                self.got.append(({k.lower(): v for k, v in handler.headers.items()}, body))
                handler.send_response(told.pop(0) if told else 200)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(handler, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/slack/events"


def test_a_bot_that_is_not_there_has_failed_and_is_not_late(slack: LocalSlack) -> None:
    bot = Bot()
    bot.server.shutdown()
    bot.server.server_close()
    slack.events_url = bot.url
    assert slack.command(user=ENGINEER, channel=ML, command="/x").reply.problem == "dispatch_failed"  # type: ignore[union-attr]


def test_what_is_sent_is_signed_as_slack_signs(slack: LocalSlack) -> None:
    bot = Bot()
    slack.events_url = bot.url
    slack.command(user=ENGINEER, channel=ML, command="/x", text="ä & b")
    slack.say(user=LEAD, channel=ML, text="hi")
    bot.server.shutdown()
    for headers, body in bot.got:
        assert SignatureVerifier(SECRET).is_valid_request(body, headers)
    assert bot.got[0][0]["content-type"] == "application/x-www-form-urlencoded"
    assert json.loads(bot.got[1][1])["event"]["text"] == "hi"


def test_an_event_that_fails_comes_again_at_once_after_a_minute_and_after_five(slack: LocalSlack) -> None:
    bot, clock = Bot(500, 500, 500, 500, 500), slack.workspace.clock
    slack.events_url = bot.url
    slack.say(user=LEAD, channel=ML, text="hi")
    assert retries(bot) == ["", "1"]
    assert slack.people.events.send_due() == 0
    clock.advance(timedelta(minutes=1))
    assert wait(lambda: retries(bot) == ["", "1", "2"], slack)
    clock.advance(timedelta(minutes=5))
    assert wait(lambda: retries(bot) == ["", "1", "2", "3"], slack)
    clock.advance(timedelta(hours=1))
    assert slack.people.events.send_due() == 0
    assert {headers.get("x-slack-retry-reason") for headers, _ in bot.got} == {None, "http_error"}
    assert len({json.loads(body)["event_id"] for _, body in bot.got}) == 1
    bot.server.shutdown()


def retries(bot: Bot) -> list[str]:
    return [headers.get("x-slack-retry-num", "") for headers, _ in bot.got]


def wait(done: Any, slack: LocalSlack) -> bool:
    """The stand-in's own thread may have sent it already; either way it was sent once."""
    for _ in range(100):
        slack.people.events.send_due()
        if done():
            return True
        threading.Event().wait(0.02)
    return False


def ask(
    slack: LocalSlack, verb: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", int(slack.url.rpartition(":")[2]), timeout=5)
    given = {"Content-Type": "application/json", **(headers or {})}
    connection.request(verb, path, None if body is None else json.dumps(body), given)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/page/events", "/api/auth.test", "/page/act"])
def test_other_sites_pages_reach_nothing(slack: LocalSlack, path: str, headers: dict[str, str]) -> None:
    assert ask(slack, "POST" if path == "/page/act" else "GET", path, headers=headers)[0] == 403


def test_the_pages_acts_need_its_own_header_and_one_of_its_people(slack: LocalSlack) -> None:
    act = {"do": "say", "user": ENGINEER, "channel": ML, "text": "x"}
    assert ask(slack, "POST", "/page/act", body=act)[0] == 403
    own = {"X-Playground": "page"}
    assert ask(slack, "POST", "/page/act", body=act, headers=own)[0] == 200
    for wrong in ({"user": "U0GUEST"}, {"do": "nothing"}, {"channel": "C0NONE"}, {"text": ""}):
        assert ask(slack, "POST", "/page/act", body={**act, **wrong}, headers=own)[0] == 400
    assert len(slack.messages(ML)) == 1


def test_the_page_may_run_nothing_but_its_own_files(slack: LocalSlack) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(slack.url.rpartition(":")[2]), timeout=5)
    connection.request("GET", "/")
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in page
    assert "style=" not in page


@pytest.mark.parametrize("path", ["/../slack/server.py", "/page/../x", "/%2e%2e/server.py", "/files/F1/x", "/nothing"])
def test_no_other_file_can_be_read(slack: LocalSlack, path: str) -> None:
    assert ask(slack, "GET", path)[0] == 404


@pytest.mark.parametrize("url", ["https://hooks.slack.com/x", "http://10.0.0.1/x", "http://127.0.0.1.evil.example/"])
def test_it_delivers_to_this_machine_only(url: str) -> None:
    with pytest.raises(ValueError, match="only to this machine"):
        local_slack(events_url=url)


@pytest.mark.parametrize("body", ["{", "[]", "null"])
def test_a_body_that_is_no_object_is_told_so(slack: LocalSlack, body: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(slack.url.rpartition(":")[2]), timeout=5)
    connection.request("POST", "/api/chat.postMessage", body, {"Content-Type": "application/json"})
    assert json.loads(connection.getresponse().read()) == {"ok": False, "error": "invalid_json"}
    connection.close()
