"""The leads' weekly message: spent, wasted, saved by whom, kept alive at what price, and what nobody can judge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.rules.idle import Hold, Resource, Verdict
from bot.rules.idle_finding import Finding
from bot.rules.idle_week import Spent, Week
from handlers.views import week as views

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


def machine(name: str, **changed: object) -> Finding:
    resource = Resource(
        id=name,
        name=name,
        kind="ec2_instance",
        account="default",
        region="us-east-1",
        state="running",
        usd_per_hour=1.0,
    )
    given = {"ref": name, "resource": resource, "verdict": Verdict(level="active", reason=""), "at": NOW, **changed}
    return Finding(**given)  # type: ignore[arg-type]


def test_it_says_who_saved_what_is_kept_alive_and_what_that_costs_and_whom_nobody_can_judge() -> None:
    hold = Hold(what="keep", until=NOW + timedelta(days=2), by="U0ENG", reason="demo <!channel>")
    unknown = tuple(machine(f"blind-{n}", verdict=Verdict(level="unknown", reason="")) for n in range(9))
    found = Week(
        to="U0LEAD",
        first=date(2026, 11, 23),
        last=date(2026, 11, 29),
        by_owner=(("U0ENG", Spent(100, 40, 30, 12)), ("U0OPS", Spent(50, 0, 0, 34)), ("", Spent(5, 5, 0, 0))),
        by_day=((date(2026, 11, 23), Spent(155, 45, 30, 46)),),
        unknown=unknown,
        kept=(machine("demo-box", hold=hold),),
    )
    said = str(views.digest(found).blocks)
    assert "$155 from 23 Nov to 29 Nov, $45 of it idle" in said
    assert "$46 was saved ($34 by <@U0OPS>, $12 by <@U0ENG>)." in said
    assert "demo-box until <!date" in said
    assert "by <@U0ENG>, $24 a day (demo &lt;!channel&gt;)" in said
    assert "blind-7 and 1 more. Install the GPU metric" in said
