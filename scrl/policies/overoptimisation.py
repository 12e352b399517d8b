"""Reward overoptimisation: true welfare as a learnt proxy reward is optimised.

The simulated problem has completions that are common or rare under the reference policy, two groups
of raters, and comparisons of completions drawn from the reference. The rewards of rarely compared
completions have a high variance, and an optimiser selects the overestimated ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.choice_models.bradley_terry import fit_bradley_terry
from scrl.policies.exact import exponential_tilt, kl_divergence

PROXIES = ("Bradley–Terry", "social")
#: Standard deviation of the prior on rewards in log-odds, as in the reward models.
PRIOR_SD = 10.0
#: Strengths between which policies of a given KL are interpolated.
STRENGTHS = 160


@dataclass(frozen=True)
class ToyProblem:
    """The settings of the simulated problem.

    Attributes:
        completions: number of completions.
        comparisons: number of comparisons, of all raters together.
        minority_share: share of the smaller group.
        response_ratio: response rate of the smaller group relative to the larger.
        utility_correlation: correlation of the two groups' utilities.
        zipf_exponent: exponent of Zipf's law for the reference policy.
    """

    completions: int = 60
    comparisons: int = 400
    minority_share: float = 0.3
    response_ratio: float = 1.0
    utility_correlation: float = 0.3
    zipf_exponent: float = 1.0


@dataclass(frozen=True, eq=False)
class Overoptimisation:
    """Proxy reward and welfare by √KL, for each proxy and seed.

    Rewards and utilities are rescaled: 0 for the reference policy, 1 for the best completion.

    Attributes:
        root_kl: √KL, in √nats ``[points]``.
        proxy: mean proxy reward ``[proxies, seeds, points]``.
        welfare: mean utility, same shape.
        worst: mean utility of the worse-off group, same shape.
        peak_root_kl: √KL at which welfare is greatest ``[proxies, seeds]``.
    """

    root_kl: np.ndarray
    proxy: np.ndarray
    welfare: np.ndarray
    worst: np.ndarray
    peak_root_kl: np.ndarray

    @property
    def mean_welfare(self) -> np.ndarray:
        """Welfare averaged over seeds ``[proxies, points]``."""
        return self.welfare.mean(axis=1)

    @property
    def peak(self) -> np.ndarray:
        """Index of the point at which mean welfare is greatest ``[proxies]``."""
        return self.mean_welfare.argmax(axis=1)

    @property
    def welfare_loss(self) -> np.ndarray:
        """Mean welfare at its peak less that at the last point ``[proxies]``."""
        mean = self.mean_welfare
        return mean.max(axis=1) - mean[:, -1]


def simulate_overoptimisation(
    toy: ToyProblem, seeds: int, root_kl: np.ndarray, seed: int = 0
) -> Overoptimisation:
    """Simulate problems, fit both proxies to each, and optimise the proxies.

    The vanilla proxy is Bradley–Terry on all comparisons. The social proxy is Bradley–Terry within
    each group, aggregated over groups by their shares (Borda).

    Args:
        toy: the settings.
        seeds: number of problems.
        root_kl: √KL of the policies, in √nats ``[points]``.
        seed: of all random draws.
    """
    m, share = toy.completions, np.array([1 - toy.minority_share, toy.minority_share])
    proxy, welfare, worst = (np.zeros((2, seeds, len(root_kl))) for _ in range(3))
    for i in range(seeds):
        rng = np.random.default_rng([seed, i])
        reference = _zipf(rng, m, toy.zipf_exponent)
        utility = _utilities(rng, m, toy.utility_correlation)
        wins = _comparisons(rng, toy, reference, utility, share)
        by_group = fit_bradley_terry(wins, PRIOR_SD)
        borda = np.tanh(0.5 * (by_group[:, :, None] - by_group[:, None, :])).mean(axis=2)
        rewards = (fit_bradley_terry(wins.sum(axis=0), PRIOR_SD), share @ borda)
        for j, reward in enumerate(rewards):
            policy = _policies_at_root_kl(reference, reward, root_kl)
            proxy[j, i] = _rescale(policy @ reward, reference @ reward, reward.max())
            mean = share @ utility
            welfare[j, i] = _rescale(policy @ mean, reference @ mean, mean.max())
            groups = _rescale(policy @ utility.T, reference @ utility.T, utility.max(axis=1))
            worst[j, i] = groups.min(axis=1)
    peak_root_kl = root_kl[np.argmax(welfare, axis=2)]
    return Overoptimisation(root_kl, proxy, welfare, worst, peak_root_kl)


def _rescale(value: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Values rescaled so that ``low`` becomes 0 and ``high`` 1."""
    return (value - low) / (high - low)


def _zipf(rng: np.random.Generator, m: int, exponent: float) -> np.ndarray:
    """Probabilities ``[m]`` by Zipf's law, in random order."""
    weight = rng.permutation(np.arange(1.0, m + 1) ** -exponent)
    return weight / weight.sum()


def _utilities(rng: np.random.Generator, m: int, correlation: float) -> np.ndarray:
    """Standard normal utilities of the two groups ``[2, m]``, in log-odds."""
    common, own = rng.standard_normal(m), rng.standard_normal((2, m))
    return np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own


def _comparisons(
    rng: np.random.Generator,
    toy: ToyProblem,
    reference: np.ndarray,
    utility: np.ndarray,
    share: np.ndarray,
) -> np.ndarray:
    """Wins by group ``[2, m, m]``.

    Both completions are drawn from the reference, the rater's group by share times response rate.
    Answers follow Bradley–Terry.
    """
    frequency = share * [1.0, toy.response_ratio]
    group = rng.choice(2, toy.comparisons, p=frequency / frequency.sum())
    first, second = rng.choice(len(reference), (2, toy.comparisons), p=reference)
    gap = utility[group, first] - utility[group, second]
    won = rng.random(toy.comparisons) < expit(gap)
    wins = np.zeros((2, len(reference), len(reference)))
    np.add.at(wins, (group, np.where(won, first, second), np.where(won, second, first)), 1.0)
    wins[:, np.arange(len(reference)), np.arange(len(reference))] = 0.0
    return wins


def _policies_at_root_kl(
    reference: np.ndarray, reward: np.ndarray, root_kl: np.ndarray
) -> np.ndarray:
    """The optimal policy at each √KL ``[points, m]``, or at the largest attainable one."""
    strength = np.geomspace(1e-3, 1e3, STRENGTHS) / np.ptp(reward)
    reached = np.sqrt(kl_divergence(exponential_tilt(reference, reward, strength), reference))
    log_strength = np.interp(root_kl, reached, np.log(strength))
    policy = exponential_tilt(reference, reward, np.exp(log_strength))
    policy[root_kl <= 0] = reference
    return policy
