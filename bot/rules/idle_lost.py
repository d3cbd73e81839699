"""What is lost and what stays when something idle is stopped, terminated or deleted; pure, right for every kind."""

from __future__ import annotations

from bot.rules.idle_facts import HOURS_PER_MONTH, Resource
from bot.rules.idle_words import usd
from bot.rules.instances import lost_at_termination

FOR_GOOD = "This cannot be undone."
OVER = "It gets two minutes to save its work, and cannot be started again."
AGAIN = {  # kinds that can be had back, and how
    "sagemaker_endpoint": "Its model and configuration stay, so that it can be made again.",
    "sagemaker_studio_app": "Files of its home or space stay, and it can be opened again.",
}


def lost(one: Resource) -> str:
    """What a termination or deletion of *one* takes and what it leaves, in words for the confirmation."""
    gb, again = _gb(one), AGAIN.get(one.kind, FOR_GOOD)
    match one.kind:
        case "ec2_instance":
            return " ".join((*lost_at_termination(one), "What is lost cannot be brought back."))
        case "ebs_volume":
            return f"All data on it{gb} are lost for good. Snapshots of it stay."
        case "elastic_ip":
            return "It holds no data. The address goes back to AWS and is hardly had again; what points to it breaks."
        case "ebs_snapshot":
            return f"This copy{gb} is lost for good. The disk itself, and disks made from the copy, stay."
        case "ec2_image":
            return f"It is lost for good with its snapshots{gb}: nothing is launched or woken from it. Machines stay."
        case "sagemaker_endpoint":
            return f"It answers nobody any more. {again}"
        case "sagemaker_studio_app":
            return f"What its kernels hold in memory is lost. {again}"
    return again


def lost_at_stop(one: Resource) -> str:
    """What a stop takes for good where it is no pause; empty where it can be started again."""
    return OVER if one.kind == "sagemaker_training_job" else ""


def after(one: Resource, verb: str, usd_since: float | None) -> str:
    """What *one* cost while idle, and what is left to pay or cannot be had back after *verb*."""
    spent = f"it cost {usd(usd_since)} while idle" if usd_since is not None else "what it cost is not known"
    if verb != "stop":
        return f"{spent}. {AGAIN.get(one.kind, FOR_GOOD)}"
    if lost_at_stop(one):
        return f"{spent}. It cannot be started again."
    left = one.usd_per_hour_stopped
    if left is None:
        return f"{spent}; what its disks cost is not known."
    if left == 0:
        return f"{spent}; nothing of it bills now."
    return f"{spent}; its disks and addresses still cost {usd(left * HOURS_PER_MONTH)} a month."


def _gb(one: Resource) -> str:
    size = one.details.get("gb")
    return f" ({size:,.0f} GB)" if isinstance(size, (int, float)) and size else ""
