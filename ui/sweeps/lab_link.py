"""A run of a sweep in the lab: its scenario, its seed and its rules."""

from __future__ import annotations

from scrl.sweeps import SweepRow
from ui.sweeps.chosen_sweep import ShownSweep


def draw(sweep: ShownSweep, row: SweepRow) -> None:
    """A button to the lab with the scenario of a run, where a link can hold it."""
