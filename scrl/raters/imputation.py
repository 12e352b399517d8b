"""The imputation of missing blocks: candidates, their selection, and the imputation error.

Candidates for what prompts share are compared by how well they predict trial blocks
(``raters.reward_imputation``). Trial blocks also give the posterior of the selected candidate's
error: a normal error on each imputed reward, whose standard deviation is one of ``ERROR_SCALES``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp, ndtr

from scrl.config import ImputationConfig
from scrl.data.weights import proportional_counts
from scrl.random_streams import HostStream, host_rng

#: Candidate standard deviations of an imputed reward's error, in log-odds: each √2 times the last.
#: Under the greatest, nothing is known even of rewards that are 20 apart. Runs stored by earlier
#: versions have the first 15.
ERROR_SCALES = 0.25 * 2 ** (np.arange(21) / 2)
#: Prior probabilities of the scales: a missing block is as likely as not unrelated to the rest.
SCALE_PRIOR = np.append(np.full(len(ERROR_SCALES) - 1, 0.5 / (len(ERROR_SCALES) - 1)), 0.5)


@dataclass(frozen=True)
class SharingCandidate:
    """A candidate sharing of utilities between prompts, and its predictive accuracy.

    Attributes:
        shared: number of utilities that prompts share.
        penalty: prior precision of what an item has of its own (``ImputationConfig.penalties``).
        hidden_nats: log-likelihood of the trial blocks in nats, each cluster weighted equally.
        visible_nats: log-likelihood of the visible pairs in nats, each cluster weighted equally.
        visible_accuracy: share of visible pairs ordered correctly, a mean over clusters.
    """

    shared: int
    penalty: float
    hidden_nats: float
    visible_nats: float
    visible_accuracy: float

    @property
    def nats(self) -> float:
        """Log-likelihood of hidden and visible pairs, in nats."""
        return self.hidden_nats + self.visible_nats


@dataclass(frozen=True, eq=False)
class ImputationModel:
    """The missing blocks, the selected sharing, and the posterior of the imputation error.

    Clusters of raters are the types of the population.

    Attributes:
        response_rate: share of each cluster's raters who ranked an item ``[clusters, items]``.
        missing: where the cluster is silent, bool ``[clusters, items]``.
        candidates: the candidates tried.
        selected: index of the best candidate, -1 if none was tried.
        scale_posterior: probability of each of ``error_scales`` ``[scales]``.
        trials: number of trial blocks.
    """

    response_rate: np.ndarray
    missing: np.ndarray
    candidates: tuple[SharingCandidate, ...]
    selected: int
    scale_posterior: np.ndarray
    trials: int

    @property
    def error_scales(self) -> np.ndarray:
        """Standard deviations of the error, in log-odds ``[scales]``."""
        return ERROR_SCALES[: len(self.scale_posterior)]

    @property
    def shared(self) -> int:
        """Number of utilities that prompts share; 0 if nothing was imputed."""
        return self.candidates[self.selected].shared if self.candidates else 0

    @property
    def penalty(self) -> float:
        """Penalty of the selected candidate; 0 if nothing was imputed."""
        return self.candidates[self.selected].penalty if self.candidates else 0.0

    def add_imputation_noise(
        self, rewards: np.ndarray, cluster: np.ndarray, item: np.ndarray, seed: int
    ) -> np.ndarray:
        """Add the imputation error to imputed rewards.

        Args:
            rewards: ``[contests, voters, candidates]``.
            cluster: of each voter ``[voters]``.
            item: ``[contests, candidates]``.
            seed: of the run. An item's errors do not depend on how contests are grouped.
        """
        if not self.missing[:, item].any():
            return rewards
        rewards, voters = rewards.copy(), len(cluster)
        scale = np.repeat(self.error_scales, proportional_counts(self.scale_posterior, voters))
        rng = host_rng(seed, HostStream.IMPUTATION_NOISE)
        scale = rng.permutation(scale).astype(np.float32)
        for contest, column in np.argwhere(self.missing[:, item].any(axis=0)):
            i = int(item[contest, column])
            rng = host_rng(seed, HostStream.IMPUTATION_NOISE_OF_ITEM, i)
            error = rng.standard_normal(voters, np.float32) * scale
            rewards[contest, :, column] += np.where(self.missing[cluster, i], error, 0.0)
        return rewards

    def preference_probabilities(self, rewards: np.ndarray, cluster: int) -> np.ndarray:
        """P(a ≻ b) of a rater of ``cluster`` ``[items, items]``.

        For pairs of items that the cluster ranked, the probability is 0, ½ or 1 by the rewards.

        Args:
            rewards: of one rater ``[items]``.
            cluster: index of the rater's cluster.
        """
        gap = rewards[:, None] - rewards[None, :]
        errors = np.add.outer(self.missing[cluster].astype(float), self.missing[cluster])
        sd = self.error_scales * np.sqrt(np.maximum(errors, 1))[..., None]
        imputed = ndtr(gap[..., None] / sd) @ self.scale_posterior
        return np.where(errors > 0, imputed, 0.5 * (1 + np.sign(gap)))


def sharing_settings(max_shared: int, penalties: Sequence[float]) -> list[tuple[int, float]]:
    """Settings ``(shared, penalty)``: no sharing, then from the least sharing to the most."""
    sharing = [(k, p) for k in range(max_shared, 0, -1) for p in sorted(penalties)]
    return [(0, 0.0), *sharing]


def select_candidate(candidates: Sequence[SharingCandidate], config: ImputationConfig) -> int:
    """Index of the best candidate that orders the visible pairs as accurately as no sharing.

    Accuracy may fall by ``config.max_accuracy_loss``. Of the candidates within ``config.margin``
    nats of the best, the one with the most sharing is selected.
    """
    min_accuracy = candidates[0].visible_accuracy - config.max_accuracy_loss
    is_accurate = np.array([c.visible_accuracy >= min_accuracy for c in candidates])
    nats = np.where(is_accurate, [c.nats for c in candidates], -np.inf)
    return int(np.flatnonzero(nats >= nats.max() - config.margin)[-1])


def log_evidence(curve: np.ndarray) -> float:
    """The log-likelihood under an unknown error scale, of that under each ``[scales]``."""
    return float(logsumexp(curve, b=SCALE_PRIOR))


def order_bits(n: int) -> float:
    """Information in an order of n completions in bits, log2(n!)."""
    return gammaln(n + 1) / np.log(2)
