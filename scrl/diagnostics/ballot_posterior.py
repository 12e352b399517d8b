"""The posterior of a rater given a ballot, over the density's atoms.

The density consists of weighted atoms, and each atom's rewards are computed once. A ballot then
reweights the atoms, which takes milliseconds in NumPy for a ballot of any shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from scrl.diagnostics.queries import Ballot, orders_to_ratings, rewards_at
from scrl.raters.fitted_run import FittedRun

#: Voters drawn for the predictive check.
PREDICTIVE_DRAWS = 1000
#: A ballot whose predictive p-value is below this is rare.
RARE_P_VALUE = 0.01
#: Items of a prompt up to which all pairs are inferred by the model's own posterior.
MAX_EXACT = 60


@dataclass(frozen=True, eq=False)
class Atoms:
    """The support of the density.

    Attributes:
        latent: ``[atoms, latent]``.
        share: of the population ``[atoms]``, adding up to 1.
        rewards: ``[atoms, items]``, log-odds.
    """

    latent: np.ndarray
    share: np.ndarray
    rewards: np.ndarray

    @classmethod
    def of(cls, run: FittedRun) -> Atoms:
        density = run.density
        latent = density.atoms.reshape(-1, density.atoms.shape[-1])
        rewards = rewards_at(run, latent)
        share = np.ravel(density.share)
        return cls(latent, share / share.sum(), rewards.astype(float))

    def log_likelihood(self, order: Sequence[int] | np.ndarray) -> np.ndarray:
        """Log-likelihood of an order of items, best first, under each atom ``[atoms]``, nats."""
        rewards = self.rewards[:, list(order)]
        remaining = np.logaddexp.accumulate(rewards[:, ::-1], axis=1)[:, ::-1]
        return (rewards - remaining).sum(axis=1)

    def posterior(self, ballots: Sequence[Ballot]) -> np.ndarray:
        """Probability of each atom given these ballots ``[atoms]``, adding up to 1."""
        nats = np.log(np.maximum(self.share, 1e-300))
        for _, items in ballots:
            nats = nats + self.log_likelihood(items)
        weight = np.exp(nats - nats.max())
        return weight / weight.sum()

    def remaining_fraction(self, weight: np.ndarray) -> float:
        """Effective atoms of a posterior ``[atoms]``, as a fraction of those of the population."""
        return effective_atoms(weight) / max(effective_atoms(self.share), 1e-9)

    def log_marginal(self, orders: Sequence[Sequence[int] | np.ndarray]) -> float:
        """Log-probability that one member of the population casts all these orders, nats."""
        nats: Any = sum(self.log_likelihood(items) for items in orders)
        top = nats.max()
        return float(top + np.log(np.exp(nats - top) @ self.share))

    def preference_probabilities(self, items: Sequence[int] | np.ndarray) -> np.ndarray:
        """P(a ≻ b) under each atom, for all pairs of items ``[atoms, m, m]``."""
        rewards = self.rewards[:, list(items)]
        return expit(rewards[:, :, None] - rewards[:, None, :])


def predictive_p_value(atoms: Atoms, ballots: Sequence[Ballot], seed: int = 0) -> float:
    """The share of voters whose ballots on the same completions are at most as likely.

    A predictive check (Box 1980): voters drawn from the density rank the same completions, with the
    noise of its likelihood. A member of the population falls below a share s at most s of the time.
    Below ``RARE_P_VALUE`` the posterior is unreliable. The value is 1 where no ballot ranks two
    completions.
    """
    given = [np.array(items) for _, items in ballots if len(items) > 1]
    if not given:
        return 1.0
    rng = np.random.default_rng(seed)
    voter = rng.choice(len(atoms.share), PREDICTIVE_DRAWS, p=atoms.share)
    drawn = []
    for items in map(np.sort, given):
        noise = rng.gumbel(size=(PREDICTIVE_DRAWS, len(items)))
        drawn.append(items[np.argsort(-atoms.rewards[np.ix_(voter, items)] - noise)])
    ends = np.cumsum([len(items) for items in given])[:-1]
    orders, count = np.unique(np.concatenate(drawn, axis=1), axis=0, return_counts=True)
    nats = np.array([atoms.log_marginal(np.split(row, ends)) for row in orders])
    return float(count[nats <= atoms.log_marginal(given) + 1e-9].sum() / PREDICTIVE_DRAWS)


def effective_atoms(weight: np.ndarray) -> float:
    """The number of equally likely atoms with the same entropy, exp(H)."""
    positive = weight[weight > 0]
    return float(np.exp(-(positive * np.log(positive)).sum()))


def mutual_information(weight: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Mutual information of the latent and the answer to a yes–no question, bits.

    H(mean answer) − mean H(answer), under the posterior.

    Args:
        weight: ``[atoms]``, adding up to 1.
        probability: of a yes under each atom ``[atoms, ...]``.
    """
    probability = np.asarray(probability, float)
    mean = np.tensordot(weight, probability, 1)
    conditional = np.tensordot(weight, binary_entropy(probability), 1)
    return np.maximum(binary_entropy(mean) - conditional, 0.0)


def binary_entropy(p: np.ndarray) -> np.ndarray:
    """Entropy of an event of probability ``p``, in bits (same shape)."""
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


@dataclass(frozen=True, eq=False)
class PromptPosterior:
    """A posterior as preferences on one prompt.

    Attributes:
        items: of the prompt ``[m]``.
        above: P(a ≻ b) ``[m, m]``, ½ on the diagonal.
        expected_place: 1 = best ``[m]``.
        information: bits that asking each pair would give ``[m, m]``; 0 where the ballot ranks it.
    """

    items: np.ndarray
    above: np.ndarray
    expected_place: np.ndarray
    information: np.ndarray

    @property
    def most_informative_pair(self) -> tuple[int, int]:
        """Positions of the pair whose answer gives most bits; the first of equal ones."""
        pair = np.unravel_index(self.information.argmax(), self.information.shape)
        return int(pair[0]), int(pair[1])


def inferred_preferences(
    run: FittedRun, ballots: Sequence[Ballot], items: np.ndarray
) -> np.ndarray | None:
    """P(a ≻ b) of a rater who casts these ballots, by the model's own posterior ``[m, m]``.

    In many dimensions no atom of the density is near the rater; this needs none.

    Returns:
        None where the prompt has more than ``MAX_EXACT`` items.
    """
    m = len(items)
    if m > MAX_EXACT:
        return None
    first, second = np.triu_indices(m, 1)
    told = orders_to_ratings(run.catalogue, [[b for b in ballots if len(b[1]) > 1]])
    rater = np.zeros(len(first), int)
    found = run.individual.population.pair_probability(told, rater, items[first], items[second])
    above = np.full((m, m), 0.5)
    above[first, second], above[second, first] = found, 1 - found
    return above


def prompt_posterior(
    atoms: Atoms,
    weight: np.ndarray,
    items: np.ndarray,
    ranked: Sequence[int],
    above: np.ndarray | None = None,
) -> PromptPosterior:
    """A posterior as preferences on one prompt.

    Args:
        weight: of the atoms ``[atoms]``.
        items: of the prompt ``[m]``.
        ranked: items that the ballot ranks, best first: their order is known.
        above: P(a ≻ b) ``[m, m]``; that of the weighted atoms by default.
    """
    probability = atoms.preference_probabilities(items)
    above = np.tensordot(weight, probability, 1) if above is None else above.copy()
    information = mutual_information(weight, probability)
    at = [int(np.flatnonzero(items == item)[0]) for item in ranked]
    for i, a in enumerate(at):
        for b in at[i + 1 :]:
            above[a, b], above[b, a] = 1.0, 0.0
            information[a, b] = information[b, a] = 0.0
    np.fill_diagonal(information, 0.0)
    expected_place = 1 + above.sum(axis=0) - 0.5
    return PromptPosterior(np.asarray(items), above, expected_place, information)
