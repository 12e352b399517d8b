"""Readings of the study of few pairs: intervals, who is best, and claims that it tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.evaluation.intervals import student_interval

#: A world's models: model -> as ``few_pairs.summary``.
World = Mapping[str, Mapping[str, Any]]
ORACLE = "oracle"
#: Most entries of a list of models that cannot be told apart.
MAX_NAMED = 4
#: Measures of which less is better.
ERRORS = ("loss", "calibration")


def interval(entry: Mapping[str, Any], measure: str) -> np.ndarray | None:
    """Mean over seeds and its 95 % interval ``[3, shots]``; None where there is none."""
    values = entry[measure]
    return None if values is None else student_interval(values)


def paired_difference(
    world: World, first: str, second: str, measure: str, shot: int
) -> tuple[float, float, float]:
    """Mean of the first model less the second over their common seeds, and its 95 % interval.

    Args:
        shot: index of the number of pairs.
    """
    seeds = [s for s in world[first]["seeds"] if s in world[second]["seeds"]]

    def values(model: str) -> np.ndarray:
        entry = world[model]
        return np.array([entry[measure][entry["seeds"].index(s)][shot] for s in seeds])

    mean, low, high = student_interval(values(first) - values(second))
    return float(mean), float(low), float(high)


@dataclass(frozen=True)
class Leader:
    """The best models by one measure.

    Attributes:
        models: the best first, then those that cannot be told from it, by their means.
        second: the best of the others, and ``lead``: the leader's advantage over it with its 95 %
            interval; None and zeros where there is no other.
    """

    models: tuple[str, ...]
    second: str | None
    lead: tuple[float, float, float]

    @property
    def is_alone(self) -> bool:
        """Whether one model is better than every other one."""
        return len(self.models) == 1


def leader(world: World, measure: str, shot: int) -> Leader | None:
    """The best models by a measure; None where the world has no such measure.

    Models are ordered by their mean difference to the oracle, since not all have the same seeds.
    Two cannot be told apart where the interval of their paired difference includes 0 and the
    intervals of their differences to the oracle overlap; the latter may have more seeds.

    Args:
        shot: index of the number of pairs.
    """
    if world[ORACLE][measure] is None:
        return None
    sign = -1.0 if measure in ERRORS else 1.0

    def ahead(first: str, second: str) -> tuple[float, float, float]:
        mean, low, high = paired_difference(world, first, second, measure, shot)
        return (mean, low, high) if sign > 0 else (-mean, -high, -low)

    models = sorted(
        (model for model in world if model != ORACLE), key=lambda model: -ahead(model, ORACLE)[0]
    )
    best, others = models[0], models[1:]
    least = ahead(best, ORACLE)[1]
    level = [
        model for model in others if ahead(best, model)[1] <= 0 and ahead(model, ORACLE)[2] >= least
    ]
    behind = [model for model in others if model not in level]
    lead = ahead(best, behind[0]) if behind else (0.0, 0.0, 0.0)
    return Leader((best, *level), behind[0] if behind else None, lead)


def leader_sentence(
    world: World, titles: Mapping[str, str], measure: str, shot: int, pairs: int, what: str
) -> str:
    """Who is best by a measure of shares, in one sentence of Markdown.

    Args:
        titles: model -> its name.
        shot: index of the number of pairs; ``pairs``: that number.
        what: what a model does with a share of the pairs, such as "predicts … of all answers".
    """
    found = leader(world, measure, shot)
    if found is None:
        return ""

    def number(model: str) -> str:
        return f"{np.mean(world[model][measure], axis=0)[shot]:.1%}"

    best = found.models[0]
    said = what.replace("…", f"**{number(best)}**")
    if found.is_alone:
        words = f"After {pairs} pairs **{titles[best]}** is best: it {said}"
        if found.second is None:
            return words + "."
        mean, low, high = (100 * x for x in found.lead)
        return words + (
            f", {mean:.1f} points ({low:.1f} to {high:.1f}) more than {titles[found.second]}."
        )
    names = [f"{titles[model]} ({number(model)})" for model in found.models]
    if len(names) > MAX_NAMED:
        names[MAX_NAMED - 1 :] = [f"{len(names) - MAX_NAMED + 1} others"]
    listed = ", ".join(names[:-1]) + f" and {names[-1]}"
    return (
        f"After {pairs} pairs **no model is best**: {listed} cannot be told apart, because the "
        f"interval of each one’s difference to {titles[best]} includes 0."
    )


# -- claims ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """How often one model is reliably better than another.

    Attributes:
        ahead, behind, level: worlds in which the paired interval is above 0, below 0, or neither.
    """

    ahead: tuple[str, ...]
    behind: tuple[str, ...]
    level: tuple[str, ...]


def compare(
    result: Mapping[str, Any], first: str, second: str, shot: int, measure: str = "accuracy"
) -> Comparison:
    """Two models on all worlds that have both, by a measure of which more is better."""
    ahead: list[str] = []
    behind: list[str] = []
    level: list[str] = []
    for name, world in result["worlds"].items():
        if first in world and second in world:
            _, low, high = paired_difference(world, first, second, measure, shot)
            (ahead if low > 0 else behind if high < 0 else level).append(name)
    return Comparison(tuple(ahead), tuple(behind), tuple(level))


def near_the_oracle(
    result: Mapping[str, Any], model: str, shot: int, within: float
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Worlds in which a model's mean accuracy is within so much of the oracle's, and the others."""
    near: list[str] = []
    far: list[str] = []
    for name, world in result["worlds"].items():
        if model in world:
            gap = paired_difference(world, ORACLE, model, "accuracy", shot)[0]
            (near if gap <= within else far).append(name)
    return tuple(near), tuple(far)


def leads(result: Mapping[str, Any], measure: str, shot: int) -> dict[str, int]:
    """Model -> the number of worlds in which it is best or cannot be told from the best."""
    counts: dict[str, int] = {}
    for world in result["worlds"].values():
        found = leader(world, measure, shot)
        for model in found.models if found is not None else ():
            counts[model] = counts.get(model, 0) + 1
    return counts


def leading_family(
    result: Mapping[str, Any], families: Mapping[str, Sequence[str]], shot: int
) -> str:
    """The family with a model among the best in most worlds, by accuracy.

    Args:
        families: name -> its models.
    """
    count = dict.fromkeys(families, 0)
    for world in result["worlds"].values():
        found = leader(world, "accuracy", shot)
        best = found.models[:1] if found is not None else ()
        for name, models in families.items():
            count[name] += not set(models).isdisjoint(best)
    return max(count, key=lambda name: count[name])
