"""One account and region: find, price, measure and judge; one refusal becomes a gap and never stops the rest."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.idle_looks import LongLooks
from bot.idle_patience import Patience
from bot.kinds import KINDS, Kind, Look, ec2_instance
from bot.kinds.base import Fact
from bot.kinds.once import Once
from bot.parts import Parts
from bot.rules.errors import CloudError, Forbidden, NoAnswer, Unsure
from bot.rules.idle import Known, Resource, Usage, Verdict, judge, rule_for
from bot.rules.idle_finding import AT_WORK, Gap
from bot.rules.idle_past import Past, needs_a_day, past, spark
from bot.rules.policy_idle import Idle

log = logging.getLogger(__name__)

PERMISSIONS = ("ssm:DescribeSessions",)
CHUNK = 125  # machines a look: what each asks for fills calls of 500 metrics, and memory stays flat
LONG_CHUNK = 3  # over 14 days these fill a call of 100,800 datapoints
SHORT = timedelta(hours=5)  # covers every window of a GPU rule
Key = tuple[str, str]  # kind, AWS id


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the database knows of a resource."""

    known: Known
    looked_at: datetime | None = None  # of the last long look


NOTHING_KNOWN = Remembered(Known())


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A resource with its verdict, as this scan found it."""

    resource: Resource
    verdict: Verdict
    verbs: tuple[str, ...] = ()
    spark: tuple[float, ...] = ()
    spark_of: str = ""
    past: Past | None = None
    forbidden: tuple[str, ...] = ()  # verbs that mlbot's AWS role may not do to it


@dataclass(frozen=True, slots=True)
class Survey:
    """One place: what is there, what could not be seen, and which kinds were not found at all."""

    account: str
    region: str
    seen: tuple[Seen, ...]
    gaps: tuple[Gap, ...]
    blind: frozenset[str]


class ScanLook(Look):
    """A look that lists metrics once for all chunks of a scan, and that waits for AWS with *patience*."""

    def __init__(
        self, parts: Parts, account: str, region: str, now: datetime, patience: Patience | None = None
    ) -> None:
        super().__init__(parts.cloud, account, region, now)
        self.patience = patience or Patience()
        self._listed: dict[str, list[Fact]] = {}

    def items(self, service: str, operation: str, key: str, **given: object) -> list[Fact]:
        """All of *key*; of list_metrics the answer is remembered."""
        if operation != "list_metrics":
            return self._asked(service, operation, key, **given)
        asked = repr(sorted(given.items()))
        if asked not in self._listed:
            self._listed[asked] = self._asked(service, operation, key, **given)
        return self._listed[asked]

    def call(self, service: str, operation: str, **given: object) -> Fact:
        """One call; raises CloudError."""
        with self.patience.call():
            return super().call(service, operation, **given)

    def _asked(self, service: str, operation: str, key: str, **given: object) -> list[Fact]:
        found: list[Fact] = []
        with self.patience.call():
            for one in self.cloud.items(self.client(service), operation, key, **given):
                self.patience.hears(more=True)
                found.append(one)
        return found


@dataclass
class Place:
    """One account and region while it is surveyed."""

    parts: Parts
    look: ScanLook
    rules: Idle
    remembered: Mapping[Key, Remembered]
    long_looks: LongLooks
    gaps: list[Gap] = field(default_factory=list)
    blind: set[str] = field(default_factory=set)
    silent: bool = False  # it accepts and does not answer: nothing more is asked of it

    @Once
    def in_session(self) -> frozenset[str]:
        """Instances with an open Session Manager session; none where the role may not see them."""
        try:
            found = self.look.items("ssm", "describe_sessions", "Sessions", State="Active")
        except CloudError as error:
            log.info("sessions in %s are not seen: %s", self.look.region, error)
            return frozenset()
        return frozenset(str(one.get("Target", "")) for one in found)

    def gap(self, kind: str, reason: str) -> None:
        """Note what could not be seen."""
        self.gaps.append(Gap(self.look.account, self.look.region, kind, reason))

    def of(self, one: Resource) -> Remembered:
        """What is known of it."""
        return self.remembered.get((one.kind, one.id), NOTHING_KNOWN)


def survey(parts: Parts, look: ScanLook, remembered: Mapping[Key, Remembered], long_looks: LongLooks) -> Survey:
    """Everything that may bill in the account and region of *look*, judged; takes some 20 s where nobody answers."""
    place = Place(parts, look, parts.policy().idle, remembered, long_looks)
    seen: list[Seen] = []
    for kind in KINDS.values():
        if place.silent:
            place.blind.add(kind.name)
            continue
        seen += _kind(place, kind)
    long_looks.done((look.account, look.region))
    return Survey(look.account, look.region, tuple(seen), tuple(_merged(place)), frozenset(place.blind))


def fresh(parts: Parts, kind: Kind, look: Look, one: Resource, known: Known, *, by: Idle | None = None) -> Verdict:
    """The verdict as of this moment *by* the policy's rules or others; raises CloudError where none can be had."""
    rules = by or parts.policy().idle
    usage = kind.measure(look, [one], look.now - _first_span(kind, rules), look.now).get(one.id, Usage({}))
    verdict = judge(one, usage, rules, look.now, known)
    if needs_a_day(usage, verdict):
        usage = kind.measure(look, [one], look.now - _day(rules), look.now).get(one.id, Usage({}))
        verdict = judge(one, usage, rules, look.now, known)
    return verdict


def _kind(place: Place, kind: Kind) -> list[Seen]:
    try:
        found = [kind.price(one, place.parts.catalog) for one in kind.find(place.look)]
    except CloudError as error:
        place.gap(kind.name, str(error))
        place.blind.add(kind.name)
        place.silent = isinstance(error, NoAnswer)  # a kind that AWS fails at says nothing of the next
        return []
    seen = [_rest(place, kind, one) for one in found if one.state not in AT_WORK]
    judged: dict[str, Seen] = {}
    for chunk in _chunks([one for one in found if one.state in AT_WORK]):
        judged |= {one.resource.id: one for one in _work(place, kind, chunk)}
    try:
        judged |= _looked_back(place, kind, list(judged.values()))
    except CloudError as error:
        place.gap(kind.name, f"metrics of many days: {error}")
        place.silent = isinstance(error, Unsure)
    return seen + [_unless_in_session(place, one) for one in judged.values()]


def _rest(place: Place, kind: Kind, one: Resource) -> Seen:
    verdict = judge(one, Usage({}), place.rules, place.look.now, place.of(one).known)
    # AWS releases no address that is still on an interface.
    return Seen(resource=one, verdict=verdict, verbs=() if one.details.get("loose_interface") else tuple(kind.verbs))


def _work(place: Place, kind: Kind, chunk: Sequence[Resource]) -> list[Seen]:
    """What could work, by a short look first; longer ones only where they can change the verdict."""
    if place.silent:
        return [_unmeasured(kind, one, "AWS did not answer") for one in chunk]
    try:
        seen = _measured(place, kind, chunk, _first_span(kind, place.rules))
        days = [found.resource for found, usage in seen if needs_a_day(usage, found.verdict)]
        judged = {found.resource.id: found for found, _ in seen}
        del seen
        judged |= {found.resource.id: found for found, _ in _measured(place, kind, days, _day(place.rules))}
        return list(judged.values())
    except CloudError as error:
        place.gap(kind.name, f"metrics: {error}")
        place.silent = isinstance(error, Unsure)
        return [_unmeasured(kind, one, str(error)) for one in chunk]


def _unless_in_session(place: Place, seen: Seen) -> Seen:
    """The same, but active where somebody sits at it; asked only for what would be called idle."""
    one = seen.resource
    if one.kind != "ec2_instance" or seen.verdict.level != "idle" or one.id not in place.in_session:
        return seen
    there = replace(one, details={**one.details, "sessions": 1})
    return replace(seen, resource=there, verdict=judge(there, Usage({}), place.rules, place.look.now))


def _measured(place: Place, kind: Kind, chunk: Sequence[Resource], back: timedelta) -> list[tuple[Seen, Usage]]:
    if not chunk:
        return []
    now = place.look.now
    measured = kind.measure(place.look, chunk, now - back, now)
    usages = [(one, measured.get(one.id, Usage({}))) for one in chunk]
    return [(_seen(place, kind, one, usage), usage) for one, usage in usages]


def _seen(place: Place, kind: Kind, one: Resource, usage: Usage) -> Seen:
    verdict = judge(one, usage, place.rules, place.look.now, place.of(one).known)
    name, values = spark(usage, rule_for(place.rules, one)) if verdict.level != "active" else ("", ())
    return Seen(resource=one, verdict=verdict, verbs=tuple(kind.verbs), spark=values, spark_of=name)


def _looked_back(place: Place, kind: Kind, seen: Sequence[Seen]) -> dict[str, Seen]:
    """
    The same machines over many days, for those that turned quiet since the last scan.

    Those that were never looked at come first, then those whose look is longest ago, so that each has its turn; of
    equals the dearest.
    """
    worth = [] if place.silent else [one for one in seen if _worth_a_long_look(place, one)]
    worth.sort(key=lambda one: _turn(place, one))
    found: dict[str, Seen] = {}
    here = (place.look.account, place.look.region)
    back = timedelta(days=place.rules.history_days)
    chosen = [one.resource for one in worth[: place.long_looks.take(len(worth), here)]]
    for chunk in _chunks(chosen, LONG_CHUNK):
        for again, usage in _measured(place, kind, chunk, back):
            behind = past(again.resource, usage, rule_for(place.rules, again.resource))
            forbidden = _forbidden(place.look, again.resource)
            found[again.resource.id] = replace(again, past=behind, forbidden=forbidden)
    return found


def _turn(place: Place, seen: Seen) -> tuple[float, float, str]:
    one = seen.resource
    last = place.of(one).looked_at
    # By the hour: among machines of one scan, whose looks are seconds apart, the price decides.
    ago = last.timestamp() // 3600 if last else 0.0
    return (ago, -(one.usd_per_hour or 0), one.id)


def _forbidden(look: ScanLook, one: Resource) -> tuple[str, ...]:
    """Verbs that AWS would refuse, so that no button offers them: by a dry run, and what one-time spot cannot do."""
    if one.kind != "ec2_instance":
        return ()
    try:
        if one.market == "spot" and ec2_instance.is_one_time_spot(look, one):
            return ("stop",)
        with look.patience.call():
            look.cloud.dry_run(look.client("ec2").stop_instances, InstanceIds=[one.id])
    except Forbidden:
        return ("stop",)
    except CloudError:
        return ()
    return ()


def _worth_a_long_look(place: Place, seen: Seen) -> bool:
    verdict, remembered = seen.verdict, place.of(seen.resource)
    if verdict.since is None or seen.spark_of == "invocations":
        return False
    if remembered.looked_at is None:
        return True
    stale = place.look.now - remembered.looked_at > timedelta(days=1)
    return remembered.known.idle_since is None and (verdict.at_least or stale)


def _unmeasured(kind: Kind, one: Resource, why: str) -> Seen:
    verdict = Verdict(level="unknown", reason=f"its metrics could not be read: {why}", confidence="low")
    return Seen(resource=one, verdict=verdict, verbs=tuple(kind.verbs))


def _first_span(kind: Kind, rules: Idle) -> timedelta:
    return timedelta(days=rules.history_days) if kind.name == "sagemaker_endpoint" else SHORT


def _day(rules: Idle) -> timedelta:
    return timedelta(hours=max(rules.cpu_hours, rules.cpu_safe_hours) + 1)


def _chunks(found: Sequence[Resource], size: int = CHUNK) -> Iterator[Sequence[Resource]]:
    for first in range(0, len(found), size):
        yield found[first : first + size]


def _merged(place: Place) -> list[Gap]:
    """Gaps of one reason in all kinds are one gap of the whole region."""
    if place.gaps and len(place.blind) == len(KINDS) and len({gap.reason for gap in place.gaps}) == 1:
        return [replace(place.gaps[0], kind="")]
    if place.silent and place.gaps:
        last = place.gaps[-1]
        return [*place.gaps[:-1], replace(last, reason=f"{last.reason} Nothing more was asked there.")]
    return place.gaps
