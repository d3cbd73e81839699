"""What is answered to plain English: the same as to the slash commands, in the thread of the question, once."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from bot import ops, outbox
from bot.ops import Done, Op, OpFunction, Outcome, Retry
from bot.parts import Parts
from bot.rules import launch_money, launch_words
from bot.rules.errors import BotError, CloudError, SlackError
from bot.rules.meant import Meant, meant, plainly
from bot.rules.people import may_act
from bot.store import estimates
from estimator.parse import Unclear as NotAnEstimate
from handlers import errors, estimate, help, idle, instances, launch
from handlers.reach_links import unfurl
from handlers.reach_steps import step
from handlers.views import reach as views
from handlers.views.fit import fitted
from handlers.views.message import Message
from handlers.views.named import named

PATIENCE = 6  # times that Slack or AWS is asked again, about a minute; then the error is the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question as it was heard."""

    key: str
    text: str
    user: str
    team: str
    channel: str
    thread: str = ""  # empty: it was asked outside of any
    response_url: str = ""
    what: str = ""  # set where it can only be one thing: a message shortcut's estimate


def answer(parts: Parts, op: Op) -> Outcome:
    """Understand one question and have its answer posted where it was asked."""
    asked = Question(key=op.key, **op.payload)
    try:
        person = parts.people.get(asked.user)
        if person.is_bot:
            return Done()
        why = may_act(person, team=parts.people.team())
        message = errors.told(why) if why else _drawn(parts, asked)
    except (CloudError, SlackError) as error:
        if op.failures < PATIENCE:
            return Retry(str(error))
        return _say(parts, op, asked, errors.message(error))
    except (BotError, NotAnEstimate) as error:
        return _refuse(parts, op, asked, errors.message(error))
    return _say(parts, op, asked, message)


def _drawn(parts: Parts, asked: Question) -> Message:
    said = Meant("estimate", plainly(asked.text)) if asked.what else meant(asked.text, parts.catalog)
    return DRAWN[said.what](parts, asked, said.words)


def _estimate(parts: Parts, asked: Question, words: str) -> Message:
    if not words:
        raise NotAnEstimate("Say what to estimate.", field="kind")
    return estimate.drawn(parts, words, key=asked.key, team=asked.team, user=asked.user)


def _launch(parts: Parts, asked: Question, words: str) -> Message:
    """A question carries no trigger, so that no form can be opened: its answer has the button that opens it."""
    wanted = launch_words.parse(words, parts.catalog, region=launch.default_region(parts))
    data = {"words": wanted.purpose or plainly(asked.text), "options": [{"wanted": asdict(wanted)}]}
    with parts.store.transaction() as tx:
        ref = estimates.save(tx, key=asked.key, team=asked.team, asker=asked.user, at=parts.clock.now(), data=data)
    return views.offer(wanted, launch_money.price(wanted, parts.catalog), ref)


def _instances(parts: Parts, asked: Question, words: str) -> Message:
    return instances.drawn(parts, words, user=asked.user)


def _idle(parts: Parts, asked: Question, words: str) -> Message:
    return idle.drawn(parts, words, user=asked.user, team=asked.team)


def _help(parts: Parts, asked: Question, words: str) -> Message:
    return help.drawn(words)


DRAWN: Mapping[str, Callable[[Parts, Question, str], Message]] = {
    "estimate": _estimate,
    "launch": _launch,
    "instances": _instances,
    "idle": _idle,
    "help": _help,
}


def _say(parts: Parts, op: Op, asked: Question, message: Message) -> Outcome:
    """The answer is drawn now and kept with its row: it is what was so when it was asked."""
    shown = fitted(named(message, parts.people.name))
    place = {"thread_ts": asked.thread, "user": asked.user, "response_url": asked.response_url}
    data = {**place, "text": shown.text, "blocks": shown.blocks}
    now = parts.clock.now()
    with parts.store.transaction() as tx:
        outbox.say(tx, what="reply", subject=op.key, to=asked.channel, now=now, data=data)
        ops.finish(tx, op, now)
    parts.wake()
    return Done()


def _refuse(parts: Parts, op: Op, asked: Question, message: Message) -> Outcome:
    """What was not understood: in the thread of a question, but under somebody's message only to who pressed."""
    if not asked.what:
        return _say(parts, op, asked, message)
    now = parts.clock.now()
    data = {"channel": asked.channel, "response_url": asked.response_url, "text": html.unescape(message.text)}
    with parts.store.transaction() as tx:
        outbox.say(tx, what="whisper", subject=op.key, to=asked.user, now=now, data=data)
        ops.finish(tx, op, now)
    parts.wake()
    return Done()


OPS: Mapping[str, OpFunction] = {"reach.ask": answer, "reach.step": step, "reach.unfurl": unfurl}
