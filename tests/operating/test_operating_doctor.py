"""The doctor finds what is wrong, says the mend, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from world import APPROVALS, LEAD, World, world

from bot import doctor, doctor_aws, doctor_launch, doctor_local, doctor_slack, iam
from bot.__main__ import main
from bot.clock import Clock
from bot.commands import doctor as command
from bot.doctor import Line
from bot.doctor_round import examine
from bot.playground.slack import LocalSlack
from bot.rules.errors import CloudError, SlackError, Unsure
from bot.rules.policy import Policy
from bot.settings import Settings
from bot.slack import Slack
from bot.store.db import Store
from data import load

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _prices_are_fresh_enough(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The shipped prices age with the calendar; only the test of their age minds."""
    if "ninety" not in request.node.name:
        monkeypatch.setattr(doctor_local, "OLD_PRICES", timedelta(days=36500))


def settings_of(here: World, **changed: Any) -> Settings:
    return here.bot.parts.settings.model_copy(update={"port": here.bot.port, **changed})


def look(here: World, **changed: Any) -> dict[str, Line]:
    return {line.what: line for line in examine(settings_of(here, **changed), Clock(), only_local=True)}


def at_slack(here: World, **changed: Any) -> dict[str, Line]:
    """Slack's part alone, under other settings."""
    settings = settings_of(here, **changed)
    parts = replace(here.bot.parts, settings=settings, slack=Slack(settings))
    return {line.what: line for line in doctor_slack.examine(parts)}


def at_aws(here: World) -> dict[str, Line]:
    """AWS's part alone; what a launch remembers of AWS is too old."""
    here.clock.advance(timedelta(minutes=6))
    return {line.what: line for line in doctor_aws.examine(here.bot.parts)}


@pytest.fixture(scope="module")
def aws_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for what only looks: making the clients of AWS is what takes time."""
    with world(tmp_path_factory.mktemp("aws")) as made:
        yield made


@pytest.fixture
def aws(aws_world: World) -> Iterator[World]:
    yield aws_world
    aws_world.aws.faults.clear()
    aws_world.aws.quotas.limits.clear()


def bad_ones(lines: dict[str, Line]) -> set[str]:
    return {what for what, line in lines.items() if line.level == "bad"}


def test_nothing_is_bad_where_everything_is_there(here: World) -> None:
    lines = look(here)
    assert not bad_ones(lines), [line for line in lines.values() if line.level == "bad"]
    for what in ("settings", "policy file", "database file", "database", "catalog", "Slack token", "serving"):
        assert lines[what].level == "good", lines[what]
    assert (
        "pricing:GetProducts, savingsplans:DescribeSavingsPlansOfferingRates; the other"
        in lines["rights to see (default)"].says
    )  # not local
    for what in ("AWS account default", "launch in us-east-1", "quota in us-west-2"):
        assert lines[what].level == "good", lines[what]
    assert lines["channel for requests"].level == "good"
    assert lines["approvers"].level == "good"


def test_the_doctor_changes_nothing(here: World) -> None:
    here.command("/ml-launch g5.xlarge hours=2")
    here.press("approve", user=LEAD, channel=APPROVALS)
    before, asked = here.instances(), len(here.slack.workspace.calls)
    look(here)
    assert [one["InstanceId"] for one in here.instances()] == [one["InstanceId"] for one in before]
    assert {one["State"]["Name"] for one in here.instances()} == {one["State"]["Name"] for one in before}
    assert here.instances()[0]["Tags"] == before[0]["Tags"]
    reads = ("auth.test", "conversations.info", "users.info", "usergroups.users.list")
    assert {call.method for call in list(here.slack.workspace.calls)[asked:]} <= set(reads)


def test_its_own_machine_is_tried_dry(here: World) -> None:
    assert at_aws(here)["rights to act (default)"].level == "unknown"
    here.command("/ml-launch g5.xlarge hours=2")
    here.press("approve", user=LEAD, channel=APPROVALS)
    assert at_aws(here)["rights to act (default)"].level == "good"
    here.aws.fail("TerminateInstances", "UnauthorizedOperation", status=403)
    line = at_aws(here)["rights to act (default)"]
    assert line.level == "bad"
    assert "terminate" in line.says


@pytest.mark.parametrize(
    ("action", "code", "what", "level"),
    [
        ("GetCallerIdentity", "InvalidClientTokenId", "AWS account default", "bad"),
        ("DescribeVolumes", "UnauthorizedOperation", "rights to see (default)", "bad"),
        ("ListMetrics", "AccessDenied", "rights to see (default)", "bad"),
        ("DescribeVolumes", "RequestLimitExceeded", "rights to see (default)", "unknown"),
        ("RunInstances", "UnauthorizedOperation", "launch in us-east-1", "bad"),
        ("GetServiceQuota", "AccessDeniedException", "quota in us-east-1", "bad"),
        ("GetServiceQuota", "ThrottlingException", "quota in us-east-1", "unknown"),
        ("DescribeImages", "InvalidAMIID.NotFound", "image in us-east-1", "bad"),
    ],
)
def test_what_aws_refuses_is_bad_and_what_it_does_not_answer_is_unknown(
    aws: World, action: str, code: str, what: str, level: str
) -> None:
    status = 503 if code == "RequestLimitExceeded" else 400
    aws.aws.fail(action, code, status=status, times=None)
    line = at_aws(aws)[what]
    assert line.level == level, line
    assert line.mend or level == "unknown"


def test_an_account_that_does_not_know_us_is_asked_nothing_more(aws: World) -> None:
    aws.aws.fail("GetCallerIdentity", "ExpiredToken", status=403, times=None)
    lines = at_aws(aws)
    assert lines["AWS account default"].level == "bad"
    assert not any(what.startswith(("rights", "launch", "quota")) for what in lines)


def test_root_keys_are_refused(aws: World, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = aws.bot.parts
    real = parts.cloud.call
    root = {"Arn": "arn:aws:iam::123456789012:root", "Account": "123456789012"}
    monkeypatch.setattr(
        parts.cloud,
        "call",
        lambda method, **given: root if method.__name__ == "get_caller_identity" else real(method, **given),
    )
    lines = list(doctor_aws.examine(parts))
    assert [line.level for line in lines] == ["bad"]
    assert "root" in lines[0].says


def test_machines_whose_chips_nobody_measures_are_named(here: World) -> None:
    here.command("/ml-launch g5.xlarge hours=2")
    here.press("approve", user=LEAD, channel=APPROVALS)
    here.pass_time(minutes=5)
    line = at_aws(here)["chip metrics (default)"]
    assert line.level == "unknown"
    assert here.instances()[0]["InstanceId"] in line.says
    assert "agent" in line.mend


def test_a_quota_that_is_used_up_is_bad(aws: World) -> None:
    aws.aws.quotas.limits.update({quota.code: 0.0 for quota in aws.bot.parts.catalog.quotas})
    line = at_aws(aws)["quota in us-east-1"]
    assert line.level == "bad"
    assert "of 0 vCPU" in line.says


def test_a_region_without_subnets_is_bad(here: World) -> None:
    policy = here.policy.read_text().replace("[launch]", '[launch]\nsubnets = ["subnet-0123456789abcdef0"]')
    here.policy.write_text(policy)
    assert at_aws(here)["subnets in us-east-1"].level == "bad"


@pytest.fixture
def few_scopes() -> Iterator[LocalSlack]:
    manifest = json.loads((ROOT / "manifest.json").read_text())
    manifest["oauth_config"]["scopes"]["bot"] = ["commands", "chat:write", "users:read"]
    slack = LocalSlack(signing_secret="s", manifest=manifest)
    slack.start()
    yield slack
    slack.stop()


def test_missing_scopes_are_named(here: World, few_scopes: LocalSlack) -> None:
    lines = at_slack(here, slack_api_url=few_scopes.api_url)
    assert lines["Slack scopes"].level == "bad"
    assert all(scope in lines["Slack scopes"].says for scope in ("files:write", "im:write", "usergroups:read"))
    assert lines["channel for requests"].level == "unknown"  # channels:read is not asked for


def test_the_doctor_wants_just_the_scopes_of_the_manifest() -> None:
    manifest = json.loads((ROOT / "manifest.json").read_text())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == doctor_slack.SCOPES


def test_a_wrong_token_is_bad_and_no_token_is_not_tried(here: World) -> None:
    lines = at_slack(here, slack_bot_token=SecretStr("xoxb-wrong"))
    assert [line.level for line in lines.values()] == ["bad"]
    lines = at_slack(here, slack_bot_token=SecretStr(""))
    assert [line.level for line in lines.values()] == ["unknown"]


def test_a_slack_that_is_not_there_is_unknown(here: World) -> None:
    line = at_slack(here, slack_api_url="http://127.0.0.1:9/api/")["Slack token"]
    assert line.level == "unknown"


def test_the_socket_is_tried_with_the_app_token(tmp_path: Path) -> None:
    with world(tmp_path, socket=True) as made:
        assert at_slack(made)["Slack socket"].level == "good"
        assert at_slack(made, slack_app_token=SecretStr("xapp-wrong"))["Slack socket"].level == "bad"


def test_channels_and_approvers_that_slack_does_not_know_are_bad(here: World) -> None:
    text = here.policy.read_text().replace("C0APPROVALS", "C0NOWHERE").replace("U0OPS", "U0NOBODY")
    here.policy.write_text(text)
    assert {"channel for requests", "approver U0NOBODY"} <= bad_ones(at_slack(here))


def test_a_policy_file_that_cannot_be_taken_is_bad_and_the_rest_is_looked_at(here: World) -> None:
    here.policy.write_text('[approvals]\nchanel = "C0ML"\n')
    lines = look(here)
    assert lines["policy file"].level == "bad"
    assert "did you mean channel" in lines["policy file"].says
    assert lines["AWS account default"].level == "good"
    assert lines["serving"].level == "unknown"  # the running bot says so, too, and serves by the one before
    assert "last edit was not taken" in lines["serving"].says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no channel"),
        ('[approvals]\nchannel = "C0A"\n', "nobody who may approve"),
    ],
)
def test_a_policy_under_which_nothing_can_be_launched_is_bad(tmp_path: Path, text: str, says: str) -> None:
    from bot import policy

    line = doctor_local.policy(policy.parse(text, name="p"), tmp_path / "p")
    assert (line.level, says in line.says) == ("bad", True)
    assert doctor_local.policy(Policy(), None).level == "bad"


def test_a_database_that_others_may_read_is_bad(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'a.db'}")
    store.migrate()
    store.close()
    (tmp_path / "a.db").chmod(0o644)
    assert [line.level for line in doctor_local.database(f"sqlite:///{tmp_path / 'a.db'}")] == ["bad", "good"]


def test_a_database_that_is_missing_damaged_or_old_is_told_apart(tmp_path: Path) -> None:
    def levels(name: str) -> list[str]:
        return [line.level for line in doctor_local.database(f"sqlite:///{tmp_path / name}")]

    assert levels("new.db") == ["unknown"]
    assert not (tmp_path / "new.db").exists()
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all" * 500)
    damaged.chmod(0o600)
    assert levels("damaged.db") == ["good", "bad"]
    Store(f"sqlite:///{tmp_path / 'empty.db'}").problems()
    assert levels("empty.db") == ["good", "bad"]
    assert [line.level for line in doctor_local.database("mysql://x")] == ["bad"]


@pytest.mark.parametrize(("days", "level"), [(90, "good"), (91, "unknown")])
def test_prices_are_old_after_ninety_days(days: int, level: str) -> None:
    catalog = load()
    told = [catalog.rate(name, "us-east-1", "on-demand") for name in catalog.instances]
    middle = sorted(rate.as_of for rate in told if rate)[(sum(map(bool, told)) - 1) // 2]
    now = datetime.combine(middle, datetime.min.time(), UTC) + timedelta(days=days)
    assert doctor_local.catalog(catalog, ["us-east-1"], now).level == level
    assert doctor_local.catalog(catalog, ["mars-1"], now).level == "bad"


@pytest.mark.parametrize(("seconds", "level"), [(0, "good"), (-60, "good"), (61, "bad"), (-400, "bad")])
def test_a_clock_is_off_from_a_minute_on(seconds: int, level: str) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert doctor.skew("clock", date, NOW).level == level
    assert doctor.skew("clock", "", NOW).level == "unknown"


def test_refusals_are_told_from_silence() -> None:
    assert doctor.by_aws("x", Unsure("AWS did not answer."), "mend").level == "unknown"
    assert doctor.by_aws("x", CloudError("no"), "mend").level == "bad"
    for code in ("ratelimited", "http_503", "URLError", "TimeoutError"):
        assert doctor.by_slack("x", SlackError("no", code=code), "mend").level == "unknown"
    for code in ("invalid_auth", "token_revoked", "channel_not_found", "http_404"):
        assert doctor.by_slack("x", SlackError("no", code=code), "mend").level == "bad"


def test_every_right_to_read_is_tried_but_those_that_need_a_name() -> None:
    see = set(iam.policy()["Statement"][0]["Action"])
    assert set(doctor_aws.TRIALS) <= see
    ec2 = {right for right in see if right.startswith("ec2:")} - doctor_aws.NEEDS_A_NAME
    untried = see - ec2 - set(doctor_aws.TRIALS) - doctor_aws.NEEDS_A_NAME
    assert {right.partition(":")[2] for right in untried} <= {
        "GetMetricData",  # by the chip metrics
        "GetServiceQuota",  # by the quotas
        "ListTags",
        "DescribeApp",
        "DescribeEndpoint",
        "DescribeEndpointConfig",
        "DescribeNotebookInstance",
        "DescribeTrainingJob",
    }


def test_the_cheapest_allowed_machine_with_an_accelerator_is_tried(here: World) -> None:
    text = here.policy.read_text().replace("[limits]", '[limits]\nfamilies = ["p5"]')
    here.policy.write_text(text)
    assert "p5." in {line.what: line for line in doctor_launch.examine(here.bot.parts)}["launch in us-east-1"].says


def run(
    here: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, str]:
    settings = settings_of(here)
    for name in Settings.model_fields:
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else "" if value is None else str(value)
        monkeypatch.setenv(name.upper(), text)
    code = main(["doctor", *words])
    return code, capsys.readouterr().out


def test_the_command_ends_with_zero_when_nothing_is_bad(
    here: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out = run(here, capsys, monkeypatch, "--json")
    told = json.loads(out)
    assert (code, told["good"]) == (0, True)
    assert {line["level"] for line in told["lines"]} <= {"good", "unknown"}


def test_the_command_ends_with_one_and_says_the_mend(
    here: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here.aws.fail("RunInstances", "UnauthorizedOperation", status=403, times=None)
    code, out = run(here, capsys, monkeypatch)
    assert code == 1
    assert "BAD     launch in us-east-1" in out
    assert "-> Give the role" in out
    assert "xoxb" not in out


def test_a_line_reads_well_in_a_terminal() -> None:
    line = doctor.bad("catalog", "It is old.", "Run mlbot catalog refresh.")
    assert command.words(line) == "BAD     catalog: It is old.\n        -> Run mlbot catalog refresh."
