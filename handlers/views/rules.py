"""What may I launch? The policy in sentences, for the one who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.home import Roles
from bot.rules import launch_text as say
from bot.rules.launch import BudgetLine
from bot.rules.launch_preview import Preview
from bot.rules.policy import Policy
from handlers.views.blocks import context, cut, divider, section
from handlers.views.forms import modal
from handlers.views.launch_form import PICK_TYPE, cost
from handlers.views.message import Block, plain, told

LINES = 10  # budgets and regions that are named


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that the view says."""

    policy: Policy
    roles: Roles
    user: str
    budgets: tuple[BudgetLine, ...]
    frozen: str
    instance_type: str  # that was looked for; empty: none was
    verdicts: Mapping[str, Preview]  # by region


def view(found: Rules, *, region: str) -> Block:
    """The modal; its search offers the types of *region*."""
    pick: Block = {
        "type": "external_select",
        "action_id": PICK_TYPE,
        "min_query_length": 0,
        "placeholder": {"type": "plain_text", "text": "Search a type"},
    }
    blocks = [section("*May I launch ...?*", accessory=pick, block_id="rule"), *_verdicts(found), divider()]
    if found.frozen:
        blocks.append(section(f"*{told(found.frozen)}* Nothing is launched until an approver ends that."))
    blocks += [section(cut(text, 2900)) for text in (_limits(found), _approval(found), _money(found), _verbs(found))]
    blocks.append(context("From the policy file as it is in force now; an operator changes it."))
    return modal("What may I launch?", "rules", blocks, state={"region": region})


def _verdicts(found: Rules) -> list[Block]:
    name = plain(found.instance_type)
    return [
        section(f"*{name} in {plain(region)}*\n{cost(verdict)}")
        for region, verdict in [*found.verdicts.items()][:LINES]
    ]


def _limits(found: Rules) -> str:
    limits = found.policy.limits
    families = ", ".join(limits.families) or "all"
    denied = f", never {', '.join(limits.denied_families)}" if limits.denied_families else ""
    return (
        f"*What*\nFamilies: {plain(families)}{plain(denied)}. Markets: {', '.join(limits.markets)}. "
        f"Regions: {plain(', '.join(limits.regions))}.\n"
        f"At most {limits.max_count} machines, {limits.max_disk_gb:,} GB of disk, {limits.max_hours:g} hours, "
        f"{say.usd(limits.max_usd_per_hour)} an hour and {say.usd(limits.max_usd)} in all. No approval lifts these."
    )


def _approval(found: Rules) -> str:
    said = found.policy.approvals
    if found.user in said.denied:
        return "*Who says yes*\nThe policy lets you launch nothing; ask one of the approvers."
    names = [say.person(one) for one in said.people if one != found.user]
    groups = [f"<!subteam^{group}>" for group in said.all_groups if group.isalnum()]
    who = " or ".join([*(told(name) for name in names[:LINES]), *groups[:LINES]]) or "nobody is named yet"
    lines = [f"*Who says yes*\n{who}. An open request lapses after {say.hours(said.expires_hours)}."]
    if said.auto_below_usd:
        lines.append(f"Below {say.usd(said.auto_below_usd)} in all nobody needs to.")
    if said.two_above_usd is not None:
        lines.append(f"From {say.usd(said.two_above_usd)} in all two different people must.")
    lines.append(_own(found))
    return " ".join(lines)


def _own(found: Rules) -> str:
    own = found.policy.approvals.own_below_usd
    if not found.roles.approver:
        return "You are no approver."
    if own:
        return f"You are an approver, of your own requests below {say.usd(own)}."
    return "You are an approver, but never of your own requests."


def _money(found: Rules) -> str:
    if not found.budgets:
        return "*Budgets*\nNone is set; the limits above hold."
    lines = [
        f"• {told(line.name)}: {say.usd(max(line.left, 0))} left of {say.usd(line.limit)} this month "
        f"({say.usd(line.spent)} spent, {say.usd(line.committed)} committed)"
        for line in found.budgets[:LINES]
    ]
    return "*Budgets*\n" + "\n".join(lines)


def _verbs(found: Rules) -> str:
    whose = "everything" if found.roles.approver else "what is yours"
    others = "" if found.roles.approver else " Approvers may for all; nobody else may for yours."
    end = found.policy.launch.end
    over = (
        f"is stopped {end.grace_minutes:g} minutes after its end"
        if end.stop
        else "is asked about at its end, not stopped"
    )
    return f"*Who stops what*\nYou may stop, start, terminate and extend {whose}.{others} A machine {over}."
