"""Times, shares and money as a person reads them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# Between letters or digits (my_model) they are no marks; a backtick is one everywhere.
MARK = re.compile(r"`|(?<![^\W_])[*_~]|[*_~](?![^\W_])")
ALIKE = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}
CALL = re.compile(r"<(?=[@#])|(?<!\w)[@#](?=\w)|:(?=//)|(?<=mailto):")
UNSEEN = "\u2060"  # a word joiner: it has no width and breaks no line


def span(length: timedelta) -> str:
    """45 min, 3 h, 31 h, 12 days."""
    minutes = length.total_seconds() / 60
    if minutes < 90:
        return f"{max(0, round(minutes))} min"
    hours = minutes / 60
    if hours < 10:
        return f"{hours:.1f}".removesuffix(".0") + " h"
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"


def least(length: timedelta) -> str:
    """As `span`, rounded down where that rounds, for what has lasted at least so long."""
    hours = timedelta(hours=length // timedelta(hours=1))
    return span(
        timedelta(days=length.days) if length.days >= 3 else hours if hours.total_seconds() >= 36_000 else length
    )


def percent(value: float) -> str:
    """0 %, 0.4 %, 63 %."""
    return f"{value:.1f} %" if 0 < value < 1 else f"{value:.0f} %"


def usd(amount: float) -> str:
    """$0.24, $38, $1,250."""
    return f"${amount:,.2f}" if amount < 10 else f"${amount:,.0f}"


def rate(bytes_per_s: float) -> str:
    """12 kB/s, 3.4 MB/s."""
    return f"{bytes_per_s / 1e6:.1f} MB/s" if bytes_per_s >= 1e6 else f"{bytes_per_s / 1e3:.0f} kB/s"


def moment(at: datetime) -> str:
    """A time in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def inert(words: str) -> str:
    """
    People's words without effect in Slack: marks become their look-alikes, and nothing in them names, calls or links.

    An invisible sign stands where Slack would else see <@U...>, @here, #room or https://. The views escape < and >.
    """
    return MARK.sub(lambda found: ALIKE[found[0]], CALL.sub(lambda found: found[0] + UNSEEN, words))
