"""Who may decide what about a request, and what comes of it; pure, time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.rules.launch import How, Launch, State
from bot.rules.launch_text import at, people, person, settled
from bot.rules.people import Person, may_act
from bot.rules.policy import Approvals

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else a decision depends on, read before it is made."""

    approvals: Approvals
    approver: bool  # the policy names this person, or a group with them in it
    team: str  # the bot's workspace; empty when unknown
    needed: int = 1  # different people, by the policy as it is now
    votes: tuple[str, ...] = ()  # who said yes to what is shown now, and may still say it
    frozen: str = ""  # why nothing is launched at the moment
    over_budget: str = ""
    refused: str = ""  # why the policy does not allow it any more
    drifted: bool = False  # the price moved too far since the card was shown
    asker: Person | None = None  # as Slack tells it now


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What a press comes to: a new state or none, and what the person who pressed is told.

    *counts* is True when the press is to be remembered as a yes.
    """

    said: str
    state: State | None = None
    counts: bool = False
    how: How = ""
    void: bool = False  # what was shown does not hold any more: check and ask anew
    expired: bool = False  # found to be expired by this press


def approve(launch: Launch, who: Person, around: Around, now: datetime) -> Decision:
    """An approver says yes: approved when enough different people did."""
    if refusal := _may_not(launch, who, around, now):
        return refusal
    if who.id in launch.askers and not _own_is_allowed(launch, around):
        return Decision("Nobody approves their own request; somebody else must say yes.")
    if not around.approver:
        return Decision(f"Only approvers may approve: {_approvers(around.approvals)}.")
    if refusal := _not_now(launch, around):
        return refusal
    have = len({*around.votes, who.id})
    if have < around.needed and who.id in around.votes:
        return Decision(f"You said yes already; it needs {around.needed} different people.")
    if have < around.needed:
        return Decision(f"Your yes counts: {have} of {around.needed}.", counts=True)
    return Decision("Approved.", "approved", counts=True, how="vote")


def break_glass(launch: Launch, who: Person, around: Around, now: datetime, reason: str) -> Decision:
    """A named person approves alone, even their own, and says why; budgets, freeze and hard caps still hold."""
    if refusal := _may_not(launch, who, around, now):
        return refusal
    if who.id not in around.approvals.break_glass:
        return Decision("The policy names you in no break-glass list.")
    if not reason.strip():
        return Decision("Break-glass needs a reason.")
    if refusal := _not_now(launch, around):
        return refusal
    return Decision("Approved by break-glass; every approver is told.", "approved", counts=True, how="break_glass")


def deny(launch: Launch, who: Person, around: Around, now: datetime) -> Decision:
    """An approver says no, and one no is enough."""
    if refusal := _may_not(launch, who, around, now):
        return refusal
    if not around.approver:
        return Decision(f"Only approvers may deny: {_approvers(around.approvals)}.")
    return Decision("Denied.", "denied")


def withdraw(launch: Launch, who: Person, around: Around) -> Decision:
    """The asker takes a request back, as long as nothing was launched."""
    if why := may_act(who, team=around.team):
        return Decision(why)
    if who.id not in launch.askers:
        return Decision(f"Only {people(launch.askers)}, who asked, may withdraw it; an approver may deny it.")
    if launch.state in ("checking", "asked", "approved"):
        return Decision("Withdrawn.", "withdrawn")
    if launch.state in ("launching", "running"):
        return Decision("It is launched already; stop it from /ml-instances.")
    return Decision(f"Too late: {settled(launch)}.")


def lapsed(launch: Launch, approvals: Approvals, now: datetime) -> bool:
    """Whether an approval that was not carried out yet does not hold any more."""
    if launch.decided_at is None:
        return False
    waited = (now - launch.decided_at).total_seconds() / 3600
    return waited >= approvals.start_within_hours or (launch.until is not None and now >= launch.until)


def somebody_may(approvals: Approvals) -> bool:
    """Whether the policy names anybody at all who could approve."""
    named = set(approvals.people) - set(approvals.denied)
    return bool(approvals.all_groups or named or approvals.break_glass)


def _may_not(launch: Launch, who: Person, around: Around, now: datetime) -> Decision | None:
    if why := may_act(who, team=around.team):
        return Decision(why)
    if who.id in around.approvals.denied:
        return Decision("The policy lets you decide nothing here.")
    if launch.state != "asked":
        return Decision(f"Too late: {settled(launch)}.")
    if now >= launch.expires_at:
        return Decision(f"Too late: it expired at {at(launch.expires_at)}; it must be asked for again.", expired=True)
    return None


def _not_now(launch: Launch, around: Around) -> Decision | None:
    if around.asker is not None and (why := may_act(around.asker, team=around.team)):
        return Decision(f"Who asked may not have a machine any more: {why}")
    if launch.asker in around.approvals.denied:
        return Decision(f"The policy lets {person(launch.asker)} launch nothing.")
    if around.frozen:
        return Decision(around.frozen)
    if around.refused:
        return Decision(f"The policy does not allow it any more. {around.refused}", void=True)
    if around.over_budget:
        return Decision(around.over_budget)
    if around.drifted:
        return Decision("The price changed since this was asked; it is checked and shown anew.", void=True)
    return None


def standing(votes: tuple[str, ...], launch: Launch, around: Around, *, may: frozenset[str]) -> tuple[str, ...]:
    """The yeses that count now: of people who *may* approve still, and one's own only where that is allowed."""
    own = () if _own_is_allowed(launch, around) else launch.askers
    return tuple(one for one in votes if one in may and one not in own)


def outgrown(launch: Launch, needed: int) -> str:
    """Why an approval does not suffice for what the policy asks now; break-glass is its own answer to that."""
    if launch.how == "break_glass" or len(launch.decided_by) >= needed:
        return ""
    if launch.how == "policy":
        return "The policy does not approve it by itself any more; somebody must say yes."
    return f"The policy asks for {needed} different people by now, and {people(launch.decided_by)} said yes."


def _own_is_allowed(launch: Launch, around: Around) -> bool:
    """Below the policy's figure, and never as one of the two that a dearer request needs."""
    cheap = launch.usd_total is not None and launch.usd_total < around.approvals.own_below_usd
    return cheap and around.needed < 2


def _approvers(approvals: Approvals) -> str:
    named = [person(one) for one in approvals.people] + [f"<!subteam^{group}>" for group in approvals.all_groups]
    return " and ".join(named) or "nobody"
