"""What people do at their screens, and what Slack tells the bot of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from bot.playground.slack import forms, payloads, typed
from bot.playground.slack.delivery import Delivered, Kind, Payload, Reply, Transport
from bot.playground.slack.elements import Block, Drawings, State, action, chosen, found_in, options_of, state_of
from bot.playground.slack.errors import Refused
from bot.playground.slack.events import Events
from bot.playground.slack.messages import Channel, Message
from bot.playground.slack.modals import View
from bot.playground.slack.responses import say
from bot.playground.slack.workspace import Step, Workspace

NOT_A_COMMAND = (
    "`{}` is not a valid command. In Slack, all messages that start with the `/` character are interpreted as commands."
)


class Client:
    """Everybody's Slack client. Each method returns once the bot has acked or the time for that is over."""

    def __init__(self, workspace: Workspace, transport: Callable[[], Transport]) -> None:
        self._workspace = workspace
        self._transport = transport
        self.events = Events(workspace, transport)

    def command(self, user: str, channel: str, name: str, text: str) -> Delivered | None:
        """Type a slash command; None when the app has no such command, which the person is told."""
        with self._workspace.lock:
            where = self._workspace.place(channel, user)
            if not self._knows(name):
                self._workspace.whisper(where.id, user, NOT_A_COMMAND.format(name))
                return None
            words = typed.escaped(text) if self._workspace.escapes_commands else text
            form = payloads.command(self._workspace, self._workspace.user(user), where, name, words)
        sent = self._send("slash_commands", form)
        self._after_command(sent, where, user)
        return sent

    def _knows(self, name: str) -> bool:
        known = [str(command["command"]) for command in self._workspace.app.commands]
        return not known or name in known

    def _after_command(self, sent: Delivered, where: Channel, user: str) -> None:
        name, reply = str(sent.payload["command"]), sent.reply
        if reply.problem:
            self._workspace.whisper(where.id, user, f'{name} failed with the error "{reply.problem}"')
        elif reply.body.get("text") or reply.body.get("blocks"):
            try:
                with self._workspace.lock:
                    say(self._workspace, where.id, user, reply.body)
            except Refused as refused:
                self._workspace.whisper(where.id, user, f'{name} failed with the error "{refused.code}"')

    def click(
        self, user: str, channel: str, ts: str, *, action_id: str, block_id: str | None = None, value: Any = None
    ) -> Delivered:
        """Press a button of a message, or choose *value* in one of its menus."""
        with self._workspace.lock:
            message = self._seen(user, channel, ts)
            block, element = _found(message.drawings, action_id, block_id)
            chosen_here = self._workspace.chosen.setdefault((user, channel, ts), {})
            made = action(block, element, value, self._workspace.conversations.stamp())
            if element["type"] not in ("button", "overflow"):
                chosen_here[(block["block_id"], action_id)] = chosen(element, value)
            where, who = self._workspace.conversations.find(channel), self._workspace.user(user)
            payload = payloads.interaction(self._workspace, "block_actions", who)
            payload |= payloads.on_message(self._workspace, who, where, message)
            payload |= {"state": {"values": state_of(message.blocks, chosen_here)}, "actions": [made]}
        return self._send("interactive", payload)

    def _seen(self, user: str, channel: str, ts: str) -> Message:
        message = self._workspace.conversations.get(channel, ts)
        if not message.seen_by(user):
            raise Refused("message_not_found")
        return message

    def choose(self, user: str, channel: str, ts: str, values: State) -> None:
        """Fill in a message's inputs, by block id and action id; the bot hears of it with the next press."""
        with self._workspace.lock:
            message = self._seen(user, channel, ts)
            chosen_here = self._workspace.chosen.setdefault((user, channel, ts), {})
            for block_id, given in values.items():
                for action_id, value in given.items():
                    _, element = _found(message.drawings, action_id, block_id)
                    chosen_here[(block_id, action_id)] = chosen(element, value)

    def click_view(
        self, user: str, view_id: str, *, action_id: str, block_id: str | None = None, value: Any = None
    ) -> Delivered:
        """Press a button or choose *value* in a form or on the Home tab, or type where `dispatch_action` is set."""
        with self._workspace.lock:
            view = self._own(user, view_id)
            block, element = _found(view.drawings, action_id, block_id)
            if element["type"] not in ("button", "overflow"):
                view.typed[(block["block_id"], action_id)] = chosen(element, value)
            made = action(block, element, value, self._workspace.conversations.stamp())
            payload = payloads.interaction(self._workspace, "block_actions", self._workspace.user(user))
            payload |= {**payloads.on_view(view), "actions": [made]}
        return self._send("interactive", payload)

    def _own(self, user: str, view_id: str) -> View:
        view = self._workspace.views.find(view_id=view_id)
        if view.user != user:
            raise Refused("not_found")
        return view

    def submit(self, user: str, view_id: str, values: Mapping[str, Any]) -> Delivered:
        """Send a form off with *values* by block id; what is required and missing is told without asking the bot."""
        with self._workspace.lock:
            view = self._own(user, view_id)
            forms.fill(view, values)
            payload = payloads.interaction(self._workspace, "view_submission", self._workspace.user(user))
            payload |= {"view": view.as_slack(), "response_urls": forms.response_urls(self._workspace, view)}
            if errors := forms.missing(view):
                return Delivered(kind="interactive", payload=payload, errors=errors)
        sent = self._send("interactive", payload)
        with self._workspace.lock:
            return forms.after_submit(self._workspace, view, sent)

    def fill(self, user: str, view_id: str, values: Mapping[str, Any]) -> State:
        """Enter *values* by block id without sending the form off."""
        with self._workspace.lock:
            view = self._own(user, view_id)
            forms.fill(view, values)
            return view.state

    def close(self, user: str, view_id: str, *, clear: bool = False) -> Delivered | None:
        """Close a form (with *clear* all of them); the bot hears of it where the form asked for that."""
        with self._workspace.lock:
            view = self._own(user, view_id)
            cleared = clear or bool(view.definition.get("clear_on_close"))
            self._workspace.views.close(user, None if cleared else view)
            if not view.definition.get("notify_on_close"):
                return None
            payload = payloads.interaction(self._workspace, "view_closed", self._workspace.user(user))
            payload |= {"view": view.as_slack(), "is_cleared": cleared}
            payload.pop("trigger_id")
        return self._send("interactive", payload)

    def suggest(
        self, user: str, *, action_id: str, text: str, view_id: str = "", channel: str = "", ts: str = ""
    ) -> list[Block]:
        """What an external select offers for the letters typed so far."""
        with self._workspace.lock:
            who = self._workspace.user(user)
            payload = payloads.interaction(self._workspace, "block_suggestion", who)
            payload.pop("trigger_id")
            if view_id:
                view = self._own(user, view_id)
                block, _ = _found(view.drawings, action_id, None)
                payload |= payloads.on_view(view)
            else:
                message = self._seen(user, channel, ts)
                block, _ = _found(message.drawings, action_id, None)
                payload |= payloads.on_message(
                    self._workspace, who, self._workspace.conversations.find(channel), message
                )
            payload |= {"action_id": action_id, "block_id": block["block_id"], "value": text}
        body = self._send("interactive", payload).reply.body
        return options_of(body)

    def shortcut(self, user: str, callback_id: str, *, channel: str = "", ts: str = "") -> Delivered:
        """Use a global shortcut, or with *channel* and *ts* one of a message."""
        with self._workspace.lock:
            who = self._workspace.user(user)
            payload = payloads.interaction(self._workspace, "message_action" if ts else "shortcut", who)
            payload |= {"callback_id": callback_id, "action_ts": self._workspace.conversations.stamp()}
            if ts:
                where = self._workspace.conversations.find(channel)
                message = self._seen(user, channel, ts)
                told = payloads.on_message(self._workspace, who, where, message)
                payload |= {name: told[name] for name in ("channel", "response_url", "message") if name in told}
                payload["message_ts"] = ts
        return self._send("interactive", payload)

    def say(self, user: str, channel: str, text: str, *, thread_ts: str = "") -> Message:
        """Write a message; the bot hears of it if it is subscribed to that."""
        with self._workspace.lock:
            where = self._workspace.place(channel, user)
            talk = self._workspace.conversations
            written = typed.as_message(text, self._workspace)
            message = Message(channel=where.id, ts=talk.stamp(), user=user, text=written, thread_ts=thread_ts)
            talk.add(message)
        self.events.message(where, message)
        return message

    def open_home(self, user: str, tab: str = "home") -> None:
        """Look at the app's Home tab (or its messages)."""
        self.events.home_opened(self._workspace.user(user).id, tab)

    def run_step(self, user: str, callback_id: str, inputs: Mapping[str, Any], *, channel: str = "") -> Step:
        """Run a workflow in which the app provides a step, told in *channel*; returns the step, as far as it came."""
        with self._workspace.lock:
            identity = "Fx" + secrets.token_hex(5).upper()
            step = self._workspace.steps[identity] = Step(callback_id, user, channel)
        self.events.step(self._workspace.user(user).id, callback_id, identity, inputs)
        return step

    def resend(self, sent: Delivered) -> Delivered:
        """Deliver the same once more, as Slack does when it is in doubt."""
        return self._send(sent.kind, sent.payload)

    def _send(self, kind: Kind, payload: Payload) -> Delivered:
        reply: Reply = self._transport().send(kind, payload)
        return Delivered(kind=kind, payload=payload, reply=reply)


def _found(drawings: Drawings, action_id: str, block_id: str | None) -> tuple[Block, Block]:
    found = found_in(drawings, action_id, block_id)
    if found is None:
        raise Refused("action_not_found")
    return found
