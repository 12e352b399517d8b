"""Rules that read nothing but who beats whom, and by how much."""

import jax
import jax.numpy as jnp

from scrl.voting.profile import TIE_TOLERANCE, Profile
from scrl.voting.registry import rule

CONDORCET_CRITERIA = "majority majority-loser condorcet condorcet-loser smith monotonicity reversal"


@rule(
    "copeland",
    title="Copeland",
    family="pairwise",
    reads="pairwise",
    gives="scores",
    summary="Opponents beaten head to head, a tie counting half.",
    reference="Copeland 1951",
    satisfies=CONDORCET_CRITERIA,
    distortion=("unbounded", "5"),
    cost="n·m²",
)
def copeland(profile: Profile):
    lead = profile.above - 0.5
    point = jnp.where(lead > TIE_TOLERANCE, 1.0, jnp.where(lead < -TIE_TOLERANCE, 0.0, 0.5))
    return jnp.sum(jnp.where(profile.opponents, point, 0.0), axis=1)


@rule(
    "minimax",
    title="Minimax",
    family="pairwise",
    reads="pairwise",
    gives="scores",
    summary="The candidate whose worst defeat is mildest.",
    reference="Simpson 1969, Kramer 1977; by margins",
    satisfies="majority condorcet monotonicity",
    distortion=("unbounded", ""),
    cost="n·m²",
)
def minimax(profile: Profile):
    against = profile.above.T - profile.above
    worst = jnp.max(jnp.where(profile.opponents, against, -jnp.inf), axis=1)
    return jnp.where(jnp.isfinite(worst), -worst, 0.0)


@rule(
    "minimax-winning-votes",
    title="Minimax, winning votes",
    family="pairwise",
    reads="pairwise",
    gives="scores",
    summary="The candidate whose worst defeat has the fewest votes behind it.",
    reference="Simpson 1969, Kramer 1977; a defeat weighs the share of all ballots that strictly "
    "prefer the victor",
    distortion=("unbounded", ""),
    cost="n·m²",
)
def minimax_winning_votes(profile: Profile):
    lost = profile.opponents & (profile.above < 0.5 - TIE_TOLERANCE)
    votes = profile.above if profile.known_above is not None else profile.strictly_above
    return -jnp.max(jnp.where(lost, votes.T, 0.0), axis=1)


def victory_margins(profile: Profile) -> jax.Array:
    """P(a ≻ b) - ½ where a beats b, else 0 ``[candidates, candidates]``."""
    lead = profile.above - 0.5
    return jnp.where(profile.opponents & (lead > TIE_TOLERANCE), lead, 0.0)


def strongest_paths(lead: jax.Array) -> jax.Array:
    """The strength of the strongest chain of victories from a to b
    ``[candidates, candidates]``: a chain is as strong as its weakest victory. Floyd and
    Warshall's recursion (Schulze 2011, section 2.3)."""

    def through(c, path):
        return jnp.maximum(path, jnp.minimum(path[:, c, None], path[c, None, :]))

    return jax.lax.fori_loop(0, len(lead), through, lead)


@rule(
    "schulze",
    title="Schulze",
    family="pairwise",
    reads="pairwise",
    gives="order",
    summary="A candidate is ahead of another if its strongest chain of victories to it is stronger "
    "than the strongest chain back.",
    reference="Schulze 2011, by margins; in ties, by how many are ahead",
    satisfies=CONDORCET_CRITERIA + " clones",
    distortion=("unbounded", "Θ(√m)"),
    cost="n·m² + m³",
)
def schulze(profile: Profile):
    path = strongest_paths(victory_margins(profile))
    return -jnp.sum(path + TIE_TOLERANCE < path.T, axis=1).astype(float)


def split_cycle_victories(lead: jax.Array) -> jax.Array:
    """The victories of split cycle ``[candidates, candidates]``: those that are not the weakest,
    or among the weakest, of any cycle (Holliday & Pacuit 2023)."""
    return (lead > 0) & (lead > strongest_paths(lead).T + TIE_TOLERANCE)


@rule(
    "split-cycle",
    title="Split cycle",
    family="pairwise",
    reads="pairwise",
    gives="places",
    summary="In every cycle of victories the weakest is struck out; who is then unbeaten wins.",
    reference="Holliday & Pacuit 2023; the winners share a place, are taken out, and it runs again",
    satisfies=CONDORCET_CRITERIA + " clones",
    distortion=("unbounded", ""),
    cost="n·m² + m⁴",
    max_candidates=200,
)
def split_cycle(profile: Profile):
    lead = victory_margins(profile)

    def round_(state):
        remaining, place = state
        inside = jnp.where(remaining[:, None] & remaining[None, :], lead, 0.0)
        first = remaining & ~split_cycle_victories(inside).any(0)
        gone = jnp.sum(profile.candidate_mask) - jnp.sum(remaining)
        return remaining & ~first, jnp.where(first, gone, place)

    start = (profile.candidate_mask, jnp.zeros(profile.size, int))
    return jax.lax.while_loop(lambda state: jnp.any(state[0]), round_, start)[1]
