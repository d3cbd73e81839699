"""Whom the policy lets in besides the members of the workspace."""

from __future__ import annotations

from bot.rules.policy_section import Section


class Access(Section):
    """By default nobody else: guests, other apps, and people met through Slack Connect are refused."""

    guests: bool = False
    bots: bool = False
    workspaces: tuple[str, ...] = ()  # team ids
