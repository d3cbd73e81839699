"""Which image fits a machine: public parameters by chip family, newest framework first; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.rules.launch import Wanted
from bot.rules.policy_launch import Launching
from data.shapes import Instance

ChipFamily = Literal["nvidia", "neuron", "x86_64", "arm64", ""]

# Cards from before Turing need NVIDIA's closed driver, which these images do not carry.
OLD_CARDS = frozenset({"g2", "g3", "g3s", "p2", "p3", "p3dn"})
NEURON = frozenset({"trn1", "trn1n", "trn2", "inf1", "inf2"})
OTHER_CHIPS = frozenset({"g4ad", "dl1", "dl2q"})
TORCH = ("2.10", "2.9", "2.8", "2.7")
GPU = "/aws/service/deeplearning/ami/{arch}/{name}/latest/ami-id"
UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/{arch}/hvm/ebs-gp3/ami-id"
NEURON_NAMES = (
    "/aws/service/neuron/dlami/multi-framework/ubuntu-24.04/latest/image_id",
    "/aws/service/neuron/dlami/multi-framework/ubuntu-22.04/latest/image_id",
    "/aws/service/neuron/dlami/base/ubuntu-24.04/latest/image_id",
)


@dataclass(frozen=True, slots=True)
class Image:
    """An image as AWS describes it; *least_gb* is the size of its root disk."""

    id: str
    name: str = ""
    arch: str = ""
    root: str = ""
    least_gb: int = 0


def chip_family(instance: Instance) -> ChipFamily:
    """What an image must support; empty where no public one does."""
    if instance.family in NEURON:
        return "neuron"
    if instance.chip is None:
        return "arm64" if instance.arch == "arm64" else "x86_64"
    return "" if instance.family in OLD_CARDS | OTHER_CHIPS else "nvidia"


def named(wanted: Wanted, launching: Launching, instance: Instance) -> str:
    """The image id that the request or the policy names; empty when AWS is to be asked."""
    family = chip_family(instance)
    return wanted.image or (launching.images.get(family, "") if family else "") or launching.image


def parameters(instance: Instance) -> tuple[str, ...]:
    """Public SSM parameters of images that fit, best first."""
    family = chip_family(instance)
    if family == "neuron":
        return NEURON_NAMES
    if family == "nvidia":
        torch = [f"oss-nvidia-driver-gpu-pytorch-{version}-ubuntu-24.04" for version in TORCH]
        bases = [f"base-oss-nvidia-driver-gpu-ubuntu-{version}" for version in ("24.04", "22.04")]
        return tuple(GPU.format(arch=instance.arch, name=name) for name in (*torch, *bases))
    if family in ("x86_64", "arm64"):
        return (UBUNTU.format(arch="arm64" if family == "arm64" else "amd64"),)
    return ()
