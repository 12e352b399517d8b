"""Types that raters' features tell apart.

Where each rater says little, ballots alone show one type, and features that go along with types
seem to shift everybody's utilities. Two types are then started from the one, apart in the direction
in which features shift utilities most. They are kept where the ballots are likelier by more than
what BIC charges for their share: the rewards of types are shrunk, so that they hardly count as
parameters where raters say little.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scrl.utility_models.population import Population
from scrl.utility_models.rater_posteriors import group_raters
from scrl.utility_models.type_mixture import MAX_SEARCHED, TypeProblem
from scrl.utility_models.type_parameters import FIRST_SPREAD, Types
from scrl.utility_models.type_variation import with_variation


def types_by_features(problem: TypeProblem, one: Types, seed: int) -> Types:
    """Two types that features tell apart, or the one type that ballots show.

    Args:
        one: fitted to the ballots, of one type.
        seed: of the samples of large tables.
    """
    sample = problem.sample(seed, MAX_SEARCHED)
    pooled = with_variation(sample.table, one, None, seed)
    if pooled.rater_effects is None or not pooled.rater_effects.shifts:
        return one
    _, size, direction = np.linalg.svd(pooled.rater_effects.shift, full_matrices=False)
    away = size[0] * direction[0] * np.array([[1.0], [-1.0]])
    start = replace(
        one, reward=pooled.reward + away, share=np.full(2, 0.5), spread=FIRST_SPREAD,
        ties=2 * one.ties, effects=one.effects and one.effects.take(np.zeros(2, int)),
    )  # fmt: skip
    found = with_variation(sample.table, start, None, seed)
    gain = _log_likelihood(found, sample) - _log_likelihood(pooled, sample)
    if gain <= 0.5 * np.log(max(float(sample.table.mass.sum()), 2.0)):
        return one
    types = replace(start, reward=found.reward, share=found.share, effects=found.completion_effects)
    return replace(types, mean=types.unexplained.mean(axis=0))


def _log_likelihood(population: Population, problem: TypeProblem) -> float:
    """Of all ballots, given the features."""
    table = problem.table
    return sum(
        float(table.mass[group.rows] @ population.posteriors(group).log_evidence)
        for group in group_raters(table)
    )
