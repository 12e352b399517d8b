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
    "One prompt": one_prompt.show,
    "Trained": trained_policies.show,
    "Two objectives": two_objectives.show,
    "Optimised too hard": overoptimisation.show,
    "Tried, or only read": data_coverage.show,
}
