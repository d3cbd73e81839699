"""Open forms and Home tabs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.playground.slack import people
from bot.playground.slack.elements import DRAWINGS, Block, Drawings, State, state_of, with_ids
from bot.playground.slack.errors import Refused

STACK = 3
TOLD = ("title", "submit", "close", "private_metadata", "callback_id", "clear_on_close", "notify_on_close")


@dataclass(slots=True, kw_only=True)
class View:
    """One form on a person's screen, or their Home tab; *typed* is what they have entered so far."""

    id: str
    user: str
    definition: Block
    team: str = people.TEAM
    root: str = ""
    previous: str = ""
    hash: str = ""
    origin: dict[str, str] = field(default_factory=dict)  # the channel from where it was opened
    typed: dict[tuple[str, str], Block] = field(default_factory=dict)
    earlier: Drawings = field(default_factory=list)

    @property
    def blocks(self) -> list[Block]:
        """The blocks, each with its ids."""
        found: list[Block] = self.definition["blocks"]
        return found

    @property
    def drawings(self) -> Drawings:
        """The blocks as they are and as they were, newest first."""
        return [self.blocks, *self.earlier]

    @property
    def state(self) -> State:
        """What is entered, by block id and action id."""
        return state_of(self.blocks, self.typed)

    def as_slack(self) -> dict[str, Any]:
        """The view object."""
        given = self.definition
        return {
            "id": self.id,
            "team_id": self.team,
            "type": given["type"],
            "blocks": self.blocks,
            "state": {"values": self.state},
            "hash": self.hash,
            "private_metadata": "",
            "callback_id": "",
            "title": None,
            "close": None,
            "submit": None,
            "clear_on_close": False,
            "notify_on_close": False,
            **{name: given[name] for name in TOLD if name in given},
            "external_id": given.get("external_id", ""),
            "previous_view_id": self.previous or None,
            "root_view_id": self.root or self.id,
            "app_id": people.APP,
            "app_installed_team_id": self.team,
            "bot_id": people.BOT,
        }


class Views:
    """Everybody's stack of forms and Home tab; *changed* hears whose screen is different now."""

    def __init__(self, stamp: Callable[[], str], changed: Callable[[str, str], None], team: str = people.TEAM) -> None:
        self._team = team
        self._stamp = stamp
        self._changed = changed
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def open(self, user: str, definition: Block, origin: dict[str, str] | None = None) -> View:
        """A new form over everything that *user* had open."""
        self._check_external(definition)
        view = self._made(user, definition)
        view.origin = origin or {}
        self.stacks[user] = [view]
        self._changed("views", user)
        return view

    def push(self, user: str, definition: Block) -> View:
        """A form on top of the open one; at most three."""
        stack = self.stacks.setdefault(user, [])
        if len(stack) >= STACK:
            raise Refused("push_limit_reached")
        self._check_external(definition)
        view = self._made(user, definition)
        if stack:
            view.root, view.previous, view.origin = stack[0].id, stack[-1].id, stack[-1].origin
        stack.append(view)
        self._changed("views", user)
        return view

    def update(self, view: View, definition: Block, hash: str = "") -> View:
        """Redraw *view* in place; what was entered stays where the ids do."""
        if hash and hash != view.hash:
            raise Refused("hash_conflict")
        view.earlier = view.drawings[: DRAWINGS - 1]
        view.definition = {**definition, "blocks": with_ids(definition["blocks"])}
        view.hash = self._hash()
        self._changed("home" if view.definition["type"] == "home" else "views", view.user)
        return view

    def publish(self, user: str, definition: Block, hash: str = "") -> View:
        """Draw *user*'s Home tab."""
        if user in self.homes:
            return self.update(self.homes[user], definition, hash)
        self.homes[user] = self._made(user, definition)
        self._changed("home", user)
        return self.homes[user]

    def find(self, *, view_id: str = "", external_id: str = "") -> View:
        """An open view by its id or external id."""
        for view in self.all():
            if view.id == view_id or (external_id and view.definition.get("external_id") == external_id):
                return view
        raise Refused("not_found")

    def all(self) -> list[View]:
        """Every view on every screen."""
        return [view for stack in self.stacks.values() for view in stack] + list(self.homes.values())

    def close(self, user: str, view: View | None = None) -> None:
        """Take the top form away (it must be *view*), or all of them."""
        stack = self.stacks.get(user, [])
        self.stacks[user] = [kept for kept in stack if view is not None and kept.id != view.id]
        self._changed("views", user)

    def _made(self, user: str, definition: Block) -> View:
        given = {**definition, "blocks": with_ids(definition["blocks"])}
        identity = "V" + secrets.token_hex(5).upper()
        return View(id=identity, user=user, definition=given, hash=self._hash(), team=self._team)

    def _hash(self) -> str:
        return f"{self._stamp().partition('.')[0]}.{secrets.token_hex(4)}"

    def _check_external(self, definition: Block) -> None:
        wanted = definition.get("external_id")
        if wanted and any(view.definition.get("external_id") == wanted for view in self.all()):
            raise Refused("duplicate_external_id")
