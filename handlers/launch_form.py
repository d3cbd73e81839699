"""The form of a request while it is filled in: its types by region, its cost line, its problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack

from bot.launch_rows import budgets
from bot.parts import Parts
from bot.rules.click import Click
from bot.rules.launch import Wanted
from bot.rules.launch_preview import Preview, preview
from handlers import received
from handlers.doorway import Asked, Doorway
from handlers.views import launch_form as views
from handlers.views.message import Block

Body = Mapping[str, Any]


def default_region(parts: Parts) -> str:
    """The first region that the policy allows, or that of the environment where it allows it."""
    allowed = parts.policy().limits.regions
    own = parts.settings.aws_region
    return own if own in allowed or not allowed else allowed[0]


def open_form(door: Doorway, asked: Asked) -> None:
    """Open the empty form."""
    wanted = Wanted(instance_type="", region=default_region(door.parts))
    door.show(asked, form(door, wanted, channel=asked.channel, asker=asked.user))


def form(door: Doorway, wanted: Wanted, *, channel: str, asker: str = "") -> Block:
    """The launch form, filled with *wanted*, offering what the policy allows."""
    given = views.given_of(wanted, door.parts.policy().limits)
    return drawn(door.parts, given, {**views.beside(wanted), "channel": channel}, asker=asker)


def drawn(parts: Parts, given: Mapping[str, str], state: Mapping[str, str], *, asker: str) -> Block:
    """The form as it is filled by now."""
    found = judged(parts, {**views.unshown(state), **given}, asker)
    kept = {**state, "region": given.get("region", "")}
    policy, catalog = parts.policy(), parts.catalog
    return views.form(given, found, limits=policy.limits, catalog=catalog, state=kept, image=policy.launch.image)


def judged(parts: Parts, given: Mapping[str, str], asker: str) -> Preview:
    """What is known of a request that is filled in so far: the catalog, the policy and the database, nothing else."""
    policy, now = parts.policy(), parts.clock.now()
    with parts.store.reading() as tx:
        lines = budgets(tx, policy, asker, now) if asker else ()
    return preview(given, policy, parts.catalog, lines, now)


def seen(parts: Parts, body: Body) -> Preview:
    """The same of a form as Slack sends it."""
    given = {**views.unshown(received.state_of(body)), **received.fields(body)}
    return judged(parts, given, str((body.get("user") or {}).get("id", "")))


def redrawn(parts: Parts, click: Click, body: Body) -> Block:
    """The form after a change in one of its fields."""
    return drawn(parts, received.fields(body), received.state_of(body), asker=click.user)


def types(door: Doorway) -> Callable[..., None]:
    """The instance types of the form's region that fit the letters typed so far, from the catalog alone."""

    def on_options(ack: Ack, body: dict[str, Any]) -> None:
        parts, query = door.parts, str(body.get("value") or "")
        region = received.fields(body).get("region") or received.state_of(body).get("region") or default_region(parts)
        groups = views.types(parts.catalog, region, query, parts.policy().limits)
        if groups:
            ack(option_groups=groups)
        else:
            ack(options=[])

    return on_options
