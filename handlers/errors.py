"""Errors as messages: what a person can fix as it is, what AWS refused with its code, a bug with a reference."""

from __future__ import annotations

import logging

from bot.rules.errors import BotError, CloudError, SlackError, Unclear, UserError
from handlers.later import reference
from handlers.views.blocks import section
from handlers.views.message import Message, plain

log = logging.getLogger(__name__)


def message(error: Exception) -> Message:
    """One clear sentence for the person who asked."""
    text = _sentence(error)
    return Message(text=text, blocks=[section(text)])


def told(text: str) -> Message:
    """One sentence of ours as a message."""
    return Message(plain(text), [section(plain(text))])


def _sentence(error: Exception) -> str:
    if isinstance(error, Unclear) or hasattr(error, "nearest"):
        return _unclear(error)
    if isinstance(error, UserError):
        return plain(str(error))
    if isinstance(error, CloudError):
        return f"{plain(str(error))} (AWS: {plain(error.code)})" if error.code else plain(str(error))
    if isinstance(error, SlackError):
        return "Slack did not do what mlbot asked; please try again in a minute."
    if isinstance(error, BotError):
        return plain(str(error))
    ref = reference()
    log.error("unexpected error, reference %s", ref, exc_info=error)
    return (
        f"Something went wrong on mlbot's side and nothing was changed. If it happens again, tell an operator `{ref}`."
    )


def _unclear(error: Exception) -> str:
    text = plain(str(error))
    nearest, example = getattr(error, "nearest", ""), getattr(error, "example", "")
    if nearest and nearest not in text:
        text += f" Did you mean `{plain(str(nearest))}`?"
    if example and example not in text:
        text += f" For example: `{plain(str(example))}`"
    return text
