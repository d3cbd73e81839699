"""The doctor in the AWS accounts: who we are, and what we may see, by calls that change nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from bot import doctor_launch, iam
from bot.cloud import OWN
from bot.cloud_catalog import PRICE_LIST
from bot.doctor import Line, Lines, bad, by_aws, good, skew, unknown
from bot.kinds import KINDS, Look
from bot.kinds.tags import MANAGED, UNTIL
from bot.parts import Parts
from bot.rules.errors import CloudError, Forbidden, Unsure
from bot.rules.idle import Resource

ROLE = "Give the role what deploy/iam-policy.json has; docs/aws.md says how."
CREDENTIALS = "Give this machine a role (docs/aws.md), or set AWS_PROFILE."
RECENT = timedelta(minutes=30)
EC2 = KINDS["ec2_instance"]

# Rights that can be tried without naming anything; EC2's have a dry run of their own.
TRIALS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "cloudtrail:LookupEvents": ("cloudtrail", "lookup_events", {"MaxResults": 1}),
    "cloudwatch:ListMetrics": ("cloudwatch", "list_metrics", {"Namespace": "AWS/EC2"}),
    "sagemaker:ListApps": ("sagemaker", "list_apps", {"MaxResults": 1}),
    "sagemaker:ListDomains": ("sagemaker", "list_domains", {"MaxResults": 1}),
    "sagemaker:ListEndpoints": ("sagemaker", "list_endpoints", {"MaxResults": 1}),
    "sagemaker:ListNotebookInstances": ("sagemaker", "list_notebook_instances", {"MaxResults": 1}),
    "sagemaker:ListTrainingJobs": ("sagemaker", "list_training_jobs", {"MaxResults": 1}),
    "ssm:DescribeSessions": ("ssm", "describe_sessions", {"State": "Active"}),
    "pricing:GetProducts": ("pricing", "get_products", {"ServiceCode": "AmazonEC2", "MaxResults": 1}),
    "savingsplans:DescribeSavingsPlansOfferingRates": (
        "savingsplans",
        "describe_savings_plans_offering_rates",
        {"maxResults": 1},
    ),
}
EVERYWHERE = ("pricing", "savingsplans")  # answer in one region for all
NEEDS_A_NAME = frozenset({"ec2:DescribeInstanceAttribute"})


def examine(parts: Parts) -> Lines:
    """Every account; one that does not know us is asked nothing more."""
    for account in parts.cloud.accounts():
        known = list(_identity(parts, account))
        yield from known
        if known[0].level != "good":
            continue
        yield _sees(parts, account)
        yield from _machines(parts, account)
        if account == OWN:  # launches are made nowhere else
            yield from doctor_launch.examine(parts)


def _identity(parts: Parts, account: str) -> Lines:
    what = f"AWS account {account}"
    try:
        client = parts.cloud.client("sts", parts.settings.aws_region, account)
        told = parts.cloud.call(client.get_caller_identity)
    except CloudError as error:
        yield by_aws(what, error, CREDENTIALS)
        return
    arn = str(told["Arn"])
    if arn.endswith(":root"):
        yield bad(
            what, f"mlbot runs with the root user's keys of {told['Account']}.", f"Delete those keys. {CREDENTIALS}"
        )
        return
    keys = " with a user's long-lived keys; a role is safer" if ":user/" in arn else ""
    yield good(what, f"{arn}{keys}.")
    headers = told.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    yield skew(f"AWS's clock ({account})", str(headers.get("date", "")), parts.clock.now())


def _sees(parts: Parts, account: str) -> Line:
    """Every right to read, tried in the account's first region."""
    what, region = f"rights to see ({account})", parts.cloud.regions(account)[0]
    missing, silent, tried = [], [], 0
    for right, attempt in _trials(parts, account, region):
        try:
            attempt()
        except Forbidden:
            missing.append(right)
        except CloudError:
            silent.append(right)
        tried += 1
    if missing:
        return bad(what, f"Not allowed: {', '.join(missing)}.", ROLE)
    if silent:
        return unknown(what, f"No answer about {', '.join(silent)}; the other {tried - len(silent)} calls are allowed.")
    return good(what, f"{tried} calls are allowed in {region}.")


def _trials(parts: Parts, account: str, region: str) -> Iterable[tuple[str, Callable[[], object]]]:
    see = iam.policy()["Statement"][0]["Action"]
    for right in see:
        service, _, action = right.partition(":")
        if service == "ec2" and right not in NEEDS_A_NAME:
            method = getattr(parts.cloud.client("ec2", region, account), snake(action))
            yield right, partial(parts.cloud.dry_run, method)
        elif right in TRIALS:
            service, operation, given = TRIALS[right]
            where = PRICE_LIST if service in EVERYWHERE else region
            method = getattr(parts.cloud.client(service, where, account), operation)
            yield right, partial(parts.cloud.call, method, **given)


def snake(action: str) -> str:
    """DescribeInstances -> describe_instances."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()


def _machines(parts: Parts, account: str) -> Lines:
    """What runs in the account's regions: whether its chips are measured, and whether ours can be acted on."""
    running: list[tuple[Look, Resource]] = []
    silent: list[str] = []
    for region in parts.cloud.regions(account):
        look = Look(parts.cloud, account, region, parts.clock.now())
        try:
            running += [(look, one) for one in EC2.find(look)]
        except CloudError as error:
            silent.append(f"{region}: {error}")
    if silent:
        yield unknown(f"machines ({account})", " ".join(silent), ROLE)
    yield _covered(account, running)
    yield _acts(parts, account, running)


def _covered(account: str, found: Iterable[tuple[Look, Resource]]) -> Line:
    """Whether the agent publishes what every GPU and Neuron core does."""
    what = f"chip metrics ({account})"
    with_chips = [(look, one) for look, one in found if one.state == "running" and one.details.get("chip")]
    if not with_chips:
        return unknown(what, "No machine with chips runs now.")
    try:
        blind = [one.id for look, one in with_chips if _blind(look, one)]
    except CloudError as error:
        return by_aws(what, error, ROLE)
    if blind:
        says = f"{len(blind)} of {len(with_chips)} machines do not publish them: {', '.join(blind[:5])}."
        return unknown(
            what, says, "Run the CloudWatch agent there (docs/aws.md); without it idleness is judged by CPU."
        )
    return good(what, f"All {len(with_chips)} machines with chips publish what they do.")


def _blind(look: Look, one: Resource) -> bool:
    usage = EC2.measure(look, [one], look.now - RECENT, look.now)[one.id]
    return "gpu_max_pct" in usage.missing


def _acts(parts: Parts, account: str, found: Iterable[tuple[Look, Resource]]) -> Line:
    """Stop, terminate and extend, tried dry on a machine of ours."""
    what = f"rights to act ({account})"
    ours = ((look, one) for look, one in found if one.tags.get(MANAGED) == "true" and iam.PROTECT not in one.tags)
    look, one = next(ours, (None, None))
    if look is None or one is None:
        return unknown(what, "mlbot has no machine there to try stop, terminate and extend on.")
    client, tag = look.client("ec2"), {"Key": UNTIL, "Value": (one.until or look.now).isoformat(timespec="seconds")}
    trials: dict[str, Callable[[], object]] = {
        "stop": partial(parts.cloud.dry_run, client.stop_instances, InstanceIds=[one.id]),
        "terminate": partial(parts.cloud.dry_run, client.terminate_instances, InstanceIds=[one.id]),
        "extend": partial(parts.cloud.dry_run, client.create_tags, Resources=[one.id], Tags=[tag]),
    }
    missing = []
    for verb, attempt in trials.items():
        try:
            attempt()
        except Forbidden:
            missing.append(verb)
        except Unsure as error:
            return by_aws(what, error, ROLE)
        except CloudError:
            continue  # rights are looked at first: what AWS refuses for another reason is allowed
    if missing:
        return bad(what, f"mlbot may not {' or '.join(missing)} its own {one.id}.", ROLE)
    return good(what, f"stop, terminate and extend are allowed (tried dry on {one.id}).")
