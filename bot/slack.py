"""The way out to Slack: post, edit, whisper, forms, people. A refusal becomes a SlackError with Slack's own code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import urllib3
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.rules.errors import SlackError
from bot.rules.people import Person
from bot.settings import Settings

TIMEOUT_SECONDS = 10
SLACK_HOSTS = ("slack.com", "slack-gov.com")


class Sendable(Protocol):
    """What can be sent: a fallback text and blocks."""

    @property
    def text(self) -> str:
        """The fallback that notifications and screen readers get."""

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """What is drawn."""


class Slack:
    """One workspace's Web API. Methods raise SlackError; none retries, the outbox does."""

    def __init__(self, settings: Settings) -> None:
        self.client = WebClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            timeout=TIMEOUT_SECONDS,
            retry_handlers=[],
        )
        self.errors: Counter[tuple[str, str]] = Counter()  # by method and Slack's code
        self._api_origin = _origin(settings.slack_api_url)
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(TIMEOUT_SECONDS), retries=False, maxsize=8)

    def post(self, channel: str, message: Sendable, *, thread_ts: str | None = None) -> tuple[str, str]:
        """Post *message*; returns the channel id and ts that Slack gave it."""
        answer = self._call(
            "chat.postMessage",
            channel=channel,
            text=message.text,
            blocks=message.blocks or None,
            thread_ts=thread_ts,
            unfurl_links=False,
            unfurl_media=False,
        )
        return answer["channel"], answer["ts"]

    def update(self, channel: str, ts: str, message: Sendable) -> None:
        """Rewrite a message of ours in place."""
        self._call("chat.update", channel=channel, ts=ts, text=message.text, blocks=message.blocks or [])

    def whisper(self, channel: str, user: str, message: Sendable) -> None:
        """Show *message* to one person in *channel*; Slack does not promise delivery."""
        self._call("chat.postEphemeral", channel=channel, user=user, text=message.text, blocks=message.blocks or None)

    def respond(self, url: str, message: Sendable, *, in_channel: bool = False, replace: bool = False) -> None:
        """Answer through a response_url (5 times in 30 minutes) of Slack or of our Web API's origin."""
        if not self._may_answer(url):
            raise SlackError("The response address is not Slack's.", code="foreign_response_url")
        body: dict[str, Any] = {
            "response_type": "in_channel" if in_channel else "ephemeral",
            "replace_original": replace,
            "text": message.text,
        }
        if message.blocks:
            body["blocks"] = message.blocks
        try:
            answer = self._http.request("POST", url, json=body, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            self.errors["response_url", type(error).__name__] += 1
            raise SlackError("Slack did not answer.", code=type(error).__name__) from error
        if answer.status != 200:
            self.errors["response_url", f"http_{answer.status}"] += 1
            raise SlackError("Slack refused the response.", code=f"http_{answer.status}")

    def open_dm(self, user: str) -> str:
        """The channel id of the direct message with *user*."""
        answer = self._call("conversations.open", users=user)
        return str(answer["channel"]["id"])

    def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        """Open a modal within 3 s of the click; returns its id."""
        return str(self._call("views.open", trigger_id=trigger_id, view=json.dumps(view))["view"]["id"])

    def push_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Lay a modal over the open one."""
        self._call("views.push", trigger_id=trigger_id, view=json.dumps(view))

    def update_view(self, view_id: str, view: Mapping[str, Any], *, hash: str | None = None) -> None:
        """Redraw an open modal, if it still is the one of *hash*; typed values stay where block and action ids do."""
        self._call("views.update", view_id=view_id, view=json.dumps(view), hash=hash)

    def publish_home(self, user: str, view: Mapping[str, Any]) -> None:
        """Draw *user*'s Home tab."""
        self._call("views.publish", user_id=user, view=json.dumps(view))

    def unfurl(self, place: Mapping[str, str], shown: Mapping[str, Any]) -> None:
        """Show something below links; *place* is channel and ts, or unfurl_id and source, *shown* is by address."""
        self._call("chat.unfurl", **place, unfurls=json.dumps(shown))

    def complete_step(self, execution: str, outputs: Mapping[str, Any]) -> None:
        """End a workflow's step with its outputs."""
        self._call("functions.completeSuccess", function_execution_id=execution, outputs=json.dumps(outputs))

    def fail_step(self, execution: str, error: str) -> None:
        """End a workflow's step with a sentence that its owner reads."""
        self._call("functions.completeError", function_execution_id=execution, error=error)

    def person(self, user: str) -> Person:
        """Who *user* is, asked of Slack now."""
        found = self._call("users.info", user=user, include_locale="true")["user"]
        profile = found.get("profile") or {}
        return Person(
            id=found["id"],
            name=profile.get("display_name") or found.get("real_name") or found.get("name") or found["id"],
            team=found.get("team_id") or "",
            tz=found.get("tz") or "UTC",
            locale=found.get("locale") or "en-US",
            is_bot=bool(found.get("is_bot")),
            deleted=bool(found.get("deleted")),
            guest=bool(found.get("is_restricted") or found.get("is_ultra_restricted")),
            stranger=bool(found.get("is_stranger")),
            teams=tuple((found.get("enterprise_user") or {}).get("teams") or ()),
        )

    def group_members(self, group: str) -> tuple[str, ...]:
        """The user ids of a user group."""
        return tuple(self._call("usergroups.users.list", usergroup=group)["users"])

    def whoami(self) -> Mapping[str, Any]:
        """auth.test: the bot's team and user."""
        return self._call("auth.test")

    def granted(self) -> tuple[frozenset[str] | None, str]:
        """Of auth.test's headers: the token's scopes (None when Slack does not say) and Slack's clock (Date)."""
        try:
            answer = self.client.api_call("auth.test")
        except (SlackClientError, OSError) as error:
            raise _slack_error(error) from error
        headers = {name.lower(): str(value) for name, value in answer.headers.items()}
        scopes = headers.get("x-oauth-scopes")
        told = None if scopes is None else frozenset(scope.strip() for scope in scopes.split(","))
        return told, headers.get("date", "")

    def channel(self, identity: str) -> Mapping[str, Any]:
        """conversations.info; needs channels:read (groups:read where it is private)."""
        found: Mapping[str, Any] = self._call("conversations.info", channel=identity)["channel"]
        return found

    def socket_works(self, app_token: str) -> None:
        """Whether Slack would open a socket for the app-level token; raises SlackError when not."""
        try:
            self.client.apps_connections_open(app_token=app_token)
        except (SlackClientError, OSError) as error:
            raise _slack_error(error) from error

    def keep(self, *, name: str, title: str, alt_text: str, content: bytes) -> str:
        """Upload a picture that no channel shows yet; returns its file id, for image blocks."""
        try:
            answer = self.client.files_upload_v2(filename=name, title=title, alt_txt=alt_text, content=content)
        except (SlackClientError, OSError) as error:
            raise _slack_error(error) from error
        return str(answer["files"][0]["id"])

    def _call(self, method: str, **fields: Any) -> Mapping[str, Any]:
        given = {name: value for name, value in fields.items() if value is not None}
        try:
            # users.* and conversations.info take no JSON body; a form works for every method.
            answer = self.client.api_call(method, data=_form(given))
        except (SlackClientError, OSError) as error:
            refused = _slack_error(error)
            self.errors[method, refused.code] += 1
            raise refused from error
        found: Mapping[str, Any] = answer.data if isinstance(answer.data, dict) else {}
        return found

    def _may_answer(self, url: str) -> bool:
        parts = urlsplit(url)
        host = parts.hostname or ""
        of_slack = parts.scheme == "https" and any(host == known or host.endswith("." + known) for known in SLACK_HOSTS)
        return of_slack or _origin(url) == self._api_origin


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port


def _form(fields: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in fields.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _slack_error(error: Exception) -> SlackError:
    if not isinstance(error, SlackApiError):
        return SlackError("Slack did not answer.", code=type(error).__name__)
    response = error.response
    code = str(response.get("error") or f"http_{response.status_code}")
    after = (response.headers or {}).get("Retry-After") or (response.headers or {}).get("retry-after")
    return SlackError(f"Slack refused: {code}.", code=code, retry_after=float(after) if after else None)
