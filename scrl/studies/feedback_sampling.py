"""Sampled answers of each feedback format, as counts for all numbers of raters at once."""

from __future__ import annotations

import numpy as np

from scrl.choice_models.plackett_luce import ChoiceCounts
from scrl.random_streams import HostStream, host_rng
from scrl.studies.feedback_population import Population, SurveyDesign


class FeedbackSampler:
    """Answers of groups of raters whose types are drawn independently.

    Every count begins with axes ``[groups, numbers]`` and covers the answers of a group's first
    raters, up to each number.

    Args:
        raters: numbers of raters, rising.
        rater_type: ``[groups, raters]``, as many raters as the last number.
        seed: of the answers; each format has a stream of its own.
    """

    def __init__(
        self,
        population: Population,
        design: SurveyDesign,
        rater_type: np.ndarray,
        raters: np.ndarray,
        seed: int,
    ) -> None:
        self.population, self.design, self.seed = population, design, seed
        self.rater_type, self.numbers = rater_type, len(raters)
        group, first_number = np.arange(len(rater_type))[:, None], np.arange(raters[-1])
        cell = group * self.numbers + np.searchsorted(raters, first_number, side="right")
        #: The first count that includes each answer ``[groups, raters, questions]``.
        self.cell = np.repeat(cell[..., None], design.questions, axis=2)
        self.shape = (*rater_type.shape, design.questions)

    def thumbs(self) -> tuple[np.ndarray, np.ndarray]:
        """Approvals of each completion, and questions about it ``[groups, numbers, items]``."""
        rng, m = self.generator(1), self.population.items
        item = rng.integers(m, size=self.shape)
        coin = rng.random(self.shape) < 0.5
        mean = self.population.utility.mean(axis=1)[self.rater_type][..., None]
        deviation = rng.standard_normal((*self.rater_type.shape, 1))
        threshold = mean + self.design.threshold_sd * deviation
        gap = self._with_logistic_noise(self._utility(item) - threshold, rng)
        approved = (gap > 0) | (gap == 0) & coin
        return self._count(item, m, approved), self._count(item, m)

    def pairs(self, tie_width: float) -> tuple[np.ndarray, np.ndarray]:
        """Wins and ties ``[groups, numbers, items, items]``.

        The questions and the noise are the same for every ``tie_width``.
        """
        rng, m = self.generator(2), self.population.items
        first = rng.integers(m, size=self.shape)
        second = (first + rng.integers(1, m, size=self.shape)) % m
        coin = rng.random(self.shape) < 0.5
        gap = self._with_logistic_noise(self._utility(first) - self._utility(second), rng)
        tie = np.abs(gap) < tie_width
        first_wins = (gap > 0) | (gap == 0) & coin
        pair = np.where(first_wins, first * m + second, second * m + first)
        shape = (len(self.rater_type), self.numbers, m, m)
        wins = self._count(pair, m * m, ~tie).reshape(shape)
        ties = self._count(pair, m * m, tie).reshape(shape)
        return wins, ties + ties.swapaxes(-1, -2)

    def lists(self) -> tuple[ChoiceCounts, np.ndarray]:
        """The successive choices of lists, and their pairs as wins ``[groups, numbers, items,
        items]``."""
        rng, m = self.generator(3), self.population.items
        length = min(self.design.list_length, m)
        shown = np.argsort(rng.random((*self.shape, m)), axis=-1)[..., :length]
        value = self._utility(shown)
        # Too small to change any order except within a type's own ties.
        value = value + 1e-9 * np.ptp(self.population.utility) * rng.random(shown.shape)
        if self.population.noise:
            value = value + rng.gumbel(0.0, self.population.noise, shown.shape)
        order = np.take_along_axis(shown, np.argsort(-value, axis=-1), axis=-1)
        # The set of completions left before each choice, as bits.
        left = np.cumsum((1 << order)[..., ::-1], axis=-1)[..., ::-1]
        times = self._count(left[..., :-1], 1 << m)
        i, j = np.triu_indices(length, 1)
        wins = self._count(order[..., i] * m + order[..., j], m * m)
        wins = wins.reshape(len(self.rater_type), self.numbers, m, m)
        return choice_counts(self._count(order[..., :-1], m), times, wins > 0), wins

    def generator(self, number: int) -> np.random.Generator:
        """The generator of a format's stream."""
        return host_rng(self.seed, HostStream.FEEDBACK_ANSWERS, number)

    def _utility(self, item: np.ndarray) -> np.ndarray:
        added = [1] * (item.ndim - 2)
        return self.population.utility[
            self.rater_type.reshape(*self.rater_type.shape, *added), item
        ]

    def _with_logistic_noise(self, gap: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        noise = self.population.noise
        return gap + rng.logistic(0.0, noise, gap.shape) if noise else gap

    def _count(self, at: np.ndarray, cells: int, weight: np.ndarray | None = None) -> np.ndarray:
        """Counts of ``at``, integers below ``cells``, cumulated over numbers of raters."""
        added = [1] * (at.ndim - 3)
        cell = self.cell.reshape(*self.shape, *added) * cells + at
        size = len(self.rater_type) * self.numbers * cells
        weights = None if weight is None else weight.ravel().astype(float)
        found = np.bincount(cell.ravel(), weights, size).astype(float)
        return found.reshape(len(self.rater_type), self.numbers, cells).cumsum(axis=1)


def choice_counts(chosen: np.ndarray, times: np.ndarray, beats: np.ndarray) -> ChoiceCounts:
    """Counts of choices, restricted to the sets that occur.

    Args:
        chosen: how often each completion was chosen ``[..., items]``.
        times: how often each set, as bits, was chosen from ``[..., 2^items]``.
        beats: whether a completion was ever chosen over another ``[..., items, items]``.
    """
    occurring = np.flatnonzero(times.reshape(-1, times.shape[-1]).any(0))
    members = (occurring[:, None] >> np.arange(chosen.shape[-1])) & 1
    return ChoiceCounts(chosen, members.astype(bool), times[..., occurring], beats)
