"""A clock that stands still, a local AWS and the bot's door to it, for every room; emptied before each test."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.clock import FixedClock
from bot.cloud import Cloud
from bot.playground.aws import LocalAws
from bot.rules.policy import Policy
from bot.settings import Settings

os.environ.setdefault("MLBOT_HUB", "false")  # no test asks a real hub

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday


@pytest.fixture(autouse=True)
def _what_a_command_sets_of_logging_ends_with_its_test() -> Iterator[None]:
    """A command of the program silences libraries for its whole process; the next test hears them again."""
    loggers = [
        logging.getLogger(),
        *(v for v in logging.root.manager.loggerDict.values() if isinstance(v, logging.Logger)),
    ]
    levels = [(logger, logger.level) for logger in loggers]
    handlers = logging.root.handlers[:]
    yield
    logging.root.handlers[:] = handlers
    for logger, level in levels:
        logger.setLevel(level)


@dataclass
class Local:
    """What the fixtures share: starting a server and loading AWS's models takes longer than most tests."""

    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        self.aws = LocalAws(self.clock)
        settings = Settings(_env_file=None, aws_endpoint_url=self.aws.start())  # type: ignore[call-arg]
        self.cloud = Cloud(settings, lambda: self.policy, only_local=True)

    def reset(self) -> None:
        self.clock.advance(NOON - self.clock.now())
        self.policy = Policy()
        self.aws.reset()
        self.cloud.calls.clear()


@pytest.fixture(scope="session")
def shared_local() -> Iterator[Local]:
    local = Local()
    yield local
    local.aws.stop()


@pytest.fixture
def local(shared_local: Local) -> Local:
    """The same for every test, and empty; a test may set its policy."""
    shared_local.reset()
    return shared_local


@pytest.fixture
def local_clock(local: Local) -> FixedClock:
    return local.clock


@pytest.fixture
def local_aws(local: Local) -> LocalAws:
    return local.aws


@pytest.fixture
def local_cloud(local: Local) -> Cloud:
    return local.cloud
