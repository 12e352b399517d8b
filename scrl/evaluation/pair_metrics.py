"""Accuracy and calibration of predicted pairs.

A prediction is P(better ≻ worse) of a pair whose true order is known, or its margin: any number
that is positive where the pair is ordered correctly, such as a difference of rewards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Bins of the calibration curve.
BINS = 10


@dataclass(frozen=True, eq=False)
class Calibration:
    """How well predicted probabilities match observed frequencies.

    Attributes:
        bins: each ``{"predicted", "observed", "pairs"}``: mean probability of the likelier side of
            a pair, how often that side was right, how many pairs.
        error: expected calibration error, mean |predicted − observed| over pairs.
    """

    bins: list[dict]
    error: float


def pair_credit(margin: np.ndarray, tolerance: float = 0.0) -> np.ndarray:
    """Credit of each pair: 1 ordered correctly, 0 the wrong way round, ½ tied (same shape).

    Args:
        margin: positive where the order is correct; 0, or below ``tolerance`` in size, is a tie.
    """
    tied = (margin == 0) | (np.abs(margin) < tolerance)
    return np.where(tied, 0.5, margin > 0)


def pair_accuracy(margin: np.ndarray) -> float:
    """Mean credit of all pairs; NaN without pairs."""
    return float(np.mean(pair_credit(margin))) if np.size(margin) else float("nan")


def calibration_curve(probability: np.ndarray) -> Calibration:
    """Calibration of P(better ≻ worse) ``[pairs]``; a pair counts once, with its likelier side."""
    likelier = np.maximum(probability, 1 - probability)
    credit = pair_credit(probability - 0.5)
    bin_of = np.minimum(((likelier - 0.5) * 2 * BINS).astype(int), BINS - 1)
    bins, error = [], 0.0
    for b in np.unique(bin_of):
        inside = bin_of == b
        predicted, observed = float(likelier[inside].mean()), float(credit[inside].mean())
        bins.append({"predicted": predicted, "observed": observed, "pairs": int(inside.sum())})
        error += inside.mean() * abs(predicted - observed)
    return Calibration(bins, float(error))


def calibration_sums(probability: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """What ``expected_calibration_error`` needs of pairs ``[BINS, 3]``.

    The sums over each bin of the likelier side's probability, of its credit, and of 1. Those of
    several sets of pairs add up.

    Args:
        probability: P(better ≻ worse) ``[pairs]``; weight: of each ``[pairs]``.
    """
    likelier = np.maximum(probability, 1 - probability)
    credit = pair_credit(probability - 0.5)
    bin_of = np.minimum(((likelier - 0.5) * 2 * BINS).astype(int), BINS - 1)
    columns = likelier * weight, credit * weight, weight
    return np.stack([np.bincount(bin_of, column, BINS) for column in columns], axis=1)


def expected_calibration_error(sums: np.ndarray) -> float:
    """The error of ``calibration_curve``, from ``calibration_sums``."""
    return float(np.abs(sums[:, 0] - sums[:, 1]).sum() / max(sums[:, 2].sum(), 1))


def selective_accuracy(
    probability: np.ndarray, truth: np.ndarray, coverage: np.ndarray
) -> np.ndarray:
    """Accuracy on the most confident pairs, for shares of all pairs ``[points]``.

    Of pairs with equal confidence, the expected number of correct ones counts.

    Args:
        probability: that the first of a pair is preferred, any shape.
        truth: whether it is, same shape.
        coverage: shares of all pairs that are answered ``[points]``.
    """
    probability = np.ravel(probability)
    # Rounded, since a network's probabilities of a pair and of its reverse differ in last digits.
    _, group = np.unique(-np.abs(np.round(probability - 0.5, 6)), return_inverse=True)
    correct = ((probability > 0.5) == np.ravel(truth)).astype(float)
    correct[probability == 0.5] = 0.5
    group_mean = np.bincount(group, correct) / np.bincount(group)
    hits = np.cumsum(group_mean[np.sort(group)])
    count = np.clip(np.round(np.asarray(coverage) * len(correct)).astype(int), 1, len(correct))
    return hits[count - 1] / count
