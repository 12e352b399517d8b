"""Accuracy of the rivals on the folds of held-out accuracy, and which model predicts best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from scrl.data.held_out_splits import Fold
from scrl.evaluation.intervals import Interval, TotalsBootstrap
from scrl.rivals import RIVALS
from scrl.types import InputError, Ratings

#: Pairs that a model predicts at once.
MAX_AT_ONCE = 1_000_000
#: Rater, better and worse item of each pair ``[pairs]``.
Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class RivalAccuracy:
    """How well a rival predicts the hidden pairs.

    Attributes:
        name, title: of the rival.
        accuracy: share of pairs ordered correctly.
        difference: accuracy of the individual model less the rival's, on the same pairs.
        calibration_error: expected calibration error of the predicted probabilities.
    """

    name: str
    title: str
    accuracy: Interval
    difference: Interval
    calibration_error: float


def choose_rivals(names: Sequence[str], ratings: Ratings) -> tuple[list[str], dict[str, str]]:
    """The rivals to fit, and why others of ``names`` are left out.

    Raises:
        InputError: for a name that is no rival's.
    """
    for name in names:
        if name not in RIVALS:
            raise InputError(f"There is no rival '{name}'; there are {', '.join(RIVALS)}.")
    reasons = {name: RIVALS[name].too_large(ratings) for name in dict.fromkeys(names)}
    skipped = {name: reason for name, reason in reasons.items() if reason}
    return [name for name in reasons if name not in skipped], skipped


def rival_probabilities(
    fold: Fold,
    names: Sequence[str],
    pairs: Pairs,
    seed: int,
    report: Callable[[str, float], None],
) -> dict[str, np.ndarray]:
    """P(better ≻ worse) of a fold's hidden pairs ``[pairs]``, by rival.

    Args:
        pairs: rater, better and worse item of each ``[pairs]``.
        report: is told each rival and the share of them that is done.
    """
    found = {}
    for number, name in enumerate(names):
        report(name, number / len(names))
        fitted = RIVALS[name].fit(fold.train, seed)
        found[name] = in_parts(partial(fitted.pair_probability, fold.visible), pairs)
    return found


def in_parts(probability: Callable[..., np.ndarray], pairs: Pairs) -> np.ndarray:
    """P(better ≻ worse) ``[pairs]``, of so many pairs at once that few arrays of them are held.

    Args:
        probability: of raters, better and worse items.
    """
    starts = range(0, max(len(pairs[0]), 1), MAX_AT_ONCE)
    parts = [tuple(column[start : start + MAX_AT_ONCE] for column in pairs) for start in starts]
    return np.concatenate([probability(*part) for part in parts])


def judge_rival(
    name: str, credit: np.ndarray, individual: np.ndarray, error: float, bootstrap: TotalsBootstrap
) -> RivalAccuracy:
    """The accuracy of a rival.

    Args:
        credit, individual: the rival's and the individual model's total credit of each rater
            ``[raters]``.
        error: the rival's expected calibration error.
    """
    return RivalAccuracy(
        name, RIVALS[name].title, bootstrap.interval(credit),
        bootstrap.interval(individual - credit), round(error, 6),
    )  # fmt: skip


def winner_sentence(
    individual: Interval, vanilla: Interval, difference: Interval, rivals: Sequence[RivalAccuracy]
) -> tuple[str, str]:
    """The name of the model that predicts best, and one sentence about it.

    Args:
        individual, vanilla: accuracies; difference: of the two.

    Returns:
        The name is ``"tie"`` where all models have the same accuracy.
    """
    others = [_Other("vanilla", "the vanilla model", vanilla, difference)]
    others += [_Other(r.name, f"'{r.name}'", r.accuracy, r.difference) for r in rivals]
    best = max(others, key=lambda other: other.accuracy.mean)
    if all(other.gap == Interval(0.0, 0.0, 0.0) for other in others):
        return "tie", f"All models predict equally well ({individual.mean:.3f})."
    if best.gap.mean >= 0:
        return "individual", _individual_leads(individual, others)
    if best.gap.high < 0:
        return best.name, (
            f"Best is {best.title} ({best.accuracy.mean:.3f}), {_size(best.gap)} ahead of the "
            "individual model."
        )
    reliable = [other for other in others if other.gap.high < 0]
    also = f"; {_listed(reliable)} reliably better than it" if reliable else ""
    return best.name, (
        f"Best is {best.title} ({best.accuracy.mean:.3f}), but not reliably better than the "
        f"individual model ({individual.mean:.3f}){also}."
    )


class _Other(NamedTuple):
    """A model beside the individual one, and how far the individual model is ahead of it."""

    name: str
    title: str
    accuracy: Interval
    gap: Interval


def _individual_leads(individual: Interval, others: Sequence[_Other]) -> str:
    """The sentence where no model's accuracy is above the individual model's."""
    equals = [other for other in others if other.gap.low <= 0]
    if not equals:
        closest = min(others, key=lambda other: other.gap.mean)
        return (
            f"The individual model predicts best ({individual.mean:.3f}), {_size(closest.gap)} "
            f"ahead of {closest.title}."
        )
    names = " and ".join(f"{other.title} ({other.accuracy.mean:.3f})" for other in equals)
    return (
        f"The individual model predicts best ({individual.mean:.3f}), but not reliably better than "
        f"{names}."
    )


def _size(gap: Interval) -> str:
    """A difference without its sign, with its interval."""
    low, high = sorted((abs(gap.low), abs(gap.high)))
    return f"{abs(gap.mean):.3f} [{low:.3f}, {high:.3f}]"


def _listed(others: Sequence[_Other]) -> str:
    names = " and ".join(f"{other.title} ({other.accuracy.mean:.3f})" for other in others)
    return f"{names} {'is' if len(others) == 1 else 'are'}"
