"""One resource as a scan left it, with everything that a message about it needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.rules.idle_facts import HOURS_PER_MONTH, Hold, Resource, Verdict

BUSY, REFUSED = "busy", "refused"  # outcomes that leave it as it was: it works, or something else forbids it
AT_WORK = ("running", "InService", "InProgress")  # states in which something could work; in others it rests


@dataclass(frozen=True, slots=True)
class BackTest:
    """What the rule would have said of this very machine before the present episode."""

    days: float
    alerts: int
    wrong: int  # it worked again within the hour

    @property
    def words(self) -> str:
        """One sentence for the message."""
        when = f"In the last {self.days:.0f} days this rule would"
        if not self.alerts:
            return f"{when} not have spoken of it before."
        times = "once" if self.alerts == 1 else f"{self.alerts} times"
        if not self.wrong:
            return f"{when} have spoken of it {times} before and not been wrong."
        wrong = "once" if self.wrong == 1 else f"{self.wrong} times"
        return f"{when} have spoken of it {times} before and been wrong {wrong}."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a finding after somebody pressed a button; the message is edited to say it."""

    what: str  # stopped, snoozed, kept, not_mine, claimed, terminated, deleted, busy, refused
    by: str  # Slack id
    at: datetime
    words: str  # one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A resource, its verdict and its money; usd_* are None where a price is not known."""

    ref: str  # r_...: what buttons carry
    resource: Resource
    verdict: Verdict
    owner: str | None = None  # Slack id, by tag, claim, launch record or CloudTrail
    owner_by: str = ""  # tag, claim, launch, cloudtrail; empty: nobody knows
    hold: Hold | None = None
    outcome: Outcome | None = None
    told: int = 0  # mornings on which it was named since the episode began, unanswered
    at: datetime  # of the scan
    spark: tuple[float, ...] = ()  # the signal that decided, oldest first, for a sparkline
    spark_of: str = ""  # gpu_max_pct, cpu_max_pct ...
    back_test: BackTest | None = None
    verbs: tuple[str, ...] = ()  # what the kind can do: stop, terminate, delete
    schedule: str = ""  # the hours that it keeps, in words; empty: it has none
    undo: str = ""  # how its answer can be taken back: start, lift, reassign, unschedule; empty: it cannot
    asleep: bool = False  # its schedule stopped it, and will start it again

    @property
    def at_work(self) -> bool:
        """Whether it runs (and could be stopped); otherwise it only lies there and bills."""
        return self.resource.state in AT_WORK

    @property
    def usd_per_hour(self) -> float | None:
        """USD per hour that it bills as things stand: what was stopped since the scan bills what a stop leaves."""
        stopped = self.at_work and self.outcome is not None and self.outcome.what == "stopped"
        return self.resource.usd_per_hour_stopped if stopped else self.resource.usd_per_hour

    @property
    def idle_for(self) -> timedelta | None:
        """How long it has been idle."""
        return self.at - self.verdict.since if self.verdict.since else None

    @property
    def usd_since(self) -> float | None:
        """USD spent since it turned idle."""
        length, per_hour = self.idle_for, self.resource.usd_per_hour
        if length is None or per_hour is None:
            return None
        return per_hour * length.total_seconds() / 3600

    @property
    def usd_per_day(self) -> float | None:
        """USD that a day costs as it is."""
        return None if self.resource.usd_per_hour is None else self.resource.usd_per_hour * 24

    @property
    def usd_per_month(self) -> float | None:
        """USD that a month costs as it is."""
        return None if self.resource.usd_per_hour is None else self.resource.usd_per_hour * HOURS_PER_MONTH

    @property
    def usd_saved_as_gp3(self) -> float:
        """USD a month that a volume in use would save as gp3; 0 where it would not, or where nobody knows."""
        saves = self.resource.details.get("gp3_saves_usd_per_month")
        in_use = self.resource.kind == "ebs_volume" and self.verdict.level == "active" and self.hold is None
        return saves if in_use and isinstance(saves, float) else 0.0

    @property
    def usd_planned(self) -> float | None:
        """USD that it was to cost until its planned end."""
        return self._usd_from_start(self.resource.until)

    @property
    def usd_so_far(self) -> float | None:
        """USD since it started."""
        return self._usd_from_start(self.at)

    def _usd_from_start(self, until: datetime | None) -> float | None:
        begun, per_hour = self.resource.since, self.resource.usd_per_hour
        if begun is None or per_hour is None or until is None or not self.at_work:
            return None
        return per_hour * (until - begun).total_seconds() / 3600


@dataclass(frozen=True, slots=True)
class Gap:
    """A place that a scan could not see, in words for the report."""

    account: str
    region: str
    kind: str  # empty: the whole region
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """One scan: everything found, and what could not be seen."""

    at: datetime
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...] = ()
    alarm: str = ""  # why nothing is done on this scan, when its counts cannot be right


def gap_lines(gaps: Iterable[Gap]) -> list[str]:
    """What was not seen, a line for each place: all of its kinds, and the first of their reasons."""
    places: dict[tuple[str, str], list[Gap]] = {}
    for gap in gaps:
        places.setdefault((gap.account, gap.region), []).append(gap)
    return [_gap_line(found) for found in places.values()]


def _gap_line(found: Sequence[Gap]) -> str:
    first = found[0]
    kinds = list(dict.fromkeys(gap.kind.replace("_", " ") for gap in found if gap.kind))
    where = first.region if first.account == "default" else f"{first.account} {first.region}"
    what = f" ({kinds[0] if len(kinds) == 1 else f'{len(kinds)} kinds'})" if kinds else ""
    return f"{where}{what}: {first.reason}"
