"""What is certain of a thing's cost between two looks, what may have passed unseen, and on which day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules import spent
from bot.rules.idle import Hold, Resource, Verdict
from bot.rules.idle_finding import Finding, Outcome
from bot.rules.spent import Billed
from tests.rules.idle_made import HOUR, NOW, machine

BUSY = Verdict(level="active", reason="")
RUNNING, STOPPED = {"state": "running", "usd_per_hour": 1.0}, {"state": "stopped", "usd_per_hour": 0.05}
PRICED = {"details": {"usd_instance": 0.95}}


def found(verdict: Verdict = BUSY, hold: Hold | None = None, **changed: object) -> Finding:
    return Finding(ref="r_1", resource=machine(**changed), verdict=verdict, at=NOW, hold=hold)


def ago(hours: float) -> datetime:
    return NOW - hours * HOUR


def sums(before: Billed | None, one: Finding, since: datetime = NOW) -> tuple[float, float]:
    """USD that are certain, and that may have come on top."""
    shares = [share for stretch in spent.stretches(before, one, since) for _, share in spent.by_day(stretch, one)]
    return round(sum(share.usd for share in shares), 4), round(sum(share.unseen for share in shares), 4)


ON, OFF = Billed(ago(48), 1.0, at_work=True), Billed(ago(48), 0.05)


@pytest.mark.parametrize(
    ("why", "before", "one", "certain", "unseen"),
    [
        ("it ran all the time", ON, found(**RUNNING), 48.0, 0),
        ("it lay stopped all the time", OFF, found(**STOPPED, since=ago(90)), 2.4, 0),
        ("it was started 8 h ago", OFF, found(**RUNNING, since=ago(8)), 40 * 0.05 + 8, 0),
        ("it was stopped 8 h ago", ON, found(**STOPPED, since=ago(8)), 40 + 8 * 0.05, 0),
        ("it was started again 8 h ago; who knows for how long it lay", ON, found(**RUNNING, since=ago(8)), 10, 38),
        ("it ran in between and was stopped 8 h ago", OFF, found(**STOPPED, since=ago(8), **PRICED), 2.4, 38),
        ("its price is not known", Billed(ago(48), None), found(state="running", usd_per_hour=None), 0, 0),
        ("its disk grew at a time nobody knows", OFF, found(state="stopped", usd_per_hour=0.1, since=None), 2.4, 2.4),
        ("nobody looked for 100 days", Billed(ago(2400), 1.0, at_work=True), found(**RUNNING, since=ago(3000)), 744, 0),
        ("it is counted already", Billed(NOW, 1.0, at_work=True), found(**RUNNING), 0, 0),
        ("it is counted with its machine", None, found(**RUNNING, details={"counted_with": "i-0abc"}), 0, 0),
    ],
)
def test_the_whole_time_since_it_was_counted_is_counted(
    why: str, before: Billed | None, one: Finding, certain: float, unseen: float
) -> None:
    assert sums(before, one) == (round(certain, 4), unseen), why


@pytest.mark.parametrize(
    ("one", "certain", "unseen"),
    [
        (found(**RUNNING, created=ago(500), since=ago(500)), 6.0, 0),
        (found(**RUNNING, created=ago(2), since=ago(2)), 2.0, 0),
        (found(**STOPPED, created=ago(4), since=ago(1), **PRICED), 0.2, 2.85),
        (found(**RUNNING, created=None, since=None), 0, 0),
    ],
)
def test_something_new_is_counted_from_its_beginning_or_the_scan_before(
    one: Finding, certain: float, unseen: float
) -> None:
    assert sums(None, one, ago(6)) == (certain, unseen)


def test_what_is_gone_may_have_billed_until_now_unless_somebody_ended_it() -> None:
    before = Billed(ago(10), 2.0, at_work=True)
    lost = spent.after_it_went(before, None, NOW)
    assert [(one.usd_per_hour, one.unseen) for one in lost] == [(0.0, 2.0)]
    ended = Outcome("terminated", "U0ENG", ago(4), "Terminated.")
    (known,) = spent.after_it_went(before, ended, NOW)
    assert (known.begin, known.end, known.usd_per_hour, known.unseen) == (ago(10), ago(4), 2.0, 0)
    assert spent.after_it_went(before, replace(ended, at=ago(11)), NOW)[0].unseen == 2.0


def test_days_are_cut_at_midnight_utc_and_idle_begins_when_it_began() -> None:
    idle = found(Verdict(level="idle", reason="", since=ago(12)), **RUNNING)  # since Sunday 21:00
    (stretch,) = spent.stretches(ON, idle, NOW)
    days = dict(spent.by_day(stretch, idle))
    assert {day: (one.usd, one.idle) for day, one in days.items()} == {
        date(2026, 11, 21): (15.0, 0.0),
        date(2026, 11, 22): (24.0, 3.0),
        date(2026, 11, 23): (9.0, 9.0),
    }
    held = replace(idle, hold=Hold(what="keep", until=NOW + HOUR, by="U0ENG"))
    assert [one.kept for _, one in spent.by_day(stretch, held)] == [15.0, 24.0, 9.0]


def test_a_look_into_the_past_takes_nothing_back() -> None:
    counted = Billed(NOW + HOUR, 1.0, at_work=True)
    assert spent.now_billed(found(**RUNNING), counted) == counted
    assert spent.now_billed(found(**RUNNING), ON).until == NOW


@given(
    st.lists(st.integers(1, 60 * 24 * 20), min_size=2, max_size=8, unique=True),
    st.sampled_from([RUNNING, STOPPED]),
)
def test_many_looks_count_what_one_look_counts(minutes: list[int], state: dict[str, object]) -> None:
    """However often somebody looks at a thing that stays as it is, the sum is the time by its price."""
    first, *looks = [datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=one) for one in sorted(minutes)]
    known: Billed | None = Billed(first, machine(**state).usd_per_hour, state is RUNNING)
    counted = 0.0
    for at in looks:
        one = replace(found(**state, since=datetime(2026, 10, 1, tzinfo=UTC)), at=at)
        counted += sum(share.usd for part in spent.stretches(known, one, at) for _, share in spent.by_day(part, one))
        known = spent.now_billed(one, known)
    resource: Resource = machine(**state)
    assert resource.usd_per_hour is not None
    assert counted == pytest.approx((looks[-1] - first) / HOUR * resource.usd_per_hour)
