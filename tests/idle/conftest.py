"""A bot over a local AWS that is emptied before each test; its clients are made once, which is what takes the time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.core.base_backend import BackendDict

from bot.clock import FixedClock
from bot.cloud import Cloud
from bot.playground.aws import LocalAws
from tests.idle.idle_world import MONDAY, POLICY, IdleWorld, build, policy_of, settings_for


@pytest.fixture(scope="session")
def shared_aws() -> Iterator[tuple[LocalAws, Cloud, dict]]:
    policy: dict = {}
    aws = LocalAws(FixedClock(MONDAY))
    aws.start()
    yield aws, Cloud(settings_for(aws), lambda: policy_of(policy), only_local=True), policy
    aws.stop()


@pytest.fixture
def idle_world(tmp_path: Path, shared_aws: tuple[LocalAws, Cloud, dict]) -> IdleWorld:
    aws, cloud, policy = shared_aws
    BackendDict.reset()
    aws.faults.clear()
    aws.calls.clear()
    aws.clock.advance(MONDAY - aws.clock.now())
    policy.clear()
    policy.update({name: dict(table) for name, table in POLICY.items()})
    assert isinstance(aws.clock, FixedClock)
    return build(tmp_path, aws.clock, aws, cloud, policy)
