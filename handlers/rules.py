"""What may I launch? A view of the policy as it is for the one who asks, with a search by instance type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot import home
from bot.launch_rows import budgets, frozen
from bot.parts import Parts
from bot.rules.click import Click
from bot.rules.launch import Wanted
from handlers import words
from handlers.doorway import Asked, Doorway
from handlers.launch_form import default_region, judged
from handlers.views import launch_form as form_views
from handlers.views import rules as views
from handlers.views.message import Block


def open_view(door: Doorway, asked: Asked) -> None:
    """Open it; from a form it lies over that form."""
    view = drawn(door.parts, asked.user, "")
    if isinstance(asked, Click) and asked.value == "form":
        door.parts.slack.push_view(asked.trigger_id, words.block(view, words.of(door.parts, asked.user)))
    else:
        door.show(asked, view)


def redrawn(parts: Parts, click: Click, body: Mapping[str, Any]) -> Block:
    """The view with what it says of the type that was looked for."""
    return drawn(parts, click.user, click.value)


def drawn(parts: Parts, user: str, instance_type: str) -> Block:
    """The policy for *user*, and what it says of one type in every region."""
    policy, now = parts.policy(), parts.clock.now()
    with parts.store.reading() as tx:
        lines, why = budgets(tx, policy, user, now), frozen(tx)
    verdicts = {}
    for region in policy.limits.regions if instance_type else ():
        wanted = Wanted(instance_type=instance_type, region=region)
        verdicts[region] = judged(parts, form_views.given_of(wanted, policy.limits), user)
    found = views.Rules(policy, home.roles(parts, user), user, lines, why, instance_type, verdicts)
    return views.view(found, region=default_region(parts))
