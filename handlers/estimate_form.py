"""The form of an estimate while it is filled in: models by the letters typed, the answer so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack

from bot.parts import Parts
from bot.rules.click import Click
from estimator.answer import answer
from estimator.parse import Unclear, parse
from handlers import received
from handlers.doorway import Doorway
from handlers.views import estimate_form as views
from handlers.views.message import Block


def redrawn(parts: Parts, click: Click, body: Mapping[str, Any]) -> Block:
    """The form after a change, with the answer to what is filled in so far; a model of the hub is not asked for."""
    given, state = received.fields(body), received.state_of(body)
    regions = parts.policy().limits.regions
    return views.form(given, regions=regions, channel=state.get("channel", ""), says=_says(parts, given))


def _says(parts: Parts, given: Mapping[str, str]) -> str:
    if not given.get("model"):
        return views.FIRST
    if problems := views.problems(given, parts.catalog):
        return views.unclear(problems)
    try:
        found = answer(parse(views.words(given), parts.catalog), parts.catalog, parts.clock.now().date())
    except Unclear:
        return "The model is looked up on the Hugging Face hub when you press Estimate."
    return views.says(found)


def models(door: Doorway) -> Callable[..., None]:
    """The models that fit the letters typed so far."""

    def on_options(ack: Ack, body: dict[str, Any]) -> None:
        ack(options=views.models(door.parts.catalog, str(body.get("value") or "")))

    return on_options
