"""SageMaker's names are taken once, its times are the clock's and its jobs run; moto overwrites, and knows no apps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.sagemaker.models import sagemaker_backends

from bot.clock import Clock
from bot.playground.aws.request import Answer, Refused, Request, as_json

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
    "StopNotebookInstance": ("notebook_instances", "NotebookInstanceName"),
    "CreateTrainingJob": ("training_jobs", "TrainingJobName"),
}
NAMES_AN_APP = ("DomainId", "UserProfileName", "SpaceName", "AppType", "AppName")
Key = tuple[str, ...]


class SageMaker:
    """The rules around moto's SageMaker, and Studio's apps; called with the server's lock held."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apps: dict[tuple[str, str], dict[Key, dict[str, Any]]] = {}  # by account and region

    def before(self, request: Request) -> Answer | None:
        """Refuse a name that is taken; an answer of our own, or None to let moto answer."""
        if request.action in TAKEN:
            table, parameter, words = TAKEN[request.action]
            name = request.params.get(parameter, "")
            if name in getattr(_backend(request), table):
                raise Refused("ValidationException", f'Cannot create already existing {words} "{name}".')
        if request.action == "StopTrainingJob":
            return self._stop_job(request)
        if request.action.endswith(("App", "Apps")) or ":app/" in str(request.params.get("ResourceArn", "")):
            return self._app(request)
        return None

    def after(self, request: Request, answer: Answer) -> Answer:
        """Stamp what was made; a job runs until somebody stops it."""
        if answer.status == 200 and request.action in STAMPED:
            table, parameter = STAMPED[request.action]
            made, now = getattr(_backend(request), table)[request.params[parameter]], self._clock.now()
            made.last_modified_time = now.replace(tzinfo=None, microsecond=0)
            if request.action.startswith("Create"):
                made.creation_time = made.last_modified_time
            if request.action == "CreateTrainingJob":
                made.training_job_status, made.secondary_status = "InProgress", "Training"
                made.training_start_time, made.training_end_time = made.creation_time, None
        return answer

    def used(self, account: str, region: str, app: str, at: datetime) -> None:
        """Let the apps called *app* be made and last used at *at*."""
        for one in self._apps.get((account, region), {}).values():
            if one["AppName"] == app:
                one["CreationTime"] = one["LastUserActivityTimestamp"] = at.timestamp()

    def _stop_job(self, request: Request) -> Answer:
        name = request.params.get("TrainingJobName", "")
        job = _backend(request).training_jobs.get(name)
        if job is None:
            raise Refused("ValidationException", "Requested resource not found.")
        job.training_job_status = job.secondary_status = "Stopped"
        job.training_end_time = self._clock.now().replace(tzinfo=None, microsecond=0)
        return as_json({})

    def _app(self, request: Request) -> Answer | None:
        apps = self._apps.setdefault((request.account, request.region), {})
        params, key = request.params, tuple(str(request.params.get(name, "")) for name in NAMES_AN_APP)
        match request.action:
            case "CreateApp":
                arn = f"arn:aws:sagemaker:{request.region}:{request.account}:app/{'/'.join(filter(None, key))}"
                named = {name: value for name, value in zip(NAMES_AN_APP, key, strict=True) if value}
                spec = {"ResourceSpec": params.get("ResourceSpec") or {}, "Tags": params.get("Tags") or []}
                now = self._clock.now().timestamp()
                times = {"CreationTime": now, "LastUserActivityTimestamp": now}
                apps[key] = named | spec | times | {"AppArn": arn, "Status": "InService"}
                return as_json({"AppArn": arn})
            case "ListApps":
                return as_json({"Apps": [_without_tags(app) for app in apps.values()]})
            case "ListTags":
                found = [app["Tags"] for app in apps.values() if app["AppArn"] == params["ResourceArn"]]
                return as_json({"Tags": found[0] if found else []})
            case "DescribeApp" | "DeleteApp" if key not in apps:
                raise Refused("ResourceNotFound", "App does not exist.")
            case "DescribeApp":
                return as_json(_without_tags(apps[key]))
            case "DeleteApp":
                apps[key]["Status"] = "Deleted"
                return as_json({})
        return None


def _without_tags(app: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in app.items() if name != "Tags"}


def _backend(request: Request) -> Any:
    return sagemaker_backends[request.account][request.region]
