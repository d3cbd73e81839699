"""What Slack sends to the bot, field by field."""

from __future__ import annotations

import secrets
from typing import Any

from bot.playground.slack import people
from bot.playground.slack.messages import Channel, Message
from bot.playground.slack.modals import View
from bot.playground.slack.people import User
from bot.playground.slack.workspace import Workspace

Payload = dict[str, Any]
VERIFICATION = "local-verification-token"


def response_url(workspace: Workspace, kind: str, token: str) -> str:
    """The address of an answer: `commands` or `actions`."""
    return f"{workspace.base_url}/{kind}/{workspace.team}/{token}"


def command(workspace: Workspace, user: User, channel: Channel, name: str, text: str) -> Payload:
    """A slash command's form."""
    return {
        "token": VERIFICATION,
        "team_id": user.team,
        "team_domain": people.TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel.name or "directmessage",
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": people.APP,
        "is_enterprise_install": "false",
        "response_url": response_url(workspace, "commands", workspace.response_urls.issue(user.id, channel.id)),
        "trigger_id": workspace.triggers.issue(user.id),
    }


def interaction(workspace: Workspace, kind: str, user: User) -> Payload:
    """What every interaction carries."""
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        "api_app_id": people.APP,
        "token": VERIFICATION,
        "team": {"id": user.team, "domain": people.TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": workspace.triggers.issue(user.id),
    }


def on_message(workspace: Workspace, user: User, channel: Channel, message: Message) -> Payload:
    """The parts that say on which message something was pressed."""
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.only_for),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    token = workspace.response_urls.issue(user.id, channel.id, original=message.ts, thread_ts=message.thread_ts)
    told: Payload = {
        "container": container,
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "response_url": response_url(workspace, "actions", token),
    }
    if not message.only_for:  # Slack keeps no ephemeral message to send
        told["message"] = workspace.conversations.told(message)
    return told


def on_view(view: View) -> Payload:
    """The parts that say in which form something was pressed."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view.as_slack()}


def event(workspace: Workspace, inner: Payload) -> Payload:
    """The envelope of an event."""
    return {
        "token": VERIFICATION,
        "team_id": workspace.team,
        "api_app_id": people.APP,
        "event": inner,
        "type": "event_callback",
        "event_id": "Ev" + secrets.token_hex(5).upper(),
        "event_time": int(workspace.clock.now().timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team,
                "user_id": people.BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }
