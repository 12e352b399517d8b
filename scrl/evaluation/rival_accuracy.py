"""Accuracy of the rivals on the folds of held-out accuracy, and which model predicts best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scrl.data.held_out_splits import Fold
from scrl.evaluation.intervals import Interval, TotalsBootstrap
from scrl.rivals import RIVALS
from scrl.types import InputError, Ratings


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
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray],
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
        found[name] = RIVALS[name].fit(fold.train, seed).pair_probability(fold.visible, *pairs)
    return found


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
