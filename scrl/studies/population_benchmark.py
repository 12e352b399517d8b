"""Methods compared on generated populations: the social outcomes of each against the truth.

A method reads ratings and returns the outcomes of four rules on every prompt. References know more
than ratings: the oracle counts the sampled raters' own complete ballots, and the model per true
type is told types and shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from scipy.special import expit, softmax

from scrl.choice_models.bradley_terry import fit_pair_counts, pair_counts
from scrl.choice_models.plackett_luce import fit_rankings
from scrl.config import Config
from scrl.pipeline import (
    Outcomes,
    draw_voters,
    embed_raters,
    fit_raters,
    hold_elections,
    simulate_ballots,
)
from scrl.progress import RunClock
from scrl.random_streams import HostStream, host_rng
from scrl.rivals import RIVALS, Rival
from scrl.scenarios.populations import GeneratedPopulation
from scrl.scenarios.reference_outcomes import true_outcomes
from scrl.scenarios.sampling import largest_remainder
from scrl.types import Ballots, InputError, Outcome, Ratings
from scrl.voting.elections import Contests, run_elections
from scrl.voting.weak_orders import weak_order

RULES = ("borda", "copeland", "plurality", "instant-runoff")
#: Scores of a method: Kendall's τ of each rule's order (higher is better), and two errors.
POINTS, FIRST_PLACES = "error of points", "error of first places"
SCORES = (*RULES, POINTS, FIRST_PLACES)
#: Simulated voters of every method.
VOTERS = 20_000
#: Draws per type by which noise is integrated in the truth.
DRAWS = 4096
#: Random orders that stand for a ballot with ties where a likelihood reads strict orders.
TIE_ORDERS = 8

Method = Callable[[GeneratedPopulation, int], Outcomes]


# -- scores ---------------------------------------------------------------------------------------


def population_truth(population: GeneratedPopulation) -> Outcomes:
    """The outcomes of the whole population's complete ballots."""
    return true_outcomes(population.scenario, RULES, DRAWS, 0)


def population_scores(outcomes: Outcomes, truth: Outcomes) -> dict[str, float]:
    """The scores of a method, each a mean over prompts.

    Returns:
        For each rule, τ over the pairs that the truth orders strictly (a pair that the method ties
        counts 0; prompts without a strict pair are left out; NaN without any). ``POINTS``, the
        largest error of a completion's Borda points a voter, and ``FIRST_PLACES``, the largest
        error of a completion's share of first places.
    """

    def mean(of: Callable[[Outcome, Outcome], float], rule: str) -> float:
        values = [of(o[rule], t[rule]) for o, t in zip(outcomes, truth, strict=True)]
        known = [value for value in values if not np.isnan(value)]
        return float(np.mean(known)) if known else np.nan

    scores = {rule: mean(lambda o, t: strict_tau(o.place, t.place), rule) for rule in RULES}
    scores[POINTS] = mean(_largest_error, "borda")
    scores[FIRST_PLACES] = mean(_largest_error, "plurality")
    return scores


def strict_tau(place: np.ndarray, truth: np.ndarray) -> float:
    """Concordant less discordant pairs, as a share of the pairs that the truth orders strictly.

    Args:
        place, truth: places ``[candidates]``.

    Returns:
        NaN where the truth ties all.
    """
    first, second = np.triu_indices(len(truth), 1)
    wanted = np.sign(truth[first] - truth[second])
    if not wanted.any():
        return np.nan
    found = np.sign(place[first] - place[second])
    return float((wanted * found).sum() / np.abs(wanted).sum())


def _largest_error(outcome: Outcome, truth: Outcome) -> float:
    return float(np.abs(outcome.scores - truth.scores).max())


# -- methods --------------------------------------------------------------------------------------


def lab_outcomes(population: GeneratedPopulation, seed: int) -> Outcomes:
    """The outcomes of a run's simulated voters: its steps 1 to 6."""
    ratings = population.ratings.with_absent_resolved()
    config, clock = Config(voters=VOTERS, rules=RULES), RunClock()
    raters = fit_raters(ratings, config, seed, clock)
    _, density = embed_raters(raters, ratings, seed, clock)
    latents = draw_voters(density, VOTERS, seed, clock)
    ballots = simulate_ballots(raters, density, latents, seed)
    return hold_elections(ballots, ratings.catalogue, RULES, VOTERS, clock).outcomes


def rival_outcomes(rival: Rival, population: GeneratedPopulation, seed: int) -> Outcomes:
    """The outcomes of a rival's simulated voters.

    Raises:
        InputError: where the ratings are too large for it.
    """
    ratings = population.ratings.with_absent_resolved(min_size=2)
    problem = rival.too_large(ratings)
    if problem:
        raise InputError(f"{rival.title}: {problem}")
    fitted = rival.fit(ratings, seed)
    utility = fitted.electorate(VOTERS, host_rng(seed, HostStream.POPULATION_RIVAL_VOTERS))
    return electorate_outcomes(utility, ratings.catalogue.offsets)


def vanilla_outcomes(population: GeneratedPopulation, seed: int) -> Outcomes:
    """Vanilla's order under every rule, with the points and first places that its rewards state.

    Bradley–Terry states P(a ≻ b) = σ(r_a - r_b), so points are the sum over opponents; the choice
    among all of a prompt's completions is a softmax.
    """
    ratings = population.ratings.with_absent_resolved(min_size=2)
    offsets = ratings.catalogue.offsets
    rewards = fit_pair_counts(pair_counts(ratings), offsets)
    outcomes = []
    for start, stop in pairwise(offsets):
        reward = rewards[start:stop]
        # Rewards of balanced counts differ by rounding only.
        place = weak_order(np.round(reward, 6))
        points = expit(reward[:, None] - reward).sum(1) - 0.5
        scores = {"borda": points, "plurality": softmax(reward)}
        outcomes.append({rule: Outcome(rule, place, scores.get(rule, reward)) for rule in RULES})
    return outcomes


def oracle_outcomes(population: GeneratedPopulation, seed: int) -> Outcomes:
    """The outcomes of the sampled raters' own complete ballots, with their weights."""
    utility = population.sampled.complete_utilities()
    return electorate_outcomes(utility, population.ratings.catalogue.offsets, population.weight)


def per_type_outcomes(population: GeneratedPopulation, seed: int) -> Outcomes:
    """The outcomes of voters from a Plackett–Luce model of each true type, with the true shares."""
    ratings = population.ratings.with_absent_resolved(min_size=2)
    types = ratings.rater_type
    assert types is not None
    rewards = np.stack([
        plackett_luce_rewards(ratings.select(types[ratings.ballot_rater] == t), seed)
        for t in range(len(ratings.types))
    ])  # fmt: skip
    voter_type = np.repeat(
        np.arange(len(rewards)), largest_remainder(population.scenario.type_shares, VOTERS)
    )
    noise = host_rng(seed, HostStream.POPULATION_VOTERS).gumbel(
        size=(VOTERS, ratings.catalogue.items)
    )
    return electorate_outcomes(rewards[voter_type] + noise, ratings.catalogue.offsets)


def plackett_luce_rewards(ratings: Ratings, seed: int) -> np.ndarray:
    """One reward for each item ``[items]``, 0 where there is no ballot.

    A ballot with ties counts as several random orders that agree with it, of its weight together.

    Args:
        ratings: with absent completions resolved.
        seed: of the random orders.
    """
    rng = host_rng(seed, HostStream.POPULATION_TIES)
    offsets = ratings.catalogue.offsets
    rewards = np.zeros(ratings.catalogue.items)
    slot = ratings.item - offsets[ratings.ballot_prompt][ratings.entry_ballot]
    for p in np.unique(ratings.ballot_prompt):
        items = int(offsets[p + 1] - offsets[p])
        ballots = np.flatnonzero(ratings.ballot_prompt == p)
        entries = np.isin(ratings.entry_ballot, ballots)
        rank = np.full((len(ballots), items), np.inf)
        row = np.searchsorted(ballots, ratings.entry_ballot[entries])
        rank[row, slot[entries]] = ratings.rank[entries]
        ascending = np.sort(rank, axis=1)
        tied = (ascending[:, 1:] == ascending[:, :-1]) & np.isfinite(ascending[:, 1:])
        copies = TIE_ORDERS if tied.any() else 1
        rank = np.repeat(rank, copies, axis=0)
        order = np.lexsort((rng.random(rank.shape), rank))
        ranked = np.isfinite(np.take_along_axis(rank, order, axis=1))
        weight = np.repeat(ratings.ballot_weight[ballots], copies) / copies
        rewards[offsets[p] : offsets[p + 1]] = fit_rankings(
            np.where(ranked, order, -1), items, weight=weight
        )
    return rewards


def electorate_outcomes(
    utility: np.ndarray, offsets: np.ndarray, weight: np.ndarray | None = None
) -> Outcomes:
    """The outcomes of voters' complete ballots.

    Args:
        utility: ``[voters, items]``; only the order within a prompt matters.
        offsets: where each prompt's items begin ``[prompts + 1]``.
        weight: ``[voters]``, or None for one each.
    """

    def ballots(contests: Contests) -> Ballots:
        own = np.moveaxis(utility[:, contests.item], 1, 0)
        weights = None if weight is None else np.broadcast_to(weight, own.shape[:2])
        return Ballots(own, weight=weights, candidates=contests.candidate_mask)

    return run_elections(ballots, offsets, len(utility), RULES).outcomes


#: What is compared.
METHODS: dict[str, Method] = {
    "lab": lab_outcomes,
    # The pooled rival is vanilla, whose outcome needs no voters.
    **{n: partial(rival_outcomes, rival) for n, rival in RIVALS.items() if n != "pooled"},
    "vanilla": vanilla_outcomes,
}
#: What knows more than the ratings.
REFERENCES: dict[str, Method] = {"per type": per_type_outcomes, "oracle": oracle_outcomes}


# -- who wins -------------------------------------------------------------------------------------


def unbeaten(scores: dict[str, dict[int, float]], higher_is_better: bool) -> list[str]:
    """The methods that no other beats beyond noise.

    One method beats another where the mean difference over the seeds of both is more than two
    standard errors above zero; with fewer than two seeds nothing is beaten.

    Args:
        scores: method -> seed -> score.
        higher_is_better: whether a higher score is better.
    """
    sign = 1.0 if higher_is_better else -1.0
    return [
        name
        for name, own in scores.items()
        if not any(_beats(other, own, sign) for other in scores.values())
    ]


def _beats(first: dict[int, float], second: dict[int, float], sign: float) -> bool:
    gap = np.array([sign * (first[s] - second[s]) for s in sorted(first.keys() & second.keys())])
    gap = gap[~np.isnan(gap)]
    if len(gap) < 2:
        return False
    error = gap.std(ddof=1) / np.sqrt(len(gap))
    return bool(gap.mean() > max(2 * error, 1e-9))


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean over seeds and its standard error, which is NaN for a single seed; NaNs left out."""
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return np.nan, np.nan
    error = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else np.nan
    return float(known.mean()), float(error)
