"""The answers that only plain English gets: a machine's price with the button that asks for it."""

from __future__ import annotations

from bot.rules import launch_text as say
from bot.rules.launch import LaunchCard, Wanted
from bot.rules.launch_money import Price
from estimator.answer import Answer
from handlers.views import launch as launch_views
from handlers.views.blocks import actions, button, context, section
from handlers.views.message import Block, Message, plain

PRICED = "{what} costs {rate} an hour, {total} in all."
UNPRICED = "{what}: its price is not known."
NEXT = "Nothing is asked yet. The button opens the form; an approver decides."
ASK = "Ask to launch..."
TO_REQUEST, TO_ESTIMATE = "Link to this request", "Link to this estimate"
ASKED_FOR = "Asked for: {words}"


def offer(wanted: Wanted, price: Price | None, ref: str) -> Message:
    """What a machine would cost, and *Ask to launch*; *ref* is where the wish is kept."""
    what = say.what(wanted)
    if price is None:
        text = plain(UNPRICED.format(what=what))
    else:
        text = plain(PRICED.format(what=what, rate=say.rate(price.usd_per_hour), total=say.usd(price.usd_total)))
    button_row = actions(button(ASK, "launch_0", f"{ref}:0", style="primary"))
    return Message(text, [section(f"*{text}*"), context(NEXT), button_row])


def shown_launch(found: LaunchCard) -> list[Block]:
    """A request below a message that links to it: how it stands, without buttons."""
    drawn = launch_views.card(found)
    return [block for block in drawn.blocks if block["type"] in ("header", "section")][:4]


def shown_estimate(found: Answer) -> list[Block]:
    """An estimate below a message that links to it: the point."""
    return [section(f"*{plain(found.asked)}*\n{plain(found.headline)}"), context(plain(found.prices))]


def shown_words(words: str) -> list[Block]:
    """What somebody asked for in a sentence."""
    return [section(ASKED_FOR.format(words=plain(words)))]


def linked(url: str, words: str) -> Block:
    """A link to pass on."""
    return context(f"<{url}|{words}>")
