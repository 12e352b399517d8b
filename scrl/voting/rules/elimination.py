"""Elimination rules: candidates go out round by round, and the outcome is the reverse of the order
of elimination."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from scrl.voting.contest import TIE_TOLERANCE, Contest
from scrl.voting.registry import rule


def eliminate(profile: Contest, losers: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """Places ``[candidates]`` when ``losers(remaining)`` go out together in each round. If all
    remaining candidates go out in one round, they tie.

    Args:
        losers: of the mask of remaining candidates, the mask of those that go out, both
            ``[candidates]``.
    """

    def eliminate_losers(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        remaining, place = state
        out = remaining & losers(remaining)
        remaining = remaining & ~out
        return remaining, jnp.where(out, jnp.sum(remaining), place)

    # The last remaining candidate keeps the place 0 that all have at the start.
    start = (profile.candidate_mask, jnp.zeros(profile.size, int))
    return jax.lax.while_loop(lambda state: jnp.sum(state[0]) > 1, eliminate_losers, start)[1]


def lowest_scoring(scores: jax.Array, remaining: jax.Array) -> jax.Array:
    """Mask of the remaining candidates with the lowest score, ties included ``[candidates]``."""
    scores = jnp.where(remaining, scores, jnp.inf)
    return remaining & (scores <= jnp.min(scores) + TIE_TOLERANCE)


@rule(
    "instant-runoff",
    title="Instant runoff",
    family="elimination",
    returns="places",
    summary="The candidate with the fewest first places goes out, and its ballots pass to "
    "their next choice. This repeats until one candidate is left.",
    reference="Hare; ties for fewest go out together, no stop at a majority",
    satisfies="majority majority-loser condorcet-loser clones later-no-harm",
    distortion=("unbounded", "O(ln m)"),
    cost="n·m²",
)
def instant_runoff(profile: Contest) -> jax.Array:
    return eliminate(
        profile, lambda remaining: lowest_scoring(profile.first_places(remaining), remaining)
    )


@rule(
    "coombs",
    title="Coombs",
    family="elimination",
    returns="places",
    summary="A candidate with a majority of first places wins. Until there is one, the "
    "candidate with the most last places goes out.",
    reference="Coombs 1964; a majority winner takes the best free place, and the count goes on "
    "among the others; a ballot that ranks fewer than two of them has no last place",
    satisfies="majority majority-loser condorcet-loser",
    cost="n·m²",
)
def coombs(profile: Contest) -> jax.Array:
    def place_winner_or_losers(
        state: tuple[jax.Array, jax.Array, jax.Array],
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        remaining, place, winners = state
        first = profile.first_places(remaining)
        has_majority = remaining & (first > 0.5 * jnp.sum(first) + TIE_TOLERANCE)
        most_last = lowest_scoring(-profile.last_places(remaining), remaining)
        out = jnp.where(has_majority.any(), has_majority, most_last)
        remaining = remaining & ~out
        behind = jnp.where(has_majority.any(), 0, jnp.sum(remaining))
        return remaining, jnp.where(out, winners + behind, place), winners + has_majority.any()

    start = (profile.candidate_mask, jnp.zeros(profile.size, int), jnp.array(0, int))
    return jax.lax.while_loop(lambda state: jnp.any(state[0]), place_winner_or_losers, start)[1]


def opponent_shares(profile: Contest) -> jax.Array:
    """P(a ≻ b) among opponents, else 0 ``[candidates, candidates]``."""
    return jnp.where(profile.opponents, profile.above, 0.0)


@rule(
    "baldwin",
    title="Baldwin",
    family="elimination",
    reads="pairwise",
    returns="places",
    summary="The candidate with the lowest Borda score goes out, and scores are counted again. "
    "This repeats until one candidate is left.",
    reference="Baldwin 1926; ties for lowest go out together",
    cost="n·m² + m³",
)
def baldwin(profile: Contest) -> jax.Array:
    above = opponent_shares(profile)
    return eliminate(profile, lambda remaining: lowest_scoring(above @ remaining, remaining))


@rule(
    "nanson",
    title="Nanson",
    family="elimination",
    reads="pairwise",
    returns="places",
    summary="All candidates below the average Borda score go out, and scores are counted "
    "again. This repeats until one candidate is left.",
    reference="Nanson 1882; candidates that score exactly the mean stay",
    satisfies="majority majority-loser condorcet condorcet-loser smith reversal",
    cost="n·m² + m³",
)
def nanson(profile: Contest) -> jax.Array:
    above = opponent_shares(profile)

    def below_mean(remaining: jax.Array) -> jax.Array:
        score = above @ remaining
        mean = jnp.sum(jnp.where(remaining, score, 0.0)) / jnp.sum(remaining)
        below = remaining & (score < mean - TIE_TOLERANCE)
        return jnp.where(below.any(), below, remaining)

    return eliminate(profile, below_mean)


@rule(
    "plurality-veto",
    title="Plurality veto",
    family="elimination",
    returns="places",
    summary="Candidates start with one point for each first place. Then all voters take points "
    "from their worst remaining candidate, and the last one left wins.",
    reference="Kizilkaya & Kempe 2022, with simultaneous vetoes (2023), so that the order of "
    "voters has no effect; a tied bottom is vetoed equally",
    distortion=("grows with voters", "3"),
    cost="n·m²",
)
def plurality_veto(profile: Contest) -> jax.Array:
    def veto_until_one_is_out(
        state: tuple[jax.Array, jax.Array, jax.Array, jax.Array],
    ) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
        credit, remaining, place, _ = state
        rate = jnp.where(remaining, profile.last_places(remaining, min_ranked=1), 0.0)
        time = jnp.where(
            rate > TIE_TOLERANCE, credit / jnp.where(rate > TIE_TOLERANCE, rate, 1.0), jnp.inf
        )
        # If no ballot vetoes a remaining candidate, all remaining candidates tie.
        step = jnp.min(jnp.where(remaining, time, jnp.inf))
        stuck = ~jnp.isfinite(step)
        credit = jnp.where(remaining, credit - rate * jnp.where(stuck, 0.0, step), 0.0)
        out = remaining & ((credit <= TIE_TOLERANCE) | stuck)
        remaining = remaining & ~out
        return credit, remaining, jnp.where(out, jnp.sum(remaining), place), stuck

    credit = profile.first_places(profile.candidate_mask)
    out = profile.candidate_mask & (credit <= TIE_TOLERANCE)
    remaining = profile.candidate_mask & ~out
    start = (credit, remaining, jnp.where(out, jnp.sum(remaining), 0), jnp.array(False))
    return jax.lax.while_loop(lambda state: jnp.any(state[1]), veto_until_one_is_out, start)[2]
