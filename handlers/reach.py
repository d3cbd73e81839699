"""Beyond slash commands: mentions, direct messages and the message shortcut, each a row before its ack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack

from bot import ops
from handlers.doorway import Doorway

Listener = Callable[..., None]
Body = Mapping[str, Any]
ASK, STEP, UNFURL = "reach.ask", "reach.step", "reach.unfurl"
SPOKEN = ("", "file_share", "thread_broadcast")  # of a message's subtypes; the others are edits and notices


def mentioned(door: Doorway) -> Listener:
    """Somebody wrote @mlbot in a channel."""

    def on_event(ack: Ack, body: Body) -> None:
        event = body["event"]
        if not event.get("channel", "").startswith("D"):  # a direct message is heard as one
            _hear(door, body, thread=str(event.get("thread_ts") or event.get("ts") or ""))
        ack()

    return on_event


def direct(door: Doorway) -> Listener:
    """Somebody wrote to mlbot alone."""

    def on_event(ack: Ack, body: Body) -> None:
        event = body["event"]
        if event.get("channel_type") == "im":
            _hear(door, body, thread=str(event.get("thread_ts") or ""))
        ack()

    return on_event


def _hear(door: Doorway, body: Body, *, thread: str) -> None:
    """One row for each message of a person: a retry, an edit and a second event about it find the key."""
    event = body["event"]
    user, channel, ts = (str(event.get(name) or "") for name in ("user", "channel", "ts"))
    if event.get("bot_id") or (event.get("subtype") or "") not in SPOKEN or not (user and channel and ts):
        return
    team = str(event.get("user_team") or event.get("team") or body.get("team_id") or "")
    payload = {"text": str(event.get("text") or ""), "user": user, "team": team, "channel": channel, "thread": thread}
    _write(door, ASK, f"message:{body.get('team_id') or ''}:{channel}:{ts}", payload)


def estimate_this(door: Doorway) -> Listener:
    """The message shortcut: what would the job in this message cost."""

    def on_shortcut(ack: Ack, body: Body) -> None:
        message, user = body.get("message") or {}, body.get("user") or {}
        channel, ts = str((body.get("channel") or {}).get("id") or ""), str(message.get("ts") or "")
        payload = {
            "text": str(message.get("text") or ""),
            "user": str(user.get("id") or ""),
            "team": str(user.get("team_id") or (body.get("team") or {}).get("id") or ""),
            "channel": channel,
            "thread": str(message.get("thread_ts") or ts),
            "response_url": str(body.get("response_url") or ""),
            "what": "estimate",
        }
        _write(door, ASK, f"shortcut:{payload['user']}:{channel}:{ts}:{body.get('action_ts') or ''}", payload)
        ack()

    return on_shortcut


def step(door: Doorway, name: str) -> Listener:
    """A workflow has come to one of our steps."""

    def on_step(ack: Ack, body: Body) -> None:
        event = body["event"]
        execution = str(event.get("function_execution_id") or "")
        payload = {"step": name, "execution": execution, "inputs": dict(event.get("inputs") or {})}
        _write(door, STEP, f"step:{execution}", payload)
        ack()

    return on_step


def shared(door: Doorway) -> Listener:
    """Somebody wrote a link of ours; in a channel shared with other companies nothing is shown of it."""

    def on_event(ack: Ack, body: Body) -> None:
        event = body["event"]
        urls = sorted({str(link.get("url") or "") for link in event.get("links") or []})
        user, channel, ts = (str(event.get(name) or "") for name in ("user", "channel", "message_ts"))
        if urls and user and not body.get("is_ext_shared_channel") and not event.get("bot_id"):
            source, unfurl_id = str(event.get("source") or ""), str(event.get("unfurl_id") or "")
            written = source != "composer"  # there it is not sent yet, and has no ts
            place = {"channel": channel, "ts": ts} if written else {"unfurl_id": unfurl_id, "source": source}
            key = f"links:{channel}:{ts or unfurl_id}:{' '.join(urls)}"
            _write(door, UNFURL, key, {"user": user, "urls": urls, "place": place})
        ack()

    return on_event


def _write(door: Doorway, kind: str, key: str, payload: Mapping[str, Any]) -> None:
    with door.parts.store.transaction() as tx:
        ops.enqueue(tx, kind=kind, key=key, payload=payload, now=door.parts.clock.now())
    door.parts.wake()
