"""The answers that only plain English gets: a machine's price with the button that asks for it."""

from __future__ import annotations

from bot.rules import launch_text as say
from bot.rules.launch import Wanted
from bot.rules.launch_money import Price
from handlers.views.blocks import actions, button, context, section
from handlers.views.message import Message, plain

PRICED = "{what} costs {rate} an hour, {total} in all."
UNPRICED = "{what}: its price is not known."
NEXT = "Nothing is asked yet. The button opens the form; an approver decides."
ASK = "Ask to launch..."


def offer(wanted: Wanted, price: Price | None, ref: str) -> Message:
    """What a machine would cost, and *Ask to launch*; *ref* is where the wish is kept."""
    what = say.what(wanted)
    if price is None:
        text = plain(UNPRICED.format(what=what))
    else:
        text = plain(PRICED.format(what=what, rate=say.rate(price.usd_per_hour), total=say.usd(price.usd_total)))
    button_row = actions(button(ASK, "launch_0", f"{ref}:0", style="primary"))
    return Message(text, [section(f"*{text}*"), context(NEXT), button_row])
