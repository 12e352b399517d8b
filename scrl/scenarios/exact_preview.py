"""Exact results before any training: the true outcome and the limit of vanilla Bradley–Terry.

The limit needs only the expected pair counts, so it follows a slider within milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrl.choice_models.bradley_terry import PairCounts, fit_pair_counts, pair_counts
from scrl.config import RewardConfig
from scrl.results import by_name, order_of, outcome_dict
from scrl.scenarios.sampling import expected_pair_weights, true_ballots
from scrl.scenarios.scenario import Scenario
from scrl.types import Ratings
from scrl.voting import aggregate_all

#: Voters a type that stand for the population of a noisy scenario.
DRAWS_PER_TYPE = 1024


def preview(scenario: Scenario, rules: Sequence[str], seed: int = 0) -> dict:
    """The ``"prompts"`` of a result file with only ``"truth"`` and ``"vanilla"``.

    Vanilla has ``"mle"``, the exact Bradley–Terry scores on the expected pair counts, and their
    ``"order"``. An entry also has ``"pairs"``, the expected number of pairs a rater gives.
    """
    catalogue = scenario.catalogue
    offsets = catalogue.offsets
    weights = expected_pair_weights(scenario)
    scores = expected_bradley_terry(weights, offsets, scenario.raters)
    prompts = {}
    for p, (prompt, ballots) in enumerate(
        zip(catalogue.prompts, true_ballots(scenario, DRAWS_PER_TYPE, seed), strict=True)
    ):
        names, own = catalogue.names(p), scores[offsets[p] : offsets[p + 1]]
        prompts[prompt] = {
            "completions": names,
            "truth": {
                rule: outcome_dict(outcome, names)
                for rule, outcome in aggregate_all(ballots, list(rules)).items()
            },
            "vanilla": _vanilla(names, own),
            "pairs": float(weights[p].sum()),
        }
    return prompts


def expected_bradley_terry(
    weights: Sequence[np.ndarray], offsets: np.ndarray, raters: int
) -> np.ndarray:
    """The exact Bradley–Terry scores on the expected pair counts ``[items]``.

    Args:
        weights: of each prompt, from ``sampling.expected_pair_weights``.
        offsets: where each prompt's items begin ``[prompts + 1]``.
        raters: how many give these pairs.
    """
    first, second, wins_first, wins_second = [], [], [], []
    for weight, start in zip(weights, offsets[:-1], strict=True):
        a, b = np.triu_indices(len(weight), 1)
        first.append(start + a)
        second.append(start + b)
        wins_first.append(weight[a, b])
        wins_second.append(weight[b, a])
    first, second = np.concatenate(first), np.concatenate(second)
    wins_first = np.concatenate(wins_first) * raters
    wins_second = np.concatenate(wins_second) * raters
    met = wins_first + wins_second > 0
    counts = PairCounts(first[met], second[met], wins_first[met], wins_second[met])
    return fit_pair_counts(counts, offsets, RewardConfig().prior_sd)


def _vanilla(names: Sequence[str], scores: np.ndarray) -> dict:
    """The exact scores of one prompt, and their order."""
    # Balanced counts give scores that differ only by rounding.
    return {"order": order_of(np.round(scores, 6), names), "mle": by_name(names, scores)}


def ratings_preview(ratings: Ratings) -> dict:
    """The ``"prompts"`` of a result file with only the exact ``"vanilla"`` scores of ratings."""
    catalogue = ratings.catalogue
    scores = fit_pair_counts(
        pair_counts(ratings.with_absent_resolved()), catalogue.offsets, RewardConfig().prior_sd
    )
    prompts = {}
    for p, prompt in enumerate(catalogue.prompts):
        names, own = catalogue.names(p), scores[catalogue.offsets[p] : catalogue.offsets[p + 1]]
        prompts[prompt] = {
            "completions": names,
            "vanilla": _vanilla(names, own),
        }
    return prompts
