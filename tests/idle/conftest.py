"""A bot over the local AWS that all tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.idle.idle_world import IdleWorld, build, policy_of


@pytest.fixture
def idle_world(tmp_path: Path, local: Any) -> IdleWorld:
    world = build(tmp_path, local.clock, local.aws, local.cloud)

    def take_policy() -> None:
        local.policy = policy_of(world.policy)

    world.on_policy = take_policy
    take_policy()
    return world
