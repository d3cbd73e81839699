"""The shared local AWS, as a launch desk sees it; each test gets it empty and in fair weather."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk, desk

from bot import launch_facts
from bot.clock import FixedClock
from bot.cloud import Cloud
from bot.playground.aws import LocalAws


@pytest.fixture
def aws(local_aws: LocalAws) -> LocalAws:
    """A fresh account."""
    return local_aws


@pytest.fixture
def at(aws: LocalAws, local_cloud: Cloud, local_clock: FixedClock, tmp_path: Path) -> Desk:
    """A desk over the local AWS, with one clock for both."""
    launch_facts._kept.clear()
    return desk(tmp_path, lambda settings, policy: local_cloud, clock=local_clock)
