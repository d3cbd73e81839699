"""What Slack sent, as values: a command, a click, a submitted form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.rules.click import Click

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A slash command; *key* is the same when Slack sends it again."""

    name: str
    text: str
    user: str
    team: str
    channel: str
    trigger_id: str
    response_url: str

    @property
    def key(self) -> str:
        """Unique per command typed."""
        return f"command:{self.team}:{self.trigger_id or self.response_url}"


def command(body: Body) -> Command:
    """A slash command from its form."""
    return Command(
        name=str(body.get("command", "")),
        text=str(body.get("text") or "").strip(),
        user=str(body.get("user_id", "")),
        team=str(body.get("team_id") or ""),
        channel=str(body.get("channel_id") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
        response_url=str(body.get("response_url") or ""),
    )


def click(body: Body) -> Click:
    """A pressed button from a block_actions payload; a resend has the same action_ts, so the same key."""
    action = body["actions"][0]
    user, team = _who(body)
    container = body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or ""
    stamp = action.get("action_ts") or body.get("trigger_id") or ""
    name, value = str(action["action_id"]), _value(action)
    return Click(
        action=name,
        value=value,
        user=user,
        team=team,
        key=f"click:{team}:{user}:{name}:{value}:{stamp}",
        channel=str(channel),
        ts=str(container.get("message_ts") or (body.get("message") or {}).get("ts") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
        response_url=str(body.get("response_url") or ""),
    )


def submitted(body: Body, *, action: str, value: str, data: Mapping[str, Any], origin: Mapping[str, str]) -> Click:
    """A submitted form as the click that it completes; *origin* says where its button stood."""
    user, team = _who(body)
    return Click(
        action=action,
        value=value,
        user=user,
        team=team,
        key=f"view:{team}:{body['view'].get('id', '')}",
        channel=origin.get("channel", ""),
        ts=origin.get("ts", ""),
        response_url=origin.get("response_url", ""),
        data=data,
    )


def fields(body: Body) -> dict[str, str]:
    """Each input's value by its block id; empty when it was left empty."""
    values = (body["view"].get("state") or {}).get("values", {})
    return {
        block.partition(":")[0]: _typed(next(iter(actions.values()), {}))
        for block, actions in values.items()
        if actions
    }


def block_of(body: Body, name: str) -> str:
    """The block id under which the form has the field *name* (`market` may stand as `market:spot`)."""
    found = (str(block.get("block_id", "")) for block in body["view"].get("blocks", ()))
    return next((one for one in found if one.partition(":")[0] == name), name)


def state_of(body: Body) -> dict[str, str]:
    """What a form remembers of the button that opened it; empty when it does not read."""
    try:
        found = json.loads(body["view"].get("private_metadata") or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def user(body: Body) -> str:
    """The Slack id of who sent a form."""
    return _who(body)[0]


def _who(body: Body) -> tuple[str, str]:
    user = body.get("user") or {}
    team = user.get("team_id") or (body.get("team") or {}).get("id") or ""
    return str(user.get("id", "")), str(team)


def _value(action: Mapping[str, Any]) -> str:
    option = action.get("selected_option")
    if isinstance(option, dict):
        return str(option.get("value") or "")
    return str(action.get("value") or "")


def _typed(state: Any) -> str:
    if not isinstance(state, dict):
        return ""
    option = state.get("selected_option")
    if isinstance(option, dict):
        return str(option.get("value") or "")
    for name in ("value", "selected_date", "selected_time", "selected_user", "selected_conversation"):
        if state.get(name) is not None:
            return str(state[name]).strip()
    return ""
