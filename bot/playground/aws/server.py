"""A local AWS: moto's server with EC2's documented rules, the bot's clock and faults on demand; 127.0.0.1 only."""

from __future__ import annotations

import importlib
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

import data
from bot.clock import Clock
from bot.playground.aws import ec2, lean, metrics
from bot.playground.aws.faults import Fault, Faults, How
from bot.playground.aws.quotas import Quotas
from bot.playground.aws.request import (
    DEFAULT_ACCOUNT,
    Answer,
    Environ,
    Refused,
    Request,
    as_json,
    as_xml,
    parse,
    refusal,
)
from bot.playground.aws.sagemaker import SageMaker
from data import Catalog

HOST = "127.0.0.1"
NOT_SEEN_YET = {
    "DescribeInstances": ("InvalidInstanceID.NotFound", "reservationSet"),
    "DescribeImages": ("InvalidAMIID.NotFound", "imagesSet"),
}
NOT_LOCAL = ("pricing", "savingsplans")  # moto finds no backend for these and trips
READS_METRICS = ("GetMetricData", "GetMetricStatistics", "ListMetrics")
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Dropped(ConnectionResetError):
    """The connection ends without an answer."""


class LocalAws:
    """
    One AWS for a playground or a test: start() gives its address.

    moto keeps its state by process, so a new one starts from an empty account. *limits* are vCPUs by quota code,
    where one should be reached.
    """

    def __init__(
        self, clock: Clock, *, catalog: Catalog | None = None, limits: Mapping[str, float] | None = None
    ) -> None:
        self._catalog = catalog or data.load()
        self._limits = dict(limits or {})
        lean.load_ec2(self._catalog.instances)
        metrics.install()
        self.clock = clock
        self.image = ec2.IMAGE
        self.endpoint = ""
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server: BaseWSGIServer | None = None
        self.reset()

    def reset(self) -> None:
        """An empty account, fair weather, nothing counted; the address stays."""
        with self._lock:
            BackendDict.reset()
            self.faults = Faults()
            self.calls: Counter[str] = Counter()  # by action
            self.log: deque[Request] = deque(maxlen=2000)
            self.quotas = Quotas(self._catalog, self._limits)
            self.ec2 = ec2.Ec2(self.clock, self._catalog, self.quotas)
            self.sagemaker = SageMaker(self.clock)
            self.loads: dict[str, Any] = {}  # by instance: what a machine does, for whoever writes its metrics
            self.steady: list[Any] = []  # metrics of what is no machine, for the same writer
            self.before_metrics: Callable[[], object] = lambda: None  # runs before metrics are read

    def start(self, port: int = 0) -> str:
        """Listen and return the address."""
        self.reset()
        self._server = make_server(HOST, port, self, threaded=True, request_handler=_Quiet)
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        serve = partial(self._server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, name="local-aws", daemon=True).start()
        self.endpoint = f"http://{HOST}:{self._server.server_port}"
        return self.endpoint

    def stop(self) -> None:
        """Close the door and let go of calls that hang."""
        self._stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def fail(self, action: str, code: str, *, status: int = 400, times: int | None = 1, **where: Any) -> Fault:
        """Refuse the next *times* calls of *action* (None: all); *where* narrows to a zone, region or type."""
        return self.faults.add(Fault(how="error", action=action, code=code, status=status, times=times, **where))

    def no_capacity(self, zone: str = "", *, instance_type: str = "", times: int | None = None) -> Fault:
        """No room for RunInstances in *zone*, for all types or one; it comes as HTTP 500, as from EC2."""
        words = (
            f"We currently do not have sufficient {instance_type or 'instance'} capacity in the Availability Zone you "
            f"requested ({zone or 'any'})."
        )
        code = "InsufficientInstanceCapacity"
        where: dict[str, Any] = {"zone": zone, "instance_type": instance_type, "message": words}
        return self.fail("RunInstances", code, status=500, times=times, **where)

    def disturb(self, how: How, action: str, *, times: int | None = 1, seconds: float = 0.0, **where: Any) -> Fault:
        """Lose, reset, delay or hang the next *times* calls of *action*, or hide what was just made."""
        return self.faults.add(Fault(how=how, action=action, times=times, seconds=seconds, **where))

    def backend(self, service: str, region: str, account: str = DEFAULT_ACCOUNT) -> Any:
        """moto's own state of *service* there, to seed it or to look into it."""
        if service == "ec2":
            return self.ec2.backend(account, region)
        services: Any = importlib.import_module("moto.backends")
        return services.get_backend(service)[account][region]

    def regions_in_use(self, account: str = DEFAULT_ACCOUNT) -> tuple[str, ...]:
        """The regions in which somebody asked EC2 for something."""
        return self.ec2.regions(account)

    def grow_old(self, region: str, identity: str, *, launched: datetime, stopped: datetime | None = None) -> None:
        """Make an instance one that was launched, and maybe stopped, long ago."""
        with self._lock:
            self.ec2.grow_old(region, identity, launched, stopped)

    def set_parameter(self, name: str, value: str, region: str) -> None:
        """A public SSM parameter, as AWS publishes images."""
        models: Any = importlib.import_module("moto.ssm.models")
        now = self.clock.now().replace(tzinfo=None)
        made = models.Parameter(DEFAULT_ACCOUNT, name, value, "String", None, None, None, now, 1, "text")
        self.backend("ssm", region)._parameters[name].append(made)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI door."""
        request = parse(environ)
        self._note(request)
        try:
            answer = self._through_faults(request, environ)
        except Refused as refused:
            answer = refusal(request, refused)
        except Dropped:
            _drop(environ)
            raise
        headers = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
        start_response(f"{answer.status} -", [*headers, ("Content-Length", str(len(answer.body)))])
        return [answer.body]

    def _note(self, request: Request) -> None:
        with self._lock:
            self.calls[request.action] += 1
            self.log.append(request)

    def _through_faults(self, request: Request, environ: Environ) -> Answer:
        with self._lock:
            zone = self.ec2.zone(request) if request.action == "RunInstances" else ""
        fault = self.faults.strike(request, zone)
        how = fault.how if fault else ""
        if fault and how == "error":
            raise Refused(fault.code, fault.message, fault.status)
        if how in ("reset", "hang"):
            if how == "hang":
                self._stopped.wait()
            raise Dropped
        if how == "unseen" and request.action in NOT_SEEN_YET:
            return _not_seen(request)
        if fault and how == "delay":
            time.sleep(fault.seconds)
        answer = self._answer(request, environ)
        if how == "lost":
            raise Dropped
        return answer

    def _answer(self, request: Request, environ: Environ) -> Answer:
        with self._lock:
            if request.service == "servicequotas" and (answer := self.quotas.answer(request)) is not None:
                return answer
            if request.action == "DescribeSessions":  # moto knows none, and nobody sits at a local machine
                return as_json({"Sessions": []})
            if request.service in NOT_LOCAL:
                raise Refused("UnknownOperationException", f"The local AWS has no {request.service}.")
            if request.service == "sagemaker":
                answer = self.sagemaker.before(request)
                return answer or self.sagemaker.after(request, self._ask_moto(environ))
            if request.action in READS_METRICS:
                self.before_metrics()
            if request.service != "ec2":
                return self._ask_moto(environ)
            self.ec2.settle(request.account, request.region)
            answer = self.ec2.before(request)
            return answer or self.ec2.after(request, self._ask_moto(environ))

    def _ask_moto(self, environ: Environ) -> Answer:
        got: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            got.update(status=int(status.split()[0]), headers=tuple(headers))

        chunks = self._moto(environ, start_response)
        body = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return Answer(got["status"], body, got["headers"])


class _Quiet(MotoRequestHandler):
    """moto's handler without a line for every call."""

    def log_request(self, *_: Any) -> None:
        """Say nothing."""


def _not_seen(request: Request) -> Answer:
    code, empty = NOT_SEEN_YET[request.action]
    if identities := request.ids() or request.ids("ImageId"):
        raise Refused(code, f"The ID '{identities[0]}' does not exist")
    return as_xml(request.action, f"<{empty}/>")


def _drop(environ: Environ) -> None:
    """End the connection at once; what the handler still holds of it is reset when it lets go."""
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
