"""`mlbot doctor`: what mlbot stands on, line by line, with the mend; 0 when nothing is bad."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.doctor import Line

MARKS = {"good": "good   ", "bad": "BAD    ", "unknown": "unknown"}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("doctor", help="check Slack, AWS, policy, database and catalog; changes nothing")
    parser.add_argument("--json", action="store_true", help="all lines as one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print each line as it is found; 0 when none is bad, 1 when one is, 2 when the settings cannot be read."""
    from bot.clock import Clock
    from bot.doctor_round import examine
    from bot.rules.errors import UserError
    from bot.settings import Settings

    settings = Settings()
    lines: list[Line] = []
    try:
        for line in examine(settings, Clock()):
            lines.append(line)
            if not args.json:
                print(words(line), flush=True)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    healthy = not any(line.level == "bad" for line in lines)
    if args.json:
        print(json.dumps({"good": healthy, "lines": [line.as_dict() for line in lines]}, indent=2))
    else:
        print(_summary(lines))
    return 0 if healthy else 1


def words(line: Line) -> str:
    """A line for a terminal; the mend stands under it."""
    mend = f"\n        -> {line.mend}" if line.mend else ""
    return f"{MARKS[line.level]} {line.what}: {line.says}{mend}"


def _summary(lines: list[Line]) -> str:
    counts = {level: sum(line.level == level for line in lines) for level in MARKS}
    return ", ".join(f"{count} {level}" for level, count in counts.items()) + "."
