"""Energy of the chips and the CO2e of making it, where board power and grid are known; unknown is None."""

from __future__ import annotations

from collections.abc import Iterator

from data import Grid
from estimator.option import Option
from estimator.result import Estimate, Range, Step
from estimator.units import UNKNOWN, figure


def energy(estimate: Estimate, hours: Range | None, chips: float) -> Range | None:
    """kWh of the chips alone at full board power, without host and cooling; None where the power is not published."""
    chip = estimate.cluster.chip
    if hours is None or chip is None or chip.watts is None:
        return None
    return hours.times(chip.watts * chips / 1000)


def co2e(kwh: Range | None, grid: Grid | None) -> Range | None:
    """kg CO2e of that energy and of what cooling and losses add, by the average of the region's grid."""
    return kwh.times(grid.pue * grid.kg_co2e_per_kwh) if kwh and grid else None


def line(option: Option) -> str:
    """Both in one sentence; "" where nothing ends, so that there is no energy to speak of."""
    if option.energy_kwh is None:
        what = option.chip or "CPU machines"
        return f"Energy: unknown, no board power is published for {what}." if option.billed_hours else ""
    used = f"{figure(option.energy_kwh.mid)} kWh (chips at full power, no host)"
    made = UNKNOWN if option.co2e_kg is None else f"{figure(option.co2e_kg.mid)} kg (with cooling, region's grid)"
    return f"Energy: {used}; CO2e: {made}."


def steps(option: Option, grid: Grid | None) -> Iterator[Step]:
    """How both were computed."""
    chip, kwh = option.estimate.cluster.chip, option.energy_kwh
    if chip is None or chip.watts is None or kwh is None:
        return
    hours = 1000 * kwh.mid / (option.chips * chip.watts)
    yield Step(
        name="energy",
        formula=f"{option.chips} x {chip.watts:.0f} W x {figure(hours)} h = {figure(kwh.mid)} kWh, "
        "without host and cooling",
        source=f"board power of {option.chip}: {chip.source}",
    )
    if grid is None or option.co2e_kg is None:
        return
    rate = f"{grid.pue:g} (cooling and losses) x {grid.kg_co2e_per_kwh:g} kg/kWh ({grid.place})"
    yield Step(
        name="CO2e",
        formula=f"{figure(kwh.mid)} kWh x {rate} = {figure(option.co2e_kg.mid)} kg",
        source=f"average of the grid, without what AWS buys: {grid.source}, {grid.as_of}",
    )
