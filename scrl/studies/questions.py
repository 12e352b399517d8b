"""Questions about pairs by their information: the most informative one next, or a random one.

Without variation within types the belief about a visitor is that of types, by Bayes' rule. Where
raters of a type vary, it also has a Gaussian, given the type, over the utilities by which the
visitor orders the prompt: those of the model with the noise of one ballot. An answer moves it by
the mean and variance of the pair's difference (assumed-density filtering; Minka 2001).

The most informative pair has the greatest mutual information between its answer and the visitor:
the entropy of the answer less its mean entropy given the visitor (Houlsby et al. 2011; for reward
models Poddar et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import expit, ndtr
from scipy.stats import norm

from scrl.diagnostics.ballot_posterior import Atoms, binary_entropy
from scrl.elicitation.beliefs import NOISE_VARIANCE, Belief
from scrl.utility_models.population import Population

#: Probability of a wrong answer, so that no answer excludes a type; and where raters of a type
#: vary, which excludes little.
ERROR_RATE, VARIED_ERROR_RATE = 0.02, 0.005
#: Worth of a bit of an answer's entropy beside a bit of information on the visitor.
UNCERTAINTY_WEIGHT = 1e-3

#: A pair's index, and whether its first was preferred.
Answer = tuple[int, bool]


@dataclass(frozen=True, eq=False)
class Quiz:
    """The pairs of one prompt, and what is held of visitors before they answer.

    Attributes:
        pairs: positions on the prompt ``[pairs, 2]``.
        prior: the belief about anybody, without leading axes.
    """

    pairs: np.ndarray
    prior: Belief

    @classmethod
    def of(cls, population: Population, items: Sequence[int] | np.ndarray) -> Quiz:
        """The quiz of the catalogue's ``items [m]`` of one prompt."""
        items, population = np.asarray(items), population.marginal
        mean, covariance = population.reward[:, items], None
        if population.varies:
            # The types' mean utilities are estimates.
            own = population.variance[:, items, None] + NOISE_VARIANCE
            covariance = population.covariance.of(items[:, None], items) + own * np.eye(len(items))
        return cls(_pairs(len(items)), Belief(population.share, mean, covariance))

    @classmethod
    def from_atoms(cls, atoms: Atoms, items: Sequence[int]) -> Quiz:
        """The quiz of visitors each of whom is one of the atoms."""
        return cls(_pairs(len(items)), Belief(atoms.share, atoms.rewards[:, list(items)]))

    @cached_property
    def contrasts(self) -> np.ndarray:
        """1 at the first of each pair, −1 at the second ``[pairs, m]``."""
        first, second = np.eye(self.prior.mean.shape[-1])[self.pairs.T]
        return first - second

    def update(self, belief: Belief, pair: int | np.ndarray, first: bool | np.ndarray) -> Belief:
        """The belief after one more answer.

        Args:
            pair: its index ``[...]``; first: whether its first was preferred ``[...]``.
        """
        sign = np.where(np.asarray(first)[..., None], 1.0, -1.0)
        contrast = (sign * self.contrasts[np.asarray(pair)])[..., None]
        gap = (belief.mean @ contrast)[..., 0]
        if belief.covariance is None:
            weight = belief.weight * _chance(gap, None)
            return replace(belief, weight=weight / weight.sum(axis=-1, keepdims=True))
        along = belief.covariance @ contrast[..., None, :, :]
        variance = (along * contrast[..., None, :, :]).sum((-2, -1))
        weight = belief.weight * _chance(gap, variance)
        slope, curve = _derivatives(gap, variance)
        mean = belief.mean + slope[..., None] * along[..., 0]
        covariance = belief.covariance + curve[..., None, None] * (along @ along.mT)
        return Belief(weight / weight.sum(axis=-1, keepdims=True), mean, covariance)

    def posterior(self, answers: Sequence[Answer]) -> Belief:
        """The belief after answers: a pair, and whether its first was preferred."""
        belief = self.prior
        for pair, first in answers:
            belief = self.update(belief, pair, first)
        return belief

    def pair_probabilities(self, belief: Belief) -> np.ndarray:
        """The probability that the first of each pair is preferred ``[..., pairs]``."""
        return _mean(belief.weight, _chance(*self._differences(belief)))

    def information(self, belief: Belief) -> np.ndarray:
        """Mutual information of each pair's answer with the visitor, in bits ``[..., pairs]``."""
        chance = _chance(*self._differences(belief))
        # A visitor with an order has but the errors of answers.
        settled = belief.covariance is not None
        given = binary_entropy(np.full(chance.shape, VARIED_ERROR_RATE) if settled else chance)
        answer = binary_entropy(_mean(belief.weight, chance))
        return np.maximum(answer - _mean(belief.weight, given), 0.0)

    def _value(self, belief: Belief) -> np.ndarray:
        """The information of pairs ``[..., pairs]``; of equal ones the least certain is worth more,
        since an answer is known afterwards."""
        uncertain = binary_entropy(self.pair_probabilities(belief))
        return self.information(belief) + UNCERTAINTY_WEIGHT * uncertain

    def most_informative(self, belief: Belief, asked: Sequence[int]) -> int:
        """The most informative pair not yet asked; -1 where all are."""
        value = self._value(belief)
        value[list(asked)] = -1.0
        return int(value.argmax()) if len(asked) < len(value) else -1

    def draw_orders(self, visitors: int, rng: np.random.Generator) -> np.ndarray:
        """Visitors of the prior as utilities ``[visitors, m]``: each has an order drawn from the
        model's likelihood, since people with the same utilities still differ."""
        prior = self.prior
        type = rng.choice(len(prior.weight), visitors, p=prior.weight)
        shape = visitors, prior.mean.shape[1]
        if prior.covariance is None:
            return prior.mean[type] + rng.gumbel(size=shape)
        root = np.linalg.cholesky(prior.covariance)[type]
        return prior.mean[type] + (root @ rng.standard_normal((*shape, 1)))[..., 0]

    def _differences(self, belief: Belief) -> tuple[np.ndarray, np.ndarray | None]:
        """Mean and variance of the difference of each pair ``[..., types, pairs]``."""
        first, second = self.pairs.T
        gap = belief.mean[..., first] - belief.mean[..., second]
        covariance = belief.covariance
        if covariance is None:
            return gap, None
        own = np.diagonal(covariance, axis1=-2, axis2=-1)
        both = covariance[..., first, second]
        return gap, own[..., first] + own[..., second] - 2 * both


def _pairs(size: int) -> np.ndarray:
    return np.column_stack(np.triu_indices(size, 1))


def _mean(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean ``[..., pairs]`` over types of values ``[..., types, pairs]``."""
    return (weight[..., None, :] @ values)[..., 0, :]


def _chance(gap: np.ndarray, variance: np.ndarray | None) -> np.ndarray:
    """The probability that the first is preferred (same shape), at a difference of utilities; or by
    the order, where the difference is Gaussian with this mean and variance."""
    if variance is None:
        return ERROR_RATE + (1 - 2 * ERROR_RATE) * expit(gap)
    return VARIED_ERROR_RATE + (1 - 2 * VARIED_ERROR_RATE) * ndtr(gap / np.sqrt(variance))


def _derivatives(gap: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivative in the mean of the logarithm of ``_chance`` (same shape).

    They give the mean and variance of the difference after the answer.
    """
    sd = np.sqrt(variance)
    rate = (1 - 2 * VARIED_ERROR_RATE) * norm.pdf(gap / sd) / sd / _chance(gap, variance)
    return rate, -rate * (gap / variance + rate)


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
    asked = np.zeros((visitors, pairs), bool)
    accuracy, order = np.zeros((visitors, questions + 1)), np.zeros((visitors, questions), int)
    prior = quiz.prior
    belief = replace(prior, weight=np.tile(prior.weight, (visitors, 1)))
    for i in range(questions + 1):
        probability = np.broadcast_to(quiz.pair_probabilities(belief), truth.shape)
        predicted = np.where(asked, truth, probability > 0.5)
        accuracy[:, i] = (predicted == truth).mean(axis=1)
        if i == questions:
            break
        value = quiz._value(belief) if informative else rng.random(truth.shape)
        pair = np.where(asked, -np.inf, value).argmax(axis=1)
        belief = quiz.update(belief, pair, truth[rows, pair])
        asked[rows, pair], order[:, i] = True, pair
    return SimulatedQuiz(accuracy, order, probability)


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
