"""One local AWS for the room; each test gets it in fair weather."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import NOON, Desk, desk

from bot.clock import FixedClock
from bot.cloud import Cloud
from bot.playground.aws import LocalAws
from bot.settings import Settings


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    """A fresh account."""
    local = LocalAws(FixedClock(NOON))
    local.start()
    yield local
    local.stop()


@pytest.fixture
def at(aws: LocalAws, tmp_path: Path) -> Desk:
    """A desk over the local AWS, with one clock for both."""

    def cloud(settings: Settings, policy: object) -> Cloud:
        return Cloud(settings.model_copy(update={"aws_endpoint_url": aws.endpoint}), policy, only_local=True)  # type: ignore[arg-type]

    assert isinstance(aws.clock, FixedClock)
    return desk(tmp_path, cloud, clock=aws.clock)
