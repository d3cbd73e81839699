"""The charts of `mlbot estimate --chart FILE` and `--memory-chart FILE`."""

from __future__ import annotations

from pathlib import Path

from bot import charts
from bot.charts import Picture
from estimator.answer import Answer


def write(found: Answer, chart: str | None, memory_chart: str | None) -> str:
    """Write the charts that have a file's name; returns what was wrong, or nothing."""
    best = (found.parts[0] if found.parts else found).best
    for name, memory in ((chart, False), (memory_chart, True)):
        if name is None:
            continue
        kind = Path(name).suffix.lower().removeprefix(".")
        if kind not in ("png", "svg"):
            return f"A chart is written as .png or .svg, not {name!r}. For example: --chart choices.png"
        picture: Picture | None = None
        if not memory:
            picture = charts.choices(found, kind="svg" if kind == "svg" else "png")
        elif best is not None and best.estimate.memory is not None:
            picture = charts.memory(best.estimate.memory, best.label, kind="svg" if kind == "svg" else "png")
        if picture is None:
            return "There is nothing to draw: fewer than two choices have a time and a cost, or no memory is known."
        try:
            Path(name).write_bytes(picture.content)
        except OSError as error:
            return f"{name} cannot be written: {error.strerror}."
    return ""
