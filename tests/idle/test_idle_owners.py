"""Whose a machine is that carries no tag, and what mlbot's AWS role may do to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot import idle, idle_owner
from tests.idle.idle_world import ENG, OTHER, IdleWorld, launch, load


def event(user: str, *, name: str = "RunInstances", arn: str = "") -> dict[str, Any]:
    detail = {"userIdentity": {"arn": arn or f"arn:aws:iam::123456789012:user/{user}", "userName": user}}
    return {"EventName": name, "Username": user, "CloudTrailEvent": json.dumps(detail)}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (event("ann"), ("ann", "arn:aws:iam::123456789012:user/ann")),
        (
            event("ann@lab.org", arn="arn:aws:sts::1:assumed-role/Dev/ann@lab.org"),
            ("ann@lab.org", "arn:aws:sts::1:assumed-role/Dev/ann@lab.org"),
        ),
        ({"EventName": "RunInstances", "CloudTrailEvent": "{broken"}, ()),
        ({}, ()),
    ],
)
def test_the_names_of_who_started_it(given: dict[str, Any], names: tuple[str, ...]) -> None:
    assert idle_owner.starter(given) == names


@pytest.fixture
def trail(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """CloudTrail's answers, which the local AWS does not have; holds what was asked for."""
    asked: list[str] = []
    real = idle_owner.Look.call

    def call(look: Any, service: str, operation: str, **given: Any) -> Any:
        if service != "cloudtrail":
            return real(look, service, operation, **given)
        asked.append(given["LookupAttributes"][0]["AttributeValue"])
        return {"Events": [event("bob", name="CreateTags"), event("ann")]}

    monkeypatch.setattr(idle_owner.Look, "call", call)
    return asked


def test_cloudtrail_names_the_owner_of_what_carries_no_tag_and_is_asked_once(
    idle_world: IdleWorld, trail: list[str]
) -> None:
    quiet, tagged = launch(idle_world), launch(idle_world, owner=OTHER)
    load(idle_world, quiet, hours=31)
    load(idle_world, tagged, hours=31)
    idle_world.set_policy(reminders={"people": {"ann": ENG, "bob": OTHER}})
    for _ in range(2):
        found = {one.resource.id: one for one in idle.scan(idle_world.parts, idle_world.clock.now()).findings}
        assert (found[quiet].owner, found[quiet].owner_by) == (ENG, "started")
        assert found[tagged].owner == OTHER
    assert trail == [quiet]


def test_without_a_map_of_people_cloudtrail_is_not_asked(idle_world: IdleWorld, trail: list[str]) -> None:
    quiet = launch(idle_world)
    load(idle_world, quiet, hours=31)
    idle.scan(idle_world.parts, idle_world.clock.now())
    assert trail == []


def test_a_stop_that_the_role_may_not_do_is_not_offered(idle_world: IdleWorld) -> None:
    quiet = launch(idle_world, owner=ENG)
    load(idle_world, quiet, hours=31)
    assert idle_world.aws
    idle_world.aws.fail("StopInstances", "UnauthorizedOperation", status=403, times=None)
    for _ in range(2):
        found = {one.resource.id: one for one in idle.scan(idle_world.parts, idle_world.clock.now()).findings}
        assert "stop" not in found[quiet].verbs
        assert "terminate" in found[quiet].verbs
    assert idle_world.aws.calls["StopInstances"] == 1
