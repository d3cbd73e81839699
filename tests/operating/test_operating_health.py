"""The operators' pages: what each check notices, and what the figures count."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from world import APPROVALS, LEAD, ML, World, world

from bot import health, ops
from bot.store import state

SOON = timedelta(seconds=5)


def get(here: World, path: str) -> tuple[int, str]:
    answer = urllib3.request("GET", f"http://127.0.0.1:{here.bot.port}{path}", retries=False)
    return answer.status, answer.data.decode()


def ready(here: World) -> tuple[int, dict[str, Any]]:
    status, body = get(here, "/readyz")
    return status, json.loads(body)


def figure(here: World, name: str) -> float | None:
    """The value of one metric with its labels, as the page has it; None where it is missing."""
    found = re.search(rf"^mlbot_{re.escape(name)} (\S+)$", get(here, "/metrics")[1], re.MULTILINE)
    return float(found[1]) if found else None


@dataclass
class DeadSocket:
    """A socket that Slack does not answer over."""

    answers: bool

    def alive(self) -> bool:
        return self.answers

    def stop(self) -> None:
        return


@dataclass
class Part:
    """A bot with one part changed."""

    whole: Any
    workers: Any = None
    socket: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)


@pytest.fixture
def socket_world(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, socket=True) as made:
        yield made


def test_a_bot_that_serves_is_healthy_and_ready(here: World) -> None:
    assert get(here, "/healthz") == (200, "ok\n")
    status, told = ready(here)
    assert (status, told["ready"]) == (200, True)
    assert set(told["checks"]) == {"schema", "workers", "slack", "policy"}


def test_a_database_that_takes_no_row_is_not_healthy(here: World) -> None:
    with here.bot.parts.store.transaction() as tx:
        tx.run("CREATE TRIGGER full BEFORE UPDATE ON setting BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        tx.run("CREATE TRIGGER full2 BEFORE INSERT ON setting BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    status, words = get(here, "/healthz")
    assert status == 503
    assert "database" in words
    assert "disk full" not in words  # strangers may read the page


def test_health_is_looked_at_again_after_two_seconds_and_not_sooner(here: World) -> None:
    get(here, "/healthz")
    with here.bot.parts.store.transaction() as tx:
        tx.run("CREATE TRIGGER full BEFORE UPDATE ON setting BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    assert get(here, "/healthz")[0] == 200
    here.clock.advance(SOON)
    assert get(here, "/healthz")[0] == 503


def test_tables_of_an_older_version_are_not_ready(here: World) -> None:
    with here.bot.parts.store.transaction() as tx:
        tx.run("DELETE FROM _sqlite_migrations WHERE name = 'resources'")
    status, told = ready(here)
    assert status == 503
    assert not told["checks"]["schema"]["good"]


@pytest.mark.parametrize(("silent", "good"), [(0.5, True), (29.0, True), (31.0, False)])
def test_workers_that_hang_are_not_ready(here: World, silent: float, good: bool) -> None:
    @dataclass
    class Workers:
        def idle_seconds(self) -> float:
            return silent

    answer = health.pages(Part(here.bot, workers=Workers()))["/readyz"]()
    assert answer.status.startswith("200" if good else "503")
    assert json.loads(answer.body)["checks"]["workers"]["good"] is good


def test_a_dead_socket_is_not_ready(socket_world: World) -> None:
    assert ready(socket_world)[0] == 200
    part = Part(socket_world.bot, workers=socket_world.bot.workers, socket=DeadSocket(answers=False))
    answer = health.pages(part)["/readyz"]()
    assert answer.status.startswith("503")
    assert not json.loads(answer.body)["checks"]["slack"]["good"]
    assert "mlbot_socket_alive 0.0" in health.pages(part)["/metrics"]().body


def test_an_edit_of_the_policy_that_was_not_taken_is_told_without_its_words(here: World) -> None:
    here.policy.write_text('[approvals]\nchanel = "C0SECRET"\n')
    status, told = ready(here)
    assert (status, told["ready"]) == (200, True)  # the last good policy is in force: Slack may come
    assert not told["checks"]["policy"]["good"]
    assert "C0SECRET" not in json.dumps(told)
    assert figure(here, "policy_taken") == 0


def test_the_pages_ask_neither_aws_nor_slack(here: World) -> None:
    here.aws.calls.clear()
    asked = len(here.slack.workspace.calls)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert get(here, path)[0] == 200
    assert not here.aws.calls
    assert len(here.slack.workspace.calls) == asked


def test_work_and_messages_are_counted_with_the_age_of_the_oldest(here: World) -> None:
    now = here.clock.now()
    with here.bot.parts.store.transaction() as tx:
        ops.enqueue(tx, kind="launch.drive", key="k", payload={}, now=now)
        ops.outbox.say(tx, what="notice", subject="s", to=ML, now=now, data={"text": "hello"})
    here.clock.advance(timedelta(seconds=90))
    assert figure(here, 'ops{state="ready"}') == 1
    assert figure(here, "op_oldest_due_seconds") == 90
    assert figure(here, "outbox_waiting") == 1
    assert figure(here, "outbox_oldest_seconds") == 90


def test_a_launch_shows_in_launches_aws_calls_and_acks(here: World) -> None:
    here.command("/ml-launch g5.xlarge hours=2")
    assert figure(here, 'launches{state="asked"}') == 1
    here.press("approve", user=LEAD, channel=APPROVALS)
    assert figure(here, 'aws_calls_total{action="run_instances",code="ok"}') == 1
    assert figure(here, 'aws_calls_total{action="run_instances",code="DryRunOperation"}') == 1
    acks = figure(here, 'ack_seconds_count{status="200"}')
    assert acks is not None
    assert acks >= 2


def test_what_aws_refuses_is_counted_by_its_code(here: World) -> None:
    here.aws.fail("DescribeInstances", "UnauthorizedOperation", status=403, times=None)
    here.bot.scan_and_remind()
    refused = figure(here, 'aws_calls_total{action="describe_instances",code="UnauthorizedOperation"}')
    assert refused is not None
    assert refused >= 2  # regions
    assert (figure(here, "scan_gaps") or 0) >= 2


def test_what_slack_refuses_is_counted_by_its_code(here: World) -> None:
    with here.bot.parts.store.transaction() as tx:
        ops.outbox.say(tx, what="notice", subject="s", to="C0NOWHERE", now=here.clock.now(), data={"text": "hello"})
    here.bot.run_due()
    assert figure(here, 'slack_errors_total{code="channel_not_found",method="chat.postMessage"}') == 1


def test_a_scan_that_never_happened_has_no_age(here: World) -> None:
    assert figure(here, "last_scan_age_seconds") is None
    here.bot.scan_and_remind()
    here.clock.advance(timedelta(minutes=20))
    assert figure(here, "last_scan_age_seconds") == 1200


def test_a_freeze_shows(here: World) -> None:
    assert figure(here, "frozen") == 0
    with here.bot.parts.store.transaction() as tx:
        state.put(tx, "freeze", "budget", by="U0OPS", now=here.clock.now())
    assert figure(here, "frozen") == 1


def test_the_catalogs_age_is_that_of_its_prices(here: World) -> None:
    parts = here.bot.parts
    priced = parts.catalog.prices_of(parts.policy().limits.regions)
    days = (here.clock.now().date() - priced).days
    assert figure(here, "catalog_age_seconds") == days * 86400


def test_a_database_that_cannot_be_read_is_a_figure_and_no_failure(here: World) -> None:
    with here.bot.parts.store.transaction() as tx:
        tx.run("ALTER TABLE op RENAME TO lost")
    status, words = get(here, "/metrics")
    assert status == 200
    assert "mlbot_database_up 0.0" in words


def test_figures_are_in_prometheus_own_format(here: World) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    names = {family.name for family in text_string_to_metric_families(get(here, "/metrics")[1])}
    assert {"mlbot_ops", "mlbot_launches", "mlbot_aws_calls", "mlbot_slack_errors", "mlbot_ack_seconds"} <= names
