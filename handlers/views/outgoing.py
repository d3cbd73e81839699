"""What the outbox sends, by its name: each row is gathered and drawn at the moment that it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bot import idle, images, launch
from bot.outbox import OutboxRow, View
from bot.parts import Parts
from bot.rules import links
from handlers import words
from handlers.views import extension as extension_views
from handlers.views import idle as idle_views
from handlers.views import images as image_views
from handlers.views import launch as launch_views
from handlers.views import mute as mute_views
from handlers.views import pictures as picture_views
from handlers.views import reach as reach_views
from handlers.views import verbs
from handlers.views import week as week_views
from handlers.views.blocks import actions, button, section
from handlers.views.fit import fitted
from handlers.views.message import Message, told
from handlers.views.named import named

# Slack refuses a file for some seconds after its upload; one that it still does not show is said in words.
PICTURE_ATTEMPTS = 7


def notice(parts: Parts, row: OutboxRow) -> Message:
    """A sentence, to a person or a channel."""
    text = told(str(row.data.get("text", "")))
    return Message(text, [section(text)])


def whisper(parts: Parts, row: OutboxRow) -> Message:
    """A sentence to the one who pressed, with the button that would work where there is one."""
    message = notice(parts, row)
    offer, ref = str(row.data.get("offer") or ""), str(row.data.get("ref") or "")
    if offer == "terminate" and ref:
        message.blocks.append(actions(verbs.terminate(ref, "Terminate it?", str(row.data.get("lost") or ""))))
    elif offer and ref:
        message.blocks.append(actions(button(launch_views.label(offer), offer, ref)))
    return message


def reminder(parts: Parts, row: OutboxRow) -> Message | None:
    """The morning message as it was answered by now."""
    found = idle.morning_message(parts, row.to, date.fromisoformat(row.subject))
    if found is None:
        return None
    message = named(idle_views.digest(found), parts.people.name)  # an owner who did not answer is named, not called
    if found.owner is not None:
        message.blocks.append(mute_views.row())
    return message


def digest(parts: Parts, row: OutboxRow) -> Message:
    """The weekly message."""
    message = week_views.digest(idle.week(parts, row.to, date.fromisoformat(row.subject)))
    return named(message, parts.people.name)  # it tells of everybody, and nobody has to act


def unclaimed(parts: Parts, row: OutboxRow) -> Message | None:
    """What somebody said is not theirs, for the channel to claim."""
    found = idle.unclaimed(parts, row.subject)
    return named(idle_views.unclaimed(found), parts.people.name) if found else None  # nobody is called by a claim


def launch_card(parts: Parts, row: OutboxRow) -> Message:
    """A request as its row stands."""
    message = launch_views.card(launch.card(parts, row.subject))
    if url := links.link(parts.settings.mlbot_public_url, row.subject):
        message.blocks.append(reach_views.linked(url, reach_views.TO_REQUEST))
    return message


def extension_card(parts: Parts, row: OutboxRow) -> Message:
    """A request for more hours as its row stands."""
    return extension_views.card(launch.extension_card(parts, row.subject))


def launch_notice(parts: Parts, row: OutboxRow) -> Message:
    """A direct message about a request."""
    event, text = str(row.data.get("event", "")), str(row.data.get("text", ""))
    return launch_views.notice(launch.card(parts, row.subject), event, text)


def image(parts: Parts, row: OutboxRow) -> Message | None:
    """How far an image is, or how it ended and what can be done with it now."""
    found = images.image(parts, row.subject)
    if found is None:
        return None
    return image_views.done(found, woken=images.woken(parts, found)) if row.key else image_views.progress(found)


def reply(parts: Parts, row: OutboxRow) -> Message:
    """The answer to a question in plain English, as it was drawn when it was asked."""
    return Message(str(row.data["text"]), list(row.data["blocks"]))


def picture(parts: Parts, row: OutboxRow) -> Message:
    """Charts with their words, or why there is none."""
    drawn = list(row.data.get("pictures") or ())
    if row.attempts >= PICTURE_ATTEMPTS:
        return picture_views.shown((), "\n".join(one["alt"] for one in drawn) or str(row.data.get("text") or ""))
    return picture_views.shown(drawn, str(row.data.get("text") or ""))


def _reader(row: OutboxRow) -> str:
    """Who a message is for: an answer to a question is for who asked, wherever it stands."""
    return str(row.data.get("user") or row.to) if row.what == "reply" else row.to


def _kept(view: View) -> View:
    """*view* in the reader's language and within Slack's limits."""

    def kept(parts: Parts, row: OutboxRow) -> Message | None:
        found = view(parts, row)
        if found is None:
            return None
        return fitted(words.message(Message(found.text, found.blocks), words.of(parts, _reader(row))))

    return kept


DRAWN: Mapping[str, View] = {
    "notice": notice,
    "whisper": whisper,
    "reminder": reminder,
    "digest": digest,
    "unclaimed": unclaimed,
    "launch_card": launch_card,
    "extension_card": extension_card,
    "launch_notice": launch_notice,
    "picture": picture,
    "reply": reply,
    "image": image,
}


VIEWS: Mapping[str, View] = {name: _kept(view) for name, view in DRAWN.items()}
