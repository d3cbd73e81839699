"""Service Quotas: what moto does not answer, and EC2's vCPU limits, over the quota codes of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from bot.playground.aws.request import Answer, Refused, Request, as_json
from data import Catalog, Quota

PLENTY = 100_000.0  # where nobody set a limit
COUNTED = ("pending", "running")  # instances that use quota


class Quotas:
    """The limits of every account and region alike; *limits* by quota code."""

    def __init__(self, catalog: Catalog, limits: Mapping[str, float]) -> None:
        self._catalog = catalog
        self.limits = dict(limits)
        self.asked: list[Mapping[str, Any]] = []  # increases that were requested

    def check(self, request: Request, backend: Any) -> None:
        """Refuse RunInstances that would pass the vCPU limit of its family and market."""
        name, market = request.params.get("InstanceType", ""), market_of(request)
        quota, wanted = self._catalog.quota(name, market), self._vcpus(name)
        if quota is None or wanted is None:
            return
        limit = self.limits.get(quota.code, PLENTY)
        if self._used(backend, quota) + wanted * int(request.params.get("MinCount", 1)) <= limit:
            return
        if market == "spot":
            raise Refused("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
        raise Refused(
            "VcpuLimitExceeded",
            f"You have requested more vCPU capacity than your current vCPU limit of {limit:.0f} allows for the "
            "instance bucket that the specified instance type belongs to. Please visit "
            "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
        )

    def answer(self, request: Request) -> Answer | None:
        """Answer a call of Service Quotas; None for an action that is left to moto."""
        params = request.params
        service, code = params.get("ServiceCode", ""), params.get("QuotaCode", "")
        if request.action in ("ListServiceQuotas", "ListAWSDefaultServiceQuotas"):
            return as_json({"Quotas": [self._row(one) for one in self._catalog.quotas if one.service == service]})
        if request.action in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
            return as_json({"Quota": self._row(self._find(service, code))})
        if request.action == "RequestServiceQuotaIncrease":
            asked = self._row(self._find(service, code)) | {"Id": uuid4().hex, "Status": "PENDING"}
            self.asked.append(asked | {"DesiredValue": params.get("DesiredValue")})
            return as_json({"RequestedQuota": self.asked[-1]})
        return None

    def _find(self, service: str, code: str) -> Quota:
        for quota in self._catalog.quotas:
            if (quota.service, quota.code) == (service, code):
                return quota
        raise Refused("NoSuchResourceException", "The specified quota does not exist.")

    def _row(self, quota: Quota) -> dict[str, Any]:
        return {
            "ServiceCode": quota.service,
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "Value": self.limits.get(quota.code, PLENTY),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }

    def _used(self, backend: Any, quota: Quota) -> float:
        running = (one for one in backend.all_instances() if one.state in COUNTED)
        counted = (one for one in running if self._catalog.quota(one.instance_type, _bought(one)) == quota)
        return sum(self._vcpus(one.instance_type) or 0 for one in counted)

    def _vcpus(self, name: str) -> int | None:
        known = self._catalog.instances.get(name)
        return known.vcpu if known else None


def market_of(request: Request) -> str:
    """spot or on-demand, as RunInstances names it."""
    return "spot" if request.params.get("InstanceMarketOptions.MarketType") == "spot" else "on-demand"


def _bought(instance: Any) -> str:
    return "spot" if instance.lifecycle == "spot" else "on-demand"
