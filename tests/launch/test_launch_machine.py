"""Whatever people, clocks, crashes and AWS do in whatever order: one machine a request, approved in time, in budget."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from sqlite3 import IntegrityError
from typing import Any

import pytest
from desk import ASKER, LEAD, NOBODY, NOON, OTHER, POLICY, VIEWS, Desk, FakeSlack, desk
from fake_ec2 import FakeCloud, World
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from test_launch_crash import Crash, Seam, SeamedStore

from bot import audit, launch
from bot.clock import FixedClock
from bot.ops import Workers
from bot.outbox import deliver
from bot.rules import launch_decide, launch_money
from bot.rules.errors import NoCapacity, Unsure
from bot.store import launches

EXAMPLES = int(os.environ.get("MLBOT_EXAMPLES", "40"))
BUDGET = 30.0

RULES = POLICY.replace("[limits]", f"expires_hours = 1\n[budgets]\nusd_per_month = {BUDGET}\n[limits]")
PEOPLE = st.sampled_from([ASKER, LEAD, OTHER, NOBODY])


class Launches(RuleBasedStateMachine):
    """Two replicas over one database and one AWS; either may die at any outside step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.clock = FixedClock(NOON)
        self.world = World(self.clock)
        self.slack = FakeSlack()
        self.seam = Seam()
        self.desks = [self.process(), self.process()]
        self.asks: list[str] = []
        self.keys = itertools.count()

    def process(self) -> Desk:
        self.slack.io = self.seam
        return desk(
            self.folder,
            lambda settings, policy: FakeCloud(self.world, self.seam),
            policy=RULES,
            clock=self.clock,
            slack=self.slack,
            store=lambda url: SeamedStore(url, self.seam),
        )

    def live(self, which: int, do: Callable[[Desk], Any]) -> None:
        """Let one process do something; if it dies, another takes its place."""
        try:
            do(self.desks[which])
        except Crash:
            self.desks[which] = self.process()

    def find(self, at: int) -> str:
        return self.asks[at % len(self.asks)] if self.asks else "l_forged"

    @rule(which=st.integers(0, 1), asker=st.sampled_from([ASKER, LEAD]), hours=st.sampled_from([2, 10, 20]))
    def ask(self, which: int, asker: str, hours: int) -> None:
        key = f"ask-{next(self.keys)}"
        self.live(which, lambda at: at.ask(asker=asker, key=key, hours=hours))
        self.live(which, lambda at: self.asks.append(at.ask(asker=asker, key=key, hours=hours)))  # Slack sends it again

    @rule(
        which=st.integers(0, 1),
        at=st.integers(0, 9),
        user=PEOPLE,
        action=st.sampled_from(["approve", "approve", "approve", "deny", "withdraw"]),
        resent=st.booleans(),
    )
    def press(self, which: int, at: int, user: str, action: str, resent: bool) -> None:
        key, request = f"click-{next(self.keys)}", self.find(at)
        self.live(which, lambda one: one.press(action, request, user, key=key))
        if resent:
            self.live(1 - which, lambda one: one.press(action, request, user, key=key))

    @rule(which=st.integers(0, 1), asker=st.sampled_from([ASKER, LEAD]), hours=st.sampled_from([2, 10]))
    def ask_and_check(self, which: int, asker: str, hours: int) -> None:
        self.ask(which=which, asker=asker, hours=hours)
        self.live(which, lambda at: at.settle())

    @rule(which=st.integers(0, 1), at=st.integers(0, 9), user=st.sampled_from([LEAD, OTHER]), both=st.booleans())
    def approve_and_work(self, which: int, at: int, user: str, both: bool) -> None:
        request = self.find(at)
        self.live(which, lambda one: one.press("approve", request, user, key=f"click-{next(self.keys)}"))
        if both:
            self.live(1 - which, lambda one: one.press("approve", request, OTHER, key=f"click-{next(self.keys)}"))
        self.live(which, lambda at: at.settle())

    @rule(which=st.integers(0, 1), most=st.integers(1, 12))
    def work(self, which: int, most: int) -> None:
        def some(at: Desk) -> None:
            workers = Workers(at.parts, launch.OPS)
            for _ in range(most):
                if not workers._one():
                    break

        self.live(which, some)

    @rule(which=st.integers(0, 1))
    def send(self, which: int) -> None:
        self.live(which, lambda at: deliver(at.parts, VIEWS))

    @rule(which=st.integers(0, 1))
    def recover(self, which: int) -> None:
        self.live(which, lambda at: launch.recover(at.parts))

    @rule(seconds=st.sampled_from([1, 1, 31, 31, 300, 3500]))
    def tick(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.world.age()

    @rule(after=st.integers(0, 8))
    def crash_soon(self, after: int) -> None:
        self.seam.at = self.seam.count + after

    @rule(at=st.integers(0, 9), seconds=st.sampled_from([3590, 3600, 3601]))
    def approve_late(self, at: int, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.approve_and_work(which=0, at=at, user=OTHER, both=False)

    @rule(unseen=st.booleans())
    def aws_shows_late(self, unseen: bool) -> None:
        self.world.unseen = unseen

    @rule(kind=st.sampled_from(["silent", "lost", "lost", "full"]))
    def fault(self, kind: str) -> None:
        if kind == "lost":
            self.world.lost += 1
            return

        def strike(params: Any) -> None:
            if kind == "full":
                raise NoCapacity("no capacity", code="InsufficientInstanceCapacity")
            raise Unsure("no answer", code="ReadTimeoutError")

        self.world.faults.append(strike)

    @invariant()
    def each_machine_has_its_own_request_with_one_good_approval(self) -> None:
        assert max(self.world.by_request().values(), default=0) <= 1
        store = self.desks[0].parts.store
        for request in self.world.by_request():
            rows = audit.export(store, subject=request)
            (approval,) = (row for row in rows if row["action"] == "launch.approved")
            with store.reading() as tx:
                found = launches.find(tx, request)
            assert found is not None
            assert approval["actor"] in (LEAD, OTHER)
            assert approval["actor"] != found.asker
            assert approval["at"] < found.expires_at.isoformat(timespec="microseconds")

    @invariant()
    def never_over_budget(self) -> None:
        with self.desks[0].parts.store.reading() as tx:
            rows = launches.spending(tx, launch_money.month_of(NOON))
        counted = [row for row in rows if row.state in ("approved", "launching", "running")]
        assert sum(row.usd_total or 0 for row in counted) <= BUDGET

    def teardown(self) -> None:
        """After fair weather returns, everything that was decided is carried out, and said."""
        try:
            self.seam.at = -1
            self.world.unseen = False
            self.world.faults.clear()
            self.world.lost = 0
            for _ in range(4):
                self.clock.advance(timedelta(seconds=61))
                self.world.age()
                for at in self.desks:
                    launch.recover(at.parts)
                    at.settle()
            with self.desks[0].parts.store.reading() as tx:
                assert not launches.in_state(tx, "checking", "approved", "launching")
                running = {one.id for one in launches.in_state(tx, "running")}
                assert tx.value("SELECT COUNT(*) FROM outbox WHERE version > sent_version") == 0
            assert set(self.world.by_request()) == running
            self.each_machine_has_its_own_request_with_one_good_approval()
        finally:
            for at in self.desks:
                at.parts.store.close()
            shutil.rmtree(self.folder, ignore_errors=True)


FAST = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_no_order_of_events_launches_twice_late_or_over_budget() -> None:
    run_state_machine_as_test(Launches, settings=FAST)


def without_expiry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(launch_decide, "_may_not", lambda one, who, around, now: _closed(one))
    patch.setattr(launches, "approve", _approve_whenever)


def without_first_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(launch_decide, "_may_not", lambda one, who, around, now: None)
    patch.setattr(launches, "approve", _approve_whenever)


def without_the_rule_on_ones_own(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(launch_decide, "_own_is_allowed", lambda one, approvals: True)


def without_budget(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(launch_money, "over", lambda lines, usd: "")


def without_tokens(patch: pytest.MonkeyPatch) -> None:
    made = World.__init__

    def forgetful(self: World, *args: Any, **given: Any) -> None:
        made(self, *args, **given)
        self.forgetful = self.unseen = True

    patch.setattr(World, "__init__", forgetful)


def without_approvers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("bot.launch_answer.still", lambda parts, voted, who: frozenset({*voted, who.id}))


def _closed(one: Any) -> Any:
    return launch_decide.Decision("too late") if one.state != "asked" else None


def _approve_whenever(tx: Any, identity: str, *, now: Any, **values: Any) -> bool:
    every = ("asked", "approved", "launching", "running", "expired", "denied", "withdrawn")
    return launches.change(tx, identity, be=every, now=now, state="approved", **values)


@pytest.mark.parametrize(
    "sabotage",
    [
        without_expiry,
        without_first_wins,
        without_the_rule_on_ones_own,
        without_budget,
        without_tokens,
        without_approvers,
    ],
)
def test_the_machine_finds_the_removal_of_each_guard(sabotage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sabotage(monkeypatch)
    with pytest.raises((AssertionError, ValueError, IntegrityError)):
        run_state_machine_as_test(Launches, settings=settings(FAST, max_examples=300, phases=(Phase.generate,)))
