"""What every handler is given, and how a handler speaks to the person who asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.parts import Parts
from bot.rules.click import Click
from bot.rules.errors import NotAllowed, SlackError
from bot.rules.people import may_act
from handlers import errors, words
from handlers.later import Later
from handlers.received import Command
from handlers.views.fit import fitted
from handlers.views.message import Message

Asked = Command | Click


@dataclass(frozen=True)
class Doorway:
    """The parts, and threads for what comes after the ack."""

    parts: Parts
    later: Later

    def run(self, asked: Asked, task: Callable[[], object], *, private: bool = False) -> None:
        """
        Do *task* after the ack; an error is told to the asker alone.

        Guests, bots and people of other workspaces are refused unless the policy lets them in. Where Slack does not
        say who asks, only what is *private* to the team is refused.
        """

        def admitted() -> None:
            self.admit(asked.user, private=private)
            task()

        self.later.run(admitted, lambda error: self.whisper(asked, errors.message(error)))

    def admit(self, user: str, *, private: bool = True) -> None:
        """Raise NotAllowed for whom the policy does not let in."""
        people = self.parts.people
        try:
            why = may_act(people.get(user), team=people.team())
        except SlackError:
            if private:
                raise
            return
        if why:
            raise NotAllowed(why)

    def answer(self, asked: Asked, message: Message) -> None:
        """Answer a command where all in the channel can see it."""
        self._respond(asked, message, in_channel=True)

    def whisper(self, asked: Asked, message: Message) -> None:
        """Answer so that only the asker sees it."""
        self._respond(asked, message, in_channel=False)

    def open(self, asked: Asked, view: dict[str, Any]) -> None:
        """Open a form after the ack; Slack gives three seconds from the press."""
        self.run(asked, lambda: self.show(asked, view))

    def show(self, asked: Asked, view: dict[str, Any]) -> None:
        """Open a form now, in the language of who asked; after the ack only."""
        self.parts.slack.open_view(asked.trigger_id, words.block(view, words.of(self.parts, asked.user)))

    def beside(self, user: str, problems: Mapping[str, str]) -> dict[str, str]:
        """What is wrong with a form's fields, in the language of *user*; fit for the ack."""
        language = words.before_the_ack(self.parts, user)
        return {field: words.text(problem, language) for field, problem in problems.items()}

    def _respond(self, asked: Asked, message: Message, *, in_channel: bool) -> None:
        slack, message = self.parts.slack, fitted(words.message(message, words.of(self.parts, asked.user)))
        try:
            if asked.response_url:
                slack.respond(asked.response_url, message, in_channel=in_channel)
                return
        except SlackError:
            if not asked.channel:
                raise
        if in_channel or not asked.channel:  # a press on the Home tab has no channel
            slack.post(asked.channel or slack.open_dm(asked.user), message)
        else:
            slack.whisper(asked.channel, asked.user, message)
