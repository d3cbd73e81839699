"""What stands in the playground's SageMaker beside the forgotten endpoint: one asked for, a notebook, an app, a job."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.playground.aws import LocalAws
from bot.playground.aws.metrics import Series
from bot.playground.aws.request import DEFAULT_ACCOUNT
from bot.playground.fleet import ENGINEER, LEAD, OPERATOR, REGIONS
from bot.playground.loads import Steady

HERE = REGIONS[0]
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:2.6-gpu"


def add(aws: LocalAws, client: Any, now: datetime) -> None:
    """An endpoint in use, a quiet notebook, an app that nobody opened for days, a job past its planned end."""
    endpoint(aws, client, "search-embeddings", owner=OPERATOR, begun=now - timedelta(days=30))
    _steady(aws, "AWS/SageMaker", "Invocations", 120.0, EndpointName="search-embeddings", VariantName="main")
    _notebook(aws, client, now)
    _app(aws, client, now)
    _job(aws, client, now)


def endpoint(aws: LocalAws, client: Any, name: str, *, owner: str, begun: datetime) -> str:
    """An endpoint that stands since *begun*; returns its name."""
    client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
    variant = {
        "VariantName": "main",
        "ModelName": name,
        "InstanceType": "ml.g4dn.xlarge",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1.0,
    }
    client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    client.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=_owned(owner))
    made = aws.backend("sagemaker", HERE).endpoints[name]
    made.creation_time = made.last_modified_time = begun.replace(tzinfo=None)
    return name


def _notebook(aws: LocalAws, client: Any, now: datetime) -> None:
    name = "course-notebook"
    client.create_notebook_instance(
        NotebookInstanceName=name, InstanceType="ml.m5.xlarge", RoleArn=ROLE, VolumeSizeInGB=50, Tags=_owned(LEAD)
    )
    made = aws.backend("sagemaker", HERE).notebook_instances[name]
    made.creation_time = made.last_modified_time = (now - timedelta(days=4)).replace(tzinfo=None)
    space = "/aws/sagemaker/NotebookInstances"  # where the agent on it publishes
    _steady(aws, space, "CPUUtilization", 1.1, NotebookInstanceName=name)


def _app(aws: LocalAws, client: Any, now: datetime) -> None:
    domain = client.create_domain(
        DomainName="studio", AuthMode="IAM", SubnetIds=["subnet-0"], VpcId="vpc-0", DefaultUserSettings={}
    )["DomainArn"].rpartition("/")[2]
    client.create_app(
        DomainId=domain,
        SpaceName="vision",
        AppType="JupyterLab",
        AppName="vision-lab",
        ResourceSpec={"InstanceType": "ml.g5.xlarge"},
        Tags=_owned(OPERATOR),
    )
    aws.sagemaker.used(DEFAULT_ACCOUNT, HERE, "vision-lab", now - timedelta(days=3))


def _job(aws: LocalAws, client: Any, now: datetime) -> None:
    name = "bert-pretrain"
    until = {"Key": "mlbot:until", "Value": (now - timedelta(hours=6)).isoformat(timespec="seconds")}
    client.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        RoleArn=ROLE,
        OutputDataConfig={"S3OutputPath": "s3://models"},
        ResourceConfig={"InstanceType": "ml.g5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 100},
        StoppingCondition={"MaxRuntimeInSeconds": 5 * 86400},
        Tags=[*_owned(ENGINEER), until],
    )
    job = aws.backend("sagemaker", HERE).training_jobs[name]
    job.creation_time = job.training_start_time = (now - timedelta(days=2)).replace(tzinfo=None)
    for host in (1, 2):
        for metric, value in (("GPUUtilization", 0.0), ("CPUUtilization", 2.0)):
            _steady(aws, "/aws/sagemaker/TrainingJobs", metric, value, Host=f"{name}/algo-{host}")


def _owned(owner: str) -> list[dict[str, str]]:
    return [{"Key": "mlbot:owner", "Value": owner}]


def _steady(aws: LocalAws, namespace: str, metric: str, value: float, **dimensions: str) -> None:
    aws.steady.append(Steady(HERE, Series(namespace, metric, tuple(sorted(dimensions.items()))), value))
