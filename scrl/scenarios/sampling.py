"""Raters drawn from a scenario, and the exact ballots and pair counts of its population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.data.table import single_completion_notes
from scrl.random_streams import HostStream, host_rng
from scrl.scenarios.schema import ScenarioSchema
from scrl.text import with_text_features
from scrl.types import Ballots, InputError, Ratings


def largest_remainder(shares: np.ndarray, total: int, spread_ties: bool = False) -> np.ndarray:
    """``total`` divided into whole numbers in proportion to ``shares``, by largest remainder.

    Args:
        spread_ties: whether equal remainders are served evenly spaced, as draws would fall; by
            default the earlier is served first.
    """
    shares = np.asarray(shares, float)
    quota = shares / max(np.sum(shares), 1e-300) * total
    count = np.floor(quota + 1e-9).astype(np.int64)
    first = np.arange(len(shares))
    if spread_ties:  # A stride that visits every place.
        first = np.argsort((first * 0.6180339887498949) % 1.0, kind="stable")
    # Rounded, so that remainders equal but for the last binary digit are equal.
    order = first[np.argsort(-np.round(quota - count, 9)[first], kind="stable")]
    count[order[: total - count.sum()]] += 1
    return count


# -- sampling -------------------------------------------------------------------------------------

#: Raters × items drawn at once.
_BLOCK = 2_000_000


@dataclass(frozen=True, eq=False)
class Sample:
    """Ratings drawn from a scenario, and the raters' true utilities.

    Attributes:
        scenario, seed: from which it was drawn.
        ratings: raters are 'r0', 'r1', … grouped by type, with ``rater_type`` set.
    """

    scenario: ScenarioSchema
    seed: int
    ratings: Ratings

    def complete_utilities(self, prompts: Sequence[int] | None = None) -> np.ndarray:
        """Each rater's utilities with noise ``[raters, items]``, for answered and unanswered
        prompts alike; the ballots are their order.

        Args:
            prompts: whose items stand side by side; all where None.
        """
        kinds = self.ratings.rater_type
        table, offsets = self.scenario.type_utilities, self.ratings.catalogue.offsets
        wanted = range(len(offsets) - 1) if prompts is None else prompts
        parts = []
        for p in wanted:
            utility = table[:, offsets[p] : offsets[p + 1]][kinds]
            stream = host_rng(self.seed, HostStream.SAMPLED_NOISE, p)
            parts.append(_noisy(utility, self.scenario.noise, stream))
        return np.concatenate(parts, axis=1)


def _noisy(utility: np.ndarray, noise: float, stream: np.random.Generator) -> np.ndarray:
    """Utilities ``[raters, items]`` plus Gumbel noise, drawn rater by rater."""
    return utility + noise * stream.gumbel(size=utility.shape) if noise else utility


def sample(scenario: ScenarioSchema, seed: int) -> Sample:
    """Draw raters and their ballots.

    The types' numbers of raters are by largest remainder (``sampling: iid``: drawn). Answers,
    inclusion and noise are random, each from its own stream of ``seed``. One uniform number for
    each rater and item is compared with the probability of inclusion, so a higher probability only
    adds to ballots. Empty ballots are dropped.

    Raises:
        InputError: where the seed is negative.
    """
    if seed < 0:
        raise InputError(f"the seed is {seed}; give a whole number, 0 or more.")
    types, catalogue = _drawn_types(scenario, seed), scenario.catalogue
    rater, prompt, completion, rank = _drawn_entries(scenario, types, seed)
    # No entry is the first of a ballot where there is none.
    first = np.r_[True, (rater[1:] != rater[:-1]) | (prompt[1:] != prompt[:-1])][: len(rater)]
    starts = np.flatnonzero(first)
    offsets = np.append(starts, len(rater))
    ratings = Ratings(
        catalogue, tuple(f"r{i}" for i in range(len(types))), rater[starts], prompt[starts],
        np.ones(len(starts)), offsets, completion, rank, "unseen", types, scenario.type_names,
        single_completion_notes(np.diff(offsets), "unseen"), scenario.name,
    )  # fmt: skip
    if scenario.features == "text":
        ratings = with_text_features(ratings)
    return Sample(scenario, seed, ratings)


def _drawn_types(scenario: ScenarioSchema, seed: int) -> np.ndarray:
    """The type of each rater ``[raters]``, rising."""
    share = scenario.type_shares
    if scenario.sampling == "quota":
        return np.repeat(np.arange(len(share)), largest_remainder(share, scenario.raters))
    draws = host_rng(seed, HostStream.SAMPLED_TYPES, 0).random(scenario.raters)
    types = np.searchsorted(np.cumsum(share), draws, side="right")
    return np.sort(np.minimum(types, len(share) - 1))


def _drawn_entries(
    scenario: ScenarioSchema, types: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The rater, prompt, completion and rank of each entry ``[entries]``, by rater and prompt.

    Args:
        types: of the raters ``[raters]``.
    """
    answers, includes = scenario.answer_chances, scenario.inclusion_chances
    table, catalogue = scenario.type_utilities, scenario.catalogue
    parts = []
    for p in range(len(catalogue.prompts)):
        items = slice(*catalogue.offsets[p : p + 2])
        members = catalogue.members[items]
        # One stream for each use and prompt: one setting leaves the draws of the others alone.
        answer_rng = host_rng(seed, HostStream.SAMPLED_ANSWERS, p)
        include_rng = host_rng(seed, HostStream.SAMPLED_INCLUSIONS, p)
        noise_rng = host_rng(seed, HostStream.SAMPLED_NOISE, p)
        # Blocks of raters bound the memory; each stream continues from block to block.
        block = max(1, _BLOCK // len(members))
        for start in range(0, len(types), block):
            type_ = types[start : start + block]
            utility = _noisy(table[:, items][type_], scenario.noise, noise_rng)
            ranked = np.ones(utility.shape, bool)
            if (includes[:, items] < 1).any():
                ranked = include_rng.random(utility.shape) < includes[:, items][type_]
            if (answers[:, p] < 1).any():
                ranked &= (answer_rng.random(len(type_)) < answers[type_, p])[:, None]
            rank = _dense_ranks(utility, ranked)
            row, item = np.nonzero(ranked)
            parts.append((start + row, np.full(len(row), p), members[item], rank[row, item]))
    rater, prompt, completion, rank = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    if len(parts) == 1:
        return rater, prompt, completion, rank
    order = np.argsort(rater, kind="stable")
    return rater[order], prompt[order], completion[order], rank[order]


def _dense_ranks(utility: np.ndarray, ranked: np.ndarray) -> np.ndarray:
    """Ranks 0, 1, 2 … of the ranked items by falling utility, equal utilities tied ``[raters,
    items]``; meaningless where not ranked."""
    value = np.where(ranked, -utility, np.inf)
    order = np.argsort(value, axis=1, kind="stable")
    value = np.take_along_axis(value, order, axis=1)
    steps = np.zeros(value.shape, np.int32)
    np.cumsum(value[:, 1:] != value[:, :-1], axis=1, out=steps[:, 1:])
    rank = np.empty_like(steps)
    np.put_along_axis(rank, order, steps, axis=1)
    return rank


# -- exact outcomes -------------------------------------------------------------------------------


def true_ballots(scenario: ScenarioSchema, draws: int = 4096, seed: int = 0) -> list[Ballots]:
    """The complete ballots of the population, one ``Ballots`` a prompt.

    Without noise there is one voter a type, its share the weight, ``utility [types, items of the
    prompt]``: exact. With noise there are ``draws`` voters a type of weight share / draws each.
    """
    table, offsets = scenario.type_utilities, scenario.catalogue.offsets
    share = scenario.type_shares
    ballots = []
    for p in range(len(offsets) - 1):
        utility, weight = table[:, offsets[p] : offsets[p + 1]], share
        if scenario.noise:
            utility = np.repeat(utility, draws, axis=0)
            utility = _noisy(utility, scenario.noise, host_rng(seed, HostStream.TRUTH_NOISE, p))
            weight = np.repeat(share / draws, draws)
        ballots.append(Ballots(utility, weight=weight))
    return ballots


def expected_pair_weights(scenario: ScenarioSchema) -> list[np.ndarray]:
    """The expected number of observed pairs a over b a rater, ties half each way: ``[m, m]`` for
    each prompt.

    Exact, noise included: the difference of two Gumbel variables of scale s is logistic of scale
    s. Completions are included independently of each other.
    """
    table, offsets = scenario.type_utilities, scenario.catalogue.offsets
    share = scenario.type_shares
    answers, includes = scenario.answer_chances, scenario.inclusion_chances
    weights = []
    for p in range(len(offsets) - 1):
        items = slice(*offsets[p : p + 2])
        utility, include = table[:, items], includes[:, items]
        gap = utility[:, :, None] - utility[:, None, :]
        if scenario.noise:
            with np.errstate(over="ignore"):  # tanh of an infinite gap is ±1
                above = 0.5 * (1 + np.tanh(gap / (2 * scenario.noise)))
        else:
            above = 0.5 * (1 + np.sign(gap))
        weight = np.einsum("t,ta,tb,tab->ab", share * answers[:, p], include, include, above)
        np.fill_diagonal(weight, 0.0)
        weights.append(weight)
    return weights
