"""How utilities order the strict pairs of ballots with ties.

On a ballot of two completions that are not tied, the better one is first with log-odds equal to the
gap of utilities. On a longer ballot with ties it is not: a set of completions is taken with
probability in proportion to the geometric mean of their strengths, so that each counts less than
alone. The log-odds of a strict pair are near a multiple of the gap, which simulation gives.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from scrl.utility_models.ballot_sampling import sample_ranks
from scrl.utility_models.ballot_table import BallotTable
from scrl.utility_models.population import Population
from scrl.utility_models.prediction import draw_rows

#: Simulated ballots, and the limit of their pairs.
BALLOTS, MAX_PAIRS = 4000, 1_000_000
#: Limits of the slope.
MIN_SLOPE, MAX_SLOPE = 0.02, 2.0
#: Added to the variance of every utility, for the Cholesky factor.
JITTER = 1e-9


def strict_pair_slope(population: Population, table: BallotTable) -> float:
    """Log-odds of strict pairs for each unit of the gap of utilities, by maximum likelihood.

    The pairs are those of ballots that the population casts on the completions of the table's
    ballots. 1 where ballots have no ties.
    """
    if not population.ties:
        return 1.0
    gaps = _strict_gaps(population, table, np.random.default_rng(0))
    if not np.any(gaps):
        return 1.0

    def loss(slope: float) -> float:
        return float(np.logaddexp(0, -slope * gaps).mean())

    return float(minimize_scalar(loss, bounds=(MIN_SLOPE, MAX_SLOPE), method="bounded").x)


def _strict_gaps(
    population: Population, table: BallotTable, rng: np.random.Generator
) -> np.ndarray:
    """Utility of the better less that of the worse completion, of simulated strict pairs
    ``[pairs]``."""
    slots = table.slots
    count, size = np.asarray(table.cast.T @ table.mass).ravel(), slots.mask.sum(axis=1)
    count = np.where(size > 1, count, 0.0)
    found = [np.empty(0)]
    if not count.any():
        return found[0]
    pairs = float(count @ (size * (size - 1) / 2) / count.sum())
    drawn = draw_rows(count, int(np.clip(MAX_PAIRS / pairs, 1, BALLOTS)), rng)
    for places in np.unique(size[drawn]):
        item = slots.item[drawn[size[drawn] == places], :places]
        kind = rng.choice(population.types, len(item), p=population.share)
        utility = population.reward[kind[:, None], item]
        if population.varies:
            covariance = population.covariance.of(item[:, :, None], item[:, None, :])
            root = np.linalg.cholesky(covariance + JITTER * np.eye(places))
            utility = utility + (root @ rng.normal(size=(*item.shape, 1)))[..., 0]
        first, second = np.triu_indices(places, 1)
        for k in np.unique(kind):
            own = utility[kind == k]
            rank = sample_ranks(own, population.ties[k], rng)
            sign = np.sign(rank[:, second] - rank[:, first])
            gap = sign * (own[:, first] - own[:, second])
            found.append(gap[sign != 0])
    return np.concatenate(found)
