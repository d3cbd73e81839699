"""The resource kinds; scans, views, buttons, IAM policy and docs go over this table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.kinds import (
    ebs_snapshot,
    ebs_volume,
    ec2_image,
    ec2_instance,
    elastic_ip,
    sagemaker_endpoint,
    sagemaker_notebook,
    sagemaker_studio_app,
    sagemaker_training_job,
)
from bot.kinds.base import Kind, Look

__all__ = ["KINDS", "Kind", "Look"]

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        module.KIND.name: module.KIND
        for module in (
            ec2_instance,
            ebs_volume,
            elastic_ip,
            ebs_snapshot,
            ec2_image,
            sagemaker_endpoint,
            sagemaker_notebook,
            sagemaker_training_job,
            sagemaker_studio_app,
        )
    }
)
