"""Gaussian factors: utilities are u = μ + W z with z ~ N(0, I), ballots are Plackett–Luce.

EM: each rater's z has a Laplace posterior by Newton's method; μ and W take a step that maximises a
quadratic lower bound of the expected log-likelihood, one small system for each item. The columns of
W have Gaussian priors whose variances are learnt, so that a factor without support goes to zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from scrl.rivals.residuals import residual_scores
from scrl.types import Ratings
from scrl.utility_models.ballot_table import BallotTable, tabulate, training_table
from scrl.utility_models.likelihood import Choices, choices
from scrl.utility_models.prediction import pooled_rewards, win_probability

FACTORS, ITERATIONS = 4, 60
MEAN_SD, MAX_STEP = 10.0, 2.0
#: Limits of items, whose square is decomposed for the start, and of ranked completions.
MAX_ITEMS, MAX_ENTRIES = 4_000, 1_000_000
#: Pairs that are predicted at once.
MAX_PAIRS = 500_000


@dataclass(frozen=True)
class Factors:
    """Four Gaussian factors with Plackett–Luce ballots."""

    name: str = "factors"
    title: str = "Gaussian factors"

    def too_large(self, ratings: Ratings) -> str:
        if ratings.catalogue.items > MAX_ITEMS:
            return f"more than {MAX_ITEMS:,} items"
        return (
            ""
            if len(ratings.item) <= MAX_ENTRIES
            else f"more than {MAX_ENTRIES:,} ranked completions"
        )

    def fit(self, ratings: Ratings, seed: int = 0) -> FittedFactors:
        casts = _Casts(training_table(ratings))
        mean = pooled_rewards(ratings)
        model = FittedFactors(mean, _initial_loadings(casts.table, mean))
        variance = np.full(model.loading.shape[1], 0.25)
        latent = np.zeros((casts.table.rows, len(variance)))
        for iteration in range(ITERATIONS):
            latent, spread, _ = casts.posterior(model, latent, 2 if iteration else 8)
            model, variance = casts.m_step(model, latent, spread, variance)
        return model


@dataclass(frozen=True, eq=False)
class FittedFactors:
    """Fitted Gaussian factors.

    Attributes:
        mean: μ ``[items]``; loading: W ``[items, factors]``.
    """

    mean: np.ndarray
    loading: np.ndarray

    def pair_probability(
        self, visible: Ratings, rater: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        casts = _Casts(tabulate(visible))
        factors = self.loading.shape[1]
        start = np.zeros((casts.table.rows, factors))
        latent, spread, _ = casts.posterior(self, start, 40)
        # The last row is that of raters without ballots.
        latent = np.concatenate([latent, np.zeros((1, factors))])
        spread = np.concatenate([spread, np.eye(factors)[None]])
        probability = np.empty(len(rater))
        for start in range(0, len(rater), MAX_PAIRS):  # type: ignore[assignment]  # a number now
            part = slice(start, start + MAX_PAIRS)
            a, b, row = first[part], second[part], casts.table.row[rater[part]]
            along = self.loading[a] - self.loading[b]
            gap = self.mean[a] - self.mean[b] + (along * latent[row]).sum(1)
            variance = np.einsum("pi,pij,pj->p", along, spread[row], along)
            probability[part] = win_probability(gap, variance)
        return probability

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        latent = rng.normal(size=(voters, self.loading.shape[1]))
        utility = self.mean + latent @ self.loading.T
        return utility + rng.gumbel(size=utility.shape)


def _initial_loadings(table: BallotTable, reward: np.ndarray) -> np.ndarray:
    """Principal components of the raters' residual scores ``[items, factors]``."""
    residual = residual_scores(table, reward)
    gram = (residual.T @ residual.multiply(table.mass[:, None]).tocsr()).toarray()
    value, vector = np.linalg.eigh(gram / max(table.mass.sum(), 1.0))
    factors = min(FACTORS, len(value))
    value, vector = value[::-1][:factors], vector[:, ::-1][:, :factors]
    # A score spans about a fourth of the utility that makes it.
    return 4.0 * vector * np.sqrt(np.maximum(value, 0) + 1e-4)


class _Casts:
    """Every (distinct rater, ballot), and sums over raters and items."""

    def __init__(self, table: BallotTable) -> None:
        self.table = table
        cast = table.cast.tocoo()
        self.row, self.weight = cast.row, cast.data
        self.slots = table.slots.take(cast.col)
        number = np.arange(len(self.row))
        ones = np.ones(len(number))
        self.by_row = csr_matrix((ones, (self.row, number)), shape=(table.rows, len(number)))

    def choices(self, model: FittedFactors, latent: np.ndarray) -> tuple[np.ndarray, Choices]:
        """Loadings of the slots ``[casts, places, factors]``, and the choices there."""
        loading = model.loading[self.slots.item]
        utility = (loading @ latent[self.row][:, :, None])[..., 0]
        return loading, choices(self.slots, model.mean[self.slots.item] + utility)

    def posterior(
        self, model: FittedFactors, latent: np.ndarray, steps: int
    ) -> tuple[np.ndarray, np.ndarray, Choices]:
        """Mode ``[rows, factors]`` and covariance ``[rows, factors, factors]`` of each rater, and
        the choices before the last step."""
        factors = latent.shape[1]
        for _ in range(steps):
            loading, found = self.choices(model, latent)
            weight = self.weight[:, None, None]
            slope = ((weight * found.gradient[..., None]) * loading).sum(1)
            mean = found.stage_means(loading)
            transposed = np.swapaxes(loading * (weight * found.expected[..., None]), 1, 2)
            curve = transposed @ loading - np.swapaxes(weight * mean, 1, 2) @ mean
            shape = self.table.rows, factors, factors
            curve = (self.by_row @ curve.reshape(len(curve), factors**2)).reshape(shape)
            precision = curve + np.eye(factors)
            step = np.linalg.solve(precision, (self.by_row @ slope - latent)[..., None])[..., 0]
            size = np.abs(step).max(1, keepdims=True, initial=0.0)
            latent = latent + step * np.minimum(1, MAX_STEP / np.maximum(size, 1e-12))
            if size.max(initial=0.0) < 1e-6:
                break
        return latent, np.linalg.inv(precision), found

    def m_step(
        self, model: FittedFactors, latent: np.ndarray, spread: np.ndarray, variance: np.ndarray
    ) -> tuple[FittedFactors, np.ndarray]:
        """One step of μ and W, and the variances of W's columns."""
        rows, factors = latent.shape
        loading, found = self.choices(model, latent)
        design = np.concatenate([np.ones((rows, 1)), latent], axis=1)
        second = design[:, :, None] * design[:, None, :]
        second[:, 1:, 1:] += spread
        mass = self.table.mass
        # By (item, rater): how often it was expected to be chosen, and the gradient.
        expected = self._by_item_and_row(found.expected)
        bound = expected @ (mass[:, None] * second.reshape(rows, -1))
        slope = self._by_item_and_row(found.gradient) @ (mass[:, None] * design)
        # z is uncertain: the gradient of -½ tr(Wᵀ H W V).
        along = loading @ spread[self.row]
        curved = found.expected[..., None] * along - found.stage_sums(found.stage_means(along))
        weight = (self.weight * mass[self.row])[:, None, None]
        mask = self.slots.mask
        correction = np.zeros_like(model.loading)
        np.add.at(correction, self.slots.item[mask], (weight * curved)[mask])
        slope[:, 1:] -= correction
        precision = np.concatenate([[MEAN_SD**-2], 1 / variance])
        value = np.concatenate([model.mean[:, None], model.loading], axis=1)
        matrix = bound.reshape(-1, factors + 1, factors + 1) + np.diag(precision)
        step = np.linalg.solve(matrix, (slope - precision * value)[..., None])[..., 0]
        value = value + np.clip(step, -MAX_STEP, MAX_STEP)
        uncertainty = np.diagonal(np.linalg.inv(matrix), axis1=1, axis2=2)[:, 1:]
        variance = np.maximum((value[:, 1:] ** 2 + uncertainty).mean(0), 1e-6)
        return FittedFactors(value[:, 0], value[:, 1:]), variance

    def _by_item_and_row(self, values: np.ndarray) -> csr_matrix:
        """Slot values ``[casts, places]`` summed, sparse ``[items, rows]``."""
        cast, place = np.nonzero(self.slots.mask)
        at = self.slots.item[cast, place], self.row[cast]
        shape = self.table.catalogue.items, self.table.rows
        return csr_matrix((self.weight[cast] * values[cast, place], at), shape=shape)
