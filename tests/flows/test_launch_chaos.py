"""The real `mlbot run`, killed over and over while AWS fails: a small helping of `make chaos`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_a_bot_that_is_killed_over_and_over_launches_each_approved_request_once() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "chaos.py"), "10"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, cwd=ROOT)
    figures = {name.strip(): int(count) for name, count in re.findall(r"^(\D.{27}) (\d+)$", ran.stdout, re.M)}
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert figures["machines"] == figures["approved"] == 10
    assert figures["orphans"] == 0
    assert figures["kill -9"] >= 2
