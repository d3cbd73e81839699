"""`mlbot freeze on|off|status`: stops all launches even when Slack is down; stops of machines stay possible."""

from __future__ import annotations

import argparse
import getpass

from bot.commands.database import existing


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("freeze", help="stop all launches, or allow them again")
    parser.add_argument("word", nargs="?", choices=("on", "off", "status"), default="status")
    parser.add_argument("reason", nargs="*", help="why, for the audit log and the cards that wait")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0; prints how it stands now."""
    from bot.clock import Clock
    from bot.launch import switch
    from bot.launch_rows import frozen

    store = existing(first=True)
    with store.transaction() as tx:
        if args.word != "status":
            by = f"command line ({getpass.getuser()})"
            switch(tx, on=args.word == "on", reason=" ".join(args.reason), by=by, now=Clock().now())
        print(f"{frozen(tx) or 'Launches are allowed.'} ({store.path})")
    return 0
