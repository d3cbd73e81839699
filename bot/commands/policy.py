"""`mlbot policy check | iam`: whether the policy file can be taken and what it says; the AWS rights that it needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    from bot import iam_command

    parser = commands.add_parser("policy", help="check the policy file")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    iam_command.add(verbs)
    check = verbs.add_parser("check", help="say which keys are wrong, or what the policy allows")
    check.add_argument("file", nargs="?", type=Path, help="default: MLBOT_POLICY")
    check.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when it can be taken, 1 when a key is wrong, 2 when there is no file."""
    from bot import policy
    from bot.rules.errors import UserError
    from bot.settings import Settings

    path = args.file or Settings().mlbot_policy
    if path is None:
        print("Name a file, or set MLBOT_POLICY. For example: mlbot policy check policy.toml", file=sys.stderr)
        return 2
    try:
        found = policy.read(path)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    print(*policy.summary(found), sep="\n")
    return 0
