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
from typing import NamedTuple

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
    sample = _Problem(value, _sampled(counts, offsets), offsets)
    weight, own = np.zeros(len(group)), np.zeros(len(value))
    for _ in range(ROUNDS):
        group_sd, own_sd = sds
        prior = group_sd[group] ** -2
        weight, own = sample.maximise(weight, own, prior, own_sd**-2)
        covariance, own_variance = sample.covariance(weight, own, prior, own_sd**-2)
        sds = _learnt_sds(sample, group, (group_sd, own_sd), weight, covariance, own, own_variance)
        if np.abs(np.log(np.r_[sds] / np.r_[group_sd, own_sd])).max() < SETTLED:
            break
    if len(sample.counts.first) < len(counts.first):
        problem, prior = _Problem(value, counts, offsets), group_sd[group] ** -2
        weight, own = problem.maximise(weight, own, prior, own_sd**-2)
        covariance, own_variance = problem.covariance(weight, own, prior, own_sd**-2)
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
    problem: _Problem,
    group: np.ndarray,
    sds: tuple[np.ndarray, float],
    weight: np.ndarray,
    covariance: np.ndarray,
    own: np.ndarray,
    own_variance: np.ndarray,
) -> tuple[np.ndarray, float]:
    """Standard deviations of groups and of own parts after one round."""
    group_sd, own_sd = sds
    groups, rated = len(group_sd), problem.rated
    known = 1 - np.diag(covariance) * group_sd[group] ** -2
    # A group's functions add up to about one squared, so its weights' sd is its contribution's.
    new_sd = _learnt(
        np.bincount(group, weight**2, groups), np.bincount(group, known, groups), group_sd
    )
    square = np.array([own[rated] @ own[rated]])
    own_known = np.array([(1 - own_variance[rated] * own_sd**-2).sum()])
    return new_sd, float(_learnt(square, own_known, np.array([own_sd]))[0])


def _learnt(square: np.ndarray, known: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """MacKay's fixed point for standard deviations, at most a factor of two in a round."""
    found = np.sqrt(square / np.maximum(known, 1e-3))
    return np.clip(np.clip(found, sd / 2, sd * 2), MIN_SD, MAX_SD)


class _Group(NamedTuple):
    """Prompts of which equally many items were compared.

    Attributes:
        item: the compared items ``[prompts, compared]``.
        pair: numbers of their pairs ``[pairs]``; prompt, first, second: of each pair the row of
            ``item`` and the places of both items in it ``[pairs]``.
    """

    item: np.ndarray
    pair: np.ndarray
    prompt: np.ndarray
    first: np.ndarray
    second: np.ndarray


class _Problem:
    """The posterior of weights and own parts, given standard deviations."""

    def __init__(self, value: np.ndarray, counts: PairCounts, offsets: np.ndarray) -> None:
        self.value, self.counts = value, counts
        compared = np.unique(np.r_[counts.first, counts.second])
        self.rated = np.zeros(len(value), bool)
        self.rated[compared] = True
        self.groups = list(_grouped(compared, counts, offsets, value.shape[1]))

    def objective(
        self, weight: np.ndarray, own: np.ndarray, prior: np.ndarray, own_prior: float
    ) -> float:
        """Minus the log posterior."""
        c, reward = self.counts, self.value @ weight + own
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
        """Posterior covariance of the weights, and posterior variances of own parts ``[items]``."""
        curve, inverses = self._curvature(weight, own, own_prior)
        covariance = np.linalg.inv(curve + np.diag(prior))
        variance = np.zeros(len(own))
        for group, inverse in zip(self.groups, inverses, strict=True):
            phi = self.value[group.item]
            away = phi - own_prior * (inverse @ phi)
            spread = ((away @ covariance) * away).sum(axis=2)
            variance[group.item] = np.einsum("pcc->pc", inverse) + spread
        return covariance, variance

    def _curvature(
        self, weight: np.ndarray, own: np.ndarray, own_prior: float
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Curvature of the likelihood in the weights, own parts following; of each group the
        inverse curvature Q of own parts ``[prompts, compared, compared]``."""
        c, reward = self.counts, self.value @ weight + own
        chance = expit(reward[c.first] - reward[c.second])
        information = (c.wins_first + c.wins_second) * chance * (1 - chance)
        curve, inverses = np.zeros((len(weight), len(weight))), []
        for group in self.groups:
            prompts, size = group.item.shape
            matrix, h = np.zeros((prompts, size, size)), information[group.pair]
            np.add.at(matrix, (group.prompt, group.first, group.second), -h)
            np.add.at(matrix, (group.prompt, group.second, group.first), -h)
            diagonal = np.arange(size)
            matrix[:, diagonal, diagonal] = own_prior - matrix.sum(axis=2)
            inverse = np.linalg.inv(matrix)
            phi = self.value[group.item]
            away = phi - own_prior * (inverse @ phi)
            functions = phi.shape[2]
            curve += own_prior * phi.reshape(-1, functions).T @ away.reshape(-1, functions)
            inverses.append(inverse)
        return 0.5 * (curve + curve.T), inverses

    def _newton_step(
        self, weight: np.ndarray, own: np.ndarray, prior: np.ndarray, own_prior: float
    ) -> tuple[np.ndarray, np.ndarray]:
        c, reward = self.counts, self.value @ weight + own
        surprise = c.wins_first - (c.wins_first + c.wins_second) * expit(
            reward[c.first] - reward[c.second]
        )
        slope = np.bincount(c.first, surprise, len(own)) - np.bincount(c.second, surprise, len(own))
        curve, inverses = self._curvature(weight, own, own_prior)
        # Own parts after a step in which the weights are held.
        held, pull = np.zeros(len(own)), slope - own_prior * own
        for group, inverse in zip(self.groups, inverses, strict=True):
            held[group.item] = np.einsum("pab,pb->pa", inverse, pull[group.item])
        step = np.linalg.solve(
            curve + np.diag(prior), own_prior * ((own + held) @ self.value) - prior * weight
        )
        explained = self.value @ step
        for group, inverse in zip(self.groups, inverses, strict=True):
            moved = explained[group.item]
            held[group.item] -= moved - own_prior * np.einsum("pab,pb->pa", inverse, moved)
        return step, held


def _grouped(
    compared: np.ndarray, counts: PairCounts, offsets: np.ndarray, functions: int
) -> Iterator[_Group]:
    """Prompts by the number of their compared items, at most ``MAX_CELLS`` numbers at once."""
    prompt = np.searchsorted(offsets, compared, side="right") - 1
    prompts, start, size = np.unique(prompt, return_index=True, return_counts=True)
    row = np.searchsorted(prompts, np.searchsorted(offsets, counts.first, side="right") - 1)
    place = np.zeros(int(offsets[-1]), np.int64)
    place[compared] = np.arange(len(compared)) - np.repeat(start, size)
    where = np.zeros(len(prompts), np.int64)
    for m in np.unique(size):
        rows = np.flatnonzero(size == m)
        step = max(1, MAX_CELLS // (int(m) * max(functions, int(m))))
        for first in range(0, len(rows), step):
            part = rows[first : first + step]
            inside = np.zeros(len(prompts), bool)
            inside[part] = True
            where[part] = np.arange(len(part))
            pair = np.flatnonzero(inside[row])
            yield _Group(
                compared[start[part, None] + np.arange(m)], pair, where[row[pair]],
                place[counts.first[pair]], place[counts.second[pair]],
            )  # fmt: skip
