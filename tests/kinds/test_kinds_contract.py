"""One contract over all kinds: what each finds, reads, prices and does, with no right that it does not name."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.cloud import Cloud
from bot.kinds import KINDS, Kind, Look
from bot.playground.aws import LocalAws
from bot.playground.fleet import REGIONS
from bot.playground.seed import seed
from bot.playground.seed_sagemaker import ROLE
from bot.rules.errors import Forbidden
from bot.rules.idle import Resource
from data import load

NOW = datetime(2026, 11, 23, 12, 2, tzinfo=UTC)
HERE = REGIONS[0]
IAM = {"ec2": "ec2", "monitoring": "cloudwatch", "sagemaker": "sagemaker"}  # signing name -> IAM prefix
ALL = list(KINDS.values())


def account(aws: LocalAws, cloud: Cloud) -> None:
    """The playground's account, and an example of the kinds that it lacks."""
    seeded = seed(aws, history=timedelta(hours=8), client=cloud.client)
    ec2, sagemaker = cloud.client("ec2", HERE), cloud.client("sagemaker", HERE)
    marks = [{"Key": "mlbot:managed", "Value": "true"}, {"Key": "mlbot:owner", "Value": "U0ENG"}]
    ec2.create_volume(
        AvailabilityZone=HERE + "a",
        Size=500,
        VolumeType="gp2",
        TagSpecifications=[{"ResourceType": "volume", "Tags": marks}],
    )
    ec2.create_snapshot(VolumeId=seeded.volume, TagSpecifications=[{"ResourceType": "snapshot", "Tags": marks}])
    image = [{"ResourceType": kind, "Tags": marks} for kind in ("image", "snapshot")]
    ec2.create_image(InstanceId=seeded.instances["notebook-vision"], Name="saved", TagSpecifications=image)
    sagemaker.create_notebook_instance(
        NotebookInstanceName="lab", InstanceType="ml.t3.medium", RoleArn=ROLE, VolumeSizeInGB=50, Tags=marks
    )
    sagemaker.create_training_job(
        TrainingJobName="night-run",
        AlgorithmSpecification={"TrainingImage": "i", "TrainingInputMode": "File"},
        RoleArn=ROLE,
        OutputDataConfig={"S3OutputPath": "s3://lab/out"},
        ResourceConfig={"InstanceType": "ml.g5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 50},
        StoppingCondition={"MaxRuntimeInSeconds": 7200},
        Tags=marks,
    )
    domain = sagemaker.create_domain(
        DomainName="lab", AuthMode="IAM", DefaultUserSettings={"ExecutionRole": ROLE}, SubnetIds=["s"], VpcId="v"
    )["DomainArn"].rpartition("/")[2]
    sagemaker.create_app(
        DomainId=domain,
        UserProfileName="ann",
        AppType="JupyterLab",
        AppName="default",
        ResourceSpec={"InstanceType": "ml.t3.medium"},
        Tags=marks,
    )


@pytest.fixture(scope="module")
def standing(shared_local) -> tuple[LocalAws, Cloud]:
    """An account that no test changes; for the tests before those that want a fresh one."""
    return _account(shared_local)


@pytest.fixture
def fresh(shared_local) -> tuple[LocalAws, Cloud]:
    """An account that a test may change."""
    return _account(shared_local)


def _account(local) -> tuple[LocalAws, Cloud]:
    local.reset()
    local.clock.advance(NOW - local.clock.now())
    account(local.aws, local.cloud)
    local.aws.log.clear()
    return local.aws, local.cloud


def look_at(cloud: Cloud, region: str = HERE) -> Look:
    return Look(cloud, "default", region, NOW)


def called(aws: LocalAws) -> set[str]:
    return {f"{IAM[request.service]}:{request.action}" for request in aws.log}


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_a_kind_names_itself_and_the_rights_of_all_that_it_does(kind: Kind):
    assert KINDS[kind.name] is kind
    assert re.fullmatch(r"[a-z0-9_]+", kind.name)
    assert kind.title
    assert {"find", "measure", "read", *kind.verbs} <= set(kind.permissions)
    for action in (action for actions in kind.permissions.values() for action in actions):
        assert re.fullmatch(r"(ec2|cloudwatch|sagemaker):[A-Z][A-Za-z]+", action)
    changing = {a for verb in kind.verbs for a in kind.permissions[verb]}
    assert not changing & set(kind.permissions["find"])


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_what_is_found_says_what_it_is_and_whose(kind: Kind, standing):
    aws, cloud = standing
    aws.log.clear()
    found = kind.find(look_at(cloud))
    assert found, "the account holds one of each kind"
    assert called(aws) <= set(kind.permissions["find"])
    for one in found:
        assert (one.kind, one.account, one.region) == (kind.name, "default", HERE)
        assert one.id
        assert one.state
        assert one.created is None or (one.created.tzinfo and one.created <= NOW)
        json.dumps(one.details)
    assert kind.name == "elastic_ip" or "U0ENG" in {one.owner for one in found}


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_one_that_is_read_is_the_one_that_was_found(kind: Kind, standing):
    aws, cloud = standing
    for one in kind.find(look_at(cloud)):
        aws.log.clear()
        again = kind.read(look_at(cloud), one.id)
        assert called(aws) <= {*kind.permissions["find"], *kind.permissions["read"]}
        assert again is not None
        assert bare(again) == bare(one)


def bare(one: Resource) -> Resource:
    return dataclasses.replace(one, details={})


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_one_that_is_gone_is_read_as_nothing(kind: Kind, standing):
    _, cloud = standing
    gone = {
        "ec2_instance": "i-0123456789abcdef0",
        "ebs_volume": "vol-0123456789abcdef0",
        "elastic_ip": "eipalloc-0123456789abcdef0",
        "ebs_snapshot": "snap-0123456789abcdef0",
        "ec2_image": "ami-0123456789abcdef0",
        "sagemaker_studio_app": "d-nobody/user:ann/JupyterLab/default",
    }
    assert kind.read(look_at(cloud), gone.get(kind.name, "nobody")) is None


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_a_price_is_known_or_none_and_never_a_guess(kind: Kind, standing):
    _, cloud = standing
    for one in kind.find(look_at(cloud)):
        priced = kind.price(one, load())
        assert priced.usd_per_hour is not None
        assert priced.usd_per_hour > 0
        assert (priced.usd_per_hour_stopped or 0) <= priced.usd_per_hour
        json.dumps(priced.details)
        nowhere = kind.price(dataclasses.replace(one, region="xx-nowhere-1"), load())
        assert nowhere.usd_per_hour is None


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_everything_found_is_measured_within_its_window_and_rights(kind: Kind, standing):
    aws, cloud = standing
    look = look_at(cloud)
    found = kind.find(look)
    aws.log.clear()
    start = NOW - timedelta(hours=6)
    usage = kind.measure(look, found, start, NOW)
    assert called(aws) <= set(kind.permissions["measure"])
    assert set(usage) == {one.id for one in found}
    for one in usage.values():
        for series in one.series.values():
            times = [at for at, _ in series.points]
            assert times == sorted(set(times))
            assert times[0] >= start
            assert times[-1] <= NOW


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_nothing_found_is_measured_without_a_call(kind: Kind, standing):
    aws, cloud = standing
    aws.log.clear()
    assert kind.measure(look_at(cloud), [], NOW - timedelta(hours=6), NOW) == {}
    assert not aws.log


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_a_refused_right_is_an_error_of_ours(kind: Kind, fresh):
    aws, cloud = fresh
    aws.fail("", "AccessDenied", status=403, times=None)
    with pytest.raises(Forbidden):
        kind.find(look_at(cloud))


DONE = {
    "stop": ("stopping", "stopped", "Stopped", "Stopping"),
    "start": ("running", "pending", "InService", "Pending"),
    "terminate": ("shutting-down", "terminated"),
    "delete": (),
    "change_gp3": ("available", "in-use"),
}
VERBS = [(kind, verb) for kind in ALL for verb in kind.verbs]


@pytest.mark.parametrize(("kind", "verb"), VERBS, ids=lambda value: getattr(value, "name", value))
def test_a_verb_does_what_it_says_with_the_rights_that_it_names(kind: Kind, verb: str, fresh):
    aws, cloud = fresh
    one = fitting(kind, verb, look_at(cloud))
    aws.log.clear()
    assert kind.verbs[verb](look_at(cloud), one), "AWS's request id"
    assert called(aws) <= set(kind.permissions[verb])
    after = kind.read(look_at(cloud), one.id)
    if kind.name == "sagemaker_training_job":
        assert after is not None
        assert after.state in ("Stopping", "Stopped")
    elif verb == "delete":
        assert after is None or after.state == "deleting"
    else:
        assert after is not None
        assert after.state in DONE[verb]


def fitting(kind: Kind, verb: str, look: Look) -> Resource:
    """A resource that the verb can be used on."""
    if kind.name == "sagemaker_notebook" and verb == "start":
        kind.verbs["stop"](look, kind.find(look)[0])
    wanted = {"start": ("stopped", "Stopped"), "stop": ("running", "InService", "InProgress")}.get(verb)
    found = [one for one in kind.find(look) if wanted is None or one.state in wanted]
    if verb == "change_gp3":
        return next(one for one in found if one.type == "gp2")
    free = [one for one in found if not one.details.get("attached_to")]
    return (free or found)[0]
