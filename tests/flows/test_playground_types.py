"""In the playground CPU, Arm and Neuron types get through their checks, each with an image that fits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import APPROVALS, LEAD, World, buttons, world

from bot.playground.aws import IMAGE, IMAGES
from bot.playground.start import policy_text
from bot.store import launches


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("types")
    with world(folder, policy=policy_text(IMAGE)) as made:
        yield made


@pytest.mark.parametrize(
    ("kind", "chips"),
    [
        ("t3.micro", "x86_64"),
        ("c7i.large", "x86_64"),
        ("c7g.medium", "arm64"),
        ("t4g.nano", "arm64"),
        ("trn1.2xlarge", "neuron"),
        ("inf2.xlarge", "neuron"),
        ("g5.xlarge", "nvidia"),
    ],
)
def test_a_type_is_asked_for_with_an_image_of_its_chips(town: World, kind: str, chips: str) -> None:
    town.command(f"/ml-launch {kind} hours=1 name={kind.replace('.', '-')} purpose=try")
    town.pass_time(seconds=10)  # the channel takes one post a second
    message, _ = town.find("approve", user=LEAD, channel=APPROVALS, text=kind)
    launch_id = next(one["value"] for one in buttons(message) if one["action_id"] == "approve")
    with town.bot.parts.store.reading() as tx:
        launch = launches.find(tx, launch_id)
    assert launch is not None
    assert launch.offer is not None
    assert launch.offer.params["ImageId"] == IMAGES[chips][0]
    assert "policy's image" not in str(message["blocks"])
