"""What the next question tells, by format, and which question to ask.

Two measures of what an answer tells. Its *information* is the mutual information with the person's
order: the entropy of the answer less that of slips (Lindley 1956; Houlsby et al. 2011). Its *gain*
is the expected fall of the mean of 2 p(1 − p) over all pairs, p being the chance that the first
stands higher: that of a wrong guess where guesses are drawn from the belief. A bit on the noise of
one pair is as much information as a bit on a type, but of less gain, since it says nothing of other
pairs; so questions are chosen by gain. Sets of more than two grow greedily from the best pair, by a
linear approximation of the gain.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from scrl.elicitation.beliefs import pair_indices
from scrl.elicitation.evidence import Draws
from scrl.elicitation.formats import (
    FORMATS,
    MAX_SHOWN,
    Format,
    answer_of,
    channel,
    order_index,
    slip_entropy,
)

#: Variance of an answer below which a pair's answer is known, and what is added to variances of
#: answers where pairs are regressed on them.
KNOWN, RIDGE = 0.01, 1e-3


@dataclass(frozen=True, eq=False)
class Question:
    """A question to one person, or one to each of several.

    Attributes:
        form: the format of its answer.
        shown: the completions shown, ascending ``[..., size]``.
        gain: expected fall of the chance of a wrong guess ``[...]``.
    """

    form: Format
    shown: np.ndarray
    gain: np.ndarray


@dataclass(frozen=True, eq=False)
class QuestionFinder:
    """Finds questions to people whose posteriors are given as draws.

    Attributes:
        draws: of the people.
        avoided: sets of completions that one person has declined to compare.
        by_information: choose pairs by information in place of gain.
    """

    draws: Draws
    avoided: frozenset[frozenset[int]] = frozenset()
    by_information: bool = False

    @classmethod
    def of(cls, draws: Draws, avoided: Collection[frozenset[int]] = ()) -> QuestionFinder:
        """A finder of questions by gain."""
        return cls(draws, frozenset(avoided))

    @property
    def size(self) -> int:
        """The number of completions m."""
        return self.draws.utility.shape[-1]

    # -- what a question tells --------------------------------------------------------------------

    def order_of_draws(self, shown: np.ndarray) -> np.ndarray:
        """Index of each draw's order of a set ``[..., draws]``, see ``formats.orders``.

        Args:
            shown: the set, ascending ``[..., k]``.
        """
        first, second = np.triu_indices(shown.shape[-1], 1)
        own = np.take_along_axis(self.draws.utility, shown[..., None, :], -1)
        code = np.zeros(own.shape[:-1], np.int64)
        for j, (a, b) in enumerate(zip(first, second, strict=True)):
            code |= (own[..., a] > own[..., b]).astype(np.int64) << j
        return order_index(shown.shape[-1])[code]

    def bits(self, form: Format, shown: np.ndarray) -> np.ndarray:
        """Expected information of an answer about a set ``[...]``, in bits."""
        orders = len(channel(form))
        _, share, _ = self._cells(self.order_of_draws(shown), orders)
        chance = np.maximum(share @ channel(form), 1e-12)
        return np.maximum(-(chance * np.log2(chance)).sum(-1) - slip_entropy(form), 0.0)

    def gain(self, form: Format, shown: np.ndarray) -> np.ndarray:
        """Expected fall of the chance of a wrong guess by an answer about a set ``[...]``."""
        said = answer_of(form)[self.order_of_draws(shown)]
        return self.gain_of_answers(said, form.answers)

    def gain_of_answers(self, said: np.ndarray, answers: int) -> np.ndarray:
        """As ``gain``, where each draw gives the answer ``said [..., draws]``.

        The square of a chance given an answer is estimated from pairs of different draws, which is
        unbiased however few of the draws give that answer.
        """
        given, share, squared = self._cells(said, answers)
        above = self.draws.above.reshape(-1, self.draws.above.shape[-1])
        first = (given @ above).reshape(*share.shape, -1)
        same = (given.multiply(given) @ above).reshape(first.shape)
        both = share**2 - squared
        square = (first**2 - same) / np.maximum(both, 1e-12)[..., None]
        square = np.where(both[..., None] > 1e-9, square, self.draws.chance[..., None, :] ** 2)
        kept = (share[..., None] * square).sum(axis=-2) - self.draws.chance**2
        return np.maximum(2 * kept.mean(axis=-1), 0.0)

    def gain_of_chances(self, chance: np.ndarray) -> float:
        """As ``gain``, about one person, of answers with probabilities ``[draws, answers]``."""
        said = self.draws.weight[:, None] * chance
        share = said.sum(axis=0)[:, None]
        first = said.T @ self.draws.above
        kept = (first**2 / np.maximum(share, 1e-12)).sum(axis=0) - self.draws.chance**2
        return max(float(2 * kept.mean()), 0.0)

    def _cells(self, index: np.ndarray, cells: int) -> tuple[csr_array, np.ndarray, np.ndarray]:
        """Draws by their answers.

        Returns:
            Weights ``[people · cells, people · draws]``, and the sums of weights and of their
            squares ``[..., cells]``.
        """
        lead, draws = index.shape[:-1], index.shape[-1]
        people = int(np.prod(lead))
        flat = (index.reshape(people, draws) + cells * np.arange(people)[:, None]).ravel()
        weight = self.draws.weight.ravel()
        shape = (people * cells, weight.size)
        given = csr_array((weight.astype(np.float32), (flat, np.arange(weight.size))), shape)
        sums = (np.bincount(flat, w, shape[0]).reshape(*lead, cells) for w in (weight, weight**2))
        return given, *sums

    # -- which question to ask --------------------------------------------------------------------

    @cached_property
    def _covariance(self) -> np.ndarray:
        """Of whether the first stands higher, of all pairs ``[..., pairs, pairs]``."""
        weighted = self.draws.above * self.draws.weight.astype(np.float32)[..., None]
        return (
            weighted.mT @ self.draws.above
            - self.draws.chance[..., :, None] * self.draws.chance[..., None, :]
        )

    def best_pair(self) -> np.ndarray:
        """The best pair ``[..., 2]``."""
        variance, pairs = self.draws.chance * (1 - self.draws.chance), pair_indices(self.size)
        value = variance
        if not self.by_information:
            gain = (self._covariance**2).mean(axis=-1) / np.maximum(variance, KNOWN)
            value = np.where(variance > KNOWN, gain, 1e-6 * variance)
        for i, pair in enumerate(pairs):
            if frozenset(pair.tolist()) in self.avoided:
                value[..., i] -= 1.0
        return pairs[value.argmax(axis=-1)]

    def best_sets(self, largest: int = MAX_SHOWN) -> list[np.ndarray]:
        """Sets of 2 to ``largest`` completions ``[..., k]``, each containing the one before.

        The completion is added whose pairs with the set explain most of the variance of all pairs,
        by linear regression on the pairs of the set.
        """
        shown = self.best_pair()
        found = [shown]
        for size in range(3, min(largest, self.size) + 1):
            shown = self._grown(shown, size)
            found.append(shown)
        return found

    def _grown(self, shown: np.ndarray, size: int) -> np.ndarray:
        """The set with the completion that adds most ``[..., size]``."""
        item = np.arange(self.size)
        lead = shown.shape[:-1]
        inside = (shown[..., None, :] == item[:, None]).any(axis=-1)
        base = np.broadcast_to(shown[..., None, :], (*lead, self.size, size - 1))
        added = np.broadcast_to(item[:, None], (*lead, self.size, 1))
        sets = np.sort(np.concatenate([base, added], axis=-1), axis=-1)
        # A set that names a completion twice has no pairs; any other stands in its place.
        sets = np.where(inside[..., None], np.arange(size), sets)
        first, second = np.triu_indices(size, 1)
        pair = _pair_number(sets[..., first], sets[..., second], self.size)
        flat = pair.reshape(*lead, -1)
        rows = np.take_along_axis(self._covariance, flat[..., None], -2)
        rows = rows.reshape(*pair.shape, -1)
        own = np.take_along_axis(rows, pair[..., None, :], -1) + RIDGE * np.eye(pair.shape[-1])
        explained = (rows * np.linalg.solve(own, rows)).sum(axis=(-2, -1))
        explained = np.where(inside, -1.0, explained)
        if self.avoided and not lead:
            barred = [frozenset(own_set.tolist()) in self.avoided for own_set in sets]
            explained = np.where(barred, -0.5, explained)
        best = explained.argmax(axis=-1)
        return np.take_along_axis(sets, best[..., None, None], -2)[..., 0, :]

    def questions(self, forms: Sequence[Format] = FORMATS) -> dict[Format, Question]:
        """The best question found of each format that the prompt has completions for."""
        fitting = [form for form in forms if form.size <= self.size]
        sets = self.best_sets(max(form.size for form in fitting))
        found = {form: sets[form.size - 2] for form in fitting}
        return {form: Question(form, s, self.gain(form, s)) for form, s in found.items()}


def _pair_number(first: np.ndarray, second: np.ndarray, size: int) -> np.ndarray:
    """The place of pairs first < second in ``pair_indices(size)``."""
    return first * (2 * size - first - 1) // 2 + second - first - 1
