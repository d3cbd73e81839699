"""`mlbot restore FILE`: puts a backup in the database's place; the bot that starts next asks AWS before it acts."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("restore", help="put a backup in place; stop the bot first")
    parser.add_argument("file", type=Path, help="what `mlbot backup` wrote")
    parser.add_argument("--yes", action="store_true", help="the bot is stopped; replace the database")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when the backup is in place; the database that was there is kept beside it."""
    from bot.settings import Settings
    from bot.store.db import Store

    if not args.file.is_file():
        print(f"There is no file {args.file}.", file=sys.stderr)
        return 1
    problems = Store(f"sqlite:///{args.file}").problems()
    if problems:
        print(f"{args.file} is not a sound database:", *problems, sep="\n", file=sys.stderr)
        return 1
    if not args.yes:
        print("Stop the bot, then say --yes: every row since the backup is set aside.", file=sys.stderr)
        return 2
    target = Store(Settings().database_url)
    if running := target.presence.living():
        processes = "A process is" if running == 1 else f"{running} processes are"
        print(f"{processes} at work on {target.path}; stop mlbot everywhere, then say this again.", file=sys.stderr)
        return 1
    former = _swap(args.file, target.path)
    target.migrate()
    kept = f"; the former one is {former}" if former else ""
    print(f"{target.path} is the backup now{kept}.")
    print("Requests approved before the backup are looked up in AWS by their tag before anything is launched.")
    return 0


def _swap(backup: Path, target: Path) -> Path | None:
    """Put *backup* in the place of *target*; returns where what stood there is kept, under a name of its own."""
    from bot.clock import Clock

    target.parent.mkdir(parents=True, exist_ok=True)
    former = Path(f"{target}.before-restore-{Clock().now():%Y%m%dT%H%M%S%f}")
    stood = target.exists()
    for suffix in ("", "-wal", "-shm"):
        old = Path(f"{target}{suffix}")
        if old.exists():
            old.replace(f"{former}{suffix}")
    fresh = Path(f"{target}.restoring")
    shutil.copyfile(backup, fresh)
    fresh.chmod(0o600)
    os.replace(fresh, target)
    return former if stood else None
