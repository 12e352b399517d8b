"""Cost of reaching an accuracy in each feedback format: raters, completions read, choices made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scrl.studies.feedback_population import SurveyDesign

COST_UNITS = ("raters", "completions read", "choices made")
#: Completions read for one answer; a list is read in full.
COMPLETIONS_READ = {"thumbs": 1, "pair": 2, "tie": 2}


def rater_cost(name: str, unit: str, design: SurveyDesign, items: int) -> float:
    """The cost of one rater's answers in a format.

    A list of k completions is k completions read and k − 1 choices, each of the best of those left.
    Both stand for time: where completions are long, reading dominates.

    Args:
        name: of the format; unit: one of ``COST_UNITS``; items: completions of the prompt.
    """
    length = min(design.list_length, items)
    if unit == "raters":
        return 1.0
    if unit == "completions read":
        return float(design.questions * COMPLETIONS_READ.get(name, length))
    return float(design.questions * (1 if name in COMPLETIONS_READ else length - 1))


def theoretical_ratios(design: SurveyDesign, items: int) -> dict[str, float]:
    """Raters needed relative to a ranked list, where all completions are nearly equal.

    The ratios are of Fisher information: a list of k has k − H_k with H_k = 1 + ½ + … + 1/k, a pair
    ½ (k = 2), a thumb (m − 1) / 4m with m completions of the prompt, since the threshold is
    learned too.
    """
    k = np.arange(1, min(design.list_length, items) + 1)
    of_list = len(k) - (1 / k).sum()
    return {"thumbs": of_list * 4 * items / (items - 1), "pair": 2 * of_list, "list": 1.0}


def raters_needed(accuracy: np.ndarray, raters: np.ndarray, level: float) -> np.ndarray:
    """The number of raters at which the mean accuracy ``[..., numbers]`` reaches a level.

    Interpolated on the logarithm of the number; NaN where no number reaches the level, the smallest
    number where that already does.
    """
    accuracy = np.maximum.accumulate(np.asarray(accuracy, float), axis=-1)
    reached = accuracy >= level
    at = np.maximum(reached.argmax(-1), 1)
    log = np.log(np.asarray(raters, float))
    low, high = (np.take_along_axis(accuracy, i[..., None], -1)[..., 0] for i in (at - 1, at))
    part = np.clip((level - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    needed = np.exp(log[at - 1] + part * (log[at] - log[at - 1]))
    return np.where(reached.any(-1), needed, np.nan)


@dataclass(frozen=True)
class FormatCost:
    """The cost of a format for an accuracy, with 95 % bootstrap intervals over groups.

    Attributes:
        needed: raters; NaN where the observed numbers are too few; low, high: its interval.
        ratio: to the reference format, in the chosen unit; ratio_low, ratio_high: its interval.
    """

    needed: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float


def format_costs(
    accuracy: Mapping[str, np.ndarray],
    raters: np.ndarray,
    level: float,
    rater_costs: Mapping[str, float],
    reference: str = "list",
    draws: int = 400,
) -> dict[str, FormatCost]:
    """The cost of each format for the accuracy ``level``.

    Args:
        accuracy: format -> ``[numbers, groups]``; raters: ``[numbers]``.
        rater_costs: format -> cost of one rater; draws: bootstrap samples.
    """
    groups = next(iter(accuracy.values())).shape[1]
    pick = np.random.default_rng(0).integers(groups, size=(draws, groups))
    needed = {n: raters_needed(values.mean(1), raters, level) for n, values in accuracy.items()}
    resampled = {
        n: raters_needed(values[:, pick].mean(-1).T, raters, level)
        for n, values in accuracy.items()
    }
    found = {}
    for name in accuracy:
        scale = rater_costs[name] / rater_costs[reference]
        with np.errstate(invalid="ignore"):
            ratio = scale * needed[name] / needed[reference]
            ratios = scale * resampled[name] / resampled[reference]
        found[name] = FormatCost(float(needed[name]), *_interval(resampled[name]), float(ratio),
                                 *_interval(ratios))  # fmt: skip
    return found


def _interval(values: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of values; a bound is NaN where it is unknown."""
    known = np.where(np.isnan(values), np.inf, values)
    low, high = np.quantile(known, [0.025, 0.975], method="nearest")
    return (float(low) if np.isfinite(low) else np.nan), (
        float(high) if np.isfinite(high) else np.nan
    )
