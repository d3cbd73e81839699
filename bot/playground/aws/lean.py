"""moto's EC2 without the tables that nobody asks for: 150,000 offerings and 1,400 types cost 90 MB."""

from __future__ import annotations

import importlib
import os
from collections.abc import Container
from typing import Any

IMAGES = "MOTO_EC2_LOAD_DEFAULT_AMIS"


def load_ec2(types: Container[str]) -> None:
    """Import moto's EC2 with the given instance types only and without its images; does nothing when it is imported."""
    os.environ.setdefault(IMAGES, "false")
    loading: Any = importlib.import_module("moto.utilities.utils")
    whole = loading.load_resource

    def part(package_path: str) -> Any:
        found = whole(package_path)
        if "instance_type" not in package_path:
            return found
        if isinstance(found, dict):
            return {name: one for name, one in found.items() if name in types}
        return [one for one in found if one["InstanceType"] in types]

    loading.load_resource = part  # the tables are read while the module is imported
    try:
        importlib.import_module("moto.ec2")
    finally:
        loading.load_resource = whole
