"""Elimination rules: candidates go out round by round, and the outcome is the reverse of the order
of elimination."""

from __future__ import annotations

from collections.abc import Callable

from scrl.voting.contest import TIE_TOLERANCE, Contest
from scrl.voting.namespace import Array, namespace_of, while_loop
from scrl.voting.registry import rule


def eliminate(profile: Contest, losers: Callable[[Array], Array]) -> Array:
    """Places ``[candidates]`` when ``losers(remaining)`` go out together in each round. If all
    remaining candidates go out in one round, they tie.

    Args:
        losers: of the mask of remaining candidates, the mask of those that go out, both
            ``[candidates]``.
    """

    xp = profile.xp

    def eliminate_losers(state: tuple[Array, Array]) -> tuple[Array, Array]:
        remaining, place = state
        out = remaining & losers(remaining)
        remaining = remaining & ~out
        return remaining, xp.where(out, xp.sum(remaining), place)

    # The last remaining candidate keeps the place 0 that all have at the start.
    start = (profile.candidate_mask, xp.zeros(profile.size, int))
    return while_loop(xp, lambda state: xp.sum(state[0]) > 1, eliminate_losers, start)[1]


def lowest_scoring(scores: Array, remaining: Array) -> Array:
    """Mask of the remaining candidates with the lowest score, ties included ``[candidates]``."""
    xp = namespace_of(scores)
    scores = xp.where(remaining, scores, xp.inf)
    return remaining & (scores <= xp.min(scores) + TIE_TOLERANCE)


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
def instant_runoff(profile: Contest) -> Array:
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
def coombs(profile: Contest) -> Array:
    xp = profile.xp

    def place_winner_or_losers(
        state: tuple[Array, Array, Array],
    ) -> tuple[Array, Array, Array]:
        remaining, place, winners = state
        first = profile.first_places(remaining)
        has_majority = remaining & (first > 0.5 * xp.sum(first) + TIE_TOLERANCE)
        most_last = lowest_scoring(-profile.last_places(remaining), remaining)
        out = xp.where(has_majority.any(), has_majority, most_last)
        remaining = remaining & ~out
        behind = xp.where(has_majority.any(), 0, xp.sum(remaining))
        return remaining, xp.where(out, winners + behind, place), winners + has_majority.any()

    start = (profile.candidate_mask, xp.zeros(profile.size, int), xp.array(0, int))
    return while_loop(xp, lambda state: state[0].any(), place_winner_or_losers, start)[1]


def opponent_shares(profile: Contest) -> Array:
    """P(a ≻ b) among opponents, else 0 ``[candidates, candidates]``."""
    return profile.xp.where(profile.opponents, profile.above, 0.0)


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
def baldwin(profile: Contest) -> Array:
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
def nanson(profile: Contest) -> Array:
    xp, above = profile.xp, opponent_shares(profile)

    def below_mean(remaining: Array) -> Array:
        score = above @ remaining
        mean = xp.sum(xp.where(remaining, score, 0.0)) / xp.sum(remaining)
        below = remaining & (score < mean - TIE_TOLERANCE)
        return xp.where(below.any(), below, remaining)

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
def plurality_veto(profile: Contest) -> Array:
    xp = profile.xp

    def veto_until_one_is_out(
        state: tuple[Array, Array, Array, Array],
    ) -> tuple[Array, Array, Array, Array]:
        credit, remaining, place, _ = state
        rate = xp.where(remaining, profile.last_places(remaining, min_ranked=1), 0.0)
        time = xp.where(
            rate > TIE_TOLERANCE, credit / xp.where(rate > TIE_TOLERANCE, rate, 1.0), xp.inf
        )
        # If no ballot vetoes a remaining candidate, all remaining candidates tie.
        step = xp.min(xp.where(remaining, time, xp.inf))
        stuck = ~xp.isfinite(step)
        credit = xp.where(remaining, credit - rate * xp.where(stuck, 0.0, step), 0.0)
        out = remaining & ((credit <= TIE_TOLERANCE) | stuck)
        remaining = remaining & ~out
        return credit, remaining, xp.where(out, xp.sum(remaining), place), stuck

    credit = profile.first_places(profile.candidate_mask)
    out = profile.candidate_mask & (credit <= TIE_TOLERANCE)
    remaining = profile.candidate_mask & ~out
    start = (credit, remaining, xp.where(out, xp.sum(remaining), 0), xp.array(False))
    return while_loop(xp, lambda state: state[1].any(), veto_until_one_is_out, start)[2]
