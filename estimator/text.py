"""An answer for the terminal: the point first, then the choices, then what was assumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from estimator import energy, margin
from estimator.answer import Answer
from estimator.option import LineItem, Option
from estimator.units import (
    UNKNOWN,
    duration_range,
    figure,
    milliseconds,
    money,
    money_range,
    rate,
)
from estimator.wishes import risks
from estimator.workload import Inference, Pipeline

ROWS = 10
WIDTH = 110


def render(answer: Answer, *, rows: int = ROWS) -> str:
    """The whole answer as plain text, without a trailing newline."""
    if answer.parts:
        parts = [render(part, rows=max(4, rows // 2)) for part in answer.parts]
        return "\n\n".join([answer.headline.partition(". ")[0] + ".", *parts])
    lines = [*_wrapped(answer.headline), *_marked(answer), *_table(answer, rows), *_memory(answer), *_bill(answer)]
    lines += [*_energy(answer), *_shapes(answer)]
    lines += _list("Assumed", answer.assumptions)
    lines += _list("Note", answer.notes)
    lines += _list("Left out", answer.left_out)
    if answer.biggest_unknown:
        lines += ["", f"To know it better: {answer.biggest_unknown}."]
    return "\n".join([*lines, "", answer.prices])


def _marked(answer: Answer) -> Iterator[str]:
    """Best, cheapest and fastest, where they differ."""
    marks: dict[str, list[str]] = {}
    for name, option in (("best", answer.best), ("cheapest", answer.cheapest), ("fastest", answer.fastest)):
        if option is not None:
            marks.setdefault(option.label, []).append(name)
    found = {option.label: option for option in (answer.best, answer.cheapest, answer.fastest) if option}
    if len(found) > 1:
        yield ""
    for label, names in marks.items() if len(found) > 1 else ():
        yield f"  {' and '.join(names).capitalize():20} {label}: {point(found[label], answer)}"


def point(option: Option, answer: Answer) -> str:
    """Time and cost of one option in a few words."""
    parts = []
    if option.hours is not None:
        parts.append(duration_range(option.hours))
    if option.usd is not None:
        parts.append(f"{money_range(option.usd)}{'' if answer.per == 'the job' else f' for {answer.per}'}")
    if not parts:
        parts.append(_speed(option))
    return ", ".join(parts) + (f" ({option.note})" if option.note else "")


def headings(answer: Answer) -> tuple[str, ...]:
    """Of the table; a job has a time, a service a latency."""
    timed = any(option.hours for option in answer.options)
    time = "time" if timed else "latency" if isinstance(answer.work, Inference) else "speed"
    cost = f"cost of {answer.per}" if answer.per else "cost"
    return ("machines", "market", time, cost, "$/h", "remark")


def row(option: Option, answer: Answer) -> tuple[str, ...]:
    """The cells of one option."""
    return (
        option.machines,
        option.market if option.instance_type else "not on AWS",
        duration_range(option.hours) if option.hours else _speed(option),
        _price(option),
        rate(option.usd_per_hour).removesuffix("/h"),
        _remark(option, answer),
    )


def _speed(option: Option) -> str:
    made = option.estimate
    if made.tokens_per_s is not None:
        speed = f"{figure(made.tokens_per_s.mid)} tokens/s"
    elif made.samples_per_s is not None:
        speed = f"{figure(made.samples_per_s.mid)} samples/s"
    else:
        return UNKNOWN
    return f"{milliseconds(made.ttft_ms.mid)}, {speed}" if made.ttft_ms else speed


def _price(option: Option) -> str:
    if option.usd is not None:
        return money_range(option.usd)
    if option.usd_per_million_tokens is not None:
        return f"{money_range(option.usd_per_million_tokens)} per 1M tokens"
    if option.usd_per_thousand_requests is not None:
        return f"{money_range(option.usd_per_thousand_requests)} per 1,000"
    return UNKNOWN


def _remark(option: Option, answer: Answer) -> str:
    said = [
        name
        for name, one in (("best", answer.best), ("cheapest", answer.cheapest), ("fastest", answer.fastest))
        if one is not None and one.label == option.label
    ]
    made = option.estimate
    if made.memory is not None and not (made.memory.certain and made.memory.fits):
        said.append(margin.verdict(made.memory))
    elif not made.fits:
        said.append("does not run")
    if made.overload:
        said.append("too slow for the load")
    said += [one for one in option.failing if one != made.overload][:1]
    if not isinstance(answer.work, Pipeline) and risks(option, answer.work):
        said.append("could miss")
    return ", ".join(said)


def _table(answer: Answer, rows: int) -> Iterator[str]:
    if not answer.options:
        return
    shown = answer.options[:rows]
    cells = [headings(answer), *(row(option, answer) for option in shown)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]) - 1)]
    yield ""
    for line in cells:
        text = "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=False))
        yield f"  {text}  {line[-1]}".rstrip()
    if len(answer.options) > rows:
        yield f"  and {len(answer.options) - rows} more (--rows, or --json for all)"


def _memory(answer: Answer) -> Iterator[str]:
    shown = answer.shown
    memory = shown.estimate.memory if shown else None
    if memory is None:
        return
    yield ""
    yield from _wrapped(f"Memory per accelerator: {margin.said(memory)} ({margin.parts(memory)}).")


def _bill(answer: Answer) -> Iterator[str]:
    shown = answer.shown
    if shown is None or not shown.items:
        return
    yield ""
    yield f"Bill of {answer.per or 'the job'}:"
    for item in shown.items:
        yield f"  {_item(item)}"


def _energy(answer: Answer) -> Iterator[str]:
    said = energy.line(answer.shown) if answer.shown else ""
    if said:
        yield ""
        yield from _wrapped(said)


def _shapes(answer: Answer) -> Iterator[str]:
    """In which shape it is served: one line each, the advised one first."""
    if not answer.shapes:
        return
    cells = [(one.kind, one.machines, money(one.usd) if one.fits else "no") for one in answer.shapes]
    widths = [max(len(line[column]) for line in cells) for column in range(3)]
    yield ""
    cost = f" (cost of {answer.per})" if answer.per else ""
    yield f"Shapes to serve it in{cost}, the one that fits first:"
    for shape, line in zip(answer.shapes, cells, strict=True):
        head = "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) + "  "
        yield from _wrapped(shape.reason, first=head, indent=" " * len(head))


def _item(item: LineItem) -> str:
    total = UNKNOWN if item.usd is None else money(item.usd.mid)
    each = UNKNOWN if item.usd_per_unit is None else f"${item.usd_per_unit:g}"
    beside = "" if item.included else " (not in the total)"
    return f"{item.name}: {figure(item.quantity)} {item.unit} x {each} = {total}{beside}"


def _list(title: str, sentences: Iterable[str]) -> list[str]:
    lines = [line for sentence in sentences for line in _wrapped(f"- {sentence}", indent="    ", first="  ")]
    return ["", f"{title}:", *lines] if lines else []


def _wrapped(text: str, *, indent: str = "", first: str = "") -> list[str]:
    import textwrap

    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def explained(answer: Answer) -> str:
    """How it was computed, step by step, for `--how`."""
    lines = ["How this was computed:"]
    for step in answer.steps:
        lines += _wrapped(f"- {step.name}: {step.formula}", indent="    ", first="  ")
        lines += _wrapped(step.source, indent="    ", first="    ") if step.source else []
    return "\n".join(lines)


def understood(answer: Answer) -> str:
    """The words that were understood, to be copied and changed."""
    what = "pipeline" if isinstance(answer.work, Pipeline) else "workload"
    return f"The {what} in words: {answer.words}"
