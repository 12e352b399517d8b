"""What step 1 found of the raters, in numbers for a reader: types, variation, errors and ties."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import expit

from scrl.diagnostics.clusters import evenly_spaced
from scrl.raters.fitted_run import FittedRun

#: Simulated voters and pairs of completions that are read, and the seed of what is drawn.
VOTERS, PAIRS, SEED = 2000, 400, 0


@dataclass(frozen=True, eq=False)
class PopulationSummary:
    """What step 1 found.

    Shares of pairs are means over pairs of completions of one prompt and over voters.

    Attributes:
        share: of each type found, largest first ``[types]``.
        name: of each type found, the known type that is most frequent among its raters; "" where
            none is known.
        varies: whether the rewards of raters of one type vary.
        within: probability that two voters of one type differ on which of two completions they
            reward more, errors aside; 0 without variation.
        between: the same for two voters of different types; NaN where there is one type.
        error: share of the pairs a voter orders that are ordered against the voter's own rewards.
        tied: share of pairs that a voter ties.
    """

    share: np.ndarray
    name: tuple[str, ...]
    varies: bool
    within: float
    between: float
    error: float
    tied: float


def raters_vary(run: FittedRun) -> bool:
    """Whether the rewards of raters of one type vary noticeably."""
    return run.individual.varies


def summarise_population(run: FittedRun) -> PopulationSummary:
    """What step 1 found of the raters of a run."""
    population, share = run.individual.population, run.density.share.sum(axis=1)
    order = np.argsort(-share, kind="stable")
    voter = evenly_spaced(len(run.latents), VOTERS)
    type = run.density.voter_components(len(run.latents))[voter]
    first, second = _pairs(run)
    rng = np.random.default_rng(SEED)
    rewards = run.individual.rewards(run.latents[voter]).astype(float)
    exact = rewards + run.individual.space.residual * rng.standard_normal(rewards.shape)
    gap = exact[:, first] - exact[:, second]
    names = _majority_types(run)
    within, between = _disagreement(gap, type, share)
    varies = raters_vary(run)
    return PopulationSummary(
        share[order],
        tuple(names[k] for k in order),
        varies,
        within if varies else 0.0,  # the density's least width is no variation
        between,
        # P(a ≻ b) is the logistic function of the gap: an error is the less likely order.
        float(expit(-np.abs(gap)).mean()),
        _tied_share(run, rewards, type, first, second, rng) if population.ties else 0.0,
    )


def _pairs(run: FittedRun) -> tuple[np.ndarray, np.ndarray]:
    """Items of pairs within a prompt, evenly spaced over all pairs ``[pairs]``."""
    offsets = run.catalogue.offsets
    sizes = np.diff(offsets)
    before = np.concatenate([[0], np.cumsum(sizes * (sizes - 1) // 2)])
    chosen = evenly_spaced(int(before[-1]), PAIRS)
    first, second = [], []
    for p, (start, stop) in enumerate(pairwise(before)):
        own = chosen[(chosen >= start) & (chosen < stop)] - start
        if len(own):
            a, b = np.triu_indices(sizes[p], 1)
            first.append(offsets[p] + a[own])
            second.append(offsets[p] + b[own])
    return np.concatenate(first), np.concatenate(second)


def _majority_types(run: FittedRun) -> list[str]:
    """The most frequent known type among each component's raters, "" without one."""
    component = run.density.component_of(np.asarray(run.posterior.mean))
    names = []
    for k in range(run.density.components):
        known = run.rater_types[(component == k) & (run.rater_types >= 0)]
        names.append(run.ratings.types[np.bincount(known).argmax()] if len(known) else "")
    return names


def _disagreement(gap: np.ndarray, type: np.ndarray, share: np.ndarray) -> tuple[float, float]:
    """P(two voters reward a pair in different orders), of one type and of different types.

    Args:
        gap: of the two rewards ``[voters, pairs]``.
        type: of each voter ``[voters]``; share: of the types ``[types]``.
    """
    present = np.unique(type)
    above = np.stack([(gap[type == k] > 0).mean(axis=0) for k in present])
    differ = (above[:, None] * (1 - above) + (1 - above[:, None]) * above).mean(axis=2)
    weight = share[present] / share[present].sum()
    within = float(weight @ np.diag(differ))
    if len(present) == 1:
        return within, float("nan")
    joint = np.outer(weight, weight) * ~np.eye(len(present), dtype=bool)
    return within, float((joint * differ).sum() / joint.sum())


def _tied_share(
    run: FittedRun,
    rewards: np.ndarray,
    type: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    rng: np.random.Generator,
) -> float:
    """The share of pairs that voters tie on their complete ballots."""
    tied = total = 0
    for start, stop in pairwise(run.catalogue.offsets):
        own = (first >= start) & (first < stop)
        if own.any():
            items = np.arange(start, stop)
            contest = rewards[None, :, start:stop]
            score = run.individual.cast_ballots(contest, type, items[None], rng)[0]
            same = score[:, first[own] - start] == score[:, second[own] - start]
            tied, total = tied + int(same.sum()), total + same.size
    return tied / total
