"""/ml-estimate, its form, and the buttons under an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack

from bot.hub import Hub, understood
from bot.parts import Parts
from bot.rules import links
from bot.rules.click import Click
from bot.rules.errors import TooLate
from bot.rules.launch import Wanted
from bot.store import estimates
from estimator.answer import Answer, answer
from estimator.option import Option
from handlers import launch, received
from handlers.doorway import Asked, Doorway
from handlers.views import estimate as views
from handlers.views import estimate_form
from handlers.views import reach as reach_views
from handlers.views.message import Message

Listener = Callable[..., None]
Body = dict[str, Any]
GONE = "This estimate is no longer kept; ask again with /ml-estimate."


def command(door: Doorway) -> Listener:
    """`/ml-estimate WORDS` answers in the channel; without words the form opens."""

    def on_command(ack: Ack, body: Body) -> None:
        ack()
        asked = received.command(body)
        if asked.text:
            door.run(asked, lambda: reply(door, asked, asked.text))
        else:
            regions = door.parts.policy().limits.regions
            door.open(asked, estimate_form.form({}, regions=regions, channel=asked.channel))

    return on_command


def submitted(door: Doorway) -> Listener:
    """The form as words, answered where it was opened."""

    def on_submit(ack: Ack, body: Body) -> None:
        given = received.fields(body)
        problems = estimate_form.problems(given, door.parts.catalog)
        if problems:
            ack(response_action="errors", errors=door.beside(received.user(body), problems))
            return
        ack()
        words = estimate_form.words(given)
        origin = launch.state_of(body)
        asked = received.submitted(body, action="estimate", value="", data={}, origin=origin)
        door.run(asked, lambda: reply(door, asked, words))

    return on_submit


def reply(door: Doorway, asked: Asked, words: str) -> None:
    """Estimate *words* and answer in the channel."""
    door.answer(asked, drawn(door.parts, words, key=asked.key, team=asked.team, user=asked.user))


def drawn(parts: Parts, words: str, *, key: str, team: str, user: str) -> Message:
    """The answer to *words*; the options that it shows are kept for its buttons, once by *key*."""
    now = parts.clock.now()
    found = answer(*understood(words, parts.catalog, Hub.of(parts.settings, parts.clock)), now.date())
    data = {"words": found.words, "options": [_kept(option) for option in views.shown(found)]}
    with parts.store.transaction() as tx:
        ref = estimates.save(tx, key=key, team=team, asker=user, at=now, data=data)
    message = views.message(found, ref)
    if url := links.link(parts.settings.mlbot_public_url, ref):
        message.blocks.insert(-1, reach_views.linked(url, reach_views.TO_ESTIMATE))
    return message


def _kept(option: Option) -> dict[str, Any]:
    hours = option.hours.high if option.hours else None
    return {
        "instance_type": option.instance_type,
        "count": option.nodes,
        "market": option.market,
        "region": option.region,
        "hours": hours,
    }


def ask_to_launch(door: Doorway) -> Listener:
    """*Ask to launch* opens the request's form, filled with the option."""

    def on_press(ack: Ack, body: Body) -> None:
        ack()
        asked = received.click(body)
        door.run(asked, lambda: _open_form(door, asked))

    return on_press


def _open_form(door: Doorway, asked: Click) -> None:
    ref, _, number = asked.value.partition(":")
    kept = _find(door, ref)
    options = kept["options"]
    if not number.isdigit() or int(number) >= len(options):
        raise TooLate(GONE)
    wanted = _wanted(options[int(number)], purpose=str(kept["words"])[:200])
    door.show(asked, launch.form(door, wanted, channel=asked.channel, asker=asked.user))


def _wanted(option: Mapping[str, Any], *, purpose: str) -> Wanted:
    if asked := option.get("wanted"):  # somebody named the machine
        return Wanted(**asked)
    hours = option["hours"]
    return Wanted(
        instance_type=option["instance_type"] or "",
        region=option["region"],
        count=option["count"],
        market="spot" if option["market"] == "spot" else "on-demand",
        # The asker may need the slow end of the range; a whole number of hours is what people read.
        hours=float(max(1, -(-hours // 1))) if hours else 8,
        purpose=purpose,
    )


def how(door: Doorway) -> Listener:
    """*How was this computed?*: formulas, inputs, assumptions and sources, for the one who asks."""

    def on_press(ack: Ack, body: Body) -> None:
        ack()
        asked = received.click(body)
        door.run(asked, lambda: door.show(asked, views.how(_again(door, asked))))

    return on_press


def _again(door: Doorway, asked: Click) -> Answer:
    kept = _find(door, asked.value)
    parts = door.parts
    work, catalog = understood(str(kept["words"]), parts.catalog, Hub.of(parts.settings, parts.clock))
    return answer(work, catalog, parts.clock.now().date())


def _find(door: Doorway, ref: str) -> Mapping[str, Any]:
    with door.parts.store.reading() as tx:
        kept = estimates.find(tx, ref)
    if kept is None:
        raise TooLate(GONE)
    return kept
