"""What is said of the images that a diffusion model makes: steps, guidance, resolution."""

from __future__ import annotations

import re

from estimator.parse_keys import Unclear, Value
from estimator.workload import ModelSpec

MOST_STEPS, MOST_GUIDANCE, MOST_PIXELS, LEAST_PIXELS = 10_000, 100.0, 16_384, 32
NO_GUIDANCE = ("none", "no", "off", "false", "without")
EXAMPLES = {"steps": "steps=30", "guidance": "guidance=7.5", "resolution": "resolution=1024x1024"}
SIDES = re.compile(r"(\d{2,6})(?:\s*(?:x|by|\*|\u00d7)\s*(\d{2,6}))?(?: ?(?:px|pixels?))?")


def take_images(values: dict[str, Value], model: ModelSpec, kind: str, notes: list[str], *, lenient: bool) -> None:
    """Check what was said of images in *values*; where no diffusion model is served it is refused, or noted."""
    if kind == "infer" and model.family == "diffusion":
        _check(values)
        return
    if size := values.pop("resolution", None):
        notes.append(f"images of {size}: the model's usual size is counted; gflops= tells another")
    for name in ("steps", "guidance") if kind == "infer" else ("guidance",):
        if name not in values:
            continue
        if not lenient:
            why = f"{name} is for diffusion models, which {model.name} is not."
            raise Unclear(why, field=name, example=f"infer sdxl queries=1k {EXAMPLES[name]}")
        values.pop(name)
        notes.append(f"{name} is for diffusion models; ignored")


def _check(values: dict[str, Value]) -> None:
    if float(values.get("steps", 1)) > MOST_STEPS:
        raise _wrong("steps", f"of {float(values['steps']):g} are more than an image takes (at most {MOST_STEPS:,})")
    if "guidance" in values:
        values["guidance"] = _guidance(values["guidance"])
    if "resolution" in values:
        values["resolution"] = _resolution(str(values["resolution"]))


def _wrong(name: str, why: str) -> Unclear:
    return Unclear(f"{name} {why}.", field=name, example=f"infer sdxl queries=1k {EXAMPLES[name]}")


def _guidance(said: Value) -> float:
    word = str(said).strip().lower()
    if word in NO_GUIDANCE:
        return 1.0
    try:
        scale = float(word)
    except ValueError:
        raise _wrong("guidance", f"is a scale such as 7.5, or none, not {word[:40]!r}") from None
    if not 0.0 <= scale <= MOST_GUIDANCE:
        raise _wrong("guidance", f"is between 0 and {MOST_GUIDANCE:g}, not {word[:40]}")
    return scale


def _resolution(said: str) -> str:
    found = SIDES.fullmatch(said.strip().lower())
    if found is None:
        raise _wrong("resolution", f"is width x height in pixels, not {said[:40]!r}")
    sides = [int(found[1]), int(found[2] or found[1])]
    if not all(LEAST_PIXELS <= side <= MOST_PIXELS for side in sides):
        raise _wrong("resolution", f"has sides of {LEAST_PIXELS} to {MOST_PIXELS:,} pixels, not {said[:40]}")
    return f"{sides[0]}x{sides[1]}"
