"""Reference outcomes: elections with the complete ballots of the true types or sampled raters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrl.scenarios.sampling import Sample, true_ballots
from scrl.scenarios.schema import ScenarioSchema
from scrl.types import Ballots, Outcome
from scrl.voting import aggregate_all
from scrl.voting.elections import Contests, run_elections


def true_outcomes(
    scenario: ScenarioSchema, rules: Sequence[str], draws: int, seed: int
) -> list[dict[str, Outcome]]:
    """The outcomes of the true types' complete ballots: for each prompt, rule -> outcome.

    Args:
        scenario: the types and their shares.
        rules: names of the rules.
        draws: number of voters of each type over which noise is integrated.
        seed: of the noise.
    """
    return [aggregate_all(ballots, rules) for ballots in true_ballots(scenario, draws, seed)]


def sampled_outcomes(
    sampled: Sample, rules: Sequence[str], voters: int
) -> list[dict[str, Outcome]]:
    """The outcomes of the sampled raters' own complete ballots: for each prompt, rule -> outcome.

    Args:
        sampled: the raters.
        rules: names of the rules.
        voters: number of simulated voters of the run. Ballots are padded to as many rows, so that
            one compiled program counts both.
    """

    def ballots(contests: Contests) -> Ballots:
        mask = contests.candidate_mask
        utility = sampled.complete_utilities(contests.prompts.tolist()).astype(np.float32)
        first_item = np.concatenate([[0], np.cumsum(mask.sum(1))[:-1]])
        item = np.where(mask, first_item[:, None] + np.arange(mask.shape[1]), 0)
        raters, rows = len(utility), max(voters, len(utility))
        weight = np.zeros((len(contests.prompts), rows))
        weight[:, :raters] = 1.0
        utility = np.pad(utility, ((0, rows - raters), (0, 0)))
        return Ballots(np.moveaxis(utility[:, item], 1, 0), weight=weight, candidates=mask)

    offsets = sampled.ratings.catalogue.offsets
    return run_elections(ballots, offsets, len(sampled.ratings.raters), list(rules)).outcomes
