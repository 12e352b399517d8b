"""A small ensemble of rewards that matches the splits of pairs, without rater ids.

After pairwise calibration (Halpern et al. 2025, arXiv 2506.06298): a share of the ensemble prefers
A to B, and it shall be the share of the raters who do. Member k has the linear reward Θ_k x and the
share α_k, and P(A ≻ B) = Σ_k α_k σ(Θ_k x_A - Θ_k x_B). All members and shares maximise the
likelihood of pooled pairs at once; who gave an answer is not read. The likelihood of hidden pairs
chooses the number of members. Members need not be kinds of people: populations with the same splits
may differ in which opinions occur together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit, softmax

from scrl.config import ModelsConfig
from scrl.random_streams import HostStream, host_rng
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import OnChunk
from scrl.reward_models.reward_scales import center_by_prompt
from scrl.types import InputError

#: Steps of L-BFGS, and the standard deviation of the members about the start in gaps of rewards.
MAX_STEPS, START_SD = 300, 2.0


@dataclass(frozen=True)
class EnsembleConfig:
    """Settings of an ensemble.

    Attributes:
        members: their number; of several, the likelihood of hidden pairs chooses.
        starts: random starts, of which the likeliest fit is kept.
        gap_sd: prior standard deviation of a pair's gap in one member's reward, in log-odds.
        hidden_share: share of the pairs that are hidden while the number is chosen.
    """

    members: tuple[int, ...] = (1, 2, 3, 4, 6, 8)
    starts: int = 3
    gap_sd: float = 4.0
    hidden_share: float = 0.2


@dataclass(frozen=True, eq=False)
class Ensemble:
    """A fitted ensemble.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        theta: coefficients of the members' rewards ``[members, features]``.
        share: of the members ``[members]``, with the sum 1.
        features, offsets: the items, as in ``Comparisons``.
    """

    uses_true_type: ClassVar[bool] = False
    theta: np.ndarray
    share: np.ndarray
    features: np.ndarray
    offsets: np.ndarray

    @property
    def parameter_count(self) -> int:
        """Coefficients, and shares less one."""
        return self.theta.size + len(self.share) - 1

    def with_items(self, features: np.ndarray, offsets: np.ndarray) -> Ensemble:
        """The same members applied to other items."""
        return replace(self, features=features, offsets=offsets)

    def member_rewards(self) -> np.ndarray:
        """Rewards of each member ``[members, items]``, centred within each prompt."""
        found = self.theta @ np.asarray(self.features, np.float64).T
        return center_by_prompt(found, self.offsets)

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        """The members' mean reward, the same for all raters."""
        mean = self.share @ self.member_rewards()
        return np.tile(mean, (1 if context is None else context.raters, 1))

    def splits(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Share that prefers the first of two items, of any shape.

        Args:
            first, second: indices of items, of one shape.
        """
        reward = self.member_rewards()
        return np.tensordot(self.share, expit(reward[:, first] - reward[:, second]), 1)

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        """The splits: without ids all raters are alike."""
        there = self.with_items(queries.features, queries.offsets)
        return there.splits(queries.pairs[..., 0], queries.pairs[..., 1])

    def member_posterior(self, context: Comparisons) -> np.ndarray:
        """Chance that a rater is like each member, given the rater's pairs ``[raters, members]``.

        This takes members for kinds of people, which populations with the same splits may refute.
        """
        gaps = self._gaps(context)
        likelihood = (log_expit(gaps) * context.mask).sum(2)
        return np.asarray(softmax(likelihood + np.log(self.share)[:, None], axis=0)).T

    def personal_probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        """P(first ≻ second) of each rater, members weighted by ``member_posterior``
        ``[raters, pairs]``."""
        weight = self.member_posterior(context)
        return np.einsum("krp,rk->rp", expit(self._gaps(queries)), weight)

    def _gaps(self, pairs: Comparisons) -> np.ndarray:
        """Gap of each pair, of items of its own, in each member ``[members, raters, pairs]``."""
        reward = self.with_items(pairs.features, pairs.offsets).member_rewards()
        return reward[:, pairs.pairs[..., 0]] - reward[:, pairs.pairs[..., 1]]


@dataclass(frozen=True, eq=False)
class PooledPairs:
    """Distinct ordered pairs of items and how often each was the answer.

    Attributes:
        better, worse: items ``[pairs]``.
        count: ``[pairs]``, above 0, whole or not.
        features: of the items ``[items, features]``, in double precision.
    """

    better: np.ndarray
    worse: np.ndarray
    count: np.ndarray
    features: np.ndarray

    @classmethod
    def of(cls, pairs: np.ndarray, features: np.ndarray) -> PooledPairs:
        """Counted pairs ``[pairs, 2]``, the preferred item first."""
        distinct, count = np.unique(np.asarray(pairs).reshape(-1, 2), axis=0, return_counts=True)
        better, worse = distinct.T
        return cls(better, worse, count.astype(float), np.asarray(features, np.float64))

    def loss(self, theta: np.ndarray, share: np.ndarray) -> float:
        """Minus the log-likelihood of an ensemble, in nats."""
        reward = theta @ self.features.T
        each = log_expit(reward[:, self.better] - reward[:, self.worse])
        return float(-self.count @ _log_mean(each, share)[0])


def _log_mean(log_chance: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log Σ_k α_k exp(log_chance_k) ``[pairs]``, and the members' parts of it."""
    weighted = log_chance + np.log(share)[:, None]
    top = weighted.max(0)
    part = np.exp(weighted - top)
    total = part.sum(0)
    return top + np.log(total), part / total


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk: OnChunk = None,
    settings: EnsembleConfig | None = None,
) -> tuple[Ensemble, dict[str, np.ndarray]]:
    """Fit an ensemble to all raters' pairs, and choose the number of its members.

    Args:
        key: gives the seed of the hidden pairs and the starts.
        comparisons: the training pairs; whose they are is not read.
        config: not used.
        on_chunk: called with no curves and the share done.
        settings: the numbers of members and the prior.

    Raises:
        InputError: if there is no pair.
    """
    settings = settings or EnsembleConfig()
    pairs = comparisons.flat_pairs()
    seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
    rng = host_rng(seed, HostStream.ENSEMBLE_STARTS)
    hidden = rng.random(len(pairs)) < settings.hidden_share
    count = settings.members[0]
    if len(settings.members) > 1 and hidden.any() and not hidden.all():
        seen = PooledPairs.of(pairs[~hidden], comparisons.features)
        asked = PooledPairs.of(pairs[hidden], comparisons.features)
        least = np.inf
        for i, members in enumerate(sorted(settings.members)):
            loss = asked.loss(*fit_members(seen, members, settings, rng))
            if on_chunk is not None:
                on_chunk({}, (i + 1) / (len(settings.members) + 1))
            if loss < least:
                count, least = members, loss
    data = PooledPairs.of(pairs, comparisons.features)
    theta, share = fit_members(data, count, settings, rng)
    return Ensemble(theta, share, comparisons.features, comparisons.offsets), {}


def fit_members(
    data: PooledPairs, members: int, settings: EnsembleConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest ensemble of so many members.

    Args:
        rng: of the starts, consumed.

    Returns:
        Θ ``[members, features]`` and the shares ``[members]``.

    Raises:
        InputError: if there is no pair.
    """
    if not len(data.count):
        raise InputError("An ensemble is fitted to pairs; here is none.")
    difference = data.features[data.better] - data.features[data.worse]
    mean_square = data.count @ difference**2 / data.count.sum()
    scale = np.sqrt(np.where(mean_square > 0, mean_square, 1.0))
    # A gap has the prior variance Σ_f mean_square_f sd_f², shared alike by the features that vary.
    sd = settings.gap_sd / (scale * np.sqrt(max(int((mean_square > 0).sum()), 1)))
    start = _optimise(data, np.zeros((1, len(sd))), sd)[0]
    if members == 1:
        return start, np.ones(1)
    best, least = (start, np.ones(1)), np.inf
    for _ in range(settings.starts):
        noise = rng.standard_normal((members, len(sd))) * sd * (START_SD / settings.gap_sd)
        theta, share, loss = _optimise(data, start + noise, sd)
        if loss < least:
            best, least = (theta, share), loss
    return best


def _optimise(
    data: PooledPairs, theta: np.ndarray, sd: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """The nearest optimum of the penalised likelihood, its shares and its loss."""
    members, size = theta.shape
    items = len(data.features)

    def value(flat: np.ndarray) -> tuple[float, np.ndarray]:
        theta, logit = flat[: members * size].reshape(members, size), flat[members * size :]
        share = softmax(logit)
        reward = (theta * sd) @ data.features.T
        gap = reward[:, data.better] - reward[:, data.worse]
        log_mean, part = _log_mean(log_expit(gap), share)
        slope = -data.count * part * expit(-gap)
        by_item = np.stack([
            np.bincount(data.better, row, items) - np.bincount(data.worse, row, items)
            for row in slope
        ])  # fmt: skip
        gradient = (by_item @ data.features) * sd + theta
        weight = part @ data.count
        shares = share * data.count.sum() - weight + 2 * (share * members - 1)
        # The pseudo-count of two answers keeps every share above 0.
        loss = -data.count @ log_mean + 0.5 * (theta**2).sum() - 2 * np.log(share).sum()
        return float(loss), np.concatenate([gradient.ravel(), shares])

    first = np.concatenate([(theta / sd).ravel(), np.zeros(members)])
    found = minimize(value, first, jac=True, method="L-BFGS-B", options={"maxiter": MAX_STEPS})
    theta = found.x[: members * size].reshape(members, size) * sd
    return theta, np.asarray(softmax(found.x[members * size :])), float(found.fun)


def answer_splits(comparisons: Comparisons) -> np.ndarray:
    """Smoothed share who prefer the row's item to the column's, ½ where nobody was asked
    ``[items, items]``.

    This needs no model: (wins + 1) / (comparisons + 2).
    """
    items = comparisons.items
    wins = np.zeros((items, items))
    better, worse = comparisons.flat_pairs().T
    np.add.at(wins, (better, worse), 1.0)
    return (wins + 1) / (wins + wins.T + 2)
