"""The posterior predictive check of a run (Rubin 1984), which needs no truth.

The simulated voters rank the completions that each ballot ranks. Their shares of pairs and first
places must be those of the raters' ballots, but for sampling error. Raters are exchangeable given
which completions they rank: on a ballot that some kinds of rater give more often than others, the
voters are drawn from the kinds in that proportion (``response_rates``).

Each share has an exact binomial test, two-sided, at Bonferroni's level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import betainc

from scrl.data.weights import with_rater_weights
from scrl.diagnostics.replicated_ballots import (
    Electorate,
    PatternGroup,
    Replicates,
    first_places,
    pair_results,
    pattern_groups,
    replicate,
)
from scrl.diagnostics.response_rates import KindEvidence, fit_kind_rates
from scrl.types import Ballots, Ratings
from scrl.voting.elections import Contests, group_prompts

#: Probability that a right electorate fails, at most; below .05, since kinds are estimated.
LEVEL = 0.02
#: Differences of shares that are of no account, however certain.
TOLERANCE = 0.02
#: Shares of fewer effective raters, or voters, are not tested.
MIN_RATERS = 12
#: Completions compared on each prompt: those that most ballots rank.
MAX_COMPLETIONS = 24
#: Limit of voters × completions; beyond it the prompts with most ballots are compared.
MAX_UTILITIES = 40_000_000
#: Limit of pairs and first places of all ballots; beyond it a sample of raters is compared.
MAX_RECORDS = 1_000_000


@dataclass(frozen=True, eq=False)
class PredictiveCheck:
    """Observed and simulated shares of pairs and first places.

    Attributes:
        first: the item whose share it is ``[shares]``.
        second: the item that it is compared with, −1 for first places ``[shares]``.
        observed, simulated: the shares ``[shares]``; weights count, ties are split.
        raters: effective number of raters ``[shares]``.
        error: standard error of the difference if the electorate is right ``[shares]``.
        p_value: probability of a difference at least as large ``[shares]``.
        tested: whether raters and voters suffice ``[shares]``.
    """

    first: np.ndarray
    second: np.ndarray
    observed: np.ndarray
    simulated: np.ndarray
    raters: np.ndarray
    error: np.ndarray
    p_value: np.ndarray
    tested: np.ndarray

    @property
    def deviation(self) -> np.ndarray:
        """Simulated less observed share ``[shares]``."""
        return self.simulated - self.observed

    @property
    def failed(self) -> np.ndarray:
        """Whether a share differs beyond chance and by more than ``TOLERANCE`` ``[shares]``."""
        level = LEVEL / max(self.tested.sum(), 1)
        return self.tested & (self.p_value < level) & (np.abs(self.deviation) > TOLERANCE)

    @property
    def reproduces(self) -> bool | None:
        """Whether the electorate reproduces the ballots; None where raters are too few to tell."""
        return not self.failed.any() if self.tested.any() else None

    @property
    def worst(self) -> int | None:
        """The failed share that is furthest off; None where none failed."""
        failed = np.flatnonzero(self.failed)
        return int(failed[np.abs(self.deviation[failed]).argmax()]) if len(failed) else None


def check_electorate(
    ratings: Ratings,
    ballots_of: Callable[[Contests], Ballots],
    kind: np.ndarray,
    evidence: Callable[[], KindEvidence] | None,
    rng: np.random.Generator,
) -> PredictiveCheck:
    """Compare the raters' ballots with simulated ones on the same completions.

    Args:
        ratings: with absent completions resolved.
        ballots_of: the voters' complete ballots on some contests, as ``run_elections`` takes it.
        kind: of each voter ``[voters]``, from 0.
        evidence: computes the evidence of the raters' kinds, where it is needed; None where all
            kinds answer alike.
        rng: consumed.
    """
    ratings = _most_ranked(_most_answered(ratings, len(kind)))
    electorate = Electorate.of(ballots_of, kind)
    rates = None
    if evidence is not None and len(electorate.kinds) > 1 and _responses_differ(ratings):
        known = evidence()
        known = known._replace(nats=known.nats[:, electorate.kinds])
        rates = fit_kind_rates(ratings, electorate.share, known)
    # A rater counts as one of the electorate, however many ballots it cast on a prompt.
    compared = with_rater_weights(_sampled_raters(ratings, rng))
    groups = pattern_groups(compared)
    shares = [
        np.broadcast_to(electorate.share, (len(group.items), len(electorate.kinds)))
        if rates is None
        else rates.of_patterns(ratings.catalogue, group.items, group.pattern, group.rater)
        for group in groups
    ]
    simulated = replicate(compared, groups, shares, electorate, rng)
    items = ratings.catalogue.items
    parts = [_Shares.of(g, s, items) for g, s in zip(groups, simulated, strict=True)]
    ballot = (
        compared.ballot_rater.astype(np.int64) * len(ratings.catalogue.prompts)
        + compared.ballot_prompt
    )
    repeated = len(np.unique(ballot)) < len(ballot)
    return _compare(parts, len(ratings.raters), items, repeated)


def _most_answered(ratings: Ratings, voters: int) -> Ratings:
    """The ballots on the groups of prompts with most ballots, within ``MAX_UTILITIES``."""
    count = np.bincount(ratings.ballot_prompt, minlength=len(ratings.catalogue.prompts))
    groups = list(group_prompts(ratings.catalogue.offsets, voters))
    groups.sort(key=lambda group: -count[group.prompts].sum())
    utilities = np.cumsum([voters * group.item.size for group in groups])
    kept = np.zeros(len(count), bool)
    for group, total in zip(groups, utilities, strict=True):
        if total <= max(MAX_UTILITIES, utilities[0]):
            kept[group.prompts] = True
    return ratings if kept.all() else ratings.select(kept[ratings.ballot_prompt])


def _most_ranked(ratings: Ratings) -> Ratings:
    """Ballots of two or more of each prompt's ``MAX_COMPLETIONS`` most ranked completions."""
    catalogue = ratings.catalogue
    count = np.bincount(ratings.item, minlength=catalogue.items)
    best = np.lexsort((np.arange(catalogue.items), -count, catalogue.item_prompt))
    position = np.empty(catalogue.items, int)
    position[best] = np.arange(catalogue.items)
    shown = position - catalogue.offsets[catalogue.item_prompt] < MAX_COMPLETIONS
    kept = ratings if shown.all() else ratings.keep(shown[ratings.item])
    return kept.select(kept.sizes >= 2)


def _responses_differ(ratings: Ratings) -> bool:
    """Whether some rater leaves out a completion that another ranks."""
    count = np.bincount(ratings.item)
    return bool((count[count > 0] != len(np.unique(ratings.ballot_rater))).any())


def _sampled_raters(ratings: Ratings, rng: np.random.Generator) -> Ratings:
    """The ballots of as many raters as make ``MAX_RECORDS`` pairs and first places."""
    records = np.bincount(
        ratings.ballot_rater, ratings.sizes * (ratings.sizes + 1) / 2, len(ratings.raters)
    )
    if records.sum() <= MAX_RECORDS:
        return ratings
    order = rng.permutation(len(records))
    kept = np.zeros(len(records), bool)
    kept[order[np.cumsum(records[order]) <= MAX_RECORDS]] = True
    return ratings.select(kept[ratings.ballot_rater])


class _Shares(NamedTuple):
    """Contributions of one group of ballots to observed and simulated shares.

    Attributes:
        key: which share, first · (items + 1) + second + 1 ``[patterns, shares]``.
        pattern, rater, weight: of each ballot ``[ballots]``.
        observed: of each ballot ``[ballots, shares]``.
        simulated: of each pattern ``[patterns, shares]``.
        draws: voters asked about each pattern; voters: effective number behind it ``[patterns]``.
    """

    key: np.ndarray
    pattern: np.ndarray
    rater: np.ndarray
    weight: np.ndarray
    observed: np.ndarray
    simulated: np.ndarray
    draws: int
    voters: np.ndarray

    @classmethod
    def of(cls, group: PatternGroup, replicates: Replicates, items: int) -> _Shares:
        a, b = group.pairs
        pair_key = group.items[:, a].astype(np.int64) * (items + 1) + group.items[:, b] + 1
        first_key = group.items.astype(np.int64) * (items + 1)
        observed = [pair_results(-group.rank, (a, b)), first_places(-group.rank)]
        return cls(
            np.concatenate([pair_key, first_key], axis=1),
            group.pattern, group.rater, group.weight,
            np.concatenate(observed, axis=1),
            np.concatenate([replicates.above, replicates.top], axis=1),
            replicates.draws, replicates.voters,
        )  # fmt: skip


def _compare(parts: list[_Shares], raters: int, items: int, repeated: bool) -> PredictiveCheck:
    """Sums over ballots, and a test of each share.

    Args:
        parts: all ballots.
        raters, items: how many there are.
        repeated: whether a rater has several ballots on one prompt.
    """
    keys = np.unique(np.concatenate([np.empty(0, np.int64)] + [np.ravel(p.key) for p in parts]))
    total, observed, simulated, squared, drawn, finite = np.zeros((6, len(keys)))

    def add(to: np.ndarray, share: np.ndarray, values: np.ndarray) -> None:
        shape = np.broadcast_shapes(share.shape, values.shape)
        to += np.bincount(
            np.ravel(share), np.ravel(np.broadcast_to(values, shape)), minlength=len(to)
        )

    for part in parts:
        share = np.searchsorted(keys, part.key)
        weight = np.bincount(part.pattern, part.weight, minlength=len(share))[:, None]
        add(total, share, weight)
        add(simulated, share, weight * part.simulated)
        add(drawn, share, weight**2 / part.draws)
        add(finite, share, weight / part.voters[:, None])
        add(observed, share[part.pattern], part.weight[:, None] * part.observed)
        add(squared, share[part.pattern], part.weight[:, None] ** 2)
    if repeated:
        squared = _squared_weights(parts, keys, raters)
    effective = total**2 / np.maximum(squared, 1e-300)
    voters = 1 / (drawn / total**2 + finite / total)
    observed, simulated = observed / total, simulated / total
    # The share of an event that no simulated voter shows is small, not 0.
    expected = (simulated * voters + 0.5) / (voters + 1)
    size = 1 / (1 / effective + 1 / voters)
    return PredictiveCheck(
        first=keys // (items + 1),
        second=keys % (items + 1) - 1,
        observed=observed,
        simulated=simulated,
        raters=effective,
        error=np.sqrt(expected * (1 - expected) / size),
        p_value=_binomial_p_value(observed * size, size, expected),
        tested=(effective >= MIN_RATERS) & (voters >= MIN_RATERS),
    )


def _squared_weights(parts: list[_Shares], keys: np.ndarray, raters: int) -> np.ndarray:
    """Sum over raters of their squared weight in each share ``[shares]``.

    A rater's several ballots on one pair are no independent observations of it.
    """
    cast, weights = [], []
    for part in parts:
        share = np.searchsorted(keys, part.key)[part.pattern]
        cast.append(np.ravel(share * raters + part.rater[:, None]))
        weights.append(np.ravel(np.broadcast_to(part.weight[:, None], share.shape)))
    own, index = np.unique(np.concatenate(cast), return_inverse=True)
    squared = np.bincount(index, np.concatenate(weights)) ** 2
    return np.bincount(own // raters, squared, minlength=len(keys))


def _binomial_p_value(
    successes: np.ndarray, trials: np.ndarray, probability: np.ndarray
) -> np.ndarray:
    """Twice the smaller tail of a binomial, continued to numbers that are not whole."""
    failures = np.maximum(trials - successes, 0.0)
    tiny = 1e-12
    upper = betainc(np.maximum(successes, tiny), failures + 1, probability)
    lower = betainc(np.maximum(failures, tiny), successes + 1, 1 - probability)
    return np.minimum(1.0, 2 * np.minimum(upper, lower))
