"""Who people are, remembered for minutes; a decision asks Slack afresh."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from bot.clock import Clock
from bot.rules.errors import SlackError
from bot.rules.people import Person, admitted
from bot.rules.policy_access import Access
from bot.slack import Slack

T = TypeVar("T")
KEEP = timedelta(minutes=5)


class People:
    """Slack profiles and user groups; safe to use from several threads."""

    def __init__(self, slack: Slack, clock: Clock, access: Callable[[], Access] = Access) -> None:
        self._slack = slack
        self._access = access
        self._clock = clock
        self._lock = threading.Lock()
        self._team = ""
        self._known: dict[str, tuple[datetime, Person]] = {}
        self._groups: dict[str, tuple[datetime, tuple[str, ...]]] = {}

    def get(self, user: str) -> Person:
        """*user*, at most five minutes old; raises SlackError when Slack does not answer and nothing is remembered."""
        return self._taken(self._remembered(self._known, user, self._slack.person))

    def remembered(self, user: str) -> Person | None:
        """*user* as Slack said last, however long ago; it is not asked."""
        with self._lock:
            _, person = self._known.get(user, (None, None))
        return person

    def fresh(self, user: str) -> Person:
        """*user* as Slack says now; raises SlackError."""
        person = self._slack.person(user)
        with self._lock:
            self._known[user] = (self._clock.now(), person)
        return self._taken(person)

    def name(self, user: str) -> str:
        """A name to print; the id when Slack does not answer."""
        try:
            return self.get(user).name
        except SlackError:
            return user

    def zone(self, user: str) -> str:
        """The IANA zone of *user*; UTC when Slack does not answer."""
        try:
            return self.get(user).tz
        except SlackError:
            return "UTC"

    def team(self) -> str:
        """The workspace of the bot; raises SlackError until Slack has answered once."""
        if not self._team:
            self._team = str(self._slack.whoami().get("team_id") or "")
        return self._team

    def members(self, group: str, *, fresh: bool = False) -> tuple[str, ...]:
        """User ids of a user group, at most five minutes old or *fresh*; nobody when Slack does not answer."""
        try:
            if fresh:
                self._groups.pop(group, None)
            return self._remembered(self._groups, group, self._slack.group_members)
        except SlackError:
            return ()

    def _taken(self, person: Person) -> Person:
        return admitted(person, self._access())

    def _remembered(self, known: dict[str, tuple[datetime, T]], key: str, ask: Callable[[str], T]) -> T:
        now = self._clock.now()
        with self._lock:
            at, value = known.get(key, (None, None))
        if at is not None and value is not None and now - at < KEEP:
            return value
        found = ask(key)
        with self._lock:
            known[key] = (now, found)
        return found
