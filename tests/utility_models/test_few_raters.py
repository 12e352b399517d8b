"""Few raters on many prompts: predictions are no more certain than they are right."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.types import Catalogue, Ratings
from scrl.utility_models.population_fit import fit_population
from tests import lanes

RATERS, PROMPTS, COMPLETIONS, PER_PROMPT = 9, 40, 6, 3
CATALOGUE = Catalogue(
    tuple(f"p{i}" for i in range(PROMPTS)), tuple("abcdef"),
    np.tile(np.arange(COMPLETIONS), PROMPTS), COMPLETIONS * np.arange(PROMPTS + 1),
)  # fmt: skip


def rankings(utility: np.ndarray, ties: bool, rng: np.random.Generator) -> np.ndarray:
    """One ballot at each row of utilities, 0 = best ``[ballots, completions]``."""
    score = utility + rng.gumbel(size=utility.shape)
    score = np.minimum(np.floor(score), 1) if ties else score
    return np.stack([np.unique(-row, return_inverse=True)[1] for row in score])


def few_raters(utility: np.ndarray, ties: bool, rng: np.random.Generator) -> Ratings:
    """Each prompt's completions ranked by three of nine raters.

    Args:
        utility: ``[prompts, completions]``.
    """
    pairs = sorted((r, p) for p in range(PROMPTS) for r in rng.choice(RATERS, PER_PROMPT, False))
    rater, prompt = np.array(pairs).T
    return Ratings(
        CATALOGUE, tuple(f"r{i}" for i in range(RATERS)), rater, prompt, np.ones(len(pairs)),
        COMPLETIONS * np.arange(len(pairs) + 1), np.tile(np.arange(COMPLETIONS), len(pairs)),
        rankings(utility[prompt], ties, rng).ravel(),
    )  # fmt: skip


def certainty(quality_sd: float, ties: bool, seed: int) -> tuple[float, float]:
    """Mean probability of the likelier side of a new rater's pairs, and how often it is right."""
    rng = np.random.default_rng(seed)
    utility = rng.normal(0, quality_sd, (PROMPTS, COMPLETIONS))
    ratings = few_raters(utility, ties, rng)
    population = fit_population(ratings).population
    first, second = np.triu_indices(COMPLETIONS, 1)
    base = COMPLETIONS * np.arange(PROMPTS)[:, None]
    nobody = ratings.select(np.zeros(ratings.ballots, bool))
    pairs = (base + first).ravel(), (base + second).ravel()
    found = population.pair_probability(nobody, np.zeros(len(pairs[0]), int), *pairs)
    rank = rankings(np.repeat(utility, 300, axis=0), ties, rng)
    ahead = rank[:, first] < rank[:, second], rank[:, first] > rank[:, second]
    wins, losses = (x.reshape(PROMPTS, 300, -1).sum(1).ravel() for x in ahead)
    truth = wins / (wins + losses)
    right = np.where(found > 0.5, truth, 1 - truth)
    return float(np.maximum(found, 1 - found).mean()), float(right.mean())


@pytest.mark.parametrize(
    ("quality_sd", "ties", "tolerance"),
    [
        (0.2, False, 0.045),
        (1.0, True, 0.05),
        *lanes.deep((), ((1.0, False, 0.045), (0.2, True, 0.11))),
    ],
)
def test_predictions_of_few_raters_are_as_certain_as_right(quality_sd, ties, tolerance):
    seeds = range(lanes.deep(1, 2))
    certain, right = np.mean([certainty(quality_sd, ties, seed) for seed in seeds], axis=0)
    assert certain == pytest.approx(right, abs=tolerance)
