"""The parts of the page on distortion."""

from __future__ import annotations

from ui.voting import (
    distortion_minority,
    distortion_noisy_voters,
    distortion_worst_case,
)

PARTS = {
    "A minority decides": distortion_minority.show,
    "Worst case": distortion_worst_case.show,
    "Voters who make mistakes": distortion_noisy_voters.show,
}
