"""Deliveries as signed HTTP requests."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import time
from urllib.parse import urlencode, urlsplit

import urllib3

from bot.playground.slack.delivery import ACK_SECONDS, FAILED, TIMEOUT, Kind, Payload, Reply

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def sign(secret: str, body: str, at: int) -> str:
    """Slack's v0 signature."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()


def check_local(url: str) -> str:
    """Refuse an address that is not this machine; returns it."""
    host = urlsplit(url).hostname or ""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ValueError(f"The local Slack speaks only to this machine, not to {host or url!r}.")
    return url


class OverHttp:
    """Posts to the bot's one address."""

    def __init__(self, url: str, signing_secret: str) -> None:
        self._url = check_local(url)
        self._secret = signing_secret
        self.ack_seconds = ACK_SECONDS
        self._http = urllib3.PoolManager(retries=False, maxsize=16)

    def send(self, kind: Kind, payload: Payload, *, retry: int = 0, reason: str = "") -> Reply:
        """Post, and read the ack."""
        body, content_type = encoded(kind, payload)
        at = int(time.time())
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": str(at),
            "X-Slack-Signature": sign(self._secret, body, at),
        }
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason}
        try:
            answer = self._http.request(
                "POST",
                self._url,
                body=body.encode(),
                headers=headers,
                redirect=False,
                timeout=urllib3.Timeout(total=self.ack_seconds),
            )
        except urllib3.exceptions.NewConnectionError:  # which urllib3 counts among the time-outs
            return Reply(problem=FAILED)
        except urllib3.exceptions.TimeoutError:
            return Reply(problem=TIMEOUT)
        except urllib3.exceptions.HTTPError:
            return Reply(problem=FAILED)
        return read(answer)


def encoded(kind: Kind, payload: Payload) -> tuple[str, str]:
    """The body and its type: a form, a form around JSON, or JSON."""
    if kind == "slash_commands":
        return urlencode(payload), FORM
    if kind == "interactive":
        return urlencode({"payload": json.dumps(payload)}), FORM
    return json.dumps(payload), JSON


def read(answer: urllib3.BaseHTTPResponse) -> Reply:
    """The ack in an HTTP answer."""
    if answer.status // 100 != 2:
        no_retry = answer.headers.get("x-slack-no-retry") == "1"
        return Reply(problem=FAILED, status=answer.status, retry=not no_retry)
    text = answer.data.decode("utf-8", "replace")
    if not text.strip():
        return Reply(status=answer.status)
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    return Reply(body=body if isinstance(body, dict) else {"text": text}, status=answer.status)
