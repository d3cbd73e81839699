"""A bot over the local AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.clock import FixedClock
from bot.playground.aws import LocalAws
from tests.idle.idle_world import IdleWorld, build


@pytest.fixture
def idle_world(tmp_path: Path, local_aws: LocalAws, local_clock: FixedClock) -> IdleWorld:
    return build(tmp_path, local_clock, local_aws)
