"""How often majorities of random voters form a cycle, and how often a reward follows them.

A voter's utility of an answer is √c · common quality + √(1-c) · own taste, both standard normal.
With c = 0 every order of the answers is equally likely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.types import InputError

#: Voters of a population, an odd number, so that no majority is tied.
VOTERS = 25
#: Random populations.
POPULATIONS = 1500
#: Answers of a population in the study of consistency.
ANSWERS = 5
SEED = 0


def normal_utilities(
    common: float,
    answers: int,
    populations: int = POPULATIONS,
    voters: int = VOTERS,
    seed: int = SEED,
) -> np.ndarray:
    """Utilities of random voters ``[populations, voters, answers]``, float32.

    Args:
        common: share of the variance of utilities that all voters have in common, 0 to 1.

    Raises:
        InputError: for a share outside [0, 1] or an even number of voters.
    """
    if not 0 <= common <= 1:
        raise InputError("The share that voters have in common lies between 0 and 1.")
    if voters % 2 == 0:
        raise InputError("The number of voters is odd, so that no majority is tied.")
    rng = np.random.default_rng(seed)
    quality = rng.standard_normal((populations, 1, answers), np.float32)
    taste = rng.standard_normal((populations, voters, answers), np.float32)
    return np.sqrt(np.float32(common)) * quality + np.sqrt(np.float32(1 - common)) * taste


def line_utilities(
    answers: int, populations: int = POPULATIONS, voters: int = VOTERS, seed: int = SEED
) -> np.ndarray:
    """Minus the distances between voters and answers on a line
    ``[populations, voters, answers]``; both are uniform on it."""
    rng = np.random.default_rng(seed)
    places = rng.random((populations, 1, answers)), rng.random((populations, voters, 1))
    return -np.abs(places[0] - places[1])


def win_counts(utility: np.ndarray) -> np.ndarray:
    """How many voters prefer a to b ``[populations, answers, answers]``, from utilities
    ``[populations, voters, answers]``."""
    populations, voters, m = utility.shape
    counts = np.zeros((populations, m, m), np.int16)
    for v in range(voters):  # one voter at a time stays in the processor's cache
        counts += utility[:, v, :, None] > utility[:, v, None, :]
    return counts


# -- cycles ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class CycleChances:
    """How often random majorities form a cycle.

    Attributes:
        answers: numbers of answers, from 2 on ``[sizes]``.
        cycle: share of populations whose majorities form a cycle somewhere ``[sizes]``.
        no_winner: share of populations in which every answer loses to another ``[sizes]``.
    """

    answers: np.ndarray
    cycle: np.ndarray
    no_winner: np.ndarray


def cycle_chances(utility: np.ndarray) -> CycleChances:
    """How often majorities on the first 2, 3, … answers form a cycle.

    Without ties the majorities have no cycle exactly if the answers beat m-1, m-2, … 0 others.

    Args:
        utility: ``[populations, voters, answers]``, an odd number of voters.
    """
    m = utility.shape[-1]
    beats = win_counts(utility) > utility.shape[1] / 2
    sizes = np.arange(2, m + 1)
    cycle, no_winner = np.zeros(m - 1), np.zeros(m - 1)
    for i, size in enumerate(sizes):
        beaten = np.sort(beats[:, :size, :size].sum(-1), axis=-1)
        cycle[i] = (beaten != np.arange(size)).any(-1).mean()
        no_winner[i] = (beaten[:, -1] < size - 1).mean()
    return CycleChances(sizes, cycle, no_winner)


# -- consistency ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Consistency:
    """How often the highest Bradley–Terry reward is the answer that beats all others.

    Attributes:
        common: what voters have in common ``[points]``.
        winner: share of populations in which an answer beats all others ``[points]``.
        agrees: of these, the share in which it has the highest reward ``[points]``.
        leads: of these, the share in which it does best against every third answer ``[points]``.
        agrees_where_leads: as ``agrees``, among those in which it leads; NaN where there are none.
        agrees_majority: as ``agrees``, for the reward trained on each pair's majority answer.
    """

    common: np.ndarray
    winner: np.ndarray
    agrees: np.ndarray
    leads: np.ndarray
    agrees_where_leads: np.ndarray
    agrees_majority: np.ndarray


def leads_everywhere(counts: np.ndarray, winner: np.ndarray) -> np.ndarray:
    """Whether against every third answer no other answer wins more often than the winner
    ``[populations]``.

    Args:
        counts: as of ``win_counts``.
        winner: the answer that beats all others ``[populations]``.
    """
    rows = np.arange(len(counts))
    own, best = counts[rows, winner], counts.max(-2)
    own[rows, winner], best[rows, winner] = 0, 0
    return np.asarray((own >= best).all(-1))


def consistency(
    common: np.ndarray, answers: int = ANSWERS, populations: int = POPULATIONS, seed: int = SEED
) -> Consistency:
    """How often Bradley–Terry and majority agree, by what voters have in common.

    All pairs are compared equally often, so the highest Bradley–Terry reward is the highest sum of
    wins (Borda). If the answer that beats all others also wins at least as often as any other
    against every third answer, it has the most wins. A reward trained on majority answers orders by
    the number of answers beaten, of which the winner has the most.

    Args:
        common: as in ``normal_utilities`` ``[points]``.
    """
    common = np.asarray(common, float)
    rows = []
    for share in common:
        counts = win_counts(normal_utilities(share, answers, populations, seed=seed))
        beaten = (counts > VOTERS / 2).sum(-1)
        has_winner = beaten.max(-1) == answers - 1
        points = counts.sum(-1)
        winner = beaten.argmax(-1)
        top = points.max(-1, keepdims=True) == points
        agrees = np.take_along_axis(top, winner[:, None], 1)[:, 0] / top.sum(-1)
        leads = leads_everywhere(counts, winner)
        both = has_winner & leads
        most = beaten == beaten.max(-1, keepdims=True)
        majority = np.take_along_axis(most, winner[:, None], 1)[:, 0] / most.sum(-1)
        rows.append((
            has_winner.mean(), agrees[has_winner].mean(), leads[has_winner].mean(),
            agrees[both].mean() if both.any() else np.nan, majority[has_winner].mean(),
        ))  # fmt: skip
    return Consistency(common, *np.array(rows).T)


def inconsistent_reward(share: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """Voters among whom the answer that beats all others has not the highest reward.

    The share ranks A ≻ B ≻ C ≻ D, the others B ≻ C ≻ D ≻ A.

    Returns:
        The smallest majority of A, B, C and D over another ``[4]``, and Borda points ``[4]``.
    """
    place = np.array([[0, 1, 2, 3], [3, 0, 1, 2]])
    above = (place[:, :, None] < place[:, None, :]).astype(float)
    duels = np.tensordot(np.array([share, 1 - share]), above, 1)
    return (duels + np.eye(4)).min(-1), duels.sum(-1)
