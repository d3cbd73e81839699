"""The world of the stories, for Home tabs and forms."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "flows"))

from world import POLICY, World, world

BUDGETS = """
[access]
operators = ["U0OPS"]
[budgets]
person_usd_per_month = 500
[budgets.teams.vision]
members = ["U0ENG", "U0LEAD"]
usd_per_month = 5000
"""


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[World]:
    """A world with an empty account and budgets."""
    with world(tmp_path, policy=POLICY + BUDGETS) as made:
        yield made
