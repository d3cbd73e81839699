"""Two workspaces, none or both of which have installed mlbot."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "flows"))
from houses import HERE, THERE, Houses, opened


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Houses]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def both(houses: Houses) -> Houses:
    """Both have installed it and have a policy."""
    for team in (HERE, THERE):
        houses.write_policy(team)
        assert houses.install(team).status == 200
    assert set(houses.many.bots) == {HERE, THERE}
    return houses
