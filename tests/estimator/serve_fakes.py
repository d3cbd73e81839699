"""Serving works and clusters in a line, for tests."""

from __future__ import annotations

from typing import Any

from data import load
from estimator.asked_model import spec_of
from estimator.candidates import cluster_of
from estimator.rank import cluster_named
from estimator.result import Cluster, Estimate
from estimator.serve import estimate
from estimator.workload import Hardware, Inference, ModelSpec, Parallel

CATALOG = load()


def model(name: str) -> ModelSpec:
    """A model of the catalog."""
    return spec_of(CATALOG.model(name))


def chips(name: str, count: int = 1) -> Cluster:
    """Chips by their name."""
    return cluster_named(Hardware(accelerator=CATALOG.chip(name).name, count=count), CATALOG)[0]


def machines(name: str, count: int = 1) -> Cluster:
    """Machines of an EC2 type."""
    return cluster_of(CATALOG.instance(name), count, CATALOG)


def served(name: str | ModelSpec, cluster: Cluster, **told: Any) -> Estimate:
    """The estimate of a model on a cluster; *tp* is short for the split."""
    if "tp" in told:
        told["parallel"] = Parallel(tp=told.pop("tp"))
    spec = model(name) if isinstance(name, str) else name
    return estimate(Inference(model=spec, **told), cluster, CATALOG)
