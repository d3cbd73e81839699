"""What mlbot stands on, looked at one after another: each line good, bad or unknown, with the mend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from bot.rules.errors import CloudError, SlackError, Unsure

Level = Literal["good", "bad", "unknown"]
Lines = Iterator["Line"]
MOST_SKEW = timedelta(seconds=60)  # Slack's signatures and AWS's requests are void after 300 s
NETWORK = "Look at the network between this machine and there, and ask again."
# Slack's codes that say nothing about our settings.
PASSING = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at; *mend* says what to do where it is not good."""

    what: str
    level: Level
    says: str
    mend: str = ""

    def as_dict(self) -> dict[str, str | None]:
        """As JSON has it; null where nothing is to be done."""
        return {**asdict(self), "mend": self.mend or None}


def good(what: str, says: str) -> Line:
    """It is as it must be."""
    return Line(what, "good", says)


def bad(what: str, says: str, mend: str) -> Line:
    """It does not work like this."""
    return Line(what, "bad", says, mend)


def unknown(what: str, says: str, mend: str = "") -> Line:
    """It could not be looked at, or need not be so."""
    return Line(what, "unknown", says, mend)


def by_aws(what: str, error: CloudError, mend: str) -> Line:
    """What AWS refuses is bad, what it does not answer is unknown."""
    return unknown(what, str(error), NETWORK) if isinstance(error, Unsure) else bad(what, str(error), mend)


def by_slack(what: str, error: SlackError, mend: str) -> Line:
    """What Slack refuses is bad, what it does not answer is unknown."""
    silent = error.code in PASSING or error.code.startswith("http_5") or not error.code.islower()
    return unknown(what, f"{error} ({error.code})", NETWORK) if silent else bad(what, str(error), mend)


def skew(what: str, date: str, now: datetime) -> Line:
    """How far our clock is from the *date* of an HTTP answer."""
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return unknown(what, "The answer carried no date.")
    seconds = abs(now - theirs).total_seconds()
    if seconds <= MOST_SKEW.total_seconds():
        return good(what, f"{seconds:.0f} s apart.")
    return bad(
        what,
        f"This machine's clock is {seconds:,.0f} s off.",
        "Run a time service (chrony, systemd-timesyncd): from 300 s on signatures are refused.",
    )
