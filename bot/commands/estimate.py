"""`mlbot estimate "WORDS"` and `mlbot estimate --batch FILE`: what a job needs, how long it takes, what it costs."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from bot.hub import Hub
    from data import Catalog

Json = dict[str, Any]


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("estimate", help="what a job needs, how long it takes and what it costs")
    parser.add_argument("words", nargs="*", help='like "finetune llama-3-8b lora samples=50k seq=512 epochs=3"')
    parser.add_argument("--json", action="store_true", help="the answer as one line of JSON")
    parser.add_argument("--batch", metavar="FILE", help="JSON lines in, JSON lines out; - for standard streams")
    parser.add_argument("--hub", action="store_true", help="a batch too asks the Hugging Face hub about unknown models")
    parser.add_argument("--how", action="store_true", help="also how it was computed")
    parser.add_argument("--chart", metavar="FILE", help="time against cost as a picture: FILE.png or FILE.svg")
    parser.add_argument("--memory-chart", metavar="FILE", help="the memory of the best choice as a picture, likewise")
    parser.add_argument("--rows", type=int, default=10, help="rows of the table (default 10)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answer words or lines; 2 when the words are not understood, 0 for a batch whatever its lines are."""
    from bot.clock import Clock
    from data import load

    catalog, today = load(), Clock().now().date()
    if args.batch:
        return _batch(args.batch, catalog, today, _hub() if args.hub else None)
    if not args.words:
        print(
            'Say what to estimate, like: mlbot estimate "infer llama-3-8b qps=5 input=512 output=256"', file=sys.stderr
        )
        return 2
    return _words(" ".join(args.words), args, catalog, today)


def _words(words: str, args: argparse.Namespace, catalog: Catalog, today: date) -> int:
    from estimator.answer import answer
    from estimator.parse import Unclear

    try:
        work = _parsed(words, catalog)
        found = answer(*work, today)
    except Unclear as unclear:
        return _unclear(unclear, as_json=args.json)
    if problem := _drawn(found, args.chart, args.memory_chart):
        print(problem, file=sys.stderr)
        return 2
    if args.json:
        from estimator.contract import to_json

        print(_dumped(to_json(found)))
        return 0
    from estimator import text

    print(text.render(found, rows=max(1, args.rows)))
    if args.how:
        print(f"\n{text.explained(found)}\n\n{text.understood(found)}")
    return 0


def _drawn(found: Any, chart: str | None, memory_chart: str | None) -> str:
    """Write the charts that were asked for; returns why not."""
    if not chart and not memory_chart:
        return ""
    from bot.commands.charts import write

    return write(found, chart, memory_chart)


def _parsed(words: str, catalog: Catalog) -> tuple[Any, Catalog]:
    """The workload and its catalog; the hub is asked only about a model like org/name that the catalog lacks."""
    from estimator.parse import Unclear, parse
    from estimator.parse_names import is_hub_name

    try:
        return parse(words, catalog), catalog
    except Unclear as unclear:
        if unclear.field != "model" or not is_hub_name(unclear.word):
            raise
    from bot.hub import understood

    return understood(words, catalog, _hub())


def _hub() -> Hub:
    from bot.clock import Clock
    from bot.hub import Hub
    from bot.settings import Settings

    return Hub.of(Settings(), Clock())


def _unclear(unclear: Any, *, as_json: bool) -> int:
    if as_json:
        from estimator.contract import unclear_json

        print(_dumped(unclear_json(unclear)))
        return 2
    print(unclear.message, file=sys.stderr)
    if unclear.nearest and unclear.nearest not in unclear.message:
        print(f"Did you mean {unclear.nearest}?", file=sys.stderr)
    if unclear.example:
        print(f'For example: mlbot estimate "{unclear.example}"', file=sys.stderr)
    return 2


def _batch(path: str, catalog: Catalog, today: date, hub: Hub | None) -> int:
    """One answer a line, in order, as soon as it is known."""
    from estimator.batch import answer_line

    try:
        with _opened(path) as lines:
            for line in lines:
                if line.strip():
                    known, refused = (catalog, None) if hub is None else _looked_up(line, catalog, hub)
                    catalog = known
                    told = refused or _guarded(answer_line, line, catalog, today)
                    print(_dumped(told), flush=path == "-")
    except OSError as error:
        print(f"Cannot read {path}: {error.strerror}.", file=sys.stderr)
        return 2
    return 0


def _looked_up(line: str, catalog: Catalog, hub: Hub) -> tuple[Catalog, Json | None]:
    """The catalog with the model org/name of the line, or the answer that says why there is none."""
    from bot.hub import found
    from estimator.contract import unclear_json
    from estimator.line import identity
    from estimator.parse import Unclear
    from estimator.parse_names import is_hub_name, model_name

    try:
        name = json.loads(line).get("model")
    except (ValueError, RecursionError, AttributeError):
        return catalog, None
    if not isinstance(name, str) or not is_hub_name(name) or model_name(name, catalog):
        return catalog, None
    try:
        return catalog.with_model(found(name, hub)), None
    except Unclear as unclear:
        return catalog, unclear_json(unclear, identity(line))


def _guarded(answer_line: Callable[..., Json], line: str, catalog: Catalog, today: date) -> Json:
    """A bug on one line is told in its answer and on standard error; the other lines go on."""
    try:
        return answer_line(line, catalog, today)
    except Exception as error:
        from estimator.contract import error_json
        from estimator.line import identity

        print(f"mlbot failed on a line: {error!r}", file=sys.stderr)
        return error_json("mlbot could not answer this line; please report it.", field="line", identity=identity(line))


@contextmanager
def _opened(path: str) -> Iterator[IO[str]]:
    if path == "-":
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        yield sys.stdin
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        yield file


def _dumped(answer: Json) -> str:
    return json.dumps(answer, allow_nan=False, ensure_ascii=False)
