"""The playground's account, where every kind stands in each state that is worth a word, and its verdicts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import idle
from bot.kinds import KINDS
from bot.playground.seed import seed
from bot.playground.seed_sagemaker import endpoint
from bot.rules.idle_finding import Finding
from tests.idle.idle_world import IdleWorld

VERDICTS = {
    "notebook-vision": ("idle", True, "GPU 0 %"),
    "llm-pretrain": ("active", False, "GPU reached"),
    "finetune-vi": ("idle", True, "past its planned end by 5 h"),
    "tokenizer": ("idle", False, "before its planned end, so maybe loading data"),
    "dataset-prep": ("active", False, "maybe loading or preparing data"),
    "half-seen": ("unknown", False, "not every GPU of it is measured"),
    "spot-sweep": ("idle", True, "GPU 0 %"),
    "neuron-compile": ("idle", True, "NeuronCore 0 %"),
    "translate-demo": ("idle", False, "CPU at most"),
    "old-baseline": ("idle", False, "its disks and addresses still cost"),
    "imagenet-copy": ("idle", False, "attached to nothing"),
    "token-shards": ("active", False, "attached to"),
    "whisper-2025": ("idle", False, "45 days old"),
    "common-voice": ("idle", False, "45 days old"),
    "sentiment-demo": ("idle", True, "no invocation for 9 days"),
    "search-embeddings": ("active", False, "called"),
    "course-notebook": ("idle", True, "CPU at most"),
    "bert-pretrain": ("idle", True, "past its planned end by 6 h"),
    "space:vision/JupyterLab/vision-lab": ("idle", False, "nobody used it for 3 days"),
}


@pytest.fixture
def account(idle_world: IdleWorld) -> IdleWorld:
    idle_world.set_policy(limits={"regions": ["us-east-1", "us-west-2"]})
    assert idle_world.aws
    seed(idle_world.aws, client=idle_world.parts.cloud.client, every_kind=True)
    return idle_world


def found(account: IdleWorld) -> dict[str, Finding]:
    report = idle.scan(account.parts, account.clock.now())
    named = {one.resource.name or one.resource.id: one for one in report.findings}
    return {**named, **{one.resource.id: one for one in report.findings if one.resource.kind == "ec2_instance"}}


def test_every_kind_stands_there_with_its_verdict_reason_and_picture(account: IdleWorld) -> None:
    seen = found(account)
    assert {one.resource.kind for one in seen.values()} == set(KINDS)
    for name, (level, safe, words) in VERDICTS.items():
        if name == "old-baseline":
            continue  # its disk has the same name
        verdict = seen[name].verdict
        assert (verdict.level, verdict.safe) == (level, safe), name
        assert words in verdict.reason, name
        measured = level == "idle" and seen[name].at_work and seen[name].resource.kind != "sagemaker_studio_app"
        assert bool(seen[name].spark) == (measured or name == "half-seen"), name
    stopped = next(one for one in seen.values() if one.resource.state == "stopped")
    assert VERDICTS["old-baseline"][2] in stopped.verdict.reason
    assert seen["token-shards"].usd_saved_as_gp3 == pytest.approx(20)
    assert seen["spot-sweep"].verbs == ("start", "terminate")  # one-time spot is never stopped


def test_a_kind_that_aws_fails_at_hides_no_other(idle_world: IdleWorld) -> None:
    assert idle_world.aws
    client = idle_world.parts.cloud.client("sagemaker", "us-east-1")
    endpoint(idle_world.aws, client, "demo", owner="U0ENG", begun=idle_world.clock.now() - timedelta(days=9))
    idle_world.aws.fail("DescribeImages", "InternalError", status=500, times=None)
    report = idle.scan(idle_world.parts, idle_world.clock.now())
    assert {gap.kind for gap in report.gaps} == {"ebs_snapshot", "ec2_image"}
    assert "sagemaker_endpoint" in {one.resource.kind for one in report.findings}


def test_what_was_not_asked_after_a_silence_is_said(idle_world: IdleWorld) -> None:
    assert idle_world.aws
    idle_world.aws.disturb("reset", "DescribeImages", times=None)
    report = idle.scan(idle_world.parts, idle_world.clock.now())
    assert [gap.reason for gap in report.gaps] == ["AWS did not answer describe_images. Nothing more was asked there."]
