"""Questions to a visitor: the most informative pair next, or a random one.

The belief about a visitor is a weighting of the atoms of the density of raters (``Atoms``). The
most informative pair has the greatest mutual information between its answer and the atom: the
entropy of the answer less its mean entropy given the atom (Houlsby et al. 2011; for reward models
Poddar et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.diagnostics.ballot_posterior import Atoms, binary_entropy, mutual_information

#: Probability of a wrong answer, so that no answer excludes an atom.
ERROR_RATE = 0.02
#: Simulated visitors of a quiz, voters of the density.
SIMULATED_VISITORS = 400


@dataclass(frozen=True, eq=False)
class Quiz:
    """The pairs of one prompt, and how each atom would answer.

    Attributes:
        pairs: positions on the prompt ``[pairs, 2]``.
        share: of each atom ``[atoms]``; probability: that it prefers the first ``[atoms, pairs]``.
    """

    pairs: np.ndarray
    share: np.ndarray
    probability: np.ndarray

    @classmethod
    def from_atoms(cls, atoms: Atoms, items: Sequence[int]) -> Quiz:
        """The quiz of the catalogue's ``items [m]`` of one prompt."""
        first, second = np.triu_indices(len(items), 1)
        probability = atoms.preference_probabilities(items)[:, first, second]
        probability = ERROR_RATE + (1 - 2 * ERROR_RATE) * probability
        return cls(np.column_stack([first, second]), atoms.share, probability)

    def update(
        self, weight: np.ndarray, pair: int | np.ndarray, first: bool | np.ndarray
    ) -> np.ndarray:
        """The belief ``[..., atoms]`` after one more answer.

        Args:
            pair: its index ``[...]``; first: whether its first was preferred ``[...]``.
        """
        probability = self.probability[:, np.asarray(pair)].T
        likelihood = np.where(np.asarray(first)[..., None], probability, 1 - probability)
        weight = weight * likelihood
        return weight / weight.sum(axis=-1, keepdims=True)

    def posterior(self, answers: Sequence[tuple[int, bool]]) -> np.ndarray:
        """The belief ``[atoms]`` after answers ``(pair, whether its first was preferred)``."""
        weight = self.share
        for pair, first in answers:
            weight = self.update(weight, pair, first)
        return weight

    def pair_probabilities(self, weight: np.ndarray) -> np.ndarray:
        """The probability that the first of each pair is preferred ``[..., pairs]``."""
        return weight @ self.probability

    def preference_matrix(
        self, weight: np.ndarray, answers: Sequence[tuple[int, bool]] = ()
    ) -> np.ndarray:
        """The probability that the row is preferred to the column ``[m, m]``; answered pairs are
        certain."""
        probability = self.pair_probabilities(weight)
        for pair, first in answers:
            probability[pair] = float(first)
        m = self.pairs.max() + 1
        table = np.full((m, m), 0.5)
        first, second = self.pairs.T
        table[first, second], table[second, first] = probability, 1 - probability
        return table

    def information(self, weight: np.ndarray) -> np.ndarray:
        """Mutual information of each pair's answer with the atom, in bits ``[pairs]``."""
        return mutual_information(weight, self.probability)

    def most_informative(self, weight: np.ndarray, asked: Sequence[int]) -> int:
        """The most informative pair not yet asked; -1 where all are."""
        bits = self.information(weight)
        bits[list(asked)] = -1.0
        return int(bits.argmax()) if len(asked) < len(bits) else -1

    def random_pair(self, asked: Sequence[int], seed: int) -> int:
        """A random pair not yet asked; -1 where all are."""
        left = np.setdiff1d(np.arange(len(self.pairs)), list(asked))
        return int(np.random.default_rng(seed).choice(left)) if len(left) else -1

    def expected_accuracy(self, weight: np.ndarray, answers: Sequence[tuple[int, bool]]) -> float:
        """Expected share of pairs predicted correctly, answered ones included."""
        probability = self.pair_probabilities(weight)
        correct = np.maximum(probability, 1 - probability)
        correct[[pair for pair, _ in answers]] = 1.0
        return float(correct.mean())


@dataclass(frozen=True, eq=False)
class SimulatedQuiz:
    """The answers of simulated visitors.

    Attributes:
        accuracy: share of all pairs predicted correctly after each number of questions, from none
            on ``[visitors, questions + 1]``.
        pairs: the pairs asked ``[visitors, questions]``.
        probability: of each pair after the last question ``[visitors, pairs]``.
    """

    accuracy: np.ndarray
    pairs: np.ndarray
    probability: np.ndarray


def simulate_quiz(
    quiz: Quiz, utility: np.ndarray, questions: int, informative: bool, seed: int = 0
) -> SimulatedQuiz:
    """Question visitors who answer by their own order.

    Args:
        utility: of the completions to each visitor ``[visitors, m]``, without ties.
        informative: ask the most informative pair each time, else a random one.
    """
    first, second = quiz.pairs.T
    truth = utility[:, first] > utility[:, second]
    visitors, pairs = truth.shape
    rng, rows = np.random.default_rng(seed), np.arange(visitors)
    questions = min(questions, pairs)
    # An answer is binary, so its mean entropy given the atom is one product.
    entropy_given_atom = binary_entropy(quiz.probability)
    weight = np.tile(quiz.share, (visitors, 1))
    asked = np.zeros((visitors, pairs), bool)
    accuracy, order = np.zeros((visitors, questions + 1)), np.zeros((visitors, questions), int)
    probability = quiz.pair_probabilities(weight)
    for i in range(questions + 1):
        predicted = np.where(asked, truth, probability > 0.5)
        accuracy[:, i] = (predicted == truth).mean(axis=1)
        if i == questions:
            break
        if informative:
            value = binary_entropy(probability) - weight @ entropy_given_atom
        else:
            value = rng.random(truth.shape)
        pair = np.where(asked, -np.inf, value).argmax(axis=1)
        weight = quiz.update(weight, pair, truth[rows, pair])
        asked[rows, pair], order[:, i] = True, pair
        probability = quiz.pair_probabilities(weight)
    return SimulatedQuiz(accuracy, order, probability)


def expected_accuracy_curves(
    atoms: Atoms, quiz: Quiz, items: Sequence[int], questions: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Expected accuracy with the most informative pairs, and with random ones.

    Visitors are voters of the density. Each has an order drawn from the model's likelihood, since
    people with the same latent still differ.

    Returns:
        For both, the mean accuracy after each number of questions, from none on
        ``[questions + 1]``.
    """
    rng = np.random.default_rng(seed)
    atom = rng.choice(len(atoms.share), SIMULATED_VISITORS, p=atoms.share)
    noise = rng.gumbel(size=(SIMULATED_VISITORS, len(items)))
    utility = atoms.rewards[np.ix_(atom, np.asarray(items))] + noise
    informative, random = (
        simulate_quiz(quiz, utility, questions, how, seed).accuracy.mean(axis=0)
        for how in (True, False)
    )
    return informative, random


def equivalent_questions(informative: np.ndarray, random: np.ndarray, questions: int) -> float:
    """The number of informative questions that reach the accuracy of ``questions`` random ones,
    interpolated linearly; NaN where no number does.

    Args:
        informative, random: mean accuracy after each number of questions, from none on.
    """
    goal = random[questions]
    reached = np.flatnonzero(informative >= goal)
    if not len(reached):
        return float("nan")
    i = int(reached[0])
    if i == 0:
        return 0.0
    before = informative[i - 1]
    return float(i - 1 + (goal - before) / (informative[i] - before))
