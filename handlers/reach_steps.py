"""Steps of Workflow Builder: an estimate, and a request in somebody's name; each ends once, after a restart, too."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot import launch
from bot.hub import Hub, understood
from bot.launch import Reply
from bot.ops import TRIES, Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import launch_words
from bot.rules.errors import BotError, CloudError, SlackError, Unclear, UserError
from bot.rules.people import may_act
from bot.store import launches
from estimator.answer import Answer, answer
from estimator.parse import Unclear as NotAnEstimate
from handlers import errors
from handlers.launch import default_region

ESTIMATE, REQUEST = "estimate", "request_launch"  # callback ids, as the manifest has them
CHECKED = timedelta(seconds=2)  # how often a request that is being checked is looked at
OVER = frozenset(
    {"function_execution_not_in_running_state", "function_execution_not_found", "invalid_function_execution_id"}
)
BY_WORKFLOW = " (asked by a workflow)"
NOBODY = "Say who asks: the input `requester` is empty."
BROKEN = "Something went wrong on mlbot's side; nothing more happens by itself."
Outputs = dict[str, Any]


def step(parts: Parts, op: Op) -> Outcome:
    """Do one step and tell Slack its outputs, or why there are none."""
    try:
        done = DO[str(op.payload["step"])](parts, op)
    except (CloudError, SlackError):
        raise
    except (BotError, NotAnEstimate) as error:
        return _tell(parts, op, error=html.unescape(errors.message(error).text))
    except Exception:
        if op.failures + 1 < TRIES:
            raise
        return _tell(parts, op, error=BROKEN)
    return _tell(parts, op, outputs=done) if done is not None else Retry("its checks run", CHECKED)


def _tell(parts: Parts, op: Op, *, outputs: Outputs | None = None, error: str = "") -> Outcome:
    """Slack takes one answer to a step; what it knows already is what an earlier try told."""
    execution = str(op.payload["execution"])
    try:
        if outputs is None:
            parts.slack.fail_step(execution, error)
        else:
            parts.slack.complete_step(execution, outputs)
    except SlackError as refused:
        if refused.code not in OVER:
            raise
    return Done()


def _estimate(parts: Parts, op: Op) -> Outputs:
    words = str(_input(op, "text"))
    work, catalog = understood(words, parts.catalog, Hub.of(parts.settings, parts.clock))
    found = answer(work, catalog, parts.clock.now().date())
    return outputs(found)


def outputs(found: Answer) -> Outputs:
    """The answer as a step's outputs; what is not known is left out."""
    best = found.shown
    known: dict[str, Any] = {
        "summary": found.headline,
        "cost_usd": round(best.usd.mid, 2) if best and best.usd else None,
        "cost_per": found.per or None,
        "hours": round(best.hours.mid, 2) if best and best.hours else None,
        "best_instance": best.machines if best else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _request(parts: Parts, op: Op) -> Outputs | None:
    """Ask once, then wait for the checks; None while they run. A refusal is the step's failure."""
    who = str(_input(op, "requester"))
    if not who:
        raise Unclear(NOBODY, nearest="requester", example="requester = the person who started the workflow")
    if why := may_act(parts.people.get(who), team=parts.people.team()):
        raise UserError(why)
    given = {"type": _input(op, "type"), "hours": _input(op, "hours") or "8", "region": default_region(parts)}
    purpose = str(_input(op, "purpose"))[: 200 - len(BY_WORKFLOW)] + BY_WORKFLOW
    wanted = launch_words.from_form({**given, "purpose": purpose}, parts.catalog)
    key = f"step:{op.payload['execution']}"
    identity = launch.ask(parts, wanted, asker=who, team=parts.people.team(), key=key, reply=Reply())
    with parts.store.reading() as tx:
        asked = launches.find(tx, identity)
    if asked is None or asked.state == "checking":
        return None
    if asked.state == "refused":
        raise UserError(f"Not asked: {asked.error} {asked.way_out}".strip())
    return {"request_id": identity, "state": asked.state}


def _input(op: Op, name: str) -> str:
    given: Mapping[str, Any] = op.payload["inputs"]
    value = given.get(name)
    return f"{value:g}" if isinstance(value, float) else str(value if value is not None else "").strip()


DO = {ESTIMATE: _estimate, REQUEST: _request}
