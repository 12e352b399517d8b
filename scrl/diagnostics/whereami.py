"""Where does a ballot put somebody? A posterior over the density, and what would narrow it most.

The density is carried by weighted atoms, and each atom's rewards are worked out once; a ballot then
weighs the atoms, which takes milliseconds in NumPy whatever the ballot's shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.diagnostics.probe import Ballot, rewards_of
from scrl.raters.fitted_run import FittedRun

#: Voters drawn to see whether a ballot is unusual; the share of them below which it is.
DRAWN, RARE = 1000, 0.01


@dataclass(frozen=True, eq=False)
class Atoms:
    """Everybody that the density holds possible.

    Attributes:
        latent: ``[atoms, latent]``; share: of the population ``[atoms]``, adding up to 1.
        rewards: ``[atoms, items]``, log-odds, times the density's sharpness.
        likelihood: ``"list"`` (Plackett–Luce) or ``"pair"`` (Bradley–Terry).
    """

    latent: np.ndarray
    share: np.ndarray
    rewards: np.ndarray
    likelihood: str = "list"

    @classmethod
    def of(cls, learnt: FittedRun) -> Atoms:
        density = learnt.density
        latent = density.atoms.reshape(-1, density.atoms.shape[-1])
        rewards = rewards_of(learnt, latent) * (density.sharpness or 1.0)
        share = np.ravel(density.share)
        likelihood = learnt.individual.config.likelihood
        return cls(latent, share / share.sum(), rewards.astype(float), likelihood)

    def log_likelihood(self, ballot: Sequence[int]) -> np.ndarray:
        """Of one order of items, best first, under each atom ``[atoms]``, nats."""
        mine = self.rewards[:, list(ballot)]
        if self.likelihood == "pair":
            a, b = np.triu_indices(mine.shape[1], 1)
            return -np.logaddexp(0, mine[:, b] - mine[:, a]).sum(axis=1)
        left = np.logaddexp.accumulate(mine[:, ::-1], axis=1)[:, ::-1]
        return (mine - left).sum(axis=1)

    def posterior(self, ballots: Sequence[Ballot]) -> np.ndarray:
        """How likely each atom is after these ballots ``[atoms]``, adding up to 1."""
        nats = np.log(np.maximum(self.share, 1e-300))
        for _, items in ballots:
            nats = nats + self.log_likelihood(items)
        weight = np.exp(nats - nats.max())
        return weight / weight.sum()

    def marginal(self, ballots: Sequence[Sequence[int]]) -> float:
        """How likely it is that one of the population casts all these orders, nats."""
        nats = sum(self.log_likelihood(items) for items in ballots)
        top = nats.max()
        return float(top + np.log(np.exp(nats - top) @ self.share))

    def chances(self, items: Sequence[int]) -> np.ndarray:
        """P(a ≻ b) under each atom, for all pairs of items ``[atoms, m, m]``."""
        mine = self.rewards[:, list(items)]
        return 0.5 + 0.5 * np.tanh(0.5 * (mine[:, :, None] - mine[:, None, :]))


def rarity(atoms: Atoms, ballots: Sequence[Ballot], seed: int = 0) -> float:
    """The share of voters whose own ballots on the same completions are no likelier than these.

    A check by prediction (Box 1980): voters drawn from the density rank what these ballots rank,
    with the noise of its likelihood. Whoever is of the population falls below a share s at most s
    of the time, so below ``RARE`` a ballot is one that hardly anybody possible would cast, and
    where it puts somebody means little. 1 where nothing is compared.
    """
    asked = [np.array(items) for _, items in ballots if len(items) > 1]
    if not asked:
        return 1.0
    rng = np.random.default_rng(seed)
    who = rng.choice(len(atoms.share), DRAWN, p=atoms.share)
    drawn = [
        items[np.argsort(-atoms.rewards[np.ix_(who, items)] - rng.gumbel(size=(DRAWN, len(items))))]
        for items in map(np.sort, asked)
    ]
    ends = np.cumsum([len(items) for items in asked])[:-1]
    orders, count = np.unique(np.concatenate(drawn, axis=1), axis=0, return_counts=True)
    nats = np.array([atoms.marginal(np.split(row, ends)) for row in orders])
    return float(count[nats <= atoms.marginal(asked) + 1e-9].sum() / DRAWN)


def spread(weight: np.ndarray) -> float:
    """How many equally likely atoms a posterior amounts to, exp of its entropy."""
    some = weight[weight > 0]
    return float(np.exp(-(some * np.log(some)).sum()))


def information(weight: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """What the answer to a yes–no question would say of the latent: their mutual information, bits.

    H(mean answer) − mean H(answer), under the posterior.

    Args:
        weight: ``[atoms]``, adding up to 1; chance: of a yes under each atom ``[atoms, ...]``.
    """
    chance = np.asarray(chance, float)
    mean = np.tensordot(weight, chance, 1)
    return np.maximum(entropy(mean) - np.tensordot(weight, entropy(chance), 1), 0.0)


def entropy(p: np.ndarray) -> np.ndarray:
    """Of a yes that has this chance, in bits (same shape)."""
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


@dataclass(frozen=True, eq=False)
class Inferred:
    """What a posterior says of one prompt.

    Attributes:
        items: of the prompt ``[m]``; above: P(a ≻ b) ``[m, m]``, ½ on the diagonal.
        place: expected place, 1 = best ``[m]``.
        teaches: bits that asking each pair would give ``[m, m]``; 0 where the ballot says it.
    """

    items: np.ndarray
    above: np.ndarray
    place: np.ndarray
    teaches: np.ndarray


def inferred(atoms: Atoms, weight: np.ndarray, items: np.ndarray, said: Sequence[int]) -> Inferred:
    """What is believed of ``items [m]`` of one prompt, ``said`` being those already ranked, best
    first: their order is known."""
    chance = atoms.chances(items)
    above = np.tensordot(weight, chance, 1)
    teaches = information(weight, chance)
    at = [int(np.flatnonzero(items == item)[0]) for item in said]
    for i, a in enumerate(at):
        for b in at[i + 1 :]:
            above[a, b], above[b, a] = 1.0, 0.0
            teaches[a, b] = teaches[b, a] = 0.0
    np.fill_diagonal(teaches, 0.0)
    place = 1 + above.sum(axis=0) - 0.5
    return Inferred(np.asarray(items), above, place, teaches)
