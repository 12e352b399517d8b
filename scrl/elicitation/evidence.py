"""A person's answers, and the posterior that they leave as weighted draws.

The belief after the answers is a mixture of Gaussians by approximation. Draws from it, weighed by
prior × likelihood over their own density, are the posterior without it (importance sampling,
weights truncated as by Ionides 2008). What the answers state is thus all but certain, and what
follows from it by transitivity too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from scipy.special import ndtri
from scipy.stats import norm, qmc

from scrl.elicitation.beliefs import SLIP_RATE, TIE_VARIANCE, Belief, pair_indices
from scrl.elicitation.updates import observe_comparisons, observe_contrast, observe_tie

#: Draws of all types together, a power of two.
DRAWS = 4096
#: Standard deviation of the sentiment of sentences that are misread.
MISREAD_SD = 0.5
#: Share of the draws that is spread evenly over the types, whatever is believed.
DEFENSIVE = 0.05
#: Share of draws, as many of equal weight tell as much, below which draws from the prior are tried.
EVEN = 0.15


@dataclass(frozen=True, eq=False)
class Observation:
    """A noisy observation of a sum of utilities.

    Attributes:
        contrast: weights of the utilities ``[m]``.
        value, variance: what was observed, and the variance of its Gaussian noise.
        misread: probability that it has nothing to do with the utilities; it is then Gaussian with
            mean 0 and standard deviation ``MISREAD_SD``.
    """

    contrast: np.ndarray
    value: float
    variance: float
    misread: float = 0.0


@dataclass(frozen=True, eq=False)
class Evidence:
    """What people have answered, and what is believed of them.

    Attributes:
        prior: before any answer, about anybody, without leading axes.
        belief: after the answers, approximately ``[...]``.
        nats: log-probability of the comparisons and ties, each up to a constant ``[...]``.
        comparisons: winners and losers ``[2, ..., comparisons]``.
        ties: groups of completions about the same; only for one person.
        observed: what sentences said; only of one person.
    """

    prior: Belief
    belief: Belief
    nats: np.ndarray
    comparisons: np.ndarray
    ties: tuple[tuple[int, ...], ...] = ()
    observed: tuple[Observation, ...] = ()

    @classmethod
    def none(cls, prior: Belief, people: int | None = None) -> Evidence:
        """No answer of one person, or of each of several."""
        shape = () if people is None else (people,)
        belief = prior if people is None else prior.tiled(people)
        return cls(prior, belief, np.zeros(shape), np.zeros((2, *shape, 0), int))

    def compared(self, winner: np.ndarray, loser: np.ndarray) -> Evidence:
        """The evidence after one more answer, as comparisons ``[..., comparisons]``."""
        belief, nats = observe_comparisons(self.belief, winner, loser)
        both = np.concatenate([self.comparisons, np.stack([winner, loser])], axis=-1)
        return replace(self, belief=belief, nats=self.nats + nats, comparisons=both)

    def tied(self, group: tuple[int, ...]) -> Evidence:
        """The evidence after a person has called some completions about the same."""
        belief, nats = observe_tie(self.belief, group)
        return replace(self, belief=belief, nats=self.nats + nats, ties=(*self.ties, group))

    def observe(self, observation: Observation) -> Evidence:
        """The evidence after a noisy observation of a sum of utilities, as of a sentence."""
        o = observation
        belief, nats = observe_contrast(self.belief, o.contrast, o.value, o.variance)
        read = (1 - o.misread) * np.exp(nats)
        total = read + o.misread * norm.pdf(o.value, scale=MISREAD_SD)
        share = float(read / total)
        weight = share * belief.weight + (1 - share) * self.belief.weight
        belief = replace(belief if share > 0.5 else self.belief, weight=weight)
        observed = (*self.observed, o)
        return replace(self, belief=belief, observed=observed)

    def reweighed(self, chance: np.ndarray) -> Evidence:
        """The evidence after something that only a person's type makes likely.

        Args:
            chance: of it in each type ``[types]``.
        """
        weight = self.belief.weight * chance
        total = weight.sum(axis=-1, keepdims=True)
        prior = replace(self.prior, weight=self.prior.weight * chance)
        belief = replace(self.belief, weight=weight / total)
        return replace(self, prior=prior, belief=belief, nats=self.nats + np.log(total[..., 0]))

    def log_likelihood(self, utility: np.ndarray) -> np.ndarray:
        """Log-likelihood of the answers ``[..., draws]`` at utilities ``[..., draws, m]``, up to a
        constant."""
        winner, loser = (side[..., None, :] for side in self.comparisons)
        nats = np.zeros(utility.shape[:-1])
        if winner.shape[-1]:
            shape = (*nats.shape, winner.shape[-1])
            gap = np.take_along_axis(utility, np.broadcast_to(winner, shape), -1)
            gap = gap - np.take_along_axis(utility, np.broadcast_to(loser, shape), -1)
            nats = np.log(np.where(gap > 0, 1 - SLIP_RATE, SLIP_RATE)).sum(-1)
        for group in self.ties:
            own = utility[..., list(group)].var(axis=-1) * len(group) ** 2
            nats = nats - own / (2 * TIE_VARIANCE * len(group) ** 2 / 4)
        for o in self.observed:
            likely = norm.pdf(o.value - utility @ o.contrast, scale=np.sqrt(o.variance))
            misread = norm.pdf(o.value, scale=MISREAD_SD)
            nats = nats + np.log((1 - o.misread) * likely + o.misread * misread + 1e-300)
        return nats


@dataclass(frozen=True, eq=False)
class Draws:
    """Weighted draws of people's utilities.

    Attributes:
        utility: ``[..., draws, m]``.
        weight: ``[..., draws]``, adding up to 1.
        type: of each draw ``[..., draws]``.
    """

    utility: np.ndarray
    weight: np.ndarray
    type: np.ndarray

    @classmethod
    def of(cls, evidence: Evidence, draws: int = DRAWS) -> Draws:
        """Draws from the posterior given the evidence.

        Answers of one person may contradict each other. Then the belief after them may be far from
        the posterior, and draws from the prior are taken where their weights are more even.
        """
        found = cls._weighed(evidence, draws)
        if found.weight.ndim == 1 and found.effective < EVEN * draws:
            other = cls._weighed(replace(evidence, belief=evidence.prior), draws)
            return other if other.effective > found.effective else found
        return found

    @property
    def effective(self) -> float:
        """How many draws of equal weight tell as much, of one person."""
        return float(1 / (self.weight**2).sum())

    @classmethod
    def _weighed(cls, evidence: Evidence, draws: int) -> Draws:
        """Draws from the belief, weighed by posterior over belief."""
        belief, prior = evidence.belief, evidence.prior
        types, m = belief.mean.shape[-2:]
        share = (1 - DEFENSIVE) * belief.weight + DEFENSIVE / types
        upto, step = np.cumsum(share, axis=-1)[..., :-1], (np.arange(draws) + 0.5) / draws
        type = (step[:, None] > upto[..., None, :]).sum(axis=-1)
        normal = _normals(draws, m)
        spread = (belief.spread + belief.spread.mT) / 2
        root = np.linalg.cholesky(spread + 1e-6 * np.eye(m))
        own = np.linalg.cholesky(prior.spread)
        inverse = np.linalg.inv(own)
        utility, nats = np.zeros((*type.shape, m)), np.zeros(type.shape)
        for k in range(types):
            lead = np.nonzero(type == k)
            mine, z = root[..., k, :, :][lead[:-1]], normal[lead[-1]]
            found = belief.mean[..., k, :][lead[:-1]] + (mine @ z[..., None])[..., 0]
            scaled = (found - prior.mean[k]) @ inverse[k].T
            ratio = np.log(prior.weight[k] + 1e-300) - np.log(share[..., k][lead[:-1]])
            ratio += np.log(np.diagonal(mine, axis1=-2, axis2=-1)).sum(-1)
            ratio -= np.log(np.diag(own[k])).sum()
            utility[lead] = found
            nats[lead] = ratio + 0.5 * ((z**2).sum(-1) - (scaled**2).sum(-1))
        nats = nats + evidence.log_likelihood(utility)
        weight = np.exp(nats - nats.max(axis=-1, keepdims=True))
        limit = weight.mean(axis=-1, keepdims=True) * np.sqrt(draws)
        weight = np.minimum(weight, limit)
        return cls(utility, weight / weight.sum(axis=-1, keepdims=True), type)

    @cached_property
    def above(self) -> np.ndarray:
        """Whether the first of each pair stands higher ``[..., draws, pairs]``, as 0 and 1."""
        first, second = pair_indices(self.utility.shape[-1]).T
        return (self.utility[..., first] > self.utility[..., second]).astype(np.float32)

    @cached_property
    def chance(self) -> np.ndarray:
        """The probability that the first of each pair stands higher ``[..., pairs]``."""
        weight = self.weight.astype(np.float32)[..., None, :]
        return (weight @ self.above)[..., 0, :].astype(float)

    def preference_matrix(self) -> np.ndarray:
        """The probability that the row stands above the column ``[m, m]``, of one person."""
        m = self.utility.shape[-1]
        table = np.full((m, m), 0.5)
        first, second = pair_indices(m).T
        table[first, second], table[second, first] = self.chance, 1 - self.chance
        return table

    def expected_accuracy(self) -> np.ndarray:
        """Expected share of pairs whose likelier order is the person's ``[...]``."""
        return np.maximum(self.chance, 1 - self.chance).mean(axis=-1)

    def type_probabilities(self, types: int) -> np.ndarray:
        """The probability of each type ``[..., types]``."""
        return np.stack([(self.weight * (self.type == k)).sum(-1) for k in range(types)], axis=-1)


@cache
def _normals(draws: int, size: int) -> np.ndarray:
    """Scrambled Sobol points, shuffled, as standard normal deviates ``[draws, size]``."""
    points = np.random.default_rng(0).permutation(qmc.Sobol(size, seed=0).random(draws))
    return ndtri(np.clip(points, 1e-9, 1 - 1e-9))
