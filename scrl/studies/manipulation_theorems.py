"""What copies of an answer and one liar do to a reward, and what repairs it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from scrl.choice_models.similarity_weights import similarity_weights
from scrl.studies.pairwise_rewards import bradley_terry_rewards
from scrl.types import InputError

# -- clones ---------------------------------------------------------------------------------------

#: The answers to "What shall we eat tonight?": soup, salad, and pizza in many wordings.
MEALS = (
    "A lentil soup with fresh bread.",
    "A green salad with grilled vegetables.",
    "A pizza with mushrooms.",
    "Pizza with mushrooms tonight.",
    "Let us have a mushroom pizza.",
    "How about a pizza topped with mushrooms?",
    "I would eat a pizza with mushrooms.",
    "Mushroom pizza for dinner.",
    "A mushroom pizza would be nice.",
    "Order a pizza with mushrooms.",
    "We could bake a pizza with mushrooms.",
    "Dinner: one pizza, with mushrooms.",
)
#: Number of wordings of the third answer.
MAX_COPIES = len(MEALS) - 2
#: Similarity of two wordings, and of two answers, where none is measured.
SAME_SIMILARITY, OTHER_SIMILARITY = 0.9, 0.1
#: Similarities below this are those of different answers, and may count as none.
MIN_SIMILARITY = 0.5
#: Share of voters who rank soup ≻ salad ≻ pizza, salad ≻ pizza ≻ soup, soup ≻ pizza ≻ salad.
MEAL_SHARES = np.array([0.5, 0.3, 0.2])
_MEAL_PLACES = np.array([[0, 1, 2], [2, 0, 1], [0, 2, 1]])


def stated_similarity() -> np.ndarray:
    """The similarity of ``MEALS`` by the stated figures ``[answers, answers]``."""
    copy = np.arange(len(MEALS)) >= 2
    similarity = np.where(copy[:, None] & copy, SAME_SIMILARITY, OTHER_SIMILARITY)
    np.fill_diagonal(similarity, 1.0)
    return similarity


def without_small(similarity: np.ndarray) -> np.ndarray:
    """The similarities with those below ``MIN_SIMILARITY`` as 0."""
    return np.where(similarity < MIN_SIMILARITY, 0.0, similarity)


@dataclass(frozen=True, eq=False)
class CloneRewards:
    """Rewards of three answers, the third in 1, 2, … wordings.

    Attributes:
        copies: numbers of wordings ``[points]``.
        weight: of the three answers, all wordings together ``[points, 3]``.
        reward: of the three answers ``[points, 3]``.
    """

    copies: np.ndarray
    weight: np.ndarray
    reward: np.ndarray


def clone_rewards(similarity: np.ndarray | None = None) -> CloneRewards:
    """Bradley–Terry rewards as wordings of pizza are added.

    All pairs are compared equally often, and a pair counts with the product of the weights of its
    two answers. An answer's weight is 1 / (sum of its similarities to all answers, itself
    included), so that k exact copies weigh as much as one (after Procaccia, Schiffer & Zhang 2025);
    without similarities it is 1. Wordings win equally often, so they have one reward, and three
    answers with summed weights are fitted.

    Args:
        similarity: of ``MEALS`` ``[answers, answers]``, 1 on the diagonal.
    """
    copies = np.arange(1, MAX_COPIES + 1)
    weight = np.empty((MAX_COPIES, 3))
    for i, k in enumerate(copies):
        known = np.eye(2 + int(k)) if similarity is None else similarity[: 2 + k, : 2 + k]
        own = similarity_weights(known)
        weight[i] = own[0], own[1], own[2:].sum()
    above = (_MEAL_PLACES[:, :, None] < _MEAL_PLACES[:, None, :]).astype(float)
    duels = np.tensordot(MEAL_SHARES, above, 1)
    reward = bradley_terry_rewards(duels * weight[:, :, None] * weight[:, None, :])
    return CloneRewards(copies, weight, reward)


# -- one liar -------------------------------------------------------------------------------------

#: Random populations for each number of raters.
POPULATIONS = 1000
#: Part of an answer's utility that is its quality, the same for all but the liar.
COMMON = 0.7
#: Standard errors of the measured utilities: some answers are seldom asked about.
MEASUREMENT_ERRORS = np.array([0.05, 0.05, 0.05, 0.05, 0.6, 0.6])
#: Standard errors that a pessimistic median takes off.
PESSIMISM = 1.0
#: Standard error of a median of normal errors, over that of their mean.
_MEDIAN_ERROR = np.sqrt(np.pi / 2)
SEED = 0


@dataclass(frozen=True, eq=False)
class OneLiar:
    """Mean utility lost by a rule, as a share of that of the best answer.

    Attributes:
        raters: odd numbers of raters ``[points]``.
        honest, lied: rule -> loss where all are honest, and where the first rater casts the lie
            that is best for it ``[points]``.
        gains: rule -> share of populations in which the liar's own utility rises ``[points]``.
    """

    raters: np.ndarray
    honest: dict[str, np.ndarray]
    lied: dict[str, np.ndarray]
    gains: dict[str, np.ndarray]


def one_liar(raters: ArrayLike, populations: int = POPULATIONS, seed: int = SEED) -> OneLiar:
    """What one liar does to the answer with the highest mean or median reward.

    A utility is ``COMMON`` times a quality plus the rest times a taste, both uniform on [0, 1]; for
    the liar one minus the quality. They are measured with ``MEASUREMENT_ERRORS``. The liar knows
    what is measured of the others and reports scores without limits; under ``"limited mean"``
    reports are cut to [0, 1]. For each answer it tries the report that favours it most. The
    ``"pessimistic median"`` takes ``PESSIMISM`` standard errors off each median (after Kleine
    Buening et al. 2025, whose confidence sets these replace).

    Args:
        raters: odd numbers, 3 or more ``[points]``.

    Raises:
        InputError: for other numbers.
    """
    counts = np.atleast_1d(np.asarray(raters, int))
    if (counts < 3).any() or (counts % 2 == 0).any():
        raise InputError("The numbers of raters are odd, and 3 or more.")
    found = [_liar_outcome(int(k), populations, seed) for k in counts]
    rules = list(found[0])
    columns = [{r: np.array([f[r][i] for f in found]) for r in rules} for i in range(3)]
    return OneLiar(counts, *columns)


def _liar_outcome(k: int, populations: int, seed: int) -> dict[str, tuple[float, float, float]]:
    """Rule -> honest loss, loss after the best lie, share of populations where the lie pays."""
    rng = np.random.default_rng([seed, k])
    m = len(MEASUREMENT_ERRORS)
    taste, quality = rng.random((populations, k, m)), rng.random((populations, 1, m))
    utility = COMMON * quality + (1 - COMMON) * taste
    utility[:, 0] += COMMON * (1 - 2 * quality[:, 0])  # the liar wants the contrary
    measured = utility + MEASUREMENT_ERRORS * rng.standard_normal(utility.shape)
    welfare, own = utility.mean(1), utility[:, 0]
    best = welfare.max(-1)
    margin = PESSIMISM * _MEDIAN_ERROR * MEASUREMENT_ERRORS / np.sqrt(k)
    rows, results = np.arange(populations), {}
    for rule, (honest, low, high) in _score_ranges(measured).items():
        penalty = margin if rule == "pessimistic median" else 0.0
        honest_choice = (honest - penalty).argmax(-1)
        # Reports for each target ``[populations, targets, answers]``.
        raised = np.where(np.eye(m, dtype=bool), high[:, None], low[:, None]) - penalty
        choices = np.concatenate([raised.argmax(-1), honest_choice[:, None]], axis=1)
        lie = np.take_along_axis(own, choices, 1).argmax(-1)
        after = choices[rows, lie]
        pays = own[rows, after] > own[rows, honest_choice] + 1e-12
        losses = [1 - (welfare[rows, c] / best).mean() for c in (honest_choice, after)]
        results[rule] = (losses[0], losses[1], float(pays.mean()))
    return results


def _score_ranges(
    measured: np.ndarray,
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rule -> scores where the first rater is honest, and the least and greatest that it can give
    an answer, each ``[populations, answers]``, from ``[populations, raters, answers]``."""
    k = measured.shape[1]
    others = np.sort(measured[:, 1:], axis=1)
    middle = (k - 1) // 2
    median = np.median(measured, axis=1)
    medians = (median, others[:, middle - 1], others[:, middle])
    limited = np.clip(measured, 0, 1)
    rest = limited[:, 1:].sum(1)
    mean, far = measured.mean(1), 1e6
    return {
        "mean": (mean, mean - far, mean + far),
        "limited mean": (limited.mean(1), rest / k, (rest + 1) / k),
        "median": medians,
        "pessimistic median": medians,
    }


def dictator_ratio(raters: int, lead: float = 1e-3) -> tuple[float, float]:
    """How many times as good as a strategy-proof choice the best answer can be.

    A dictator, who cannot gain by lying, prefers the first answer by ``lead``, while the second is
    worth 1 to all others, and the first nothing. A random dictator does as badly where each rater
    has a favourite that is worth nothing to others, and a compromise is worth 1 - ``lead`` to all.

    Returns:
        The ratio for the dictator and for the random dictator; both near the number of raters.
    """
    opposed = np.tile([0.0, 1.0], (raters, 1))
    opposed[0] = 1.0, 1 - lead
    welfare = opposed.sum(0)
    compromise = np.column_stack([np.eye(raters), np.full(raters, 1 - lead)])
    drawn = compromise.sum(0)[compromise.argmax(1)].mean()
    return (
        float(welfare.max() / welfare[opposed[0].argmax()]),
        float(compromise.sum(0).max() / drawn),
    )
