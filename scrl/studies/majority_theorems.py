"""Majority cycles, and populations with equal pairwise probabilities.

Rewards are exact maximum-likelihood scores of Bradley–Terry, centred at zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from scrl.studies.pairwise_rewards import (
    bradley_terry_rewards,
    maximal_lottery,
    win_shares,
    wins,
)
from scrl.types import Ballots, InputError
from scrl.voting import RULES, aggregate_all
from scrl.voting.profiles.profile import Profile

# -- cycles ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Cycle:
    """Bradley–Terry rewards and the maximal lottery of a majority cycle.

    Attributes:
        names: of the candidates.
        duels: P(a ≻ b) ``[candidates, candidates]``.
        reward, lottery: ``[candidates]``.
        accuracy: share of the comparisons that the reward's order predicts, ties half.
        max_accuracy: the greatest such share of any order.
    """

    names: tuple[str, ...]
    duels: np.ndarray
    reward: np.ndarray
    lottery: np.ndarray
    accuracy: float
    max_accuracy: float


def _cycle(profile: Profile) -> Cycle:
    won = wins(profile)
    reward, duels = bradley_terry_rewards(won), win_shares(won)
    m = len(profile.names)
    return Cycle(
        profile.names, duels, reward, maximal_lottery(duels), _accuracy(won, reward),
        max(_accuracy(won, np.array(order)) for order in permutations(range(m))),
    )  # fmt: skip


def _accuracy(won: np.ndarray, score: np.ndarray) -> float:
    """The share of comparisons that the scores' order predicts; ties within 1e-9 count half."""
    gap = score[:, None] - score
    return float((won * np.where(np.abs(gap) <= 1e-9, 0.5, gap > 0)).sum() / won.sum())


def intransitive_raters(consistent: float = 0.0) -> Cycle:
    """Raters who compare each pair once: all answer A ≻ B and B ≻ C; on the third pair the share
    ``consistent`` answers A ≻ C and the rest C ≻ A, which contradicts every order.

    Raises:
        InputError: for a share outside [0, 1); at 1 rewards are infinite.
    """
    if not 0 <= consistent < 1:
        raise InputError("The share of consistent raters lies between 0 and 1, 1 left out.")
    orders = [[0, 1], [1, 2], [2, 0], [0, 2]]
    keep = [0, 1, 2, 3] if consistent else [0, 1, 2]
    weight = np.array([1, 1, 1 - consistent, consistent])
    return _cycle(Profile.from_orders("ABC", [orders[i] for i in keep], weight[keep]))


def condorcet_cycle(weight: float = 1.0) -> Cycle:
    """Ballots ABC with weight ``weight``, and BCA and CAB with weight 1."""
    return _cycle(Profile.from_orders("ABC", [[0, 1, 2], [1, 2, 0], [2, 0, 1]], [weight, 1, 1]))


# -- pairwise blindness ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class PairwiseBlindness:
    """Two populations with the same pairwise probabilities.

    Attributes:
        names: of the candidates.
        orders: the four ballots; weight: their shares in the two populations ``[2, 4]``.
        duels: P(a ≻ b) in each ``[2, candidates, candidates]``.
        served: share of raters who prefer none, one and both of a (to b) and c (to d) ``[2, 3]``.
        conditional: P(c ≻ d | a ≻ b), which a model of individuals learns ``[2]``.
        different, same: the rules whose outcomes differ between the two, and the others.
    """

    names: tuple[str, ...]
    orders: tuple[str, ...]
    weight: np.ndarray
    duels: np.ndarray
    served: np.ndarray
    conditional: np.ndarray
    different: tuple[str, ...]
    same: tuple[str, ...]


def pairwise_blindness(second: float = 1.0) -> PairwiseBlindness:
    """The population ½ abcd + ½ badc, and the same with the share ``second`` of each ballot
    replaced by ½ bacd + ½ abdc, counted by every ordinal rule."""
    orders = ("abcd", "badc", "bacd", "abdc")
    profile = Profile.from_orders("abcd", [["abcd".index(c) for c in o] for o in orders])
    one, other = (np.array([1 - t, 1 - t, t, t]) / 2 for t in (0.0, second))
    weight = np.stack([one, other])
    place = profile.place
    liked = (place[:, 0] < place[:, 1]).astype(int) + (place[:, 2] < place[:, 3])
    served = np.stack([(weight * (liked == n)).sum(1) for n in range(3)], axis=1)
    first = place[:, 0] < place[:, 1]
    conditional = (weight * (liked == 2)).sum(1) / (weight * first).sum(1)
    above = 0.5 + 0.5 * np.sign(place[:, None, :] - place[:, :, None])
    rules = RULES.ordinal
    outcomes = aggregate_all(Ballots(np.stack([-place, -place]), weight=weight), rules)
    different = tuple(
        name for name, o in outcomes.items()
        if (o.place[0] != o.place[1]).any()
        or not np.allclose(o.scores[0], o.scores[1], rtol=0, atol=1e-6)
    )  # fmt: skip
    return PairwiseBlindness(
        profile.names, orders, weight, np.einsum("pv,vab->pab", weight, above), served, conditional,
        different, tuple(name for name in rules if name not in different),
    )  # fmt: skip
