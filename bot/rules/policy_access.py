"""Whom the policy lets in besides the members of the workspace, and who looks after mlbot."""

from __future__ import annotations

from bot.rules.policy_section import Section


class Access(Section):
    """By default nobody else: guests, other apps, and people met through Slack Connect are refused."""

    guests: bool = False
    bots: bool = False
    workspaces: tuple[str, ...] = ()  # team ids
    operators: tuple[str, ...] = ()  # Slack user ids whose Home tab shows mlbot's health; none: the approvers
