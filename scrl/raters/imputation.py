"""Imputation of missing blocks: the rewards of items that a cluster of raters never ranked.

The individual model imputes them by sharing utilities between prompts. Candidates for the sharing
(``IndividualConfig.shared`` and ``penalty``) are compared by how well they predict trial blocks.
The trial blocks also give the posterior of the selected candidate's error: a normal error on each
imputed reward, whose standard deviation is one of ``ERROR_SCALES``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln, log_ndtr, ndtr

from scrl.config import ImputationConfig, IndividualConfig
from scrl.data.weights import proportional_counts
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.raters.density import Density
from scrl.raters.fitting import fit_individual
from scrl.raters.missing_blocks import (
    MAX_RATERS_PER_CLUSTER,
    Clusters,
    MissingBlock,
    block_entries,
    find_clusters,
    find_missing_blocks,
    informative_ballots,
    trial_blocks,
)
from scrl.raters.model import Individual
from scrl.raters.network import Embedding
from scrl.types import Ratings

#: Candidate standard deviations of an imputed reward's error, in log-odds.
ERROR_SCALES = np.geomspace(0.25, 32.0, 15)
#: Raters with a hidden pair who are sampled at least, if there are so many.
MIN_TESTED_RATERS = 16


@dataclass(frozen=True)
class SharingCandidate:
    """A candidate sharing of utilities between prompts, and its predictive accuracy.

    Attributes:
        shared, penalty: settings of the individual model.
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

    Attributes:
        clusters: the cluster of each component of the density ``[components]``.
        response_rate: share of each cluster's raters who ranked an item ``[clusters, items]``.
        missing: where the cluster is silent, bool ``[clusters, items]``.
        candidates: the candidates tried.
        selected: index of the best candidate, -1 if none was tried.
        scale_posterior: probability of each of ``ERROR_SCALES`` ``[scales]``.
        trials: number of trial blocks.
    """

    clusters: np.ndarray
    response_rate: np.ndarray
    missing: np.ndarray
    candidates: tuple[SharingCandidate, ...]
    selected: int
    scale_posterior: np.ndarray
    trials: int

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
        scale = np.repeat(ERROR_SCALES, proportional_counts(self.scale_posterior, voters))
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
        sd = ERROR_SCALES * np.sqrt(np.maximum(errors, 1))[..., None]
        imputed = ndtr(gap[..., None] / sd) @ self.scale_posterior
        return np.where(errors > 0, imputed, 0.5 * (1 + np.sign(gap)))


def reassign_clusters(
    imputation: ImputationModel,
    individual: Individual,
    ratings: Ratings,
    embedding: Embedding,
    density: Density,
    config: ImputationConfig,
) -> ImputationModel:
    """The imputation with the clusters of a refitted individual model and density."""
    found = find_clusters(individual, ratings, embedding, density, config.min_response_rate)
    return replace(
        imputation,
        clusters=found.of_component,
        response_rate=found.response_rate,
        missing=found.missing,
    )


def infer_missing(
    seed: int,
    ratings: Ratings,
    individual: Individual,
    embedding: Embedding,
    density: Density,
    config: ImputationConfig,
    on_share: Callable[[float], None] | None = None,
) -> ImputationModel:
    """Find the missing blocks, select the sharing, and estimate the imputation error.

    Args:
        seed: of the run.
        ratings: the ballots.
        individual, embedding, density: the results of steps 1 and 2, fitted without sharing.
        config: the settings.
        on_share: called with the share of the trainings done; an exception it raises ends them.
    """
    clusters = find_clusters(individual, ratings, embedding, density, config.min_response_rate)
    missing = clusters.missing
    uniform = np.full(len(ERROR_SCALES), 1 / len(ERROR_SCALES))
    untested = ImputationModel(
        clusters.of_component, clusters.response_rate, missing, (), -1, uniform, 0
    )
    blocks = find_missing_blocks(missing, ratings.catalogue)
    if not blocks or not config.enabled:
        return untested

    def is_testable(block: MissingBlock) -> bool:
        hidden = block_entries(ratings, clusters.of_rater, block)
        return bool(informative_ballots(ratings, hidden).any())

    trials = trial_blocks(blocks, missing, config.max_trials, is_testable)
    if not trials:  # no other cluster ordered the items, so the error is of the greatest scale
        return replace(untested, scale_posterior=np.eye(len(ERROR_SCALES))[-1])
    base = replace(individual.config, schedule=config.schedule)
    max_shared = min(config.max_shared, len(ratings.catalogue.prompts) - 1)
    settings = sharing_settings(max_shared, config.penalties)
    results = _run_trials(seed, ratings, clusters, trials, settings, base, max_shared, on_share)
    curves = [np.sum([r.hidden_nats for r in row], axis=0) for row in results]
    candidates = tuple(
        SharingCandidate(
            shared, penalty, float(log_mean_exp(curve)),
            float(np.mean([r.visible_nats for r in row])),
            float(np.mean([r.visible_accuracy for r in row])),
        )
        for (shared, penalty), curve, row in zip(settings, curves, results, strict=True)
    )  # fmt: skip
    selected = select_candidate(candidates, config)
    weight = np.exp(curves[selected] - curves[selected].max())
    return replace(
        untested, candidates=candidates, selected=selected,
        scale_posterior=weight / weight.sum(), trials=len(trials),
    )  # fmt: skip


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


def log_mean_exp(log_values: np.ndarray) -> float:
    top = log_values.max()
    return top + np.log(np.mean(np.exp(log_values - top)))


# -- trials ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _TrialResult:
    """The predictive accuracy of one training with a hidden block.

    Attributes:
        hidden_nats: log-likelihood of the block under each error scale ``[scales]``.
        visible_nats, visible_accuracy: of the visible pairs, see ``SharingCandidate``.
    """

    hidden_nats: np.ndarray
    visible_nats: float
    visible_accuracy: float


def _run_trials(
    seed: int,
    ratings: Ratings,
    clusters: Clusters,
    trials: Sequence[MissingBlock],
    settings: Sequence[tuple[int, float]],
    base: IndividualConfig,
    max_shared: int,
    on_share: Callable[[float], None] | None,
) -> list[list[_TrialResult]]:
    """One training for each setting and trial block, in threads: ``[settings][trials]``."""
    jobs = [(setting, trial) for setting in settings for trial in range(len(trials))]
    done = [0]

    def work(job: tuple[tuple[int, float], int]) -> _TrialResult:
        (shared, penalty), trial = job
        config = replace(base, shared=shared, penalty=penalty)
        hidden = (clusters.of_rater == trials[trial].cluster, trials[trial].items)
        # One key for each trial: the settings are compared on the same random draws.
        key = jax_key(seed, KeyStream.MISSING_BLOCKS, trial)
        model, _ = fit_individual(key, ratings, config, hidden=hidden, max_shared=max_shared)
        result = _held_out_result(model, ratings, clusters.of_rater, trials[trial])
        done[0] += 1
        if on_share is not None:
            on_share(done[0] / len(jobs))
        return result

    results = [work(jobs[0])]  # first, since it compiles the program of all jobs
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        results += pool.map(work, jobs[1:])
    finally:
        pool.shutdown(cancel_futures=True)
    return [results[i : i + len(trials)] for i in range(0, len(jobs), len(trials))]


def _held_out_result(
    model: Individual, ratings: Ratings, cluster: np.ndarray, block: MissingBlock
) -> _TrialResult:
    """Held-out log-likelihood of a hidden block, and the fit to all clusters' visible ballots.

    Without a strict pair the log-likelihood is 0.

    Pairs of one order are not independent. Placing k hidden completions among n visible ones takes
    log2((n + k)! / n!) bits, so the mean over pairs is multiplied by that number.
    """
    hidden = block_entries(ratings, cluster, block)
    tested = np.zeros(len(ratings.raters), bool)
    tested[ratings.ballot_rater[informative_ballots(ratings, hidden)]] = True
    rewards, row_of = _sampled_rewards(model, ratings.keep(~hidden), cluster, tested)
    hidden_nats, visible = [], []
    for b in np.flatnonzero(row_of[ratings.ballot_rater] >= 0):
        entries = slice(*ratings.offsets[b : b + 2])
        rater = ratings.ballot_rater[b]
        reward, is_hidden = rewards[row_of[rater]][ratings.item[entries]], hidden[entries]
        gap, hidden_first, hidden_second = _strict_gaps(reward, ratings.rank[entries], is_hidden)
        any_hidden = hidden_first | hidden_second
        visible_bits = order_bits((~is_hidden).sum())
        if any_hidden.any():
            errors = np.sqrt(hidden_first[any_hidden] * 1.0 + hidden_second[any_hidden])
            scaled_gap = gap[any_hidden][:, None] / (errors[:, None] * ERROR_SCALES)
            nats = log_ndtr(scaled_gap).mean(axis=0)
            hidden_nats.append(nats * order_bits(len(is_hidden)) - nats * visible_bits)
        if (~any_hidden).any():
            nats = -np.logaddexp(0, -gap[~any_hidden]).mean() * visible_bits
            visible.append((cluster[rater], nats, (gap[~any_hidden] > 0).mean()))
    if not hidden_nats:
        hidden_nats.append(np.zeros(len(ERROR_SCALES)))
    if not visible:  # nothing can be misordered
        return _TrialResult(np.mean(hidden_nats, axis=0), 0.0, 1.0)
    cluster_of, nats, accuracy = np.array(visible).T
    nats, accuracy = (
        [values[cluster_of == k].mean() for k in np.unique(cluster_of)]
        for values in (nats, accuracy)
    )
    return _TrialResult(np.mean(hidden_nats, axis=0), float(np.sum(nats)), float(np.mean(accuracy)))


def _sampled_rewards(
    model: Individual, visible: Ratings, cluster: np.ndarray, tested: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rewards of a sample of each cluster's raters at their posterior means.

    Args:
        model: the individual model.
        visible: the ballots without the hidden entries.
        cluster: of each rater ``[raters]``.
        tested: raters with a hidden pair, of whom at least ``MIN_TESTED_RATERS`` are sampled if
            there are so many, bool ``[raters]``.

    Returns:
        Rewards ``[sampled, items]``, and each rater's row ``[raters]``, -1 if not sampled.
    """
    raters, posterior = model.embed(visible, include_empty=True)
    rows = []
    for k in range(cluster.max() + 1):
        members = np.flatnonzero(cluster[raters] == k)
        chosen = _evenly_spaced(members)
        if tested[raters[chosen]].sum() < MIN_TESTED_RATERS:
            chosen = np.union1d(chosen, _evenly_spaced(members[tested[raters[members]]]))
        rows.append(chosen)
    sampled = np.concatenate(rows)
    row_of = np.full(len(visible.raters), -1)
    row_of[raters[sampled]] = np.arange(len(sampled))
    return model.rewards(np.asarray(posterior.mean)[sampled]), row_of


def _evenly_spaced(members: np.ndarray) -> np.ndarray:
    """At most ``MAX_RATERS_PER_CLUSTER`` of the members."""
    return members[:: max(1, -(-len(members) // MAX_RATERS_PER_CLUSTER))]


def _strict_gaps(
    reward: np.ndarray, rank: np.ndarray, hidden: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reward gaps of a ballot's strict pairs, better less worse, and which items are hidden.

    Args:
        reward, rank, hidden: ``[slots]``.

    Returns:
        Gaps ``[pairs]``, and whether the first and the second of each pair are hidden ``[pairs]``.
    """
    first, second = np.triu_indices(len(reward), 1)
    strict = rank[first] != rank[second]
    first, second = first[strict], second[strict]
    gap = np.where(rank[first] < rank[second], 1, -1) * (reward[first] - reward[second])
    return gap, hidden[first], hidden[second]


def order_bits(n: int) -> float:
    """Information in an order of n completions in bits, log2(n!)."""
    return gammaln(n + 1) / np.log(2)
