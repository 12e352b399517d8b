"""A reward learnt from too few, or the wrong, comparisons, optimised harder and harder.

The toy: completions of which some are common under the reference and most are rare, two groups of
raters, and comparisons of completions as the reference proposes them. What nobody compared has a
reward that is only a guess, and an optimiser looks for the highest guess.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.choice_models.bradley_terry import fit_bradley_terry
from scrl.policies.exact import exponential_tilt, kl_divergence

PROXIES = ("vanilla", "social")
#: Of the prior on rewards, in log-odds: the reward models' own.
PRIOR_SD = 10.0
STRENGTHS = 160


@dataclass(frozen=True)
class ToyProblem:
    """What is drawn.

    Attributes:
        completions: how many; comparisons: that raters make in all.
        minority: share of the smaller group; eager: how many times as often it answers.
        alike: correlation of the two groups' utilities; rare: the exponent of Zipf's law by which
            the reference proposes completions.
    """

    completions: int = 60
    comparisons: int = 400
    minority_share: float = 0.3
    response_ratio: float = 1.0
    utility_correlation: float = 0.3
    zipf_exponent: float = 1.0


@dataclass(frozen=True, eq=False)
class Overoptimisation:
    """Of each seed and proxy, along √KL.

    Attributes:
        root: √KL, in √nats ``[points]``.
        proxy: mean reward by the proxy, 0 for the reference and 1 for its best ``[proxies, seeds,
            points]``; welfare: mean utility, 0 for the reference and 1 for the best completion.
        worst: of the group that is given least, likewise in its own range.
        turn: √KL at which welfare is greatest ``[proxies, seeds]``.
    """

    root_kl: np.ndarray
    proxy: np.ndarray
    welfare: np.ndarray
    worst: np.ndarray
    peak_root_kl: np.ndarray

    @property
    def mean_welfare(self) -> np.ndarray:
        """Welfare over the mean of seeds ``[proxies, points]``."""
        return self.welfare.mean(axis=1)

    @property
    def peak(self) -> np.ndarray:
        """The point at which mean welfare is greatest ``[proxies]``."""
        return self.mean_welfare.argmax(axis=1)

    @property
    def welfare_loss(self) -> np.ndarray:
        """Mean welfare at its peak less that at the last point ``[proxies]``."""
        mean = self.mean_welfare
        return mean.max(axis=1) - mean[:, -1]


def simulate_overoptimisation(
    toy: ToyProblem, seeds: int, root_kl: np.ndarray, seed: int = 0
) -> Overoptimisation:
    """Draw ``seeds`` toys, learn both proxies on each, and optimise them.

    Vanilla is Bradley–Terry on all comparisons. Social is what a model that tells raters apart can
    make of the same ones: Bradley–Terry within each group, and the groups' votes by their shares
    (Borda).
    """
    m, share = toy.completions, np.array([1 - toy.minority_share, toy.minority_share])
    proxy, welfare, worst = (np.zeros((2, seeds, len(root_kl))) for _ in range(3))
    for i in range(seeds):
        rng = np.random.default_rng([seed, i])
        reference = _zipf(rng, m, toy.zipf_exponent)
        utility = _utilities(rng, m, toy.utility_correlation)
        wins = _comparisons(rng, toy, reference, utility, share)
        by_group = fit_bradley_terry(wins, PRIOR_SD)
        points = np.tanh(0.5 * (by_group[:, :, None] - by_group[:, None, :])).mean(axis=2)
        rewards = (fit_bradley_terry(wins.sum(axis=0), PRIOR_SD), share @ points)
        for j, reward in enumerate(rewards):
            policy = _at(reference, reward, root_kl)
            proxy[j, i] = _between(policy @ reward, reference @ reward, reward.max())
            mean = share @ utility
            welfare[j, i] = _between(policy @ mean, reference @ mean, mean.max())
            groups = _between(policy @ utility.T, reference @ utility.T, utility.max(axis=1))
            worst[j, i] = groups.min(axis=1)
    turn = root_kl[np.argmax(welfare, axis=2)]
    return Overoptimisation(root_kl, proxy, welfare, worst, turn)


def _between(value, low, high):
    return (value - low) / (high - low)


def _zipf(rng, m: int, exponent: float) -> np.ndarray:
    weight = rng.permutation(np.arange(1.0, m + 1) ** -exponent)
    return weight / weight.sum()


def _utilities(rng, m: int, alike: float) -> np.ndarray:
    """Standard normal, of the two groups ``[2, m]``, in log-odds."""
    common, own = rng.standard_normal(m), rng.standard_normal((2, m))
    return np.sqrt(alike) * common + np.sqrt(1 - alike) * own


def _comparisons(rng, toy: ToyProblem, reference, utility, share) -> np.ndarray:
    """Wins by group ``[2, m, m]``: two completions drawn from the reference, a rater of a group by
    how many there are and how often they answer, who errs like Bradley–Terry."""
    answers = share * [1.0, toy.response_ratio]
    group = rng.choice(2, toy.comparisons, p=answers / answers.sum())
    first, second = rng.choice(len(reference), (2, toy.comparisons), p=reference)
    gap = utility[group, first] - utility[group, second]
    won = rng.random(toy.comparisons) < 1 / (1 + np.exp(-gap))
    wins = np.zeros((2, len(reference), len(reference)))
    np.add.at(wins, (group, np.where(won, first, second), np.where(won, second, first)), 1.0)
    wins[:, np.arange(len(reference)), np.arange(len(reference))] = 0.0
    return wins


def _at(reference, reward, root) -> np.ndarray:
    """The optimum at each √KL, or the last where the reward does not lead so far
    ``[points, m]``."""
    strength = np.geomspace(1e-3, 1e3, STRENGTHS) / np.ptp(reward)
    reached = np.sqrt(kl_divergence(exponential_tilt(reference, reward, strength), reference))
    log = np.interp(root, reached, np.log(strength))
    policy = exponential_tilt(reference, reward, np.exp(log))
    policy[root <= 0] = reference
    return policy
