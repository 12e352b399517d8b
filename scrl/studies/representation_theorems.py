"""Splits, halves, types and slates: what one reward hides of a population, and what shows it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from scrl.policies import proportional_policy
from scrl.studies.pairwise_rewards import bradley_terry_rewards, maximal_lottery
from scrl.types import InputError

SEED = 0

# -- pairwise calibration -------------------------------------------------------------------------

#: Answers, raters and random populations of the study of calibration.
ANSWERS, RATERS, POPULATIONS = 6, 30, 200
#: Standard deviation of a kind's utilities, with Gumbel noise of each rater about them.
KIND_SPREAD = 2.0
#: Shares of the kinds.
KIND_SHARES = (0.5, 0.3, 0.2)


def pair_splits(orders: np.ndarray) -> np.ndarray:
    """Whether an order prefers the first of each pair ``[..., pairs]``.

    Args:
        orders: places of the answers ``[..., answers]``, 0 the best.
    """
    first, second = np.array(list(combinations(range(orders.shape[-1]), 2))).T
    return (orders[..., first] < orders[..., second]).astype(float)


def kinds_of_raters(
    populations: int = POPULATIONS, answers: int = ANSWERS, seed: int = SEED
) -> np.ndarray:
    """Places that raters of three kinds give the answers ``[populations, RATERS, answers]``."""
    rng = np.random.default_rng(seed)
    kinds = KIND_SPREAD * rng.standard_normal((populations, len(KIND_SHARES), answers))
    kind = rng.choice(len(KIND_SHARES), (populations, RATERS), p=KIND_SHARES)
    utility = np.take_along_axis(kinds, kind[:, :, None], 1)
    utility = utility + rng.gumbel(size=utility.shape)
    return np.argsort(np.argsort(-utility, axis=-1), axis=-1)


@dataclass(frozen=True, eq=False)
class Calibration:
    """How well ensembles of orders match the splits of pairs.

    Attributes:
        sizes: of the ensembles, from 1 on ``[sizes]``.
        error: root mean square difference between an ensemble's splits and the raters', over pairs
            and populations ``[sizes]``.
        sampled: its expected value for as many raters drawn at random ``[sizes]``.
        bradley_terry: of the probabilities of one Bradley–Terry reward.
        chosen: the first population's ensemble, as places of the answers ``[sizes, answers]``.
    """

    sizes: np.ndarray
    error: np.ndarray
    sampled: np.ndarray
    bradley_terry: float
    chosen: np.ndarray


def calibrate(splits: np.ndarray, answers: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Ensembles of orders that match given splits, without knowing who answered.

    An order is added at a time: the one after which the ensemble, all orders counting alike, has
    the least squared error.

    Args:
        splits: share who prefer the first of each pair ``[populations, pairs]``.
        answers: number of answers.
        size: of the ensemble.

    Returns:
        Places of the answers ``[populations, size, answers]`` and the splits of the first 1, 2, …
        orders ``[populations, size, pairs]``.
    """
    orders = np.array(list(permutations(range(answers))))
    features = pair_splits(orders)
    total, chosen, reached = np.zeros_like(splits), [], []
    for k in range(1, size + 1):
        # |total + f - k p|² up to a constant, since f² = f.
        score = features.sum(1) + 2 * (total - k * splits) @ features.T
        best = score.argmin(1)
        total = total + features[best]
        chosen.append(orders[best])
        reached.append(total / k)
    return np.stack(chosen, 1), np.stack(reached, 1)


def calibration(size: int = 12, populations: int = POPULATIONS, seed: int = SEED) -> Calibration:
    """Calibration of ensembles of 1 to ``size`` orders on random populations (Halpern et al. 2025).

    ``size`` raters drawn at random have the expected squared error p(1-p)/size on a pair with the
    split p; that needs to know who answered, the ensemble does not.
    """
    orders = kinds_of_raters(populations, seed=seed)
    splits = pair_splits(orders).mean(1)
    chosen, reached = calibrate(splits, ANSWERS, size)
    error = np.sqrt(((reached - splits[:, None]) ** 2).mean((0, 2)))
    sizes = np.arange(1, size + 1)
    sampled = np.sqrt((splits * (1 - splits)).mean() / sizes)
    first, second = np.array(list(combinations(range(ANSWERS), 2))).T
    won = np.zeros((populations, ANSWERS, ANSWERS))
    won[:, first, second], won[:, second, first] = splits, 1 - splits
    reward = bradley_terry_rewards(won)
    predicted = expit(reward[:, first] - reward[:, second])
    bradley_terry = float(np.sqrt(((predicted - splits) ** 2).mean()))
    return Calibration(sizes, error, sampled, bradley_terry, chosen[0])


# -- half of the people ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class HalfErased:
    """Policies for two camps, with and without a compromise.

    Attributes:
        share: of the first camp ``[points]``.
        rlhf: probability of the first camp's answer where the reward is maximised ``[points]``.
        nash: by the maximal lottery ``[points]``.
        proportional: by the population-proportional policy ``[points]``.
        tilted: of RLHF with the KL penalty's weight 1 and a uniform reference ``[points]``.
        compromise: the proportional policy with a compromise: of the first camp's answer, the
            compromise and the second camp's answer ``[points, 3]``.
    """

    share: np.ndarray
    rlhf: np.ndarray
    nash: np.ndarray
    proportional: np.ndarray
    tilted: np.ndarray
    compromise: np.ndarray


def half_erased(share: ArrayLike) -> HalfErased:
    """Two camps: one prefers A to B, the other B to A. With a compromise C they rank A ≻ C ≻ B and
    B ≻ C ≻ A.

    Args:
        share: of the first camp, above 0 and below 1 ``[points]``.
    """
    p = np.atleast_1d(np.asarray(share, float))
    if not ((p > 0) & (p < 1)).all():
        raise InputError("The share of a camp lies between 0 and 1.")
    half = np.full_like(p, 0.5)
    duels = np.stack([np.stack([half, p], -1), np.stack([1 - p, half], -1)], -2)
    reward = bradley_terry_rewards(duels * (1 - np.eye(2)))
    rlhf = np.where(np.isclose(p, 0.5), 0.5, p > 0.5)
    nash = np.array([maximal_lottery(d)[0] for d in duels])
    tilted = expit(reward[:, 0] - reward[:, 1])
    three = np.full((len(p), 3, 3), 0.5)
    for above, below in ((0, 1), (0, 2), (1, 2)):
        three[:, above, below], three[:, below, above] = p, 1 - p
    return HalfErased(
        p, rlhf, nash, proportional_policy(duels)[:, 0], tilted, proportional_policy(three)
    )


# -- triples --------------------------------------------------------------------------------------

#: Answers to a hundred questions decide how much evidence a figure shows.
QUESTIONS = 100


def choice_chances(strength: ArrayLike, answers: ArrayLike) -> np.ndarray:
    """Chances that two camps of equal size choose each of some answers ``[..., answers]``.

    The camps value an answer at a at strength·a and at -strength·a, and choose by Luce's rule.

    Args:
        strength: ``[...]``.
        answers: their places a ``[answers]``.
    """
    utility = np.asarray(strength, float)[..., None] * np.asarray(answers, float)
    chances = []
    for sign in (1, -1):
        weight = np.exp(sign * utility - np.abs(utility).max(-1, keepdims=True))
        chances.append(weight / weight.sum(-1, keepdims=True))
    return np.mean(chances, axis=0)


@dataclass(frozen=True, eq=False)
class TripleEvidence:
    """What pairs and triples tell about two camps.

    Attributes:
        strengths: that a reader of the answers considers ``[points]``.
        pairs, triples: log-likelihood that ``QUESTIONS`` answers lose at each, in expectation,
            against the truth ``[points]``.
        middle: chance that the middle one of three is chosen, at the true strength.
    """

    strengths: np.ndarray
    pairs: np.ndarray
    triples: np.ndarray
    middle: float


def triple_evidence(strength: float, strengths: np.ndarray) -> TripleEvidence:
    """The expected evidence on the camps' strength, from pairs and from triples of the answers -1,
    0 and 1 (after Chidambaram, Seetharaman & Syrgkanis 2024).

    Every pair is split evenly at every strength, 0 included, where nobody cares. Of three, the
    middle one is chosen with probability 1/(1 + 2 cosh strength).
    """
    places = [-1.0, 0.0, 1.0]

    def lost(subsets: list[list[float]]) -> np.ndarray:
        total = np.zeros(len(strengths))
        for subset in subsets:
            truth = choice_chances(strength, subset)
            total -= (truth * np.log(truth / choice_chances(strengths, subset))).sum(-1)
        return QUESTIONS * total / len(subsets)

    pairs = lost([list(pair) for pair in combinations(places, 2)])
    return TripleEvidence(
        np.asarray(strengths, float), pairs, lost([places]),
        float(choice_chances(strength, places)[1]),
    )  # fmt: skip


# -- slates ---------------------------------------------------------------------------------------

#: Voters, statements, and the kinds of both: shares of voters, numbers of statements.
VOTERS = 100
SLATE_SHARES = (60, 30, 10)
STATEMENTS = (10, 6, 4)
#: A statement speaks for a voter from this rating on, of 0 to 4.
APPROVAL = 3


def slate_ratings(seed: int = SEED) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ratings 0 to 4 of statements ``[voters, statements]``, the voters' kind ``[voters]`` and the
    statements' ``[statements]``.

    A voter rates statements of its kind about 3.2, others about 0.8.
    """
    rng = np.random.default_rng(seed)
    voter, statement = np.repeat(range(3), SLATE_SHARES), np.repeat(range(3), STATEMENTS)
    middle = np.where(voter[:, None] == statement, 3.2, 0.8)
    appeal = rng.normal(0, 0.3, len(statement))
    ratings = np.rint(middle + appeal + rng.normal(0, 0.5, middle.shape))
    return np.clip(ratings, 0, 4).astype(int), voter, statement


def mean_slate(ratings: np.ndarray, size: int) -> np.ndarray:
    """The statements with the highest mean rating ``[size]``, the best first."""
    return np.argsort(-ratings.mean(0), kind="stable")[:size]


def representative_slate(ratings: np.ndarray, size: int) -> np.ndarray:
    """A slate with justified representation at every rating ``[size]``.

    From the highest rating down: while some statement has that rating or a higher one among
    voters / size of those who are not yet represented, the one with the most of them joins, and
    they are represented. So no voters / size of them agree on a statement that each rates higher
    than all of the slate. Seats that are left go to the statements that raise the sum of voters'
    highest ratings most (after Fish et al. 2024).

    Args:
        ratings: integers ``[voters, statements]``.
        size: at most the number of statements.
    """
    voters, statements = ratings.shape
    if not 1 <= size <= statements:
        raise InputError(f"A slate holds 1 to {statements} statements.")
    chosen: list[int] = []
    waiting = np.ones(voters, bool)
    for level in range(int(ratings.max()), int(ratings.min()), -1):
        while True:
            support = (waiting[:, None] & (ratings >= level)).sum(0)
            best = int(support.argmax())
            if support[best] * size < voters:
                break
            chosen.append(best)
            waiting &= ratings[:, best] < level
    while len(chosen) < size:
        reached = ratings[:, chosen].max(1) if chosen else np.full(voters, ratings.min())
        gain = np.maximum(ratings - reached[:, None], 0).sum(0).astype(float)
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
    return np.array(chosen)


def largest_ignored_group(ratings: np.ndarray, slate: np.ndarray) -> int:
    """The most voters who agree on a statement that each of them rates at least so high, while each
    rates all of the slate lower. Justified representation holds at every rating if it is less than
    voters / size of the slate."""
    reached = ratings[:, slate].max(1)
    levels = np.unique(ratings)[:, None, None]
    groups = ((ratings >= levels) & (reached[:, None] < levels)).sum(1)
    return int(groups.max())


def spoken_for(ratings: np.ndarray, slate: np.ndarray) -> np.ndarray:
    """Whether a statement of the slate has the rating ``APPROVAL`` or more, by voter
    ``[voters]``."""
    return ratings[:, slate].max(1) >= APPROVAL
