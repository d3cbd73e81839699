"""What is said of muted reminders."""

from __future__ import annotations

from datetime import datetime

from handlers.views.blocks import actions, button, context, section
from handlers.views.message import Block, Message
from handlers.views.times import moment

MUTED = "Reminders are muted for you until {until}. What you must know still comes: your requests and your machines."
ON_HOME = "Reminders are muted for you until {until}."
UNMUTED = "Reminders come again."
MUTE, UNMUTE = "Mute for me (1 week)", "Unmute"
ME = "me"  # the button's value: who pressed is looked up at the press


def answer(until: datetime | None) -> Message:
    """How it stands now, with the way back."""
    if until is None:
        return Message(UNMUTED, [section(UNMUTED)])
    text = MUTED.format(until=moment(until))
    return Message(text, [section(text), actions(button(UNMUTE, "unmute", ME))])


def on_home(until: datetime | None) -> list[Block]:
    """How it stands, on the Home tab, with the button that changes it."""
    if until is None:
        return [row()]
    return [context(ON_HOME.format(until=moment(until))), actions(button(UNMUTE, "unmute", ME))]


def row() -> Block:
    """The way to be left alone, under a reminder."""
    return actions(button(MUTE, "mute_1w", ME))
