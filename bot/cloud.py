"""The door to AWS: clients by service, region and account, with short timeouts; every call through call()."""

from __future__ import annotations

import ipaddress
import logging
import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import NoCredentialsError
from botocore.loaders import Loader, create_loader
from botocore.session import Session as CoreSession

from bot.cloud_errors import CAUGHT, translated
from bot.rules.errors import CloudError
from bot.rules.policy import Account, Policy
from bot.settings import Settings

OWN = "default"  # the alias of mlbot's own credentials
DUMMY_KEY = "testing"  # both halves; what a local AWS is given
SESSION_SECONDS = 3600  # of an assumed role
SESSION_NAME = "mlbot"  # what CloudTrail shows; with the person's Slack id where a call is made for somebody
PEOPLE_REMEMBERED = 32  # clients that act for somebody; the one unused for longest is let go

# A region that accepts and never answers costs 2 x 10 s and the pause between.
TIMEOUTS: Mapping[str, Any] = {
    "connect_timeout": 3,
    "read_timeout": 10,
    "retries": {"total_max_attempts": 2, "mode": "standard"},
}


class Cloud:
    """
    Every AWS client of the process; safe to use from several threads.

    *only_local* is a promise to speak to a loopback address with dummy keys alone; anything else is refused at once.
    """

    def __init__(self, settings: Settings, policy: Callable[[], Policy], *, only_local: bool = False) -> None:
        self._settings = settings
        self._policy = policy
        self._only_local = only_local
        self._lock = threading.RLock()
        self._sessions: dict[str, boto3.Session] = {}  # by who we are there: own credentials, or role and external id
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._for_people: OrderedDict[tuple[str, str, str], Any] = OrderedDict()
        self.calls: Counter[str] = Counter()  # by operation, pages one by one
        self.outcomes: Counter[tuple[str, str]] = Counter()  # by operation and AWS's code, "ok" where it answered
        if only_local and not is_loopback(settings.aws_endpoint_url):
            raise CloudError("The local AWS must be at a loopback address.", code="NotLocal")
        for library in ("boto3", "botocore", "urllib3"):  # their DEBUG lines hold tokens and user data
            logging.getLogger(library).setLevel(logging.INFO)
        self._config = Config(
            max_pool_connections=32,
            user_agent_extra="mlbot",
            proxies={} if is_loopback(settings.aws_endpoint_url) else None,
            **TIMEOUTS,
        )

    def accounts(self) -> tuple[str, ...]:
        """Aliases, mlbot's own first."""
        return (OWN, *(alias for alias in self._policy().accounts if alias != OWN))

    def regions(self, account: str = OWN) -> tuple[str, ...]:
        """The regions that the policy allows there."""
        policy = self._policy()
        known = policy.accounts.get(account)
        return (known.regions if known else ()) or policy.limits.regions

    def client(self, service: str, region: str, account: str = OWN, *, person: str = "") -> Any:
        """
        The one boto3 client of *service* there; raises CloudError for an alias that the policy does not name.

        Where a role is assumed, *person* (a Slack id) stands in the session's name, so that CloudTrail shows for whom.
        """
        role = self._role(account)
        key = (service, region, _who(role))
        with self._lock:
            if role and person:
                return self._for_person(key, role, session_name(person))
            if key not in self._clients:
                self._clients[key] = self._connect(service, region, role)
            return self._clients[key]

    def _for_person(self, key: tuple[str, str, str], role: Account, name: str) -> Any:
        service, region, _ = key
        mine = (service, region, f"{key[2]} {name}")
        if mine not in self._for_people:
            self._for_people[mine] = self._connect(service, region, role, name)
        self._for_people.move_to_end(mine)
        while len(self._for_people) > PEOPLE_REMEMBERED:
            self._for_people.popitem(last=False)
        return self._for_people[mine]

    def is_root(self) -> bool:
        """Whether mlbot's own credentials are those of an account's root user; raises CloudError."""
        client = self.client("sts", self._settings.aws_region)
        return str(self.call(client.get_caller_identity)["Arn"]).endswith(":root")

    def call(self, method: Callable[..., Any], /, **given: Any) -> Any:
        """Call a client's *method*; botocore's errors become CloudError with AWS's code and request id."""
        operation = getattr(method, "__name__", "a call")
        self.calls[operation] += 1
        try:
            answer = method(**given)
        except CAUGHT as error:
            raise self._refused(error, operation, getattr(method, "__self__", None)) from error
        self.outcomes[operation, "ok"] += 1
        return answer

    def dry_run(self, method: Callable[..., Any], /, **given: Any) -> None:
        """Ask whether *method* would be allowed; returns when it would, raises CloudError when it would not."""
        try:
            self.call(method, DryRun=True, **given)
        except CloudError as error:
            if error.code != "DryRunOperation":
                raise

    def pages(self, client: Any, operation: str, /, **given: Any) -> Iterator[Mapping[str, Any]]:
        """Every page of *operation*, one call each."""
        pages = iter(client.get_paginator(operation).paginate(**given))
        while True:
            self.calls[operation] += 1
            try:
                page = next(pages, None)
            except CAUGHT as error:
                raise self._refused(error, operation, client) from error
            if page is None:
                self.calls[operation] -= 1
                return
            self.outcomes[operation, "ok"] += 1
            yield page

    def items(self, client: Any, operation: str, key: str, /, **given: Any) -> Iterator[Mapping[str, Any]]:
        """Everything under *key* of every page."""
        for page in self.pages(client, operation, **given):
            yield from page.get(key, ())

    def _refused(self, error: Exception, operation: str, client: Any) -> CloudError:
        signs_as = str(client.meta.service_model.signing_name) if isinstance(client, BaseClient) else ""
        found = translated(error, operation, signs_as)
        self.outcomes[operation, found.code] += 1
        return found

    def _role(self, account: str) -> Account | None:
        known = self._policy().accounts.get(account)
        if known is None and account != OWN:
            raise CloudError(f"The policy names no AWS account {account!r}.", code="UnknownAccount")
        return known

    def _connect(self, service: str, region: str, role: Account | None, name: str = "") -> Any:
        try:
            session = self._role_session(role, name) if role and name else self._session(role)
            made = session.client(
                service, region_name=region, endpoint_url=self._settings.aws_endpoint_url, config=self._config
            )
        except (*CAUGHT, ValueError) as error:
            raise translated(error, f"{service} in {region}") from error
        if self._only_local and not is_loopback(made.meta.endpoint_url):
            raise CloudError("The local AWS must be at a loopback address.", code="NotLocal")
        return made

    def _session(self, role: Account | None) -> boto3.Session:
        key = _who(role)
        if key not in self._sessions:
            self._sessions[key] = self._role_session(role, SESSION_NAME) if role else self._own_session()
        return self._sessions[key]

    def _own_session(self) -> boto3.Session:
        core, region = CoreSession(), self._settings.aws_region
        core.register_component("data_loader", _models(core.get_config_variable("data_path")))
        if self._only_local:
            core.set_credentials(DUMMY_KEY, DUMMY_KEY)
        return boto3.Session(botocore_session=core, region_name=region)

    def _role_session(self, role: Account, name: str) -> boto3.Session:
        """A session whose keys come from AssumeRole and are renewed before they lapse."""
        own = self._session(None)
        keys = own.get_credentials()
        if keys is None:
            raise NoCredentialsError
        extra: dict[str, Any] = {"RoleSessionName": name, "DurationSeconds": SESSION_SECONDS}
        if role.external_id:
            extra["ExternalId"] = role.external_id
        fetcher = AssumeRoleCredentialFetcher(
            partial(
                own.client,
                region_name=self._settings.aws_region,
                endpoint_url=self._settings.aws_endpoint_url,
                config=self._config,
            ),
            keys,
            role.role_arn,
            extra_args=extra,
        )
        core = CoreSession()
        core.register_component("data_loader", own._session.get_component("data_loader"))
        core._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        return boto3.Session(botocore_session=core, region_name=self._settings.aws_region)


@cache
def _models(path: str | None) -> Loader:
    """AWS's models, tens of megabytes and slow to read: all sessions share one loader."""
    return create_loader(path)


def session_name(person: str) -> str:
    """The name of a session in which *person* (a Slack id, or the name of an op) is acted for, as STS takes it."""
    return f"{SESSION_NAME}-{re.sub(r'[^A-Za-z0-9_.-]', '-', person)}"[:64]


def _who(role: Account | None) -> str:
    return f"{role.role_arn} {role.external_id}" if role else ""


def is_loopback(url: str | None) -> bool:
    """Whether *url* names this machine and nothing else."""
    host = urlsplit(url or "").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
