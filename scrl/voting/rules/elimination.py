"""Rules that remove candidates round by round. The order is the reverse of elimination."""

import jax
import jax.numpy as jnp

from scrl.voting.profile import TIE_TOLERANCE, Profile
from scrl.voting.registry import rule


def eliminate(profile: Profile, losers) -> jax.Array:
    """Places ``[candidates]`` when ``losers(remaining)`` go out together, round by round; when
    all do, they tie for the place."""

    def round_(state):
        remaining, place = state
        out = remaining & losers(remaining)
        left = remaining & ~out
        return left, jnp.where(out, jnp.sum(left), place)

    # The last to remain is first, as everybody is at the start.
    start = (profile.candidate_mask, jnp.zeros(profile.size, int))
    return jax.lax.while_loop(lambda state: jnp.sum(state[0]) > 1, round_, start)[1]


def lowest_of(score, remaining) -> jax.Array:
    """Which of the remaining score least, ties together."""
    score = jnp.where(remaining, score, jnp.inf)
    return remaining & (score <= jnp.min(score) + TIE_TOLERANCE)


@rule(
    "instant-runoff",
    title="Instant runoff",
    family="elimination",
    gives="places",
    summary="The candidate with the fewest first places goes out, its ballots move on, and so on.",
    reference="Hare; ties for fewest go out together, no stop at a majority",
    satisfies="majority majority-loser condorcet-loser clones later-no-harm",
    distortion=("unbounded", "O(ln m)"),
    cost="n·m²",
)
def instant_runoff(profile: Profile):
    return eliminate(profile, lambda on: lowest_of(profile.first_places(on), on))


@rule(
    "coombs",
    title="Coombs",
    family="elimination",
    gives="places",
    summary="Whoever has a majority of first places wins; until then the candidate with the most "
    "last places goes out.",
    reference="Coombs 1964; a majority winner takes the best place left, and the count goes on "
    "among the others; a ballot that ranks fewer than two of them says nothing of last places",
    satisfies="majority majority-loser condorcet-loser",
    cost="n·m²",
)
def coombs(profile: Profile):
    def round_(state):
        remaining, place, taken = state
        first = profile.first_places(remaining)
        wins = remaining & (first > 0.5 * jnp.sum(first) + TIE_TOLERANCE)
        most = lowest_of(-profile.last_places(remaining), remaining)
        out = jnp.where(wins.any(), wins, most)
        left = remaining & ~out
        place = jnp.where(out, taken + jnp.where(wins.any(), 0, jnp.sum(left)), place)
        return left, place, taken + wins.any()

    start = (profile.candidate_mask, jnp.zeros(profile.size, int), jnp.array(0, int))
    return jax.lax.while_loop(lambda state: jnp.any(state[0]), round_, start)[1]


def duels_of(profile: Profile) -> jax.Array:
    """P(a ≻ b) among opponents, else 0 ``[candidates, candidates]``. A statistic is computed where
    it is first read, so loops are handed it."""
    return jnp.where(profile.opponents, profile.above, 0.0)


@rule(
    "baldwin",
    title="Baldwin",
    family="elimination",
    reads="pairwise",
    gives="places",
    summary="The candidate with the lowest Borda score goes out, scores are counted again, and so "
    "on.",
    reference="Baldwin 1926; ties for lowest go out together",
    cost="n·m² + m³",
)
def baldwin(profile: Profile):
    duels = duels_of(profile)
    return eliminate(profile, lambda on: lowest_of(duels @ on, on))


@rule(
    "nanson",
    title="Nanson",
    family="elimination",
    reads="pairwise",
    gives="places",
    summary="All candidates below the mean Borda score go out, scores are counted again, and so "
    "on.",
    reference="Nanson 1882; who scores exactly the mean stays",
    satisfies="majority majority-loser condorcet condorcet-loser smith reversal",
    cost="n·m² + m³",
)
def nanson(profile: Profile):
    duels = duels_of(profile)

    def losers(on):
        score = duels @ on
        mean = jnp.sum(jnp.where(on, score, 0.0)) / jnp.sum(on)
        below = on & (score < mean - TIE_TOLERANCE)
        return jnp.where(below.any(), below, on)

    return eliminate(profile, losers)


@rule(
    "plurality-veto",
    title="Plurality veto",
    family="elimination",
    gives="places",
    summary="Candidates hold their first places as credit; all voters at once wear down the worst "
    "candidate still standing, and the last to stand wins.",
    reference="Kizilkaya & Kempe 2022, in the form in which all veto at the same time (2023), so "
    "that no order of voters matters; a tied bottom is worn down equally",
    distortion=("grows with voters", "3"),
    cost="n·m²",
)
def plurality_veto(profile: Profile):
    def round_(state):
        credit, remaining, place, _ = state
        rate = jnp.where(remaining, profile.last_places(remaining, least=1), 0.0)
        time = jnp.where(
            rate > TIE_TOLERANCE, credit / jnp.where(rate > TIE_TOLERANCE, rate, 1.0), jnp.inf
        )
        # Where nobody vetoes any more, all that are left tie.
        step = jnp.min(jnp.where(remaining, time, jnp.inf))
        stuck = ~jnp.isfinite(step)
        credit = jnp.where(remaining, credit - rate * jnp.where(stuck, 0.0, step), 0.0)
        out = remaining & ((credit <= TIE_TOLERANCE) | stuck)
        left = remaining & ~out
        return credit, left, jnp.where(out, jnp.sum(left), place), stuck

    credit = profile.first_places(profile.candidate_mask)
    none = profile.candidate_mask & (credit <= TIE_TOLERANCE)
    left = profile.candidate_mask & ~none
    start = (credit, left, jnp.where(none, jnp.sum(left), 0), jnp.array(False))
    return jax.lax.while_loop(lambda state: jnp.any(state[1]), round_, start)[2]
