"""`mlbot backup FILE`: a sound copy of the database while the bot runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("backup", help="copy the database while it is in use")
    parser.add_argument("file", type=Path, help="a new file; one that exists is not overwritten")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when the copy was made and found sound."""
    from bot.settings import Settings
    from bot.store.db import Store

    source = Store(Settings().database_url)
    if not source.path.exists():
        print(f"There is no database at {source.path}.", file=sys.stderr)
        return 1
    try:
        source.backup(args.file)
    except FileExistsError:
        print(f"{args.file} exists; name a new file.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{args.file} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    problems = Store(f"sqlite:///{args.file}").problems()
    if problems:
        print("The copy is not sound:", *problems, sep="\n", file=sys.stderr)
        return 1
    print(f"{args.file}: {args.file.stat().st_size / 1e6:.1f} MB, sound.")
    return 0
