"""The command line: one file a command in bot/commands, imported only when it is named."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from bot.rules.errors import UserError

COMMANDS = {
    "run": "serve Slack (HTTP, or Socket Mode when SLACK_APP_TOKEN is set)",
    "playground": "the whole product in a browser, with a local Slack and a local AWS",
    "estimate": "what a job needs, how long it takes and what it costs",
    "scan": "one idle scan, now or as if it were another time",
    "replay": "run the idle rules over past metrics",
    "catalog": "show, list or refresh chips, instances, models and prices",
    "doctor": "check Slack, AWS, policy, database and catalog",
    "audit": "export or verify the audit log",
    "policy": "check the policy file",
    "freeze": "stop all launches, or allow them again",
    "backup": "copy the database while it is in use",
    "restore": "put a backup in place and reconcile with AWS before acting",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 failed, 2 not understood."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="mlbot", description="Estimates, launches with approval and idle reminders.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    parser.add_argument("--team", metavar="ID", default="", help="of several workspaces, the one that this is about")
    named = next((word for word in words if word in COMMANDS), "")
    for name, what in COMMANDS.items():
        if name == named:
            importlib.import_module(f"bot.commands.{name}").add(commands)
        else:
            commands.add_parser(name, help=what)
    args = parser.parse_args(words)
    if args.team:
        os.environ["MLBOT_TEAM"] = args.team
    try:
        return _run(args)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1


def _run(args: argparse.Namespace) -> int:
    try:
        return int(args.run(args))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except ValueError as error:  # pydantic's is one; an estimate starts without pydantic
        from pydantic import ValidationError

        if not isinstance(error, ValidationError) or error.title != "Settings":
            raise
        from bot.settings import problems

        print(*problems(error), sep="\n", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
