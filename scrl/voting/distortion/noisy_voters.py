"""Distortion among voters who compare pairs of candidates by a Bradley–Terry model.

Utilities lie in [0, 1]. A voter type prefers a to b with probability σ(β(u_a - u_b)), a
Bradley–Terry model with utilities in [0, β] (Gölz, Haghtalab & Yang 2025). All results are exact,
for infinitely many voters who compare every pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from scrl.types import InputError
from scrl.voting.contest import Contest
from scrl.voting.distortion.welfare import distortion_ratio
from scrl.voting.registry import RULES
from scrl.voting.weak_orders import weak_order


def bradley_terry_bounds(beta: ArrayLike) -> dict[str, np.ndarray]:
    """Upper bounds on the distortion of rules, for any number of candidates.

    Args:
        beta: inverse temperature ``[...]``, above 0.

    Returns:
        Rule -> bound ``[...]``. ``"rlhf-at-least"`` is a lower bound instead, up to 1 - o(1).
    """
    beta = np.asarray(beta, float)
    coth = 1 / np.tanh(beta / 2)
    return {
        "borda": beta * coth,  # β(1 + e^-β)/(1 - e^-β)
        "copeland": beta * coth,
        "maximal-lottery": beta / 2 * coth,
        "rlhf-at-least": beta,
    }


def expected_pairwise(utility: np.ndarray, weight: np.ndarray, beta: float) -> np.ndarray:
    """P(a ≻ b): the mean of σ(β(u_a - u_b)) over types ``[..., candidates, candidates]``.

    Args:
        utility: ``[..., types, candidates]``.
        weight: of each type ``[..., types]``.
    """
    difference = beta * (utility[..., :, None] - utility[..., None, :])
    share = weight / weight.sum(-1, keepdims=True)
    return np.sum(share[..., None, None] * 0.5 * (1 + np.tanh(difference / 2)), axis=-3)


@dataclass(frozen=True, eq=False)
class NoisyOutcome:
    """Outcomes of rules on expected pairwise shares, and their distortion.

    Attributes:
        rules: names.
        above: P(a ≻ b) ``[..., candidates, candidates]``.
        lotteries: probability of winning ``[rules, ..., candidates]``.
        mean: mean utility ``[..., candidates]``.
        distortion: best mean utility / expected mean utility ``[rules, ...]``.
    """

    rules: tuple[str, ...]
    above: np.ndarray
    lotteries: np.ndarray
    mean: np.ndarray
    distortion: np.ndarray


def noisy_outcome(
    utility: ArrayLike, weight: ArrayLike, beta: float, rules: Sequence[str]
) -> NoisyOutcome:
    """The outcomes of rules that read pairwise shares, and their distortion.

    Args:
        utility: ``[..., types, candidates]`` in [0, 1].
        weight: of each type ``[..., types]``.
        beta: inverse temperature.
        rules: names.

    Raises:
        InputError: for utilities outside [0, 1], a β that is not above 0, weights that are
            negative or all zero, or a rule that needs more than pairwise shares.
    """
    utility, weight = np.asarray(utility, float), np.asarray(weight, float)
    if not 0 < beta < np.inf:
        raise InputError("The temperature β is a number above 0.")
    if not (np.isfinite(utility).all() and (utility >= 0).all() and (utility <= 1).all()):
        raise InputError("Utilities of noisy voters lie in [0, 1]; β says how sharply they see.")
    if utility.shape[:-1] != weight.shape or (weight < 0).any() or (weight.sum(-1) <= 0).any():
        raise InputError("Every type needs a share of 0 or more, and some type one above 0.")
    above = expected_pairwise(utility, weight, beta)
    names = tuple(dict.fromkeys(rules))
    lotteries = np.stack([pairwise_lottery(name, above) for name in names])
    mean = np.sum(utility * weight[..., None], axis=-2) / weight.sum(-1)[..., None]
    distortion = distortion_ratio(mean.max(-1), (lotteries * mean).sum(-1))
    return NoisyOutcome(names, above, lotteries, mean, distortion)


def pairwise_lottery(rule: str, above: np.ndarray) -> np.ndarray:
    """Probabilities of winning ``[..., candidates]`` under a rule that reads pairwise shares only.

    Candidates who tie for first are equally likely.

    Args:
        rule: its name.
        above: P(a ≻ b) ``[..., candidates, candidates]``.

    Raises:
        InputError: for a rule that needs more, or is unknown.
    """
    known = RULES[rule]
    if known.reads != "pairwise":
        raise InputError(f"{known.title} needs whole ballots, and duels are all there is.")
    m = above.shape[-1]
    flat = above.reshape(-1, m, m)
    with jax.enable_x64(True):
        values = np.asarray(known.count(flat) if known.on_host else _device_count(rule)(flat))
    if known.lottery:
        p = values
    else:
        first = weak_order(-values if known.returns == "places" else values) == 0
        p = first / first.sum(-1, keepdims=True)
    return p.reshape(above.shape[:-1])


@cache
def _device_count(rule: str) -> Callable[[np.ndarray], jax.Array]:
    """The rule's values for ``[contests, m, m]``, compiled once for each size."""

    def count(above: jax.Array) -> jax.Array:
        m = len(above)
        no_utility, ranked = jnp.zeros((m, 1)), jnp.ones((m, 1), bool)
        return RULES[rule].count(Contest(no_utility, ranked, jnp.ones(1), jnp.ones(m, bool), above))

    return jax.jit(lambda above: jax.lax.map(count, above, batch_size=64))


def pairwise_rules() -> tuple[str, ...]:
    """Names of the rules that read pairwise shares only."""
    return tuple(name for name, rule in RULES.items() if rule.reads == "pairwise")


# -- bad cases ------------------------------------------------------------------------------------


def tight_population(beta: float, low: float = 1e-3) -> tuple[np.ndarray, np.ndarray]:
    """Two types and two candidates with the worst distortion of a maximal lottery.

    The first type has utilities ``low`` and 0, the second 0 and 1. The first candidate narrowly
    wins, with a far lower mean utility. At an exact tie the ratio of mean utilities is
    (σ(β·low) - ½)/(low·(σ(β) - ½)), which rises to (β/2)·coth(β/2) as ``low`` falls to 0. No
    maximal lottery exceeds that, and no rule that follows the majority between two candidates
    stays below it.

    Returns:
        Utility ``[types, candidates]`` and weight ``[types]``.
    """
    return _narrow_win(np.array([[low, 0.0], [0.0, 1.0]]), beta)


def borda_population(
    beta: float, opponents: int = 40, low: float = 1e-3
) -> tuple[np.ndarray, np.ndarray]:
    """Three types and 2 + ``opponents`` candidates with high distortion of Borda.

    Borda elects the first candidate, though the second has up to about β times its mean utility.
    To the first type, almost the whole population, the first candidate is worth ``low`` and all
    others 0. Each of the two other types, of equal weight, gives utility 1 to one half of the
    opponents. Both give a utility slightly below 1 to the second candidate, who loses clearly to
    the opponents they prefer, so that Borda points hide that utility. Of 200 values of it, the one
    with the highest ratio is taken.

    Returns:
        Utility ``[types, candidates]`` and weight ``[types]``.
    """
    first_half = np.arange(opponents) < opponents / 2
    highest, best_utility, best_weight = 0.0, np.zeros((3, 0)), np.zeros(3)
    for second_utility in np.linspace(0.005, 1, 200):
        utility = np.zeros((3, 2 + opponents))
        utility[0, 0], utility[1:, 1] = low, second_utility
        utility[1, 2:], utility[2, 2:] = first_half, ~first_half
        utility, weight = _narrow_win(utility, beta)
        mean = weight @ utility
        if mean.max() / mean[0] > highest:
            highest, best_utility, best_weight = mean.max() / mean[0], utility, weight
    return best_utility, best_weight


def _narrow_win(utility: np.ndarray, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """The utilities, and weights ``[types]`` at which the first candidate narrowly has the most
    Borda points.

    The types after the first have equal weights. The odds of the first type exceed those of a tie
    by a factor of 1.0001.
    """
    points = expected_pairwise(utility[:, None], np.ones((len(utility), 1)), beta).sum(-1)
    first_type, others = points[0], points[1:].mean(0)
    gain, loss = (first_type[0] - first_type)[1:], (others - others[0])[1:]
    odds = np.max(loss / gain) * (1 + 1e-4)
    weight = np.append(odds, np.full(len(utility) - 1, 1 / (len(utility) - 1)))
    return utility, weight / (1 + odds)


@dataclass(frozen=True, eq=False)
class WorstPopulation:
    """The population with the highest distortion that a search found.

    Attributes:
        rule: its name.
        beta: inverse temperature.
        distortion: of the rule on the population.
        utility: ``[types, candidates]``.
        weight: ``[types]``.
        evaluated: number of populations evaluated.
    """

    rule: str
    beta: float
    distortion: float
    utility: np.ndarray
    weight: np.ndarray
    evaluated: int


def search_worst_population(
    rule: str,
    beta: float,
    *,
    candidates: int = 4,
    types: int = 3,
    climbers: int = 256,
    steps: int = 400,
    seed: int = 0,
) -> WorstPopulation:
    """A random search for populations with high distortion: a lower bound on the worst case.

    Args:
        climbers: random starts. Each is changed at random and keeps the changes that increase the
            distortion.
        steps: changes of each start.

    Raises:
        InputError: as ``noisy_outcome``.
    """
    rng = np.random.default_rng(seed)
    shape = (climbers, types, candidates)
    utility = rng.random(shape) * rng.integers(0, 2, shape)
    weight = rng.dirichlet(np.ones(types), climbers)
    distortion = noisy_outcome(utility, weight, beta, [rule]).distortion[0]
    for step in range(steps):
        size = 10.0 ** -rng.uniform(0, 1 + 3 * step / steps, (climbers, 1))
        moved = utility + size[..., None] * rng.normal(size=shape) * (rng.random(shape) < 0.3)
        jumps = rng.random(shape) < 0.02
        new_utility = np.where(jumps, rng.choice([0.0, 1.0], shape), np.clip(moved, 0, 1))
        new_weight = weight * np.exp(size * rng.normal(size=weight.shape))
        new_weight = new_weight / new_weight.sum(-1, keepdims=True)
        new_distortion = noisy_outcome(new_utility, new_weight, beta, [rule]).distortion[0]
        accepted = new_distortion > distortion
        utility = np.where(accepted[:, None, None], new_utility, utility)
        weight = np.where(accepted[:, None], new_weight, weight)
        distortion = np.where(accepted, new_distortion, distortion)
    top = int(np.argmax(distortion))
    return WorstPopulation(
        rule, beta, float(distortion[top]), utility[top], weight[top], climbers * (steps + 1)
    )
