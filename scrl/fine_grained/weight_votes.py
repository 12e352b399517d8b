"""Votes over the weights of categories of error, and over answers themselves.

Types of raters agree on which errors an answer has and differ in how much each error costs. The
utility of an answer to a type is the negated cost of its errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

#: Procedure -> what it does.
PROCEDURES = {
    "mean": "the mean of all weights",
    "median": "the median of each category’s weights, scaled to sum to one",
    "largest type": "the weights of the largest type",
    "Borda over weights": "the types rank each other’s weights by the answer that they lead to, "
    "and the Borda winner is used",
    "Borda over answers": "the types rank the answers, without weights in common",
    "equal weights": "the same weight for each category; nobody is asked",
}
#: Procedures that choose weights; the others choose an answer at once.
WEIGHT_PROCEDURES = tuple(name for name in PROCEDURES if name != "Borda over answers")


def answer_utilities(weights: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Utility of each answer by each weight vector ``[..., types, answers]``.

    Args:
        weights: ``[..., types, categories]``.
        errors: numbers of errors ``[..., answers, categories]``.
    """
    return -weights @ np.swapaxes(errors, -1, -2)


def chosen_weights(
    name: str, weights: np.ndarray, shares: np.ndarray, errors: np.ndarray
) -> np.ndarray:
    """The weights that a procedure chooses ``[contests, categories]``.

    Args:
        name: one of ``WEIGHT_PROCEDURES``.
        weights: stated by the types ``[contests, types, categories]``, each summing to one.
        shares: of the types ``[contests, types]``, summing to one.
        errors: of the answers ``[contests, answers, categories]``.
    """
    return _WEIGHTS[name](weights, shares, errors)


def choose_answers(
    name: str, weights: np.ndarray, shares: np.ndarray, errors: np.ndarray
) -> np.ndarray:
    """The answer that a procedure chooses ``[contests]``; the first of equals.

    Args:
        name: one of ``PROCEDURES``; the other arguments are those of ``chosen_weights``.
    """
    if name == "Borda over answers":
        return _borda_winner(answer_utilities(weights, errors), shares)
    common = chosen_weights(name, weights, shares, errors)
    return _best(answer_utilities(common[:, None], errors))[:, 0]


class WeightVote(NamedTuple):
    """The outcome of a procedure for one population.

    Attributes:
        answer: the position of the answer chosen.
        tied: the positions of all answers as good, in order.
        weights: the weights chosen ``[categories]``; None where answers are chosen at once.
    """

    answer: int
    tied: tuple[int, ...]
    weights: np.ndarray | None


def vote_on_weights(
    name: str, weights: np.ndarray, shares: np.ndarray, errors: np.ndarray
) -> WeightVote:
    """The outcome of a procedure for one population.

    Args:
        name: one of ``PROCEDURES``.
        weights: ``[types, categories]``; shares: ``[types]``; errors: ``[answers, categories]``.
    """
    batch = (weights[None], shares[None], errors[None])
    if name == "Borda over answers":
        common, score = None, _borda_scores(answer_utilities(weights, errors), shares)
    else:
        common = chosen_weights(name, *batch)[0]
        score = answer_utilities(common[None], errors)[0]
    tied = np.flatnonzero(np.isclose(score, score.max(), rtol=0, atol=1e-9))
    return WeightVote(int(tied[0]), tuple(map(int, tied)), common)


def _best(utility: np.ndarray) -> np.ndarray:
    """Position of the greatest utility, rounded so that equal ones are equal; the first of them."""
    return np.round(utility, 9).argmax(-1)


def _borda_scores(utility: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Borda scores, centred at 0 ``[..., answers]``; counted here so that a page loads no JAX."""
    utility = np.round(utility, 9)
    above = np.sign(utility[..., :, None] - utility[..., None, :]).sum(-1)
    return (above * shares[..., None]).sum(-2)


def _borda_winner(utility: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return _best(_borda_scores(utility, shares))


def _mean(weights: np.ndarray, shares: np.ndarray, errors: np.ndarray) -> np.ndarray:
    return (weights * shares[..., None]).sum(1)


def _median(weights: np.ndarray, shares: np.ndarray, errors: np.ndarray) -> np.ndarray:
    order = weights.argsort(1)
    ordered = np.take_along_axis(weights, order, 1)
    heard = np.take_along_axis(np.broadcast_to(shares[..., None], weights.shape), order, 1).cumsum(
        1
    )
    middle = (heard >= 0.5 - 1e-9).argmax(1)
    found = np.take_along_axis(ordered, middle[:, None], 1)[:, 0]
    total = found.sum(1, keepdims=True)
    return np.where(total > 0, found / np.where(total > 0, total, 1), 1 / weights.shape[-1])


def _largest(weights: np.ndarray, shares: np.ndarray, errors: np.ndarray) -> np.ndarray:
    return np.take_along_axis(weights, shares.argmax(1)[:, None, None], 1)[:, 0]


def _borda_of_weights(weights: np.ndarray, shares: np.ndarray, errors: np.ndarray) -> np.ndarray:
    utility = answer_utilities(weights, errors)  # [contests, types, answers]
    led_to = _best(utility)  # the answer that each type's weights lead to
    worth = np.take_along_axis(utility, led_to[:, None].repeat(weights.shape[1], 1), 2)
    return np.take_along_axis(weights, _borda_winner(worth, shares)[:, None, None], 1)[:, 0]


def _equal(weights: np.ndarray, shares: np.ndarray, errors: np.ndarray) -> np.ndarray:
    return np.full((len(weights), weights.shape[-1]), 1 / weights.shape[-1])


_WEIGHTS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "mean": _mean,
    "median": _median,
    "largest type": _largest,
    "Borda over weights": _borda_of_weights,
    "equal weights": _equal,
}
