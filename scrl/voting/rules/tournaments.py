"""Rules of the majority relation: Slater's orders, the Smith, Schwartz and uncovered sets; and
Smith//minimax, which reads margins within the Smith set."""

from __future__ import annotations

import numpy as np

from scrl.voting.registry import rule
from scrl.voting.rules.margin_levels import count_by_levels, margin_levels, place_repeatedly
from scrl.voting.rules.orders import MAX_CYCLE, optimal_places
from scrl.voting.rules.pairwise import CONDORCET_CRITERIA

_AGAIN = "; the winners share a place, are removed, and the rule runs again"


@rule(
    "slater",
    title="Slater",
    family="pairwise",
    reads="pairwise",
    returns="places",
    on_host=True,
    summary="Of all possible orders, the one that reverses the fewest head-to-head wins, however "
    "large they are. Its first candidate wins.",
    reference="Slater 1961; criteria: Brandt, Brill & Harrenstein 2016; a tied pair counts for "
    "neither; found as Kemeny's order is; all winners of optimal orders share a place, are "
    "removed, and the rule runs again",
    satisfies=CONDORCET_CRITERIA,
    cost="n·m² + 2^m·m within one majority cycle; of more than 16 candidates there, what can be "
    "proved in 10 seconds",
    guaranteed_candidates=MAX_CYCLE,
)
def slater(above: np.ndarray) -> np.ndarray:
    """Places ``[contests, candidates]`` from P(a ≻ b) ``[contests, candidates, candidates]``.

    Raises:
        InputError: where the optimum in a cycle of more than ``MAX_CYCLE`` candidates is not proved
            in time.
    """
    return optimal_places(0.5 + 0.5 * np.sign(margin_levels(above)), "Slater's order")


@rule(
    "smith-set",
    title="Smith set",
    family="pairwise",
    reads="pairwise",
    returns="places",
    on_host=True,
    summary="The smallest group of candidates each of whom beats everybody outside the group "
    "shares first place.",
    reference="Good 1971, Smith 1973; also called GETCHA or top cycle" + _AGAIN,
    cost="n·m² + m³",
)
@count_by_levels(only_signs=True)
def smith_set(levels: np.ndarray) -> np.ndarray:
    """Places ``[candidates]`` from levels of margins ``[candidates, candidates]``."""
    reach = _reachable(levels >= 0)
    # Who is in a better group reaches more candidates.
    size = reach.sum(1)
    return (size[None, :] > size[:, None]).sum(1)


@rule(
    "schwartz-set",
    title="Schwartz set",
    family="pairwise",
    reads="pairwise",
    returns="places",
    on_host=True,
    summary="The candidates share first place whom nobody beats by a chain of wins without being "
    "beaten back by such a chain.",
    reference="Schwartz 1972; also called GOCHA" + _AGAIN,
    cost="n·m² + m⁴",
    max_candidates=200,
)
@count_by_levels(only_signs=True)
def schwartz_set(levels: np.ndarray) -> np.ndarray:
    """Places ``[candidates]`` from levels of margins ``[candidates, candidates]``."""

    def winners(own: np.ndarray) -> np.ndarray:
        reach = _reachable(own > 0)
        return np.flatnonzero((~reach | reach.T).all(0))

    return place_repeatedly(levels, winners)


@rule(
    "uncovered-set",
    title="Uncovered set",
    family="pairwise",
    reads="pairwise",
    returns="places",
    on_host=True,
    summary="A candidate is covered by one who beats it and is beaten only by candidates who beat "
    "it, too. The uncovered candidates share first place.",
    reference="Gillies 1959, Miller 1980; Gillies covering in Duggan 2013" + _AGAIN,
    cost="n·m² + m⁴",
    max_candidates=100,
)
@count_by_levels(only_signs=True)
def uncovered_set(levels: np.ndarray) -> np.ndarray:
    """Places ``[candidates]`` from levels of margins ``[candidates, candidates]``."""

    def winners(own: np.ndarray) -> np.ndarray:
        beats = own > 0
        # c beats a and not b, for some c: then a does not cover b.
        excused = beats.T.astype(int) @ (~beats).astype(int) > 0
        return np.flatnonzero(~(beats & ~excused).any(0))

    return place_repeatedly(levels, winners)


@rule(
    "smith-minimax",
    title="Smith, minimax",
    family="pairwise",
    reads="pairwise",
    returns="places",
    on_host=True,
    summary="Minimax among the Smith set: of the smallest group each of whom beats everybody "
    "outside it, the candidate with the mildest worst defeat within the group.",
    reference="Smith 1973 and Simpson 1969, Kramer 1977; also Smith//minimax; by margins within "
    "the Smith set; those outside come behind, by the same rule",
    cost="n·m² + m³",
)
@count_by_levels()
def smith_minimax(levels: np.ndarray) -> np.ndarray:
    """Places ``[candidates]`` from levels of margins ``[candidates, candidates]``."""
    size = _reachable(levels >= 0).sum(1)
    same = (size[:, None] == size[None, :]) & ~np.eye(len(levels), dtype=bool)
    worst = np.where(same, -levels, -levels.max(initial=0)).max(1)
    ahead = (size[None, :] > size[:, None]) | (
        (size[None, :] == size[:, None]) & (worst[None, :] < worst[:, None])
    )
    return ahead.sum(1)


def _reachable(edge: np.ndarray) -> np.ndarray:
    """Whether b is reached from a along edges, or is a ``[candidates, candidates]``."""
    reach = edge | np.eye(len(edge), dtype=bool)
    for c in range(len(edge)):
        reach |= reach[:, [c]] & reach[[c], :]
    return reach
