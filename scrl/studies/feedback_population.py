"""The population and the survey design for comparing feedback formats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.scenarios.scenario import Scenario
from scrl.types import InputError

FORMATS = ("thumbs", "pair", "tie", "list", "split")
#: Most completions of a prompt: every set that a list may choose from is enumerated.
MAX_COMPLETIONS = 8


@dataclass(frozen=True)
class SurveyDesign:
    """How raters are asked.

    Attributes:
        questions: of each rater.
        list_length: completions on a list, at most all.
        threshold_sd: standard deviation of raters' approval thresholds, in units of utility.
        tie_width: utility gap below which a rater reports a tie.
    """

    questions: int = 1
    list_length: int = 4
    threshold_sd: float = 0.0
    tie_width: float = 0.5


@dataclass(frozen=True, eq=False)
class Population:
    """Types of rater and one prompt.

    Attributes:
        utility: ``[types, items]``; share: ``[types]``; noise: scale of the Gumbel noise.
    """

    utility: np.ndarray
    share: np.ndarray
    noise: float

    @property
    def items(self) -> int:
        return self.utility.shape[1]

    @property
    def mean_utility(self) -> np.ndarray:
        """Mean utility of all raters ``[items]``."""
        return self.share @ self.utility


def population_of(scenario: Scenario, prompt: str) -> Population:
    """The population of one prompt of a scenario; every rater answers every question.

    Raises:
        InputError: for a prompt with too many completions, or an unknown prompt.
    """
    if prompt not in scenario.prompts:
        raise InputError(f"{scenario.name} has no prompt '{prompt}'.")
    offsets = scenario.catalogue.offsets
    p = list(scenario.prompts).index(prompt)
    utility = scenario.type_utilities[:, offsets[p] : offsets[p + 1]]
    if utility.shape[1] > MAX_COMPLETIONS:
        raise InputError(
            f"'{prompt}' offers {utility.shape[1]} completions; formats are compared on at most "
            f"{MAX_COMPLETIONS}."
        )
    return Population(utility, scenario.type_shares, scenario.noise)
