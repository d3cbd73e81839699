"""The door to AWS: who may be asked, how long it waits, and what its refusals become."""

from __future__ import annotations

import logging
import socket
import threading
import time

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
)

from bot.cloud import PEOPLE_REMEMBERED, Cloud, is_loopback, session_name
from bot.cloud_errors import translated
from bot.playground.aws import LocalAws
from bot.rules.errors import CloudError, Forbidden, Gone, NoAnswer, NoCapacity, NoQuota, Unsure
from bot.rules.policy import Policy
from bot.settings import Settings

ROLE = "arn:aws:iam::210987654321:role/mlbot"


def cloud_at(url: str | None, policy: Policy | None = None, *, only_local: bool = True) -> Cloud:
    settings = Settings(_env_file=None, aws_endpoint_url=url)  # type: ignore[call-arg]
    return Cloud(settings, lambda: policy or Policy(), only_local=only_local)


def refusal(code: str, status: int = 400, message: str = "AWS's words") -> ClientError:
    about = {"HTTPStatusCode": status, "RequestId": "req-1"}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": about}, "RunInstances")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("InsufficientInstanceCapacity", 500, NoCapacity),
        ("InsufficientInstanceCapacity", 400, NoCapacity),
        ("UnfulfillableCapacity", 400, NoCapacity),
        ("SpotMaxPriceTooLow", 400, NoCapacity),
        ("Unsupported", 400, NoCapacity),
        ("VcpuLimitExceeded", 400, NoQuota),
        ("MaxSpotInstanceCountExceeded", 400, NoQuota),
        ("ResourceLimitExceeded", 400, NoQuota),
        ("UnauthorizedOperation", 403, Forbidden),
        ("AccessDenied", 403, Forbidden),
        ("AccessDeniedException", 400, Forbidden),
        ("ExpiredToken", 400, Forbidden),
        ("RequestExpired", 400, Forbidden),
        ("AuthFailure", 401, Forbidden),
        ("InvalidInstanceID.NotFound", 400, Gone),
        ("InvalidAMIID.NotFound", 400, Gone),
        ("ParameterNotFound", 400, Gone),
        ("NoSuchResourceException", 400, Gone),
        ("RequestLimitExceeded", 503, Unsure),
        ("Throttling", 400, Unsure),
        ("InternalError", 500, Unsure),
        ("Unavailable", 503, Unsure),
        ("", 502, Unsure),
        ("IncorrectInstanceState", 400, CloudError),
        ("IdempotentParameterMismatch", 400, CloudError),
        ("IdempotentInstanceTerminated", 400, CloudError),
        ("InvalidParameterValue", 400, CloudError),
    ],
)
def test_a_code_of_aws_becomes_an_error_of_ours(code, status, kind):
    error = translated(refusal(code, status), "run_instances")
    assert type(error) is kind
    assert (error.code, error.request_id) == (code, "req-1")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ReadTimeoutError(endpoint_url="http://x"), NoAnswer),
        (ConnectTimeoutError(endpoint_url="http://x"), NoAnswer),
        (EndpointConnectionError(endpoint_url="http://x"), NoAnswer),
        (ConnectionResetError(), NoAnswer),
        (NoCredentialsError(), Forbidden),
        (ProfileNotFound(profile="p"), Forbidden),
        (BotoCoreError(), CloudError),
    ],
)
def test_no_answer_is_never_taken_for_a_no(error, kind):
    assert type(translated(error, "run_instances")) is kind


def test_a_refusal_tells_what_was_refused_and_never_the_encoded_policy():
    words = "You are not authorized. Encoded authorization failure message: abcDEF123"
    error = translated(refusal("UnauthorizedOperation", 403, words), "run_instances")
    assert str(error).startswith("mlbot's AWS role may not call RunInstances (UnauthorizedOperation). It lacks ")
    assert "abcDEF123" not in str(error)
    odd = translated(refusal("InvalidParameterValue", 400, "a\nb" + "x" * 1000 + words), "run_instances")
    assert "abcDEF123" not in str(odd)
    assert "\n" not in str(odd)
    assert len(str(odd)) < 400


@pytest.mark.parametrize(
    "url", ["https://ec2.us-east-1.amazonaws.com", "http://10.0.0.5:5000", "http://127.0.0.1.evil.example", None]
)
def test_the_local_aws_is_at_a_loopback_address_or_nowhere(url):
    assert not is_loopback(url)
    with pytest.raises(CloudError, match="loopback"):
        cloud_at(url)


def test_the_local_aws_gets_dummy_keys_whatever_the_environment_holds(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    client = cloud_at("http://127.0.0.1:9").client("ec2", "us-east-1")
    keys = client._request_signer._credentials.get_frozen_credentials()
    assert (keys.access_key, keys.secret_key, keys.token) == ("testing", "testing", None)


def test_a_proxy_never_sees_calls_to_the_local_aws(monkeypatch, local_aws: LocalAws):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    cloud = cloud_at(local_aws.endpoint)
    assert cloud.call(cloud.client("sts", "us-east-1").get_caller_identity)["Account"] == "123456789012"


def test_clients_are_made_once_for_each_service_and_place(local_cloud):
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(local_cloud.client("ec2", "us-east-1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    assert local_cloud.client("ec2", "us-west-2") is not found[0]


def test_timeouts_are_short_and_calls_are_tried_twice(local_cloud):
    config = local_cloud.client("ec2", "us-east-1").meta.config
    assert (config.connect_timeout, config.read_timeout) == (3, 10)
    assert config.retries["total_max_attempts"] == 2


def test_a_server_that_never_answers_costs_two_read_timeouts(monkeypatch):
    monkeypatch.setitem(__import__("bot.cloud").cloud.TIMEOUTS, "read_timeout", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cloud = cloud_at(f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(Unsure):
            cloud.call(cloud.client("ec2", "us-east-1").describe_instances)
        assert time.monotonic() - began < 20  # 2 x 0.2 s and one pause of up to a second


def test_an_account_of_the_policy_is_entered_by_its_role_and_external_id(local_aws: LocalAws):
    account = {"role_arn": ROLE, "external_id": "team-7", "regions": ["eu-central-1"]}
    cloud = cloud_at(local_aws.endpoint, Policy.model_validate({"accounts": {"research": account}}))
    assert cloud.accounts() == ("default", "research")
    assert cloud.regions() == ("us-east-1",)
    assert cloud.regions("research") == ("eu-central-1",)
    client = cloud.client("sts", "us-east-1", "research")
    assert cloud.call(client.get_caller_identity)["Account"] == "210987654321"
    assumed = next(request for request in local_aws.log if request.action == "AssumeRole")
    assert (assumed.params["RoleArn"], assumed.params["ExternalId"]) == (ROLE, "team-7")


def test_what_one_account_runs_the_other_does_not_see(local_aws: LocalAws):
    cloud = cloud_at(local_aws.endpoint, Policy.model_validate({"accounts": {"research": {"role_arn": ROLE}}}))
    ec2 = cloud.client("ec2", "us-east-1", "research")
    cloud.call(ec2.run_instances, ImageId=local_aws.image, InstanceType="g5.xlarge", MinCount=1, MaxCount=1)
    assert len(cloud.call(ec2.describe_instances)["Reservations"]) == 1
    assert not cloud.call(cloud.client("ec2", "us-east-1").describe_instances)["Reservations"]


def test_what_is_done_for_somebody_bears_their_name_in_cloudtrail(local_aws: LocalAws):
    cloud = cloud_at(local_aws.endpoint, Policy.model_validate({"accounts": {"research": {"role_arn": ROLE}}}))
    for person, name in (("", "mlbot"), ("U0LEAD", "mlbot-U0LEAD"), ("U1+U2/..", "mlbot-U1-U2-..")):
        client = cloud.client("sts", "us-east-1", "research", person=person)
        assert cloud.call(client.get_caller_identity)["Arn"].endswith(f":assumed-role/mlbot/{name}")
    assert len(session_name("U" * 200)) == 64


def test_few_who_acted_are_remembered(local_aws: LocalAws):
    cloud = cloud_at(local_aws.endpoint, Policy.model_validate({"accounts": {"research": {"role_arn": ROLE}}}))
    first = cloud.client("sts", "us-east-1", "research", person="U0")
    assert cloud.client("sts", "us-east-1", "research", person="U0") is first
    for n in range(1, PEOPLE_REMEMBERED + 1):
        cloud.client("sts", "us-east-1", "research", person=f"U{n}")
    assert cloud.client("sts", "us-east-1", "research", person="U0") is not first


def test_roles_are_assumed_once_and_not_for_every_call(local_aws: LocalAws):
    cloud = cloud_at(local_aws.endpoint, Policy.model_validate({"accounts": {"research": {"role_arn": ROLE}}}))
    for region in ("us-east-1", "us-west-2"):
        for _ in range(3):
            cloud.call(cloud.client("ec2", region, "research").describe_vpcs)
    assert local_aws.calls["AssumeRole"] == 1


def test_a_role_that_may_not_be_assumed_is_forbidden_and_no_other_account_suffers(local_aws: LocalAws):
    cloud = cloud_at(local_aws.endpoint, Policy.model_validate({"accounts": {"research": {"role_arn": ROLE}}}))
    local_aws.fail("AssumeRole", "AccessDenied", status=403, times=None)
    with pytest.raises(Forbidden, match="AssumeRole"):
        cloud.call(cloud.client("ec2", "us-east-1", "research").describe_instances)
    cloud.call(cloud.client("ec2", "us-east-1").describe_instances)


def test_an_alias_that_the_policy_does_not_name_is_refused(local_cloud):
    with pytest.raises(CloudError, match="'nobody'"):
        local_cloud.client("ec2", "us-east-1", "nobody")


def test_pages_are_followed_and_counted(local_cloud, local_aws: LocalAws):
    ec2 = local_cloud.client("ec2", "us-east-1")
    for _ in range(7):
        local_cloud.call(ec2.run_instances, ImageId=local_aws.image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    found = list(local_cloud.items(ec2, "describe_instances", "Reservations", MaxResults=5))
    assert len(found) == 7
    assert local_cloud.calls["describe_instances"] == 2
    assert local_aws.calls["DescribeInstances"] == 2


def test_a_refusal_on_a_later_page_is_translated_too(local_cloud, local_aws: LocalAws):
    ec2 = local_cloud.client("ec2", "us-east-1")
    for _ in range(7):
        local_cloud.call(ec2.run_instances, ImageId=local_aws.image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    pages = local_cloud.pages(ec2, "describe_instances", MaxResults=5)
    next(pages)
    local_aws.fail("DescribeInstances", "UnauthorizedOperation", status=403)
    with pytest.raises(Forbidden):
        next(pages)


def test_a_dry_run_that_would_succeed_says_nothing_and_one_that_would_not_says_why(local_cloud, local_aws: LocalAws):
    ec2 = local_cloud.client("ec2", "us-east-1")
    given = {"ImageId": local_aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
    local_cloud.dry_run(ec2.run_instances, **given)
    local_aws.fail("RunInstances", "UnauthorizedOperation", status=403)
    with pytest.raises(Forbidden):
        local_cloud.dry_run(ec2.run_instances, **given)


def test_no_line_of_the_log_holds_a_secret_even_when_everything_is_logged(local_aws: LocalAws, caplog):
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    try:
        cloud = cloud_at(local_aws.endpoint)
        ec2 = cloud.client("ec2", "us-east-1")
        given = {"ImageId": local_aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
        cloud.call(ec2.run_instances, UserData="canary-in-the-user-data", **given)
    finally:
        root.setLevel(before)
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("boto", "urllib3")))
    assert "canary" not in said
    assert "Signature=" not in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "User: arn:aws:sts::1:x is not authorized to perform: ec2:DeleteVolume on resource: y",
            "lacks ec2:DeleteVolume:",
        ),
        ("no words", "lacks cloudwatch:RunInstances:"),
        ("is not authorized to perform: ec2:StopInstances on z with an explicit deny in a policy", "mlbot:protect"),
    ],
)
def test_a_missing_right_is_named_with_the_way_out(words, told):
    error = translated(refusal("AccessDenied", 403, words), "run_instances", "monitoring")
    assert isinstance(error, Forbidden)
    assert "(AccessDenied)" in str(error)
    assert told in str(error)


def test_an_account_that_is_not_open_for_a_service_is_no_missing_right():
    error = translated(refusal("OptInRequired", 401, "You are not subscribed to this service"), "run_instances", "ec2")
    assert "not subscribed" in str(error)
    assert "policy iam" not in str(error)
