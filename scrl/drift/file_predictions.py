"""Answers of real people with times: how well each model predicts the next ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.drift.models import MODELS, Track, fit_model
from scrl.drift.timed_pairs import TimedPairs, block_bounds, with_groups
from scrl.evaluation.intervals import student_interval
from scrl.types import InputError

#: Items of a prompt, at most: the covariance of a random walk grows with their square.
MAX_ITEMS = 40
#: Blocks of answers; fewer where a block would have fewer than ``BLOCK`` answers.
BLOCKS, BLOCK = 40, 5


@dataclass(frozen=True, eq=False)
class FilePredictions:
    """How well models predict each block of answers from the blocks before it.

    Attributes:
        time: of the first answer of each block ``[blocks]``, in mean times between answers.
        answers: with which each block begins, and their number ``[blocks + 1]``.
        wrong: model -> share of a block's strict answers that it predicts wrongly, equal rewards
            half, ``[blocks]``; NaN for a block without any.
        versus: model -> mean and 95 % interval over blocks of its ``wrong`` less the stationary
            model's, from the second block on ``[3]``.
        setting: model -> the setting chosen in the end.
        group_wrong: model -> for each group, share of its strict answers predicted wrongly from
            its own answers, and from everybody's ``[groups, 2]``.
        rewards: model -> rewards at the end ``[items]``.
    """

    time: np.ndarray
    answers: np.ndarray
    wrong: dict[str, np.ndarray]
    versus: dict[str, np.ndarray]
    setting: dict[str, float]
    group_wrong: dict[str, np.ndarray]
    rewards: dict[str, np.ndarray]


def predict_answers(
    pairs: TimedPairs, group: np.ndarray, groups: int = 0, names: Sequence[str] = tuple(MODELS)
) -> FilePredictions:
    """Every model on one sequence of answers.

    Args:
        pairs: one sequence.
        group: who gave each answer ``[1, answers]``, negative where unknown.
        groups: how many groups also get a model of their own.

    Raises:
        InputError: where there are too many items, where times differ by more than a number can
            hold, or where all answers that are predicted are ties.
    """
    if not np.isfinite(pairs.time).all():
        raise InputError("The times of the answers lie too far apart to be subtracted.")
    if pairs.items > MAX_ITEMS:
        raise InputError(
            f"The prompt has {pairs.items} completions; models of drift read {MAX_ITEMS} at most."
        )
    bounds = block_bounds(pairs.answers, min(BLOCKS, pairs.answers // BLOCK))
    if not (pairs.won[:, bounds[1] :] != 0.5).any():
        raise InputError(
            f"After the first {bounds[1]} answers on this prompt none prefers one completion to "
            "another; models of drift predict such answers."
        )
    everything = with_groups(pairs, group, groups)
    wrong, versus, setting, group_wrong, rewards = {}, {}, {}, {}, {}
    for name in names:
        track = fit_model(name, everything, bounds)
        misses, counts = _misses(everything, bounds, track)
        with np.errstate(invalid="ignore"):
            wrong[name] = misses[-1].sum(1) / counts[-1].sum(1)
        own = np.stack([misses[g, :, g].sum() for g in range(groups)]) if groups else np.empty(0)
        pooled = misses[-1, :, :groups].sum(0)
        total = np.maximum(counts[-1, :, :groups].sum(0), 1)
        group_wrong[name] = np.stack([own / total, pooled / total], axis=-1)
        setting[name] = track.settings[int(track.chosen()[-1, -1])]
        rewards[name] = track.best()[-1, -1]
    for name in names:
        lead = (wrong[name] - wrong[names[0]])[1:]
        versus[name] = student_interval(lead[np.isfinite(lead)])
    return FilePredictions(
        pairs.time[bounds[:-1]], bounds, wrong, versus, setting, group_wrong, rewards
    )


def _misses(pairs: TimedPairs, bounds: np.ndarray, track: Track) -> tuple[np.ndarray, np.ndarray]:
    """Weights of wrong predictions, and of strict answers, of each model's sequence by block and
    by whose answers they are ``[sequences, blocks, sequences]``."""
    best = track.best()
    block = np.searchsorted(bounds, np.arange(pairs.answers), side="right") - 1
    row = np.arange(pairs.sequences)[:, None]
    gap = best[row, block, pairs.first] - best[row, block, pairs.second]
    strict = pairs.won != 0.5
    miss = 0.5 - 0.5 * np.sign(gap) * np.sign(pairs.won - 0.5)
    shape = (pairs.sequences, len(bounds) - 1, pairs.sequences)
    misses, counts = np.zeros(shape), np.zeros(shape)
    for s in range(pairs.sequences):
        for whose in range(pairs.sequences):
            weight = pairs.weight[whose] * strict[whose]
            misses[s, :, whose] = np.bincount(block, weight * miss[s], shape[1])
            counts[s, :, whose] = np.bincount(block, weight, shape[1])
    return misses, counts
