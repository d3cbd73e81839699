"""The morning message: written once for each person and local day, and brought up to date as it is answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot import mute, ops, outbox
from bot.idle_scan import finding, last_scan
from bot.kinds import KINDS
from bot.parts import Parts
from bot.rules.errors import SlackError
from bot.rules.idle_finding import Finding, Outcome, ScanReport
from bot.rules.idle_undo import REOPENED, way_back
from bot.rules.idle_week import Spent, Week
from bot.rules.people import Person, may_act
from bot.rules.policy_idle import Reminders
from bot.rules.remind import Digest, Reader, digest, morning, recipients, telling, zone
from bot.store import holds, idle, money, reminders, ticks
from bot.store.db import Tx

FRESH = timedelta(minutes=90)  # what is said of a morning was seen on it
LEFT = ("users_not_found", "user_not_found", "user_not_visible", "account_inactive")  # Slack's codes
DIGEST_DAYS = 7
WEEKLY = "week:"  # before a reader: their weekly message is another one than the morning's


@dataclass
class Post:
    """What is to be written on one occasion: who is told what, and whose Slack profile did not answer."""

    findings: dict[str, list[Finding]] = field(default_factory=lambda: defaultdict(list))
    escalated: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def remind(parts: Parts, now: datetime, *, asked: bool = False) -> int:
    """
    Write the messages whose morning has come as of *now*, and return how many; restarts and replicas write none twice.

    By the schedule a day is decided at its first look, and a bot that was set up after the hour waits for the next
    morning; *asked* (somebody wants it now) writes what is due whatever was decided when there was nothing to say.
    """
    report = last_scan(parts, now)
    if report is None or not timedelta() <= now - report.at <= FRESH:
        return 0
    if report.alarm:
        return _alarmed(parts, report, now)
    rules = parts.policy().reminders
    people = _people(parts, {one.owner for one in report.findings if one.owner} | set(rules.leads))
    post = _sorted(report.findings, rules, people, _team(parts))
    written = 0
    for to, found in post.findings.items():
        where = _zone(to, rules, people)
        if where is not None:
            written += _write(parts, Letter(to, where, found, post.escalated[to]), now, asked=asked)
    return written + _weekly(parts, now, people, asked=asked)


def morning_message(parts: Parts, to: str, day: date) -> Digest | None:
    """The message to *to* of *day* as it stands now, with what was answered since; for its view."""
    with parts.store.reading() as tx:
        row = reminders.taken(tx, to=to, day=day)
        if row is None or not row[0]:
            return None
        answers, written = holds.latest(tx), row[1]
    found, now = reminders.parse(row[0]), parts.clock.now()

    def answered(many: Iterable[Finding]) -> tuple[Finding, ...]:
        since = ((one, answers.get(one.ref)) for one in many)
        return tuple(_as_answered(one, last if last and last.at >= written else None, now) for one, last in since)

    found = replace(found, unknown=answered(found.unknown), cheaper=answered(found.cheaper))
    return replace(found, items=answered(found.items), small=answered(found.small))


def _as_answered(one: Finding, last: Outcome | None, now: datetime) -> Finding:
    """With its answer and the way back from it; one that was taken back is open again."""
    if last is None or last.what in REOPENED:
        return replace(one, outcome=None)
    return replace(one, outcome=last, undo=way_back(last, KINDS[one.resource.kind].verbs, now))


def refresh(tx: Tx, ref: str, now: datetime) -> None:
    """Have every recent message that names *ref* brought up to date."""
    for to, day in reminders.messages(tx, ref, since=now - timedelta(days=DIGEST_DAYS)):
        outbox.say(tx, what="reminder", subject=day.isoformat(), to=to, now=now)
    outbox.again(tx, what="unclaimed", subject=ref, now=now)


def says_so(tx: Tx, ref: str, now: datetime, *, channel: str, ts: str) -> bool:
    """Whether the message at *channel* and *ts* is one that `refresh` edits, so that it tells of an answer."""
    row = outbox.standing(tx, whats=("reminder", "unclaimed"), channel=channel, ts=ts)
    if row is None or row.what == "unclaimed":
        return row is not None and row.subject == ref
    recent = reminders.messages(tx, ref, since=now - timedelta(days=DIGEST_DAYS))
    return (row.to, row.subject) in {(to, day.isoformat()) for to, day in recent}


def unclaimed(parts: Parts, ref: str) -> Finding | None:
    """What the channel was asked of, as it is and was answered by now; None when it is gone."""
    found = finding(parts, ref)
    with parts.store.reading() as tx:
        last = holds.latest(tx).get(ref)
    if found is None or last is None or last.what in ("not_mine", "claimed"):
        return found
    return _as_answered(found, last, parts.clock.now())


def week(parts: Parts, to: str, day: date) -> Week:
    """The seven days before *day*, for the weekly message's view."""
    first, last = day - timedelta(days=DIGEST_DAYS), day - timedelta(days=1)
    report = last_scan(parts)
    with parts.store.reading() as tx:
        by_owner, by_day = money.between(tx, first, last), money.by_day(tx, first, last)
    return Week(
        to=to,
        first=first,
        last=last,
        by_owner=tuple(sorted(((who, _spent(one)) for who, one in by_owner.items()), key=lambda pair: -pair[1].usd)),
        by_day=tuple((when, _spent(one)) for when, one in by_day.items()),
        unknown=tuple(one for one in report.findings if one.verdict.level == "unknown") if report else (),
        kept=by_price(one for one in report.findings if one.hold and one.hold.what == "keep") if report else (),
        gaps=report.gaps if report else (),
    )


def by_price(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Dearest first; what has no known price before all."""
    return tuple(sorted(found, key=lambda one: (one.usd_per_day is not None, -(one.usd_per_day or 0))))


@dataclass(frozen=True, slots=True)
class Letter:
    """One reader with what may be worth a word to them."""

    to: str
    where: ZoneInfo
    findings: list[Finding]
    escalated: set[str]


def _write(parts: Parts, letter: Letter, now: datetime, *, asked: bool) -> int:
    policy = parts.policy()
    day = morning(now, letter.where, policy.reminders)
    if day is None:
        return 0
    owner = letter.to if letter.to != policy.reminders.channel else None
    with parts.store.transaction() as tx:
        if mute.until(tx, letter.to, now) is not None:
            return 0
        if not asked and not _was_up(tx, day, letter.where, policy.reminders):
            return 0
        told = reminders.told(tx, to=letter.to)
        reader = Reader(letter.to, owner, day, letter.where, reminders.unknown_told(tx, to=letter.to))
        found = digest(letter.findings, told, policy.idle, reader, escalated=frozenset(letter.escalated))
        data = reminders.dump(found) if found else ""
        written = parts.clock.now()
        if not reminders.take(tx, to=letter.to, day=day, now=written, data=data, over_empty=asked) or found is None:
            return 0
        for one in found.everything:
            reminders.tell(tx, one.ref, to=letter.to, told=telling(one, day, letter.where, policy.idle), now=written)
        outbox.say(tx, what="reminder", subject=day.isoformat(), to=letter.to, now=written)
    parts.wake()
    return 1


def _was_up(tx: Tx, day: date, where: ZoneInfo, rules: Reminders) -> bool:
    """Whether anything had been scanned before that morning; a new bot does not begin with a late message."""
    first = idle.first_scan(tx)
    return first is not None and first <= datetime.combine(day, time(rules.hour), tzinfo=where)


def _sorted(found: Iterable[Finding], rules: Reminders, people: Mapping[str, Person | None], team: str) -> Post:
    """
    Who is told what; of what works nobody is told but how it is cheaper, which decides their morning as well.

    A person whom Slack knows no more, or whom the policy lets press nothing, cannot be reached; one it does not speak
    of now can.
    """
    post = Post()

    def reachable(user: str) -> bool:
        person = people.get(user)
        return person is None or may_act(person, team=team) is None

    for one in found:
        for to in recipients(one, rules, reachable):
            post.findings[to] += [one] if one.verdict.level != "active" or one.usd_saved_as_gp3 else []
            if to != one.owner and one.owner and reachable(one.owner):
                post.escalated[to].add(one.ref)
    return post


def _people(parts: Parts, users: Iterable[str]) -> dict[str, Person | None]:
    """Profiles by id; None where Slack does not answer now, deleted where it knows nobody of that id."""
    found: dict[str, Person | None] = {}
    for user in users:
        try:
            found[user] = parts.people.get(user)
        except SlackError as error:
            found[user] = Person(user, deleted=True) if error.code in LEFT else None
    return found


def ownerless(parts: Parts, found: Iterable[Finding]) -> frozenset[str]:
    """References of what nobody owns, or somebody who left or may press nothing here; for Claim. Asks Slack."""
    found, team = list(found), _team(parts)
    people = _people(parts, {one.owner for one in found if one.owner})
    gone = {user for user, person in people.items() if person and may_act(person, team=team)}
    return frozenset(one.ref for one in found if not one.owner or one.owner in gone)


def _team(parts: Parts) -> str:
    try:
        return parts.people.team()
    except SlackError:
        return ""


def _zone(to: str, rules: Reminders, people: Mapping[str, Person | None]) -> ZoneInfo | None:
    """The reader's zone; None while nobody can say what time it is for them."""
    if to == rules.channel:
        return zone(rules.zone)
    person = people.get(to)
    return zone(person.tz, rules.zone) if person else None


def _alarmed(parts: Parts, report: ScanReport, now: datetime) -> int:
    """Say once a day, in the channel, why nothing is done."""
    channel = parts.policy().reminders.channel
    if not channel:
        return 0
    with parts.store.transaction() as tx:
        if not ticks.claim(tx, job="idle.alarm", due=now.date().isoformat(), now=now):
            return 0
        subject, written = f"idle-alarm:{now.date().isoformat()}", parts.clock.now()
        outbox.say(tx, what="notice", subject=subject, to=channel, now=written, data={"text": report.alarm})
    parts.wake()
    return 1


def _weekly(parts: Parts, now: datetime, people: Mapping[str, Person | None], *, asked: bool) -> int:
    """The leads' weekly message, on their morning of the policy's weekday."""
    rules = parts.policy().reminders
    written = 0
    for to in rules.leads or ((rules.channel,) if rules.channel else ()):
        where = _zone(to, rules, people)
        day = morning(now, where, rules) if where else None
        if where is None or day is None or day.weekday() != rules.digest_weekday:
            continue
        with parts.store.transaction() as tx:
            if mute.until(tx, to, now) is not None:
                continue
            if not _was_up(tx, day, where, rules) or not money.between(tx, day - timedelta(days=DIGEST_DAYS), day):
                continue
            if reminders.take(tx, to=WEEKLY + to, day=day, now=parts.clock.now()):
                outbox.say(tx, what="digest", subject=day.isoformat(), to=to, now=parts.clock.now())
                ops.enqueue(tx, kind="picture.week", key=f"{to}:{day}", payload={"to": to, "day": str(day)}, now=now)
                written += 1
    if written:
        parts.wake()
    return written


def _spent(one: money.Spend) -> Spent:
    return Spent(one.usd, one.idle, one.kept, one.saved, one.unseen)
