"""What the texts of a policy are like: styles, what each type thinks of them, repetition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from scrl.policies.exact import best_of_n_kl_bound, exponential_tilt, kl_divergence
from scrl.results import rounded
from scrl.studies.text_types import (
    ATTRIBUTES,
    TYPES,
    WISHED,
    attributes_of,
    borda_scores,
    preference,
    utilities_of,
)

#: Numbers of samples of which the best is taken.
SIZES = (1, 2, 4, 8, 16)
#: Prices of KL in units of reward a nat, from dear to cheap.
PRICES = (100.0, 2.0, 1.0, 0.5, 0.25, 0.1, 0.01)
#: Standard deviation of the prior on vanilla's weights.
PRIOR = 10.0


def repetition(text: str) -> float:
    """Share of a text's pairs of adjacent words that occurred in it before."""
    words = text.lower().split()
    pairs = list(pairwise(words))
    return 1 - len(set(pairs)) / len(pairs) if pairs else 0.0


def style_table(result: Mapping[str, Any]) -> dict[str, Any]:
    """Of each policy: ``"share"`` of texts of every style on prompts of the training and its
    standard deviation over samplings ``"share_sd" [attributes]``; ``"new"`` and ``"new_sd"``:
    likewise on new prompts, which are the second half; ``"wished"`` and ``"wished_sd"``: of the
    texts that have both styles of ``WISHED``, on prompts of the training and on new ones ``[2]``;
    ``"utility" [types]``: mean utility on the prompts of the training; ``"repetition"``."""
    return {name: _styles(part["texts"]) for name, part in result["policies"].items()}


def _styles(texts: Sequence[Sequence[str]]) -> dict[str, Any]:
    flat = [text for row in texts for text in row]
    shape = (len(texts), len(texts[0]), len(ATTRIBUTES))
    old, new = np.split(attributes_of(flat).reshape(shape), 2)
    wished = [part[..., list(WISHED)].min(axis=-1) for part in (old, new)]
    return {
        "wished": rounded(np.array([part.mean() for part in wished]), 4),
        "wished_sd": rounded(np.array([part.mean(0).std(ddof=1) for part in wished]), 4),
        "share": rounded(old.mean((0, 1)), 4),
        "share_sd": rounded(old.mean(0).std(0, ddof=1), 4),
        "new": rounded(new.mean((0, 1)), 4),
        "new_sd": rounded(new.mean(0).std(0, ddof=1), 4),
        "utility": rounded(utilities_of(flat[: len(flat) // 2]).mean(1), 4),
        "repetition": rounded(float(np.mean([repetition(t) for t in flat])), 4),
    }


def vanilla_weights(samples: Sequence[Sequence[str]]) -> np.ndarray:
    """Weights on attributes of the pooled Bradley–Terry reward ``[attributes]``.

    The maximum of the likelihood of all votes as cast, on every pair of samples of a prompt, with a
    wide normal prior.
    """
    gaps, shares = [], []
    for texts in samples:
        table = attributes_of(texts)
        first, second = np.triu_indices(len(texts), 1)
        votes = preference(utilities_of(texts), [t.pairs for t in TYPES])
        gaps.append(table[first] - table[second])
        shares.append(votes[first, second])
    gap, share = np.concatenate(gaps), np.concatenate(shares)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        nats = gap @ weights
        value = np.sum(np.logaddexp(0, nats) - share * nats) + weights @ weights / (2 * PRIOR**2)
        return float(value), gap.T @ (expit(nats) - share) + weights / PRIOR**2

    return minimize(loss, np.zeros(len(ATTRIBUTES)), jac=True).x


@dataclass(frozen=True, eq=False)
class SampleSelection:
    """Policies that choose among the reference's samples by one reward.

    Attributes:
        kl: of best of n, the bound; of the reweighting, exact within the samples ``[points]``.
        utility: mean utility of each type ``[types, points]``.
        share: of texts of every style ``[attributes, points]``.
        chosen: of best of all samples, the text of each prompt.
    """

    kl: np.ndarray
    utility: np.ndarray
    share: np.ndarray
    chosen: list[str]


def sample_rewards(samples: Sequence[Sequence[str]], reward: str) -> np.ndarray:
    """Rewards of samples ``[prompts, samples]``: ``"vanilla"`` or ``"social"``, Borda's score of
    the population among the samples."""
    if reward == "vanilla":
        weights = vanilla_weights(samples)
        return np.array([attributes_of(texts) @ weights for texts in samples])
    return np.array([borda_scores(utilities_of(texts)) for texts in samples])


def best_of_samples(samples: Sequence[Sequence[str]], reward: str) -> SampleSelection:
    """Best of n for each of ``SIZES``.

    The mean is over all subsets of n of a prompt's samples, exactly: the sample of rank r, counted
    from 1 for the worst of m, is the best of C(r - 1, n - 1) of the C(m, n) subsets. Equal rewards
    share their subsets.
    """
    rewards = sample_rewards(samples, reward)
    m = rewards.shape[1]
    shares = np.zeros((len(SIZES), *rewards.shape))
    for k, n in enumerate(SIZES):
        # The cumulative probability that the best of n is among the r worst.
        ranks = np.arange(m + 1)[:, None] - np.arange(n)
        cumulative = np.prod(np.maximum(ranks, 0) / (m - np.arange(n)), axis=1)
        for p, row in enumerate(rewards):
            level = np.round(row, 9)
            upto = (level[None] <= level[:, None]).sum(1)
            below = (level[None] < level[:, None]).sum(1)
            shares[k, p] = (cumulative[upto] - cumulative[below]) / (upto - below)
    kl = np.array([float(best_of_n_kl_bound(n)) for n in SIZES])
    return _selection(samples, rewards, shares, kl)


def reweighted_samples(samples: Sequence[Sequence[str]], reward: str) -> SampleSelection:
    """The softmax of reward / price over the samples, for each of ``PRICES``. Rewards are scaled to
    a standard deviation of 1 over all samples, so that two rewards have comparable prices."""
    rewards = sample_rewards(samples, reward)
    scaled = (rewards - rewards.mean(1, keepdims=True)) / rewards.std()
    equal = np.full(rewards.shape[1], 1 / rewards.shape[1])
    strengths = 1 / np.array(PRICES)
    shares = np.stack([exponential_tilt(equal, row, strengths) for row in scaled], axis=1)
    return _selection(samples, rewards, shares, kl_divergence(shares, equal).mean(1))


def _selection(
    samples: Sequence[Sequence[str]], rewards: np.ndarray, shares: np.ndarray, kl: np.ndarray
) -> SampleSelection:
    """Args: shares: probability of every sample ``[points, prompts, samples]``."""
    utility = np.array([utilities_of(texts) for texts in samples])
    styles = np.array([attributes_of(texts).T for texts in samples])
    mean = [np.einsum("kps,pas->ak", shares, part) / len(samples) for part in (utility, styles)]
    chosen = [texts[int(np.argmax(row))] for texts, row in zip(samples, rewards, strict=True)]
    return SampleSelection(kl, mean[0], mean[1], chosen)
