"""An answer to /ml-estimate: the point, three choices, the table behind them, what was assumed and left out."""

from __future__ import annotations

from collections.abc import Sequence

from estimator import margin, text, units
from estimator.answer import Answer
from estimator.option import Option
from estimator.result import Memory
from estimator.serve_endpoint import EndpointShape
from handlers.views.blocks import actions, button, context, cut, divider, header, option, plain_text, section
from handlers.views.message import Block, Message, plain

ROWS = 8
LINES = 5
LAUNCHABLE = ("on-demand", "spot")


def shown(answer: Answer) -> tuple[Option, ...]:
    """The options of the table, in the order that the buttons count them; a pipeline shows those of its parts."""
    if answer.parts:
        return tuple(row for part in answer.parts for row in shown(part))
    named = [row for row in (answer.best, answer.cheapest, answer.fastest) if row is not None]
    by_label = {(row.label, row.region): row for row in [*named, *answer.options[:ROWS]]}
    return tuple(by_label.values())[:ROWS]


def message(answer: Answer, ref: str) -> Message:
    """The answer; *ref* is the id under which the shown options are kept."""
    blocks = [header(answer.asked), section(_point(answer))]
    start = 0
    for part in answer.parts or (answer,):
        if answer.parts:
            blocks += [divider(), section(f"*{plain(part.asked)}*\n{_point(part)}")]
        rows = shown(part)
        blocks += _choices(part, rows, ref, start)
        start += len(rows)
    blocks += [section(_served(shape)) for shape in answer.shapes[:1] if shape.advised]
    blocks += _small_print(answer)
    blocks.append(actions(button("How was this computed?", "how", ref), button("Show charts", "picture_choices", ref)))
    return Message(f"{answer.asked}: {answer.headline}", blocks)


def _point(answer: Answer) -> str:
    """The headline without what the header says already; its first sentence stands out."""
    point, _, more = answer.headline.removeprefix(f"{answer.asked}. ").partition(". ")
    if not more:
        return f"*{plain(point)}*"
    return f"*{plain(point)}.*\n{plain(more)}"


def _choices(answer: Answer, rows: Sequence[Option], ref: str, start: int) -> list[Block]:
    blocks: list[Block] = []
    named = _named(answer)
    if named:
        blocks.append(section("\n".join(_line(name, row) for name, row in named)))
    if any(_figures(row) for row in rows):
        blocks.append(section(_table(answer, rows)))
    places = {(row.label, row.region): n for n, row in enumerate(rows)}
    presses = [_press(name, places[row.label, row.region], ref, start) for name, row in named if _launchable(row)]
    others = [
        option(f"{row.label}, {row.region}", f"{ref}:{start + n}") for n, row in enumerate(rows) if _launchable(row)
    ]
    if others:
        presses.append(
            {
                "type": "static_select",
                "action_id": f"launch_other_{start}",
                "placeholder": plain_text("Launch another"),
                "options": others,
            }
        )
    if presses:
        blocks.append(actions(*presses))
    return blocks


def _figures(row: Option) -> bool:
    """Whether anything is known of a row; of what does not fit often nothing is."""
    made = row.estimate
    return any(found is not None for found in (row.hours, made.tokens_per_s, made.samples_per_s))


def _named(answer: Answer) -> list[tuple[str, Option]]:
    """Best, cheapest and fastest; one that is two of them stands once, under both names."""
    names: dict[tuple[str, str], list[str]] = {}
    rows: dict[tuple[str, str], Option] = {}
    for name, row in (("Best", answer.best), ("Cheapest", answer.cheapest), ("Fastest", answer.fastest)):
        if row is not None:
            names.setdefault((row.label, row.region), []).append(name)
            rows.setdefault((row.label, row.region), row)
    return [(" and ".join([found[0], *map(str.lower, found[1:])]), rows[key]) for key, found in names.items()]


def _line(name: str, row: Option) -> str:
    words = [units.money_range(row.usd), units.duration_range(row.hours), units.rate(row.usd_per_hour)]
    known = [word for word in words if word != units.UNKNOWN] or ["price unknown"]
    per = ((row.usd_per_million_tokens, "1M tokens"), (row.usd_per_thousand_requests, "1,000 requests"))
    # What a token costs is asked of a service; a training is paid once.
    extra = [f"{units.money_range(usd)} per {what}" for usd, what in per if usd is not None and row.hours is None]
    note = f" ({plain(row.note)})" if row.note else ""
    return f"*{name}:* {plain(row.label)}, {row.region}: {', '.join([*known, *extra])}{note}"


def _press(name: str, number: int, ref: str, start: int) -> Block:
    label = f"Ask to launch the {name.lower()}"
    return button(label, f"launch_{start + number}", f"{ref}:{start + number}")


def _launchable(row: Option) -> bool:
    return row.instance_type is not None and row.market in LAUNCHABLE and row.estimate.fits


def _table(answer: Answer, rows: Sequence[Option]) -> str:
    """Machines, market, time (of a service its latency), cost, as in the terminal."""
    cells = [text.headings(answer)[:4], *(text.row(one, answer)[:4] for one in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "```" + plain("\n".join(lines)) + "```"


def _served(shape: EndpointShape) -> str:
    on = f", {shape.machines}" if shape.machines else ""
    return f"*Shape that fits:* {plain(f'{shape.kind}{on}, {units.money(shape.usd)}: {shape.reason}')}"


def _small_print(answer: Answer) -> list[Block]:
    blocks = []
    row = (answer.parts[0] if answer.parts else answer).shown
    if row is not None and row.estimate.memory is not None:
        blocks.append(context(_memory(row.estimate.memory)))
    for title, lines in (("Assumed", answer.assumptions), ("Left out", answer.left_out), ("Note", answer.notes)):
        if lines:
            more = f" (+{len(lines) - LINES} more)" if len(lines) > LINES else ""
            blocks.append(context(cut(f"*{title}:* " + plain("; ".join(lines[:LINES])) + more, 2000)))
    if answer.biggest_unknown:
        blocks.append(context(f"*To narrow the range:* {plain(answer.biggest_unknown)}"))
    blocks.append(context(plain(answer.prices)))
    return blocks


def _memory(memory: Memory) -> str:
    """The need with its margin, then its parts; what does not fit has both, too."""
    parts = ", ".join(f"{plain(name)} {units.gigabytes(size)}" for name, size in memory.parts.items() if size >= 0.05)
    return f"*Memory per chip:* {plain(margin.said(memory))}: {parts}"


def _priced(shape: EndpointShape) -> str:
    """A shape in a line, with what its price rests on."""
    basis = f" _{plain(shape.price)}, {shape.price_as_of}_" if shape.price else ""
    return plain(shape.line) + basis


def how(answer: Answer) -> Block:
    """The modal that opens every figure: formula, inputs, source, then every assumption."""
    blocks: list[Block] = [section(f"*{plain(answer.asked)}*\n`{plain(answer.words)}`")]
    for part in answer.parts or (answer,):
        for step in part.steps[:30]:
            blocks.append(section(f"*{plain(step.name)}*\n{plain(step.formula)}\n_{plain(step.source)}_"))
    if answer.shapes:
        blocks.append(section("*Shapes to serve it in*\n" + "\n".join(f"• {_priced(one)}" for one in answer.shapes)))
    if answer.assumptions:
        blocks.append(section("*Assumed*\n" + "\n".join(f"• {plain(line)}" for line in answer.assumptions)))
    if answer.left_out:
        blocks.append(section("*Left out*\n" + "\n".join(f"• {plain(line)}" for line in answer.left_out)))
    blocks.append(context(plain(answer.prices)))
    return {
        "type": "modal",
        "callback_id": "how",
        "title": plain_text("How it was computed"),
        "close": plain_text("Close"),
        "blocks": blocks[:100],
    }
