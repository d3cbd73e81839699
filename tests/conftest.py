"""A clock that stands still, a local AWS and the bot's door to it, for every room."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.clock import FixedClock
from bot.cloud import Cloud
from bot.playground.aws import LocalAws
from bot.rules.policy import Policy
from bot.settings import Settings


@pytest.fixture
def local_clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))  # a Monday


@pytest.fixture
def local_aws(local_clock: FixedClock) -> Iterator[LocalAws]:
    aws = LocalAws(local_clock)
    aws.start()
    yield aws
    aws.stop()


@pytest.fixture
def local_cloud(local_aws: LocalAws) -> Cloud:
    settings = Settings(_env_file=None, aws_endpoint_url=local_aws.endpoint)  # type: ignore[call-arg]
    return Cloud(settings, Policy, only_local=True)
