"""Which pair to ask next: the most telling one by mutual information, or any.

What is believed of a visitor is a weighing of everybody the density holds possible (``Atoms``). Of
all pairs not yet asked, the one is taken whose answer would say most of which of them the visitor
is: its uncertainty less what would be left if one knew (Houlsby et al. 2011; for reward models
Poddar et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.diagnostics.whereami import Atoms, entropy, information

#: People err: no answer makes anybody less likely than by this chance.
SLIP = 0.02
#: Voters with whom questioning is rehearsed.
REHEARSED = 400


@dataclass(frozen=True, eq=False)
class Quiz:
    """The pairs of one prompt, and how everybody possible would answer.

    Attributes:
        pairs: positions on the prompt ``[pairs, 2]``.
        share: of each atom ``[atoms]``; chance: that it prefers the first ``[atoms, pairs]``.
    """

    pairs: np.ndarray
    share: np.ndarray
    chance: np.ndarray

    @classmethod
    def of(cls, atoms: Atoms, items: Sequence[int]) -> Quiz:
        """Of the catalogue's ``items [m]`` of one prompt."""
        first, second = np.triu_indices(len(items), 1)
        chance = atoms.chances(items)[:, first, second]
        chance = SLIP + (1 - 2 * SLIP) * chance
        return cls(np.column_stack([first, second]), atoms.share, chance)

    def weigh(self, weight: np.ndarray, pair, first) -> np.ndarray:
        """The beliefs ``[..., atoms]`` after an answer: whether the first of a pair was preferred
        ``[...]``."""
        chance = self.chance[:, np.asarray(pair)].T
        weight = weight * np.where(np.asarray(first)[..., None], chance, 1 - chance)
        return weight / weight.sum(axis=-1, keepdims=True)

    def after(self, answers: Sequence[tuple[int, bool]]) -> np.ndarray:
        """The beliefs ``[atoms]`` after answers: a pair, and whether its first was preferred."""
        weight = self.share
        for pair, first in answers:
            weight = self.weigh(weight, pair, first)
        return weight

    def believed(self, weight: np.ndarray) -> np.ndarray:
        """The chance that the first of each pair is preferred ``[..., pairs]``."""
        return weight @ self.chance

    def above(self, weight: np.ndarray, answers: Sequence[tuple[int, bool]] = ()) -> np.ndarray:
        """The chance that the row is preferred to the column ``[m, m]``, what was answered being
        known."""
        believed = self.believed(weight)
        for pair, first in answers:
            believed[pair] = float(first)
        m = self.pairs.max() + 1
        table = np.full((m, m), 0.5)
        first, second = self.pairs.T
        table[first, second], table[second, first] = believed, 1 - believed
        return table

    def telling(self, weight: np.ndarray) -> np.ndarray:
        """Bits that the answer to each pair would give ``[pairs]``."""
        return information(weight, self.chance)

    def next(self, weight: np.ndarray, asked: Sequence[int]) -> int:
        """The most telling pair that has not been asked; -1 where all have."""
        bits = self.telling(weight)
        bits[list(asked)] = -1.0
        return int(bits.argmax()) if len(asked) < len(bits) else -1

    def any(self, asked: Sequence[int], seed: int) -> int:
        """A random pair that has not been asked; -1 where all have."""
        left = np.setdiff1d(np.arange(len(self.pairs)), list(asked))
        return int(np.random.default_rng(seed).choice(left)) if len(left) else -1

    def sure(self, weight: np.ndarray, answers: Sequence[tuple[int, bool]]) -> float:
        """The share of pairs that are expected to be believed rightly, answered ones included."""
        believed = self.believed(weight)
        right = np.maximum(believed, 1 - believed)
        right[[pair for pair, _ in answers]] = 1.0
        return float(right.mean())


@dataclass(frozen=True, eq=False)
class Asked:
    """Many visitors, questioned.

    Attributes:
        right: share of all pairs that are believed rightly after each number of questions, from
            none on ``[visitors, questions + 1]``.
        pairs: what was asked ``[visitors, questions]``.
        believed: after the last question ``[visitors, pairs]``.
    """

    right: np.ndarray
    pairs: np.ndarray
    believed: np.ndarray


def question(
    quiz: Quiz, utility: np.ndarray, questions: int, telling: bool, seed: int = 0
) -> Asked:
    """Ask visitors who answer by their own order.

    Args:
        utility: of the completions to each visitor ``[visitors, m]``, without ties.
        telling: the most telling pair each time, or a random one.
    """
    first, second = quiz.pairs.T
    truth = utility[:, first] > utility[:, second]
    visitors, pairs = truth.shape
    rng, every = np.random.default_rng(seed), np.arange(visitors)
    questions = min(questions, pairs)
    # Every answer is one of two: what it would leave of the uncertainty needs but two products.
    answered = entropy(quiz.chance)
    weight = np.tile(quiz.share, (visitors, 1))
    asked = np.zeros((visitors, pairs), bool)
    right, order = np.zeros((visitors, questions + 1)), np.zeros((visitors, questions), int)
    for i in range(questions + 1):
        believed = quiz.believed(weight)
        known = np.where(asked, truth, believed > 0.5)
        right[:, i] = (known == truth).mean(axis=1)
        if i == questions:
            break
        value = entropy(believed) - weight @ answered if telling else rng.random(truth.shape)
        pair = np.where(asked, -np.inf, value).argmax(axis=1)
        weight = quiz.weigh(weight, pair, truth[every, pair])
        asked[every, pair], order[:, i] = True, pair
    return Asked(right, order, believed)


def rehearsed(
    atoms: Atoms, quiz: Quiz, items: Sequence[int], questions: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """What to expect of questioning: voters of the density, asked telling pairs and random ones.

    Each answers by an order of its own, drawn from the model's likelihood: people of one latent
    still differ.

    Returns:
        Mean share of pairs right after each number of questions, from none on, of each.
    """
    rng = np.random.default_rng(seed)
    who = rng.choice(len(atoms.share), REHEARSED, p=atoms.share)
    utility = atoms.rewards[np.ix_(who, items)] + rng.gumbel(size=(REHEARSED, len(items)))
    return tuple(
        question(quiz, utility, questions, telling, seed).right.mean(axis=0)
        for telling in (True, False)
    )


def worth(telling: np.ndarray, random: np.ndarray, questions: int) -> float:
    """How many telling questions are worth so many random ones, between two whole numbers by a
    straight line; NaN where even the last is not.

    Args:
        telling, random: mean share of pairs right after each number of questions, from none on.
    """
    goal = random[questions]
    reached = np.flatnonzero(telling >= goal)
    if not len(reached):
        return float("nan")
    i = int(reached[0])
    if i == 0:
        return 0.0
    return float(i - 1 + (goal - telling[i - 1]) / (telling[i] - telling[i - 1]))
