"""Charts on request: drawn and uploaded by a worker, then one message in the thread of what they explain."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from bot import charts, idle, ops, outbox
from bot.charts import Day, Picture, Signal
from bot.hub import Hub, understood
from bot.kinds import KINDS, Look
from bot.ops import Done, Op, OpFunction, Outcome, Retry
from bot.parts import Parts
from bot.rules.click import Click
from bot.rules.errors import CloudError, SlackError, TooLate, UserError
from bot.rules.idle_facts import Usage
from bot.rules.idle_finding import Finding
from bot.store import estimates
from estimator.answer import answer

PATIENCE = 4  # times that Slack may refuse an upload until its words are sent instead
WINDOW = timedelta(days=3)  # of use that is drawn
SHOWN = {  # the series that are drawn, the highest of each kind first: name and unit
    "gpu_max_pct": ("GPU", "%"),
    "gpu_avg_pct": ("GPU", "%"),
    "cpu_max_pct": ("CPU", "%"),
    "cpu_avg_pct": ("CPU", "%"),
    "net_bytes": ("network", "MB/s"),
    "invocations": ("requests", "in 5 min"),
}
MEGABYTE = 1e6
CALL = re.compile(r"<@(\w+)>")
GONE = "What this picture would show is no longer kept; ask again."
NOTHING = "There is nothing to draw: fewer than two choices, or readings, have figures."


def press(parts: Parts, click: Click) -> None:
    """Write down that a chart is wanted; *click.action* is picture_choices or picture_usage. One transaction."""
    with parts.store.transaction() as tx:
        key = f"{click.action}:{click.value}:{click.channel}:{click.ts}"
        ops.enqueue(tx, kind="picture.draw", key=key, payload=click.payload(), now=parts.clock.now())
    parts.wake()


def _pressed(parts: Parts, op: Op) -> Outcome:
    return _draw(parts, op, Click(**op.payload))


def _weekly(parts: Parts, op: Op) -> Outcome:
    """Besides the digest, its chart."""
    to, day = str(op.payload["to"]), str(op.payload["day"])
    return _draw(
        parts, op, Click(action="picture_spend", value=f"{to}:{day}", user="", team="", key=op.key, channel=to)
    )


def _draw(parts: Parts, op: Op, click: Click) -> Outcome:
    """Draw, upload, and say where it stands; what cannot be drawn is told in words."""
    drawn: list[Picture] = []
    try:
        drawn = DRAWN[click.action](parts, click)
        shown = [_uploaded(parts, picture) for picture in drawn]
    except (CloudError, UserError) as error:
        return _end(parts, op, click, [], str(error))
    except SlackError as error:
        if op.failures < PATIENCE or error.retry_after is not None:
            return Retry(str(error), timedelta(seconds=error.retry_after) if error.retry_after else None)
        return _end(parts, op, click, [], "\n".join(picture.alt for picture in drawn))
    return _end(parts, op, click, shown, "" if shown else NOTHING)


def _uploaded(parts: Parts, picture: Picture) -> dict[str, str]:
    file = parts.slack.keep(name=picture.name, title=picture.title, alt_text=picture.alt, content=picture.content)
    return {"file": file, "title": picture.title, "alt": picture.alt}


def _end(parts: Parts, op: Op, click: Click, shown: list[dict[str, str]], words: str) -> Outcome:
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        if shown or click.user:
            data = {"pictures": shown, "text": words, "thread_ts": click.ts, "response_url": click.response_url}
            outbox.say(tx, what="picture", subject=click.value, to=click.channel, now=now, data=data, key=click.ts)
    parts.wake()
    return Done()


def _choices(parts: Parts, click: Click) -> list[Picture]:
    """Time against cost of an estimate, and the memory of its best choice."""
    with parts.store.reading() as tx:
        kept = estimates.find(tx, click.value)
    if kept is None:
        raise TooLate(GONE)
    words = understood(str(kept["words"]), parts.catalog, Hub.of(parts.settings, parts.clock))
    found = answer(*words, parts.clock.now().date())
    pictures = [charts.choices(found)]
    best = (found.parts[0] if found.parts else found).best
    if best is not None and best.estimate.memory is not None:
        pictures.append(charts.memory(best.estimate.memory, best.label))
    return [picture for picture in pictures if picture is not None]


def _use(parts: Parts, click: Click) -> list[Picture]:
    """What a machine did in the last days, as AWS measured it."""
    found = idle.finding(parts, click.value)
    if found is None:
        raise TooLate(GONE)
    one, now = found.resource, parts.clock.now()
    look = Look(parts.cloud, one.account, one.region, now)
    measured = KINDS[one.kind].measure(look, [one], now - WINDOW, now).get(one.id)
    zone = parts.people.zone(click.user)
    why = CALL.sub(lambda call: parts.people.name(call[1]), found.verdict.reason)  # a picture shows no mention
    picture = _usage(found, measured, why, zone) if measured else None
    return [picture] if picture is not None else []


def _usage(found: Finding, measured: Usage, why: str, zone: str) -> Picture | None:
    one = found.resource
    signals: dict[str, Signal] = {}
    for name, (what, unit) in SHOWN.items():
        if name in measured.series and (series := measured.series[name]).points:
            # What crossed the network is counted a datapoint.
            scale = 1 / (series.step.total_seconds() * MEGABYTE) if unit == "MB/s" else 1.0
            points = tuple((at, value * scale) for at, value in series.points)
            signals.setdefault(what, Signal(what, unit, points))
    title = f"{one.name or one.id}, {one.type or KINDS[one.kind].title} in {one.region}"
    return charts.usage(list(signals.values()), title=title, why=why, since=found.verdict.since, zone=zone)


def _week(parts: Parts, click: Click) -> list[Picture]:
    """Money of the week before the digest's day."""
    to, _, day = click.value.partition(":")
    week = idle.week(parts, to, date.fromisoformat(day))
    by_day = [Day(f"{when:%a %d}", spent.usd, spent.idle, spent.saved) for when, spent in week.by_day]
    owners = [Day(parts.people.name(who) if who else "nobody's", spent.usd, spent.idle) for who, spent in week.by_owner]
    picture = charts.spend(by_day, owners, title=f"{week.first:%d %b} to {week.last:%d %b}")
    return [picture] if picture is not None else []


Drawer = Callable[[Parts, Click], list[Picture]]
DRAWN: Mapping[str, Drawer] = {"picture_choices": _choices, "picture_usage": _use, "picture_spend": _week}
OPS: Mapping[str, OpFunction] = {"picture.draw": _pressed, "picture.week": _weekly}
