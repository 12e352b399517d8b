"""Bayesian Bradley–Terry on functions of features, with a part of its own for each item.

The reward of item i is r_i = φ_i · w + o_i. Weights w have Gaussian priors of one standard
deviation a group of functions, own parts o one of their own. The posterior mode is found by
Newton's method in double precision: the problem is convex. Own parts are eliminated prompt by
prompt, so that a step costs the cube of a prompt's completions and the square of the functions.
Standard deviations maximise the Laplace approximation of the marginal likelihood (MacKay 1992).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.choice_models.bradley_terry import PairCounts

#: Standard deviation of a group's contribution to a reward at first, at least and at most; the same
#: for own parts. In log-odds.
FIRST_SD, MIN_SD, MAX_SD = 1.0, 0.01, 10.0
#: Rounds in which standard deviations are learnt, and the largest change at which they stand.
ROUNDS, SETTLED = 60, 0.01
#: Compared pairs from which standard deviations are learnt, at most; and numbers (prompts × items
#: × functions) held at once.
MAX_LEARNT, MAX_CELLS = 5_000, 4_000_000
#: Newton steps of a round, and the decrement of the objective at which they end.
STEPS, TOLERANCE = 30, 1e-9


@dataclass(frozen=True, eq=False)
class FeatureFit:
    """A fitted reward.

    Attributes:
        weight: of the functions ``[functions]``; covariance: of their posterior.
        own: parts of the items ``[items]``, 0 of items that were never compared.
        own_variance: posterior variances of the own parts ``[items]``.
        group_sd: prior standard deviation of each group's contribution ``[groups]``.
        own_sd: prior standard deviation of own parts.
    """

    weight: np.ndarray
    covariance: np.ndarray
    own: np.ndarray
    own_variance: np.ndarray
    group_sd: np.ndarray
    own_sd: float


def fit_features(
    value: np.ndarray, group: np.ndarray, counts: PairCounts, offsets: np.ndarray
) -> FeatureFit:
    """Fit weights, own parts and standard deviations to compared pairs.

    Args:
        value: the functions of the items ``[items, functions]``.
        group: of each function ``[functions]``, 0, 1, 2 …
        counts: the compared pairs.
        offsets: index of each prompt's first item ``[prompts + 1]``.
    """
    size = np.bincount(group)
    sds = np.full(len(size), FIRST_SD), FIRST_SD
    sampled = _sampled(counts, offsets)
    sample = _Problem(value, sampled, offsets)
    weight, own = np.zeros(len(group)), np.zeros(len(sample.item))
    for _ in range(ROUNDS):
        group_sd, own_sd = sds
        prior = group_sd[group] ** -2
        weight, own = sample.maximise(weight, own, prior, own_sd**-2)
        covariance, own_variance = sample.covariance(weight, own, prior, own_sd**-2)
        sds = _learnt_sds(group, (group_sd, own_sd), weight, covariance, own, own_variance)
        if np.abs(np.log(np.r_[sds] / np.r_[group_sd, own_sd])).max() < SETTLED:
            break
    found = sample
    if len(sampled.first) < len(counts.first):
        found, prior = _Problem(value, counts, offsets), group_sd[group] ** -2
        own = found.compared(sample.all_items(own, len(value)))
        weight, own = found.maximise(weight, own, prior, own_sd**-2)
        covariance, own_variance = found.covariance(weight, own, prior, own_sd**-2)
    own, own_variance = (found.all_items(x, len(value)) for x in (own, own_variance))
    return FeatureFit(weight, covariance, own, own_variance, group_sd, own_sd)


def _sampled(counts: PairCounts, offsets: np.ndarray) -> PairCounts:
    """The pairs of so many prompts, evenly spread, that there are ``MAX_LEARNT`` at most."""
    step = -(-len(counts.first) // MAX_LEARNT)
    if step <= 1:
        return counts
    prompt = np.searchsorted(offsets, counts.first, side="right") - 1
    keep = np.unique(prompt, return_inverse=True)[1] % step == 0
    return PairCounts(
        counts.first[keep], counts.second[keep], counts.wins_first[keep], counts.wins_second[keep]
    )


def _learnt_sds(
    group: np.ndarray,
    sds: tuple[np.ndarray, float],
    weight: np.ndarray,
    covariance: np.ndarray,
    own: np.ndarray,
    own_variance: np.ndarray,
) -> tuple[np.ndarray, float]:
    """Standard deviations of groups and of own parts after one round."""
    group_sd, own_sd = sds
    groups = len(group_sd)
    known = 1 - np.diag(covariance) * group_sd[group] ** -2
    # A group's functions add up to about one squared, so its weights' sd is its contribution's.
    new_sd = _learnt(
        np.bincount(group, weight**2, groups), np.bincount(group, known, groups), group_sd
    )
    own_known = np.array([(1 - own_variance * own_sd**-2).sum()])
    return new_sd, float(_learnt(np.array([own @ own]), own_known, np.array([own_sd]))[0])


def _learnt(square: np.ndarray, known: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """MacKay's fixed point for standard deviations, at most a factor of two in a round."""
    found = np.sqrt(square / np.maximum(known, 1e-3))
    return np.clip(np.clip(found, sd / 2, sd * 2), MIN_SD, MAX_SD)


class _Pairs:
    """Prompts of which two items were compared. Only differences of both items' functions matter.

    The curvature of both own parts has the directions (1, 1) and (1, −1), in closed form.

    Args:
        value: the functions of compared items ``[compared, functions]``.
        pair: numbers of the pairs ``[pairs]``; first, second: the compared items of each.
    """

    def __init__(
        self, value: np.ndarray, pair: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> None:
        self.pair, self.first, self.second = pair, first, second
        self.gap = np.empty((len(pair), value.shape[1]), value.dtype)
        self.parts = blocks(len(pair), MAX_CELLS // max(1, value.shape[1]))
        for part in self.parts:
            np.subtract(value[first[part]], value[second[part]], out=self.gap[part])

    def curvature(self, information: np.ndarray, own_prior: float) -> np.ndarray:
        """Curvature of the likelihood in the weights, own parts following; the curvature of own
        parts is kept for the methods below.

        Args:
            information: on each difference of rewards ``[all pairs]``.
        """
        self.prior, self.information = own_prior, information[self.pair]
        self.apart = 1 / (own_prior + 2 * self.information)
        root = np.sqrt(own_prior * self.information * self.apart).astype(self.gap.dtype)
        found = np.zeros((self.gap.shape[1],) * 2)
        for part in self.parts:
            scaled = self.gap[part] * root[part, None]
            found += scaled.T @ scaled
        return found

    def solve(self, values: np.ndarray, found: np.ndarray) -> None:
        """Write the inverse curvature of own parts times values of items ``[compared]``."""
        one, other = values[self.first], values[self.second]
        both, apart = (one + other) / (2 * self.prior), (one - other) / 2 * self.apart
        found[self.first], found[self.second] = both + apart, both - apart

    def variance(self, covariance: np.ndarray, found: np.ndarray) -> None:
        """Write the posterior variances of own parts ``[compared]``."""
        spread, used = np.empty(len(self.pair)), covariance.astype(self.gap.dtype)
        for part in self.parts:
            spread[part] = ((self.gap[part] @ used) * self.gap[part]).sum(axis=1)
        spread *= (self.information * self.apart) ** 2
        spread += (1 / self.prior + self.apart) / 2
        found[self.first] = found[self.second] = spread


class _Prompts:
    """Prompts of which equally many items were compared.

    Args:
        value: the functions of compared items ``[compared, functions]``.
        item: the compared items ``[prompts, size]``.
        pair: numbers of their pairs ``[pairs]``; prompt, first, second: of each pair the row of
            ``item`` and the places of both items in it ``[pairs]``.
    """

    def __init__(
        self,
        value: np.ndarray,
        item: np.ndarray,
        pair: np.ndarray,
        prompt: np.ndarray,
        first: np.ndarray,
        second: np.ndarray,
    ) -> None:
        self.value, self.item, self.pair = value, item, pair
        self.prompt, self.first, self.second = prompt, first, second

    def curvature(self, information: np.ndarray, own_prior: float) -> np.ndarray:
        """See ``_Pairs.curvature``."""
        prompts, size = self.item.shape
        matrix, h = np.zeros((prompts, size, size)), information[self.pair]
        np.add.at(matrix, (self.prompt, self.first, self.second), -h)
        np.add.at(matrix, (self.prompt, self.second, self.first), -h)
        diagonal = np.arange(size)
        matrix[:, diagonal, diagonal] = own_prior - matrix.sum(axis=2)
        self.prior, self.inverse = own_prior, np.linalg.inv(matrix)
        phi, away = self._away()
        functions = phi.shape[2]
        return own_prior * phi.reshape(-1, functions).T @ away.reshape(-1, functions)

    def _away(self) -> tuple[np.ndarray, np.ndarray]:
        """The functions ``[prompts, size, functions]``, and what own parts leave of them."""
        phi = self.value[self.item]
        inverse = self.inverse.astype(phi.dtype)
        return phi, phi - phi.dtype.type(self.prior) * (inverse @ phi)

    def solve(self, values: np.ndarray, found: np.ndarray) -> None:
        """See ``_Pairs.solve``."""
        found[self.item] = np.einsum("pab,pb->pa", self.inverse, values[self.item])

    def variance(self, covariance: np.ndarray, found: np.ndarray) -> None:
        """See ``_Pairs.variance``."""
        _, away = self._away()
        spread = ((away @ covariance.astype(away.dtype)) * away).sum(axis=2)
        found[self.item] = np.einsum("pcc->pc", self.inverse) + spread


class _Problem:
    """The posterior of weights and own parts of compared items, given standard deviations.

    Attributes:
        item: the compared items ``[compared]``; value: their functions ``[compared, functions]``.
        counts: the pairs of compared items.
    """

    def __init__(self, value: np.ndarray, counts: PairCounts, offsets: np.ndarray) -> None:
        self.item = np.unique(np.r_[counts.first, counts.second])
        self.value = value if len(self.item) == len(value) else value[self.item]
        first, second = (np.searchsorted(self.item, x) for x in (counts.first, counts.second))
        self.counts = PairCounts(first, second, counts.wins_first, counts.wins_second)
        self.groups = list(_grouped(self.value, self.counts, np.searchsorted(self.item, offsets)))

    def compared(self, values: np.ndarray) -> np.ndarray:
        """Of values of all items ``[items]`` those of compared ones."""
        return values[self.item]

    def all_items(self, values: np.ndarray, items: int) -> np.ndarray:
        """Values of all items ``[items]``, 0 of those that were never compared."""
        found = np.zeros(items)
        found[self.item] = values
        return found

    def objective(
        self, weight: np.ndarray, own: np.ndarray, prior: np.ndarray, own_prior: float
    ) -> float:
        """Minus the log posterior."""
        c, reward = self.counts, times(self.value, weight) + own
        gap = reward[c.first] - reward[c.second]
        loss = c.wins_first @ np.logaddexp(0, -gap) + c.wins_second @ np.logaddexp(0, gap)
        return float(loss + 0.5 * prior @ weight**2 + 0.5 * own_prior * own @ own)

    def maximise(
        self, weight: np.ndarray, own: np.ndarray, prior: np.ndarray, own_prior: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mode of the posterior, by damped Newton steps."""
        now = self.objective(weight, own, prior, own_prior)
        for _ in range(STEPS):
            step, own_step = self._newton_step(weight, own, prior, own_prior)
            damping, found = 1.0, np.inf
            while damping > 1e-8:
                trial = weight + damping * step, own + damping * own_step
                found = self.objective(*trial, prior, own_prior)
                if found <= now:
                    break
                damping /= 2
            else:
                break
            weight, own = trial
            if now - found <= TOLERANCE * (1 + abs(now)):
                break
            now = found
        return weight, own

    def covariance(
        self, weight: np.ndarray, own: np.ndarray, prior: np.ndarray, own_prior: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Posterior covariance of the weights, and posterior variances of own parts
        ``[compared]``."""
        curve = self._curvature(times(self.value, weight) + own, own_prior)
        covariance = np.linalg.inv(curve + np.diag(prior))
        variance = np.zeros(len(own))
        for group in self.groups:
            group.variance(covariance, variance)
        return covariance, variance

    def _curvature(self, reward: np.ndarray, own_prior: float) -> np.ndarray:
        """Curvature of the likelihood in the weights, own parts following."""
        c = self.counts
        chance = expit(reward[c.first] - reward[c.second])
        information = (c.wins_first + c.wins_second) * chance * (1 - chance)
        curve = np.zeros((self.value.shape[1],) * 2)
        for group in self.groups:
            curve += group.curvature(information, own_prior)
        return 0.5 * (curve + curve.T)

    def _newton_step(
        self, weight: np.ndarray, own: np.ndarray, prior: np.ndarray, own_prior: float
    ) -> tuple[np.ndarray, np.ndarray]:
        c, reward = self.counts, times(self.value, weight) + own
        surprise = c.wins_first - (c.wins_first + c.wins_second) * expit(
            reward[c.first] - reward[c.second]
        )
        slope = np.bincount(c.first, surprise, len(own)) - np.bincount(c.second, surprise, len(own))
        curve = self._curvature(reward, own_prior)
        # Own parts after a step in which the weights are held.
        held = self._solved(slope - own_prior * own)
        step = np.linalg.solve(
            curve + np.diag(prior), own_prior * times(self.value.T, own + held) - prior * weight
        )
        explained = times(self.value, step)
        return step, held - explained + own_prior * self._solved(explained)

    def _solved(self, values: np.ndarray) -> np.ndarray:
        """The inverse curvature of own parts times values ``[compared]``."""
        found = np.zeros(len(values))
        for group in self.groups:
            group.solve(values, found)
        return found


def times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """A matrix times a vector in double precision; one of single precision part by part."""
    if matrix.dtype == vector.dtype:
        return matrix @ vector
    if matrix.shape[0] > matrix.shape[1]:
        parts = blocks(len(matrix), MAX_CELLS // matrix.shape[1])
        return np.concatenate([matrix[part].astype(float) @ vector for part in parts])
    parts = blocks(matrix.shape[1], MAX_CELLS // matrix.shape[0])
    found = np.zeros(matrix.shape[0])
    for part in parts:
        found += matrix[:, part].astype(float) @ vector[part]
    return found


def blocks(count: int, size: int) -> list[slice]:
    """Consecutive parts of at most ``size`` of so many rows."""
    return [slice(i, i + max(size, 1)) for i in range(0, count, max(size, 1))]


def _grouped(
    value: np.ndarray, counts: PairCounts, offsets: np.ndarray
) -> Iterator[_Pairs | _Prompts]:
    """Prompts by the number of their items, all of which were compared; of more than two items at
    most ``MAX_CELLS`` numbers at once."""
    size, functions = np.diff(offsets), value.shape[1]
    prompt = np.searchsorted(offsets, counts.first, side="right") - 1
    two = np.flatnonzero(size[prompt] == 2)
    if len(two):
        yield _Pairs(value, two, counts.first[two], counts.second[two])
    where = np.zeros(len(size), np.int64)
    for m in np.unique(size[size > 2]):
        rows = np.flatnonzero(size == m)
        for part in blocks(len(rows), MAX_CELLS // (int(m) * max(functions, int(m)))):
            inside = np.zeros(len(size), bool)
            inside[rows[part]] = True
            where[rows[part]] = np.arange(len(rows[part]))
            pair = np.flatnonzero(inside[prompt])
            start, own = offsets[rows[part]], prompt[pair]
            yield _Prompts(
                value, start[:, None] + np.arange(m), pair, where[own],
                counts.first[pair] - offsets[own], counts.second[pair] - offsets[own],
            )  # fmt: skip
