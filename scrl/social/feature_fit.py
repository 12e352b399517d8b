"""Bayesian Bradley–Terry on functions of features, with a part of its own for each item.

The reward of item i is r_i = φ_i · w + o_i. Weights w have Gaussian priors of one standard
deviation a group of functions, own parts o one of their own. The posterior mode is found by
Newton's method in double precision: the problem is convex. Own parts are eliminated prompt by
prompt, so that a step costs the cube of a prompt's completions and the square of the functions.
Standard deviations maximise the Laplace approximation of the marginal likelihood (MacKay 1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.choice_models.bradley_terry import PairCounts

#: Standard deviation of a group's contribution to a reward at first, at least and at most; the same
#: for own parts. In log-odds.
FIRST_SD, MIN_SD, MAX_SD = 1.0, 0.01, 10.0
#: Rounds in which standard deviations are learnt, and the largest change at which they stand.
ROUNDS, SETTLED = 60, 0.01
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
    problem = _Problem(value, counts, offsets)
    size = np.bincount(group)
    group_sd, own_sd = np.full(len(size), FIRST_SD), FIRST_SD
    weight, own = np.zeros(len(group)), np.zeros(len(value))
    for _ in range(ROUNDS):
        prior = group_sd[group] ** -2
        weight, own = problem.maximise(weight, own, prior, own_sd**-2)
        covariance, own_variance = problem.covariance(weight, own, prior, own_sd**-2)
        known = 1 - np.diag(covariance) * prior
        square = np.bincount(group, weight**2, len(size))
        # A group's functions add up to about one squared, so its weights' sd is its contribution's.
        new_sd = _learnt(square, np.bincount(group, known, len(size)), group_sd)
        rated = problem.rated
        new_own = _learnt(
            np.array([own[rated] @ own[rated]]),
            np.array([(1 - own_variance[rated] * own_sd**-2).sum()]),
            np.array([own_sd]),
        )[0]
        moved = np.abs(np.log(np.r_[new_sd, new_own] / np.r_[group_sd, own_sd])).max()
        if moved < SETTLED:
            break
        group_sd, own_sd = new_sd, float(new_own)
    return FeatureFit(weight, covariance, own, own_variance, group_sd, own_sd)


def _learnt(square: np.ndarray, known: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """MacKay's fixed point for standard deviations, at most a factor of two in a round."""
    found = np.sqrt(square / np.maximum(known, 1e-3))
    return np.clip(np.clip(found, sd / 2, sd * 2), MIN_SD, MAX_SD)


class _Problem:
    """The posterior of weights and own parts, given standard deviations."""

    def __init__(self, value: np.ndarray, counts: PairCounts, offsets: np.ndarray) -> None:
        self.value, self.counts = value, counts
        compared = np.unique(np.r_[counts.first, counts.second])
        self.rated = np.zeros(len(value), bool)
        self.rated[compared] = True
        prompt = np.searchsorted(offsets, compared, side="right") - 1
        #: The compared items of each prompt, and where each item stands among them.
        self.blocks = np.split(compared, np.flatnonzero(np.diff(prompt)) + 1)
        slot = np.zeros(len(value), np.int64)
        for block in self.blocks:
            slot[block] = np.arange(len(block))
        pair_prompt = np.searchsorted(offsets, counts.first, side="right") - 1
        order = np.argsort(pair_prompt, kind="stable")
        #: Of each prompt its pairs, as pair numbers and slots.
        self.pairs = [
            (pairs, slot[counts.first[pairs]], slot[counts.second[pairs]])
            for pairs in np.split(order, np.flatnonzero(np.diff(pair_prompt[order])) + 1)
        ]

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
        curve, inverses, kept = self._curvature(weight, own, own_prior)
        covariance = np.linalg.inv(curve + np.diag(prior))
        variance = np.zeros(len(own))
        for block, inverse, k in zip(self.blocks, inverses, kept, strict=True):
            away = self.value[block] - k
            variance[block] = np.diag(inverse) + ((away @ covariance) * away).sum(axis=1)
        return covariance, variance

    def _curvature(
        self, weight: np.ndarray, own: np.ndarray, own_prior: float
    ) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
        """Curvature of the likelihood in the weights, own parts following; of each prompt the
        inverse curvature Q of own parts, and P Q Φ."""
        c, reward = self.counts, self.value @ weight + own
        chance = expit(reward[c.first] - reward[c.second])
        information = (c.wins_first + c.wins_second) * chance * (1 - chance)
        curve = np.zeros((len(weight), len(weight)))
        inverses, kept = [], []
        for block, (pairs, a, b) in zip(self.blocks, self.pairs, strict=True):
            matrix, h = np.zeros((len(block), len(block))), information[pairs]
            np.add.at(matrix, (a, b), -h)
            np.add.at(matrix, (b, a), -h)
            matrix[np.diag_indices(len(block))] = own_prior - matrix.sum(axis=1)
            inverse = np.linalg.inv(matrix)
            phi = self.value[block]
            stays = own_prior * (inverse @ phi)
            curve += own_prior * phi.T @ (phi - stays)
            inverses.append(inverse)
            kept.append(stays)
        return 0.5 * (curve + curve.T), inverses, kept

    def _newton_step(
        self, weight: np.ndarray, own: np.ndarray, prior: np.ndarray, own_prior: float
    ) -> tuple[np.ndarray, np.ndarray]:
        c, reward = self.counts, self.value @ weight + own
        surprise = c.wins_first - (c.wins_first + c.wins_second) * expit(
            reward[c.first] - reward[c.second]
        )
        slope = np.bincount(c.first, surprise, len(own)) - np.bincount(c.second, surprise, len(own))
        curve, inverses, kept = self._curvature(weight, own, own_prior)
        # Own parts after a step in which the weights are held.
        held = np.zeros(len(own))
        for block, inverse in zip(self.blocks, inverses, strict=True):
            held[block] = inverse @ (slope[block] - own_prior * own[block])
        step = np.linalg.solve(
            curve + np.diag(prior), own_prior * ((own + held) @ self.value) - prior * weight
        )
        for block, k in zip(self.blocks, kept, strict=True):
            held[block] -= (self.value[block] - k) @ step
        return step, held
