"""The posterior of a rater given a ballot, as weighted points in the latent space.

Where raters of a type are alike, the density's atoms are the points: a ballot reweights them. Where
they vary, hardly an atom is near a rater in many dimensions, so the points are draws from the
model's own posterior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import expit, logsumexp

from scrl.diagnostics.queries import Ballot, orders_to_ratings, rewards_at
from scrl.raters.density import FLOOR
from scrl.raters.fitted_run import FittedRun
from scrl.raters.rater_model import RaterModel
from scrl.scenarios.sampling import largest_remainder

#: Points of a posterior where raters of a type vary.
POSTERIOR_DRAWS = 1000
#: Voters drawn for the predictive check, and the atoms by which their ballots are judged where
#: raters of a type vary.
PREDICTIVE_DRAWS, PREDICTIVE_ATOMS = 1000, 128
#: Difference from the best item of a ballot, in log-odds, below which it makes no difference.
MIN_GAP = -600.0
#: Atoms × ranked items of ballots judged at once.
MAX_CELLS = 1_000_000
#: Standard deviation of an item's utility that latents leave out, in log-odds, up to which the
#: likelihood at a latent is that of the rater.
MAX_RESIDUAL = 0.5
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
        model: the model of raters where raters of a type vary, else None.
    """

    latent: np.ndarray
    share: np.ndarray
    rewards: np.ndarray
    model: RaterModel | None = None

    @classmethod
    def of(cls, run: FittedRun) -> Atoms:
        density = run.density
        latent = density.atoms.reshape(-1, density.atoms.shape[-1])
        rewards = rewards_at(run, latent)
        share = np.ravel(density.share)
        model = run.individual if run.individual.varies else None
        return cls(latent, share / share.sum(), rewards.astype(float), model)

    def given(self, ballots: Sequence[Ballot], error_rate: float = 0.0) -> PlacedRater:
        """The posterior of a rater who casts these ballots.

        Args:
            error_rate: of ballots of two items, see ``posterior``; not read where raters of a type
                vary, since no ballot excludes anybody there.
        """
        told = [ballot for ballot in ballots if len(ballot[1]) > 1]
        if self.model is not None and told:
            return _drawn(self.model, told)
        weight = self.posterior(told, error_rate)
        points = replace(self, share=weight)
        return PlacedRater(points, np.log(weight + 1e-300), self.remaining_fraction(weight), False)

    def log_likelihood(self, order: Sequence[int] | np.ndarray) -> np.ndarray:
        """Log-likelihood of orders of items, best first, under each atom, nats.

        Args:
            order: ``[..., ranked]``.

        Returns:
            ``[atoms, ...]``.
        """
        rewards = self.rewards[:, np.asarray(order, int)]
        gap = np.maximum(rewards - rewards.max(axis=-1, keepdims=True, initial=-np.inf), MIN_GAP)
        remaining = np.cumsum(np.exp(gap)[..., ::-1], axis=-1)
        return gap.sum(axis=-1) - np.log(remaining).sum(axis=-1)

    def log_likelihoods(self, orders: Sequence[Sequence[int] | np.ndarray]) -> np.ndarray:
        """Log-likelihood of all these orders together ``[atoms, ...]``, see ``log_likelihood``."""
        found: Any = sum(self.log_likelihood(items) for items in orders)
        return found

    def posterior(self, ballots: Sequence[Ballot], error_rate: float = 0.0) -> np.ndarray:
        """Probability of each atom given these ballots ``[atoms]``, adding up to 1.

        Args:
            error_rate: with which a ballot of two items is reversed.
        """
        nats = np.log(np.maximum(self.share, 1e-300))
        for _, items in ballots:
            own = self.log_likelihood(items)
            if len(items) == 2 and error_rate:
                own = np.log(error_rate + (1 - 2 * error_rate) * np.exp(own))
            nats = nats + own
        weight = np.exp(nats - nats.max())
        return weight / weight.sum()

    def remaining_fraction(self, weight: np.ndarray) -> float:
        """Effective atoms of a posterior ``[atoms]``, as a fraction of those of the population."""
        return effective_atoms(weight) / max(effective_atoms(self.share), 1e-9)

    def log_marginal(self, orders: Sequence[Sequence[int] | np.ndarray]) -> np.ndarray:
        """Log-probability that one member of the population casts all these orders ``[...]``, nats.

        Args:
            orders: of each ballot, ``[..., ranked]``.
        """
        share = np.maximum(self.share, 1e-300)
        nats = self.log_likelihoods(orders)
        return logsumexp(nats.T + np.log(share), axis=-1).T

    def preference_probabilities(self, items: Sequence[int] | np.ndarray) -> np.ndarray:
        """P(a ≻ b) under each atom, for all pairs of items ``[atoms, m, m]``."""
        rewards = self.rewards[:, list(items)]
        return expit(rewards[:, :, None] - rewards[:, None, :])


@dataclass(frozen=True, eq=False)
class PlacedRater:
    """The posterior of a rater.

    Attributes:
        points: where the rater may be, with the posterior in the place of the shares.
        log_density: of the posterior at each point, up to a constant ``[points]``.
        remaining: what is left of all that is possible, exp(−KL) of posterior and population.
        drawn: whether the points are draws from the posterior, else they are the atoms.
    """

    points: Atoms
    log_density: np.ndarray
    remaining: float
    drawn: bool

    def densest(self, mass: float) -> np.ndarray:
        """Indices of the densest points, which hold this posterior mass, densest first."""
        order = np.argsort(-self.log_density, kind="stable")
        return order[: int(np.searchsorted(np.cumsum(self.points.share[order]), mass)) + 1]


def _drawn(model: RaterModel, ballots: Sequence[Ballot]) -> PlacedRater:
    """Draws from the model's posterior, which is a Gaussian mixture (Laplace).

    They are weighted for what the Gaussians miss of the likelihood (importance sampling, weights
    truncated as by Ionides 2008), unless the latents leave too much of the utilities out.
    """
    told = orders_to_ratings(model.catalogue, [ballots])
    probability, mean, covariance = model.latent_mixture(told)
    least = FLOOR * np.eye(model.latent)  # as in the density
    covariance = covariance + least
    rng, roots = np.random.default_rng(0), np.linalg.cholesky(covariance)
    latent = np.concatenate([
        mean[k] + rng.standard_normal((count, model.latent)) @ roots[k].T
        for k, count in enumerate(largest_remainder(probability, POSTERIOR_DRAWS))
    ])  # fmt: skip
    drawn_from = _mixture_nats(latent, probability, mean, covariance)
    population = np.tile(model.latent_covariance + least, (len(mean), 1, 1))
    before = _mixture_nats(latent, model.population.share, model.type_latents, population)
    points = Atoms(
        latent, np.full(len(latent), 1 / len(latent)), model.rewards(latent).astype(float), model
    )
    if model.space.residual.max() > MAX_RESIDUAL:
        return PlacedRater(
            points, drawn_from, _exp_of_mean(before - drawn_from, points.share), True
        )
    said = points.log_likelihoods([items for _, items in ballots])
    nats = before + said - drawn_from
    weight = np.exp(nats - nats.max())
    weight = np.minimum(weight, weight.mean() * np.sqrt(len(weight)))
    share = weight / weight.sum()
    evidence = logsumexp(nats) - np.log(len(nats))
    placed = replace(points, share=share)
    return PlacedRater(placed, before + said, _exp_of_mean(evidence - said, share), True)


def _exp_of_mean(nats: np.ndarray, share: np.ndarray) -> float:
    """exp of a mean, at most 1."""
    return float(np.exp(min(share @ nats, 0.0)))


def _mixture_nats(
    points: np.ndarray, weight: np.ndarray, mean: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """Log-density of a Gaussian mixture at points ``[points, latent]``, up to a constant that
    depends on the dimension only ``[points]``."""
    nats = []
    for k, root in enumerate(np.linalg.cholesky(covariance)):
        scaled = solve_triangular(root, (points - mean[k]).T, lower=True)
        volume = np.log(np.diag(root)).sum()
        nats.append(np.log(weight[k] + 1e-300) - volume - 0.5 * (scaled**2).sum(axis=0))
    return np.logaddexp.reduce(nats, axis=0)


def predictive_p_value(atoms: Atoms, ballots: Sequence[Ballot], seed: int = 0) -> float:
    """The share of voters whose ballots on the same completions are at most as likely.

    A predictive check (Box 1980): voters drawn from the density rank the same completions, with the
    noise of its likelihood. A member of the population falls below a share s at most s of the time.
    Below ``RARE_P_VALUE`` the posterior is unreliable. The value is 1 where no ballot ranks two
    completions.

    Where raters of a type vary, the voters are none of the atoms by which ballots are judged: each
    atom would find its own ballot likelier than anybody else's.
    """
    given = [np.array(items) for _, items in ballots if len(items) > 1]
    if not given:
        return 1.0
    rng = np.random.default_rng(seed)
    everything = np.concatenate([np.sort(items) for items in given])
    if atoms.model is None:
        voter = rng.choice(len(atoms.share), PREDICTIVE_DRAWS, p=atoms.share)
        rewards = atoms.rewards[np.ix_(voter, everything)]
    else:
        rewards = _voter_rewards(atoms.model, everything, rng)
        judge = rng.choice(len(atoms.share), PREDICTIVE_ATOMS, p=atoms.share)
        equal = np.full(PREDICTIVE_ATOMS, 1 / PREDICTIVE_ATOMS)
        atoms = Atoms(atoms.latent[judge], equal, atoms.rewards[judge])
    ends = np.cumsum([len(items) for items in given])[:-1]
    noisy = rewards + rng.gumbel(size=rewards.shape)
    parts = zip(np.split(everything, ends), np.split(noisy, ends, axis=1), strict=True)
    drawn = [items[np.argsort(-score)] for items, score in parts]
    orders, count = np.unique(np.concatenate(drawn, axis=1), axis=0, return_counts=True)
    size = max(1, MAX_CELLS // atoms.rewards[:, everything].size)
    blocks = np.split(orders, range(size, len(orders), size))
    nats = np.concatenate([atoms.log_marginal(np.split(rows, ends, axis=1)) for rows in blocks])
    return float(count[nats <= atoms.log_marginal(given) + 1e-9].sum() / PREDICTIVE_DRAWS)


def _voter_rewards(model: RaterModel, items: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rewards of items to voters of the population ``[voters, items]``."""
    type = rng.choice(model.population.types, PREDICTIVE_DRAWS, p=model.population.share)
    covariance = model.latent_covariance + FLOOR * np.eye(model.latent)
    noise = rng.standard_normal((PREDICTIVE_DRAWS, model.latent)) @ np.linalg.cholesky(covariance).T
    rewards = model.rewards(model.type_latents[type] + noise, items[None])[0]
    return rewards + model.space.residual[items] * rng.standard_normal(rewards.shape)


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
    points: Atoms,
    items: np.ndarray,
    ranked: Sequence[int],
    above: np.ndarray | None = None,
) -> PromptPosterior:
    """A posterior as preferences on one prompt.

    Args:
        points: of the posterior, which is their share.
        items: of the prompt ``[m]``.
        ranked: items that the ballot ranks, best first: their order is known.
        above: P(a ≻ b) ``[m, m]``; that of the points by default.
    """
    weight, probability = points.share, points.preference_probabilities(items)
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
