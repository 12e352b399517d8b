"""Updates of a belief by comparisons, by ties, and by Gaussian observations.

Comparisons of one answer are handled together by expectation propagation (Minka 2001): the product
of their likelihoods ε + (1 − 2ε) [u_a > u_b] is replaced by a Gaussian whose mean and variance
along each comparison are exact given the others. Types are weighed by the evidence of the same
approximation. Ties and sentences are Gaussian observations, so their updates are exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr
from scipy.stats import norm

from scrl.elicitation.beliefs import SLIP_RATE, TIE_VARIANCE, Belief

#: Passes over the comparisons of one answer.
SWEEPS = 4
#: Smallest ratio of a variance after a comparison to that before, and smallest precision without a
#: comparison, relative to that with it.
LEAST_NARROWING, LEAST_PRECISION = 1e-3, 1e-4


def observe_comparisons(
    belief: Belief, winner: np.ndarray, loser: np.ndarray
) -> tuple[Belief, np.ndarray]:
    """The belief after an answer that consists of comparisons.

    Args:
        winner, loser: completions of each comparison ``[..., comparisons]``.

    Returns:
        The belief, and the log of the answer's probability, up to a constant of its format
        ``[...]``, nats.
    """
    eye = np.eye(belief.size)
    contrast = (eye[np.asarray(winner)] - eye[np.asarray(loser)])[..., None, :, :]
    mean, covariance = belief.mean[..., None].copy(), belief.spread.copy()
    before = (contrast @ mean)[..., 0], contrast @ covariance @ contrast.mT
    sites = np.zeros((2, *before[0].shape))  # precisions, and precisions × means
    normaliser = np.zeros(before[0].shape)
    for _ in range(SWEEPS if contrast.shape[-2] > 1 else 1):
        for c in range(contrast.shape[-2]):
            direction = contrast[..., c, :, None]
            along = covariance @ direction
            variance = np.maximum((along * direction).sum((-2, -1)), 1e-9)
            gap = (mean * direction).sum((-2, -1))
            site = sites[..., c]
            new, normaliser[..., c] = _moments_as_site(gap, variance, site)
            step = new - site
            scale = 1 / (1 + step[0] * variance)
            mean = mean + ((step[1] - step[0] * gap) * scale)[..., None, None] * along
            covariance = covariance - (step[0] * scale)[..., None, None] * (along @ along.mT)
            sites[..., c] = new
    nats = normaliser.sum(-1) + _log_gaussian(before, sites, (contrast @ mean)[..., 0])
    return _weighed(belief, nats, mean[..., 0], covariance)


def observe_tie(belief: Belief, group: Sequence[int]) -> tuple[Belief, np.ndarray]:
    """The belief of one person after the answer that some completions are about the same.

    A tie of t completions has the likelihood of Davidson–Luce, whose logarithm is near −½ the
    variance of their utilities: a Gaussian of variance t² for each difference, less the noise.

    Returns:
        The belief, and the log of the mean of this likelihood, which is 1 at equal utilities.
    """
    nats = np.zeros(belief.weight.shape[:-1])
    size, eye = len(group), np.eye(belief.size)
    for i in range(1, size):  # the pairs of a group as independent contrasts (Helmert)
        contrast = np.mean([eye[k] for k in group[:i]], axis=0) - eye[group[i]]
        variance = TIE_VARIANCE * size / 2 * (1 + 1 / i) / 2
        belief, own = observe_contrast(belief, contrast, 0.0, variance)
        nats = nats + own + 0.5 * np.log(2 * np.pi * variance)
    return belief, nats


def observe_contrast(
    belief: Belief, contrast: np.ndarray, value: float | np.ndarray, variance: float | np.ndarray
) -> tuple[Belief, np.ndarray]:
    """The belief after a sum of utilities was observed with Gaussian noise.

    Args:
        contrast: weights of the utilities ``[..., m]``.
        value, variance: what was observed, and the variance of its noise ``[...]``.

    Returns:
        The belief, and the log-density of the observation ``[...]``, nats.
    """
    direction = np.asarray(contrast)[..., None, :, None]
    along = belief.spread @ direction
    value, variance = np.asarray(value)[..., None], np.asarray(variance)[..., None]
    total = (along * direction).sum((-2, -1)) + variance
    error = value - (belief.mean[..., None] * direction).sum((-2, -1))
    nats = norm.logpdf(error, scale=np.sqrt(total))
    mean = belief.mean + (error / total)[..., None] * along[..., 0]
    covariance = belief.spread - (along @ along.mT) / total[..., None, None]
    return _weighed(belief, nats, mean, covariance)


def _weighed(
    belief: Belief, nats: np.ndarray, mean: np.ndarray, covariance: np.ndarray
) -> tuple[Belief, np.ndarray]:
    """Types weighed by the evidence of an answer ``[..., types]``, and its log-probability."""
    joint = np.log(np.maximum(belief.weight, 1e-300)) + nats
    evidence = np.logaddexp.reduce(joint, axis=-1)
    return Belief(np.exp(joint - evidence[..., None]), mean, covariance), evidence


def _moments_as_site(
    gap: np.ndarray, variance: np.ndarray, site: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The Gaussian factor of a comparison at which mean and variance are exact.

    Args:
        gap, variance: of the difference now; site: its factor now ``[2, ...]``.

    Returns:
        The new factor ``[2, ...]``, and the logarithm of its scale.
    """
    left = np.maximum(1 / variance - site[0], LEAST_PRECISION / variance)
    cavity = 1 / left
    mean = cavity * (gap / variance - site[1])
    sd = np.sqrt(cavity)
    chance = SLIP_RATE + (1 - 2 * SLIP_RATE) * ndtr(mean / sd)
    slope = (1 - 2 * SLIP_RATE) * norm.pdf(mean / sd) / sd / chance
    after = cavity - cavity**2 * slope * (mean / cavity + slope)
    after = np.clip(after, LEAST_NARROWING * cavity, cavity)  # so that covariances stay positive
    precision = 1 / after - left
    shift = (mean + cavity * slope) / after - mean * left
    spread = 1 + precision * cavity
    exponent = (2 * mean * shift + shift**2 * cavity - precision * mean**2) / spread
    return np.stack([precision, shift]), np.log(chance) + 0.5 * (np.log(spread) - exponent)


def _log_gaussian(
    before: tuple[np.ndarray, np.ndarray], sites: np.ndarray, after: np.ndarray
) -> np.ndarray:
    """The log-integral of a Gaussian times Gaussian factors ``[..., types]``.

    Args:
        before: means ``[..., types, c]`` and covariance of the differences before.
        sites: of the factors ``[2, ..., types, c]``; after: means of the differences after.
    """
    mean, covariance = before
    size = mean.shape[-1]
    _, volume = np.linalg.slogdet(np.eye(size) + covariance * sites[0][..., None, :])
    pull = (mean * (sites[1] - sites[0] * after) + sites[1] * after).sum(-1)
    return 0.5 * (pull - volume)
