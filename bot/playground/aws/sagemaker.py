"""SageMaker's names are taken once, and its times are the clock's; moto overwrites and uses the wall clock."""

from __future__ import annotations

from typing import Any

from moto.sagemaker.models import sagemaker_backends

from bot.clock import Clock
from bot.playground.aws.request import Answer, Refused, Request

# action -> moto's table, the parameter that names it, the words
TAKEN = {
    "CreateEndpoint": ("endpoints", "EndpointName", "endpoint"),
    "CreateEndpointConfig": ("endpoint_configs", "EndpointConfigName", "endpoint configuration"),
    "CreateModel": ("_models", "ModelName", "model"),
    "CreateTrainingJob": ("training_jobs", "TrainingJobName", "training job"),
}

STAMPED = {
    "CreateEndpoint": ("endpoints", "EndpointName"),
    "CreateNotebookInstance": ("notebook_instances", "NotebookInstanceName"),
    "StartNotebookInstance": ("notebook_instances", "NotebookInstanceName"),
}


def before(request: Request) -> None:
    """Refuse a name that is taken."""
    if request.action not in TAKEN:
        return
    table, parameter, words = TAKEN[request.action]
    name = request.params.get(parameter, "")
    if name in getattr(_backend(request), table):
        raise Refused("ValidationException", f'Cannot create already existing {words} "{name}".')


def after(request: Request, answer: Answer, clock: Clock) -> Answer:
    """Stamp what was made."""
    if answer.status == 200 and request.action in STAMPED:
        table, parameter = STAMPED[request.action]
        made = getattr(_backend(request), table)[request.params[parameter]]
        made.creation_time = made.last_modified_time = clock.now().replace(tzinfo=None, microsecond=0)
    return answer


def _backend(request: Request) -> Any:
    return sagemaker_backends[request.account][request.region]
