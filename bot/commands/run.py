"""`mlbot run`: serve Slack until told to stop; SIGTERM drains."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.cloud import Cloud

log = logging.getLogger(__name__)

AWS_SECONDS = 1.0  # how long the doors wait for AWS to say who we are; a later answer counts as well
ROOT = "These are the root user's AWS keys; mlbot does not run with them. Delete them and give it a role: docs/aws.md."


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("run", help="serve Slack")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build, start, wait for a signal, stop; 1 when it cannot start, 2 when the settings are wrong."""
    from bot import logs
    from bot.cloud import Cloud
    from bot.rules.errors import BotError
    from bot.rules.policy import Policy
    from bot.settings import Settings, strange
    from bot.wiring import build, settle
    from bot.workspaces import Workspaces

    logs.set_up()
    told, refused = threading.Event(), threading.Event()
    settings = Settings()
    for sentence in strange():
        log.warning("%s", sentence)
    missing = settings.missing()
    if missing:
        print(*missing, sep="\n", file=sys.stderr)
        return 2
    logs.hide(settings.secrets())
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: told.set())
    try:
        cloud = Cloud(settings, Policy)  # mlbot's own credentials, whatever a policy says
        asking = threading.Thread(target=_refuse_root, args=(cloud, told, refused), daemon=True)
        asking.start()
        bot = Workspaces(settings) if settings.slack_client_id else build(settings)
        asking.join(AWS_SECONDS)
        if not refused.is_set():
            bot.start()
            settle()
    except (BotError, OSError) as error:
        print(f"mlbot cannot start: {error}", file=sys.stderr)
        return 1
    told.wait()
    bot.stop()
    if refused.is_set():
        print(ROOT, file=sys.stderr)
    return 1 if refused.is_set() else 0


def _refuse_root(cloud: Cloud, told: threading.Event, refused: threading.Event) -> None:
    """Stop the bot where AWS says that we are root; an AWS that does not answer refuses nothing."""
    from bot.rules.errors import CloudError

    try:
        root = cloud.is_root()
    except CloudError as error:
        log.warning("AWS did not say who mlbot is: %s", error)
        return
    if root:
        refused.set()
        told.set()
