"""The world of the stories, once over HTTP and once over Socket Mode."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import World, world


@pytest.fixture(params=["http", "socket"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world with an empty account, over each transport."""
    with world(tmp_path, socket=request.param == "socket") as made:
        yield made


@pytest.fixture
def quick_town(tmp_path: Path) -> Iterator[World]:
    """A world with an empty account, over HTTP, for stories in which the transport plays no part."""
    with world(tmp_path) as made:
        yield made
