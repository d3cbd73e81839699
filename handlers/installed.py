"""Being removed from a workspace: with one token for one workspace nothing can be done but to say so in the log."""

from __future__ import annotations

import logging

from slack_bolt import Ack

log = logging.getLogger(__name__)


def gone(ack: Ack) -> None:
    """The app was uninstalled, or its token taken back; with several workspaces `bot.workspaces` hears it first."""
    ack()
    log.error("this workspace has removed mlbot or taken back its token: install it again and set SLACK_BOT_TOKEN")
