"""Whatever the data, a Home tab keeps Slack's limits, its buttons carry ids alone, and outside text obeys nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.home import Asked, Health, Home, Roles, Spent
from bot.playground.slack.limits import check_view
from bot.rules.idle_facts import Hold, Resource, Verdict
from bot.rules.idle_finding import Finding, Gap, Outcome
from bot.rules.launch import BudgetLine, Launch, Wanted
from bot.store.money import Spend
from handlers.views.home import digest, home

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=90) | st.sampled_from(
    ["<!channel>", "&" * 90, "<https://evil|console>", "*`" * 45, "<@U0ENG>"]
)
LONG = WORDS.map(lambda words: words * 40)
USD = st.none() | st.floats(0, 1e7, allow_nan=False)
PEOPLE = st.sampled_from(["U0ENG", "U0LEAD", "U0OPS"])
TIMES = st.integers(-10_000, 10_000).map(lambda hours: NOON + timedelta(hours=hours))
MANY = 40


def resources() -> st.SearchStrategy[Resource]:
    return st.builds(
        Resource,
        id=WORDS,
        kind=st.sampled_from(["ec2_instance", "ebs_volume", "elastic_ip", "sagemaker_endpoint", "other"]),
        account=WORDS,
        region=WORDS,
        name=LONG,
        type=WORDS,
        state=st.sampled_from(["running", "stopped", "available", "InService"]),
        until=st.none() | TIMES,
        since=st.none() | TIMES,
        usd_per_hour=USD,
    )


def findings() -> st.SearchStrategy[Finding]:
    return st.builds(
        Finding,
        ref=st.integers(0, 10**6).map(lambda n: f"r_{n}"),
        resource=resources(),
        verdict=st.builds(
            Verdict,
            level=st.sampled_from(["active", "idle", "unknown"]),
            reason=LONG,
            advice=LONG,
            since=st.none() | TIMES,
        ),
        owner=st.none() | PEOPLE,
        hold=st.none() | st.builds(Hold, what=st.just("keep"), until=TIMES, by=PEOPLE, reason=LONG),
        outcome=st.none() | st.builds(Outcome, what=WORDS, by=PEOPLE, at=TIMES, words=LONG),
        at=st.just(NOON),
        spark=st.lists(st.floats(0, 100), max_size=60).map(tuple),
        verbs=st.sampled_from([(), ("stop", "terminate"), ("delete",)]),
        schedule=WORDS,
    )


def requests() -> st.SearchStrategy[Asked]:
    wanted = st.builds(
        Wanted,
        instance_type=st.sampled_from(["g5.xlarge", "p4d.24xlarge"]),
        region=st.just("us-east-1"),
        count=st.integers(1, 1000),
        name=WORDS.map(lambda words: words[:80]),
        purpose=WORDS,
    )
    launches = st.builds(
        Launch,
        id=st.integers(0, 10**6).map(lambda n: f"l_{n}"),
        state=st.sampled_from(["checking", "asked", "approved", "launching", "running"]),
        wanted=wanted,
        asker=PEOPLE,
        team=st.just("T0"),
        usd_per_hour=USD,
        usd_total=USD,
        asked_at=st.just(NOON),
        expires_at=TIMES,
        needed=st.integers(0, 3),
        until=st.none() | TIMES,
    )
    return st.builds(Asked, launches, st.integers(0, 3))


def many(one: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """None, a few, or so many that most are left out."""
    few = st.lists(one, max_size=3).map(tuple)
    return few | st.tuples(one, one).map(lambda pair: pair * (MANY // 2))


SPENDS = st.builds(Spend, st.floats(0, 1e6), st.floats(0, 1e6))
GAPS = st.builds(Gap, WORDS, WORDS, WORDS, LONG)
DAYS = st.tuples(
    st.integers(0, 400).map(lambda n: date(2026, 1, 1) + timedelta(days=n)), st.floats(0, 1e6), st.floats(0, 1e6)
)
PAGES = st.builds(
    Home,
    user=PEOPLE,
    at=st.just(NOON),
    roles=st.builds(Roles, st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    waiting=many(requests()),
    mine=many(requests()),
    machines=many(findings()),
    reminders=many(findings()),
    others=many(findings()),
    asked=many(requests()),
    spent=st.builds(
        Spent,
        today=USD,
        month=USD,
        team_today=USD,
        team_month=USD,
        owners=many(st.tuples(PEOPLE | st.just(""), SPENDS)),
        days=st.lists(DAYS, max_size=14).map(tuple),
    ),
    budgets=many(st.builds(BudgetLine, WORDS, st.floats(1, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))),
    scanned_at=st.none() | TIMES,
    gaps=many(GAPS),
    muted_until=st.none() | TIMES,
    frozen=LONG,
    picture=st.sampled_from(["", "F0123"]),
    health=st.none()
    | st.builds(
        Health,
        door=WORDS,
        door_is_good=st.booleans(),
        late_since=st.none() | TIMES,
        unsent=st.integers(0, 10**6),
        unsent_since=st.none() | TIMES,
        failed=st.integers(0, 10**6),
        last_scan=st.none() | TIMES,
        alarm=LONG,
        gaps=many(GAPS),
        prices_as_of=st.none() | st.just(date(2025, 11, 4)),
        prices_old=st.booleans(),
    ),
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], print_blob=False
)
@given(PAGES)
def test_every_home_is_one_that_slack_takes(page: Home) -> None:
    view = home(page)
    check_view(view, home=True)
    assert len(view["blocks"]) <= 100
    for text in marked(view):
        assert "<!channel>" not in text
        assert "<https:" not in text
    for block in view["blocks"]:
        for element in [*(block.get("elements") or []), block.get("accessory") or {}]:
            if element.get("type") == "button":
                assert element["value"] in ("home", "me") or element["value"].startswith(("r_", "l_"))


def marked(given: Any) -> Iterator[str]:
    """Every text in which Slack obeys marks."""
    if isinstance(given, dict):
        if given.get("type") == "mrkdwn":
            yield given["text"]
        for value in given.values():
            yield from marked(value)
    elif isinstance(given, list):
        for value in given:
            yield from marked(value)


def page(**given: Any) -> Home:
    nothing = Spent(today=None, month=None, team_today=None, team_month=None, owners=(), days=())
    empty: dict[str, Any] = dict.fromkeys(
        ("waiting", "mine", "machines", "reminders", "others", "asked", "budgets", "gaps"), ()
    )
    empty |= {"user": "U0ENG", "at": NOON, "roles": Roles(False, False, False), "spent": nothing}
    return Home(**{**empty, "scanned_at": None, "muted_until": None, "frozen": "", "health": None, **given})


def test_a_home_without_anything_says_what_to_do_first() -> None:
    assert "`/ml-idle now`" in str(home(page()))
    assert "*Estimate a job*" in str(home(page(scanned_at=NOON)))


def test_the_time_alone_makes_no_other_page() -> None:
    later = page(at=NOON + timedelta(minutes=5))
    assert digest(home(page())) == digest(home(later))
    assert digest(home(page())) != digest(home(page(frozen="Launches are frozen.")))
