"""What cannot be: splits that chips or model do not allow, batches that reach no chip, ranks beyond the width."""

from __future__ import annotations

from data import Catalog
from estimator import split
from estimator.compute import shape
from estimator.parse_keys import Unclear
from estimator.units import count
from estimator.workload import FineTuning, Hardware, Training, Workload


def sensible(work: Workload, catalog: Catalog) -> None:
    """Refuse splits, batches and ranks that cannot exist; Unclear names the field, the nearest that can, an example."""
    if isinstance(work, Training):
        _batches(work)
        _step(work)
    if isinstance(work, FineTuning):
        _rank(work)
    chips = chips_of(work.hardware, catalog)
    if chips is None:
        return
    asked = split.in_fields(work.parallel)
    found = split.problem(asked, split.place(work, *chips))
    if found:
        raise refused(found)


def refused(found: split.Problem) -> Unclear:
    """A split's problem as what is asked about."""
    inside = found.field in split.RANKED
    near = f" The nearest that works is {found.nearest}." if found.nearest else ""
    return Unclear(
        found.message + near,
        field=f"parallel.{found.field}" if inside else found.field,
        nearest=found.nearest,
        example=found.nearest or "tp=8 on 1 x p5.48xlarge",
    )


def chips_of(hardware: Hardware | None, catalog: Catalog) -> tuple[int, int] | None:
    """How many chips were asked for, and the cores of each that a split counts; None when that is open."""
    if hardware is None or hardware.count is None:
        return None
    if hardware.accelerator:
        return hardware.count, split.cores_of(catalog.chips[hardware.accelerator])
    instance = catalog.instances[hardware.instance_type or ""]
    if not instance.chip:
        return None
    return max(1, int(hardware.count * instance.chips)), split.cores_of(catalog.chips[instance.chip])


def _batches(work: Training) -> None:
    if work.global_batch and work.micro_batch and work.micro_batch > work.global_batch:
        raise Unclear(
            f"A micro batch of {work.micro_batch} cannot be more than the global batch of {work.global_batch}.",
            field="micro_batch",
            nearest=f"micro_batch={work.global_batch}",
            example="global_batch=64 micro_batch=4",
        )
    least = (work.parallel.dp or 1) * (work.micro_batch or 1)
    if work.global_batch and work.global_batch < least:
        raise Unclear(
            f"A global batch of {work.global_batch} does not reach {work.parallel.dp} data-parallel ranks"
            f" of {work.micro_batch or 1} each.",
            field="global_batch",
            nearest=f"global_batch={least}",
            example=f"global_batch={least}",
        )


def _step(work: Training) -> None:
    """One step takes a global batch: a job of less than that has no step."""
    if not work.global_batch:
        return
    of_tokens = work.tokens is not None
    whole = work.tokens if of_tokens else (work.samples or 0.0) * max(1.0, work.epochs or 1.0)
    each = work.global_batch * ((work.seq_len or 1) if of_tokens else 1)
    if whole and each > 1.001 * whole:
        unit = "tokens" if of_tokens else "samples"
        most = max(1, int(whole / each * work.global_batch))
        raise Unclear(
            f"A global batch of {work.global_batch:,} takes {count(each)} {unit} a step, more than the whole job's"
            f" {count(whole)}.",
            field="global_batch",
            nearest=f"global_batch={most}",
            example="global_batch=256",
        )


def _rank(work: FineTuning) -> None:
    if not work.lora_rank or work.method not in ("lora", "qlora") or not (work.model.hidden or work.model.layers):
        return
    width = shape(work.model).hidden
    if work.lora_rank > width:
        raise Unclear(
            f"lora_rank={work.lora_rank} is more than the width of {work.model.name}'s matrices, {width}:"
            " usual ranks are 8 to 256.",
            field="lora_rank",
            nearest=f"lora_rank={min(256, width)}",
            example="lora_rank=16",
        )
