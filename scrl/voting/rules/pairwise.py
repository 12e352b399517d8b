"""Condorcet rules: functions of the pairwise shares P(a ≻ b) alone."""

from __future__ import annotations

from scrl.voting.contest import TIE_TOLERANCE, Contest
from scrl.voting.namespace import Array, namespace_of, repeat, while_loop
from scrl.voting.registry import rule

CONDORCET_CRITERIA = "majority majority-loser condorcet condorcet-loser smith monotonicity reversal"


@rule(
    "copeland",
    title="Copeland",
    family="pairwise",
    reads="pairwise",
    returns="scores",
    summary="Each candidate meets each other one head to head. A win gives 1 point, a tie 1/2.",
    reference="Copeland 1951",
    satisfies=CONDORCET_CRITERIA,
    distortion=("unbounded", "5"),
    cost="n·m²",
)
def copeland(profile: Contest) -> Array:
    xp = profile.xp
    margin = profile.above - 0.5
    point = xp.where(margin > TIE_TOLERANCE, 1.0, xp.where(margin < -TIE_TOLERANCE, 0.0, 0.5))
    return xp.sum(xp.where(profile.opponents, point, 0.0), axis=1)


@rule(
    "minimax",
    title="Minimax",
    family="pairwise",
    reads="pairwise",
    returns="scores",
    summary="Each candidate is judged by its worst defeat head to head. The candidate with the "
    "mildest worst defeat wins.",
    reference="Simpson 1969, Kramer 1977; by margins",
    satisfies="majority condorcet monotonicity",
    distortion=("unbounded", ""),
    cost="n·m²",
)
def minimax(profile: Contest) -> Array:
    xp = profile.xp
    defeat = profile.above.T - profile.above
    worst = xp.max(xp.where(profile.opponents, defeat, -xp.inf), axis=1)
    return xp.where(xp.isfinite(worst), -worst, 0.0)


@rule(
    "minimax-winning-votes",
    title="Minimax, winning votes",
    family="pairwise",
    reads="pairwise",
    returns="scores",
    summary="As minimax, but a defeat is measured by the number of voters who prefer the opponent.",
    reference="Simpson 1969, Kramer 1977; a defeat weighs the share of all ballots that strictly "
    "prefer the victor",
    distortion=("unbounded", ""),
    cost="n·m²",
)
def minimax_winning_votes(profile: Contest) -> Array:
    xp = profile.xp
    is_defeat = profile.opponents & (profile.above < 0.5 - TIE_TOLERANCE)
    votes = profile.above if profile.known_above is not None else profile.strictly_above
    return -xp.max(xp.where(is_defeat, votes.T, 0.0), axis=1)


def victory_margins(profile: Contest) -> Array:
    """P(a ≻ b) - ½ where a beats b, else 0 ``[candidates, candidates]``."""
    margin = profile.above - 0.5
    return profile.xp.where(profile.opponents & (margin > TIE_TOLERANCE), margin, 0.0)


def strongest_paths(margins: Array) -> Array:
    """The strength of the strongest path of victories from a to b ``[candidates, candidates]``.

    A path is as strong as its weakest victory; by the Floyd–Warshall recursion (Schulze 2011,
    section 2.3).
    """

    xp = namespace_of(margins)

    def through(c: Array, path: Array) -> Array:
        return xp.maximum(path, xp.minimum(path[:, c, None], path[c, None, :]))

    return repeat(xp, len(margins), through, margins)


@rule(
    "schulze",
    title="Schulze",
    family="pairwise",
    reads="pairwise",
    returns="order",
    summary="Head-to-head wins form chains, and a chain is as strong as its weakest win. Of "
    "two candidates the one with the stronger chain to the other is ahead.",
    reference="Schulze 2011, by margins; ties by the number of candidates ahead",
    satisfies=CONDORCET_CRITERIA + " clones",
    distortion=("unbounded", "Θ(√m)"),
    cost="n·m² + m³",
)
def schulze(profile: Contest) -> Array:
    path = strongest_paths(victory_margins(profile))
    return -(path + TIE_TOLERANCE < path.T).sum(axis=1).astype(float)


def split_cycle_victories(margins: Array) -> Array:
    """The victories that split cycle keeps ``[candidates, candidates]``: those that are not among
    the weakest of any cycle (Holliday & Pacuit 2023)."""
    return (margins > 0) & (margins > strongest_paths(margins).T + TIE_TOLERANCE)


@rule(
    "split-cycle",
    title="Split cycle",
    family="pairwise",
    reads="pairwise",
    returns="places",
    summary="In every circle of head-to-head wins the weakest win is removed. A candidate that "
    "no remaining win beats is elected.",
    reference="Holliday & Pacuit 2023; the winners share a place, are removed, and the rule "
    "runs again",
    satisfies=CONDORCET_CRITERIA + " clones",
    distortion=("unbounded", ""),
    cost="n·m² + m⁴",
    max_candidates=200,
)
def split_cycle(profile: Contest) -> Array:
    xp, margins = profile.xp, victory_margins(profile)

    def place_winners(state: tuple[Array, Array]) -> tuple[Array, Array]:
        remaining, place = state
        inside = xp.where(remaining[:, None] & remaining[None, :], margins, 0.0)
        winners = remaining & ~split_cycle_victories(inside).any(0)
        placed = xp.sum(profile.candidate_mask) - xp.sum(remaining)
        return remaining & ~winners, xp.where(winners, placed, place)

    start = (profile.candidate_mask, xp.zeros(profile.size, int))
    return while_loop(xp, lambda state: state[0].any(), place_winners, start)[1]
