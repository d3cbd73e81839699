"""`mlbot run`: serve Slack until told to stop; SIGTERM drains."""

from __future__ import annotations

import argparse
import signal
import sys
import threading


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("run", help="serve Slack")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build, start, wait for a signal, stop; 2 when the settings are wrong."""
    from pydantic import ValidationError

    from bot import logs
    from bot.rules.errors import BotError
    from bot.settings import Settings, problems
    from bot.wiring import build

    logs.set_up()
    try:
        settings = Settings()
    except ValidationError as error:
        print(*problems(error), sep="\n", file=sys.stderr)
        return 2
    missing = settings.missing()
    if missing:
        print(*missing, sep="\n", file=sys.stderr)
        return 2
    try:
        bot = build(settings)
        bot.start()
    except (BotError, OSError) as error:
        print(f"mlbot cannot start: {error}", file=sys.stderr)
        return 1
    _wait_for_a_signal()
    bot.stop()
    return 0


def _wait_for_a_signal() -> None:
    told = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: told.set())
    told.wait()
