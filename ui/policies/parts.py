"""The parts of the page on policies."""

from __future__ import annotations

from ui.policies import (
    data_coverage,
    one_prompt,
    overoptimisation,
    trained_policies,
    two_objectives,
)

PARTS = {
    "Who is served?": one_prompt.show,
    "Trained learners": trained_policies.show,
    "Two groups": two_objectives.show,
    "Optimised too hard": overoptimisation.show,
    "Data that miss the best": data_coverage.show,
}
