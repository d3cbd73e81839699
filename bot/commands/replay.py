"""`mlbot replay`: what the idle rule would have said of past metrics, before anybody turns it on."""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import zlib
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any

from bot.rules.errors import BotError
from bot.rules.idle_episode import Alert
from bot.rules.policy_idle import Idle


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("replay", help="run the idle rules over past metrics")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--csv", metavar="FILE", help="columns resource, timestamp, gpu_max_pct ...; - reads stdin")
    source.add_argument("--days", type=float, metavar="N", help="the last N days of CloudWatch, every machine")
    parser.add_argument("--json", action="store_true", help="one JSON line an alert")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line an alert; 2 when the file or the days were not understood."""
    try:
        return _file(args) if args.csv else _cloud(args)
    except OSError as error:
        print(f"{args.csv} cannot be read: {error.strerror or error}.", file=sys.stderr)
    except (csv.Error, EOFError, zlib.error) as error:
        print(f"{args.csv} is damaged: {error}.", file=sys.stderr)
    except UnicodeDecodeError:
        print(f"{args.csv} is no text.", file=sys.stderr)
    except BotError as error:
        print(error, file=sys.stderr)
    return 2


def _file(args: argparse.Namespace) -> int:
    from bot import replay

    with _open(args.csv) as file:
        recording = replay.read(file)
    for note in recording.notes():
        print(note, file=sys.stderr)
    _print(replay.run(recording, _rule()), as_json=args.json, zoned=recording.zoned)
    return 0


def _cloud(args: argparse.Namespace) -> int:
    from bot import idle_history
    from bot.rules.errors import Unclear
    from bot.settings import Settings
    from bot.wiring import build

    if not 0 < args.days <= 63:
        raise Unclear("CloudWatch keeps 5-minute datapoints for 63 days: say --days 1 to 63.", example="--days 30")
    bot = build(Settings())
    found = idle_history.replay(bot.parts, days=args.days, now=bot.parts.clock.now())
    _print(found.alerts, as_json=args.json, zoned=True)
    for gap in found.gaps:
        print(f"not seen: {gap.account} {gap.region} {gap.kind}: {gap.reason}", file=sys.stderr)
    if not args.json:
        print(f"Stopped at the first safe alert of each episode, it would have saved ${found.usd_saved:,.0f}.")
    return 0


def _rule() -> Idle:
    """The team's rule where a policy file is named, else the default one."""
    from bot.policy import PolicyFile
    from bot.settings import Settings

    path = Settings().mlbot_policy
    return PolicyFile(path)().idle if path else Idle()


def _open(name: str) -> AbstractContextManager[IO[str]]:
    if name == "-":
        return nullcontext(sys.stdin)
    if name.endswith(".gz"):
        return gzip.open(name, "rt", encoding="utf-8", newline="")
    return open(name, encoding="utf-8-sig", newline="")


def _print(found: Iterable[Alert], *, as_json: bool, zoned: bool) -> None:
    from bot import replay

    kept: list[Alert] = []
    for alert in found:
        kept.append(alert)
        line: dict[str, Any] = replay.line(alert, zoned=zoned)
        print(json.dumps(line) if as_json else _words(line))
    if not as_json:
        for level, counts in replay.summary(kept).items():
            told = counts["right"] + counts["wrong"]
            share = f", {counts['right'] / told:.0%} right" if told else ""
            print(f"{level}: {counts['alerts']} alerts, {counts['wrong']} wrong (busy within the hour){share}")


def _words(line: dict[str, Any]) -> str:
    outcome = {True: "  WRONG: busy within the hour", False: "", None: "  (the data end before the hour)"}
    return f"{line['at']}  {line['level']:4}  {line['resource']}  {line['why']}{outcome[line['wrong']]}"
