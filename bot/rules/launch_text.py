"""Launches in words: money, times, states; plain text in which <@U...> is the only mark-up."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.rules.idle_words import inert
from bot.rules.launch import Launch, Wanted


def usd(amount: float | None) -> str:
    """$0.53, $1.01, $1,250.00; "unknown" where the price is not known."""
    if amount is None:
        return "unknown"
    return f"${amount:,.4f}".rstrip("0") if 0 < amount < 0.1 else f"${amount:,.2f}"


def rate(amount: float | None) -> str:
    """A price per hour as AWS lists it, to a hundredth of a cent: $1.006, $98.32, $0.50."""
    if amount is None:
        return "unknown"
    whole, _, part = f"{amount:,.4f}".partition(".")
    return f"${whole}.{part.rstrip('0').ljust(2, '0')}"


def at(moment: datetime | None) -> str:
    """A time in UTC, to the minute."""
    return "an unknown time" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def hours(count: float) -> str:
    """8 h, 1.5 h."""
    return f"{count:g} h"


def person(identity: str) -> str:
    """A mention of a Slack user; who is no Slack user is named."""
    return f"<@{identity}>" if identity[:1] in ("U", "W") and identity.isalnum() else identity


def people(identities: tuple[str, ...]) -> str:
    """Mentions of several people."""
    return " and ".join(person(identity) for identity in identities) or "nobody"


def what(wanted: Wanted) -> str:
    """2 x g5.xlarge (spot) in us-east-1 for 8 h."""
    many = f"{wanted.count} x " if wanted.count > 1 else ""
    market = " (spot)" if wanted.market == "spot" else ""
    return f"{many}{wanted.instance_type}{market} in {wanted.region} for {hours(wanted.hours)}"


def which(launch: Launch) -> str:
    """The request as its owner knows it: nightly, g5.xlarge in us-east-1 for 8 h (i-0abc)."""
    name = f"{inert(launch.wanted.name)}, " if launch.wanted.name else ""
    ids = ", ".join(launch.instance_ids[:3]) + (" and more" if len(launch.instance_ids) > 3 else "")
    return f"{name}{what(launch.wanted)}" + (f" ({ids})" if ids else "")


def lost_with(launch: Launch) -> str:
    """What a termination of all its machines deletes, for the confirmation."""
    many, disk = len(launch.instance_ids), f"{launch.wanted.disk_gb:,} GB"
    what = f"{disk} of disk are deleted with it" if many == 1 else f"{many} machines, {disk} of disk deleted with each"
    return f"{which(launch)}: {what}."


def settled(launch: Launch) -> str:
    """What became of a request, for somebody who comes too late."""
    who = people(launch.decided_by) if launch.how != "policy" else "the policy"
    words = {
        "checking": "it is still being checked",
        "refused": f"it was refused by a check: {launch.error}",
        "denied": f"it was already denied by {who} at {at(launch.decided_at)}",
        "withdrawn": f"it was withdrawn by {person(launch.asker)} at {at(launch.changed_at)}",
        "expired": f"it expired at {at(launch.expires_at)}",
    }
    return words.get(launch.state, f"it was already approved by {who} at {at(launch.decided_at)}")
