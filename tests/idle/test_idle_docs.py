"""docs/idle.md names every key with its default, and what it says of the rule is the rule."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from bot.policy import parse
from bot.rules.policy_idle import AutoStop, Idle, IdleRule, Reminders

TEXT = (Path(__file__).parent.parent.parent / "docs" / "idle.md").read_text()
POLICY = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)


def test_the_page_shows_every_key_with_its_default() -> None:
    assert POLICY
    shown = tomllib.loads(POLICY[1])
    for model, table in (
        (Idle, shown["idle"]),
        (AutoStop, shown["idle"]["auto_stop"]),
        (Reminders, shown["reminders"]),
    ):
        for name, field in model.model_fields.items():
            assert name in table, name
            if name not in ("families", "tags", "auto_stop", "people", "channel"):
                default = getattr(model(), name)
                assert table[name] == (list(default) if isinstance(default, tuple) else default), name
            assert field is not None


def test_the_example_is_a_policy() -> None:
    assert POLICY
    found = parse(POLICY[1], name="docs/idle.md")
    assert found.idle.families["p5"]["nag_minutes"] == 30


def test_the_limits_in_words_are_those_of_the_rule() -> None:
    rule = IdleRule()
    for said in (
        f"below {rule.gpu_pct:g} % for {rule.nag_minutes:g} minutes",
        f"{rule.gpu_safe_pct:g} % for {rule.safe_minutes:g} min",
        f"{rule.cpu_pct:g} % at its busiest |",
        f"{rule.net_kb_per_s:g} kB/s",
        f"fewer than {rule.coverage:.0%}".replace("%", " %"),
        f"{rule.pace:g} times its longest pause",
        f"less than {rule.boot_minutes:g} min ago",
        f"safe after {rule.cpu_safe_hours:g} h",
    ):
        assert said in TEXT, said
