"""Voters of several types who compare two candidates by a Bradley–Terry model.

Utilities lie in [0, 1] and β says how sharply people see them: a type prefers a to b with
probability σ(β(u_a - u_b)). That is a Bradley–Terry model with utilities in [0, β] (Gölz, Haghtalab
& Yang 2025). All below is exact: infinitely many voters, every pair compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import jax
import numpy as np

from scrl.types import InputError
from scrl.voting.counting import weak_order
from scrl.voting.distortion.welfare import distortion_ratio
from scrl.voting.profile import Profile
from scrl.voting.registry import RULES


def bradley_terry_bounds(beta) -> dict[str, np.ndarray]:
    """Rule -> the most that its distortion can be, whatever the number of candidates, at
    temperature ``beta [...]`` > 0; ``"rlhf-at-least"`` is a lower bound instead, up to 1 - o(1)."""
    beta = np.asarray(beta, float)
    coth = 1 / np.tanh(beta / 2)
    return {
        "borda": beta * coth,  # β(1 + e^-β)/(1 - e^-β)
        "copeland": beta * coth,
        "maximal-lottery": beta / 2 * coth,
        "rlhf-at-least": beta,
    }


def expected_pairwise(utility: np.ndarray, weight: np.ndarray, beta: float) -> np.ndarray:
    """P(a ≻ b) ``[..., candidates, candidates]`` of types with ``utility [..., types,
    candidates]`` and shares ``weight [..., types]``: the mean of σ(β(u_a - u_b))."""
    gap = beta * (utility[..., :, None] - utility[..., None, :])
    weight = weight / weight.sum(-1, keepdims=True)
    return np.sum(weight[..., None, None] * 0.5 * (1 + np.tanh(gap / 2)), axis=-3)


@dataclass(frozen=True, eq=False)
class NoisyOutcome:
    """Outcomes of rules on expected pairwise shares.

    Attributes:
        rules: their names.
        above: P(a ≻ b) ``[..., candidates, candidates]``.
        lotteries: who wins ``[rules, ..., candidates]``.
        mean: mean utility ``[..., candidates]``.
        distortion: best mean utility / expected ``[rules, ...]``.
    """

    rules: tuple[str, ...]
    above: np.ndarray
    lotteries: np.ndarray
    mean: np.ndarray
    distortion: np.ndarray


def noisy_outcome(utility, weight, beta: float, rules: Sequence[str]) -> NoisyOutcome:
    """The outcome of rules that read duels, and its distortion, for ``utility [..., types,
    candidates]`` in [0, 1] and shares ``weight [..., types]``.

    Raises:
        InputError: for utilities outside [0, 1], a temperature that is not above 0, or a rule that
            needs more than duels.
    """
    utility, weight = np.asarray(utility, float), np.asarray(weight, float)
    if not 0 < beta < np.inf:
        raise InputError("The temperature β is a number above 0.")
    if not (np.isfinite(utility).all() and (utility >= 0).all() and (utility <= 1).all()):
        raise InputError("Utilities of noisy voters lie in [0, 1]; β says how sharply they see.")
    if utility.shape[:-1] != weight.shape or (weight < 0).any() or (weight.sum(-1) <= 0).any():
        raise InputError("Every type needs a share of 0 or more, and some type one above 0.")
    duels = expected_pairwise(utility, weight, beta)
    names = tuple(dict.fromkeys(rules))
    lotteries = np.stack([pairwise_lottery(name, duels) for name in names])
    mean = np.sum(utility * weight[..., None], axis=-2) / weight.sum(-1)[..., None]
    found = distortion_ratio(mean.max(-1), (lotteries * mean).sum(-1))
    return NoisyOutcome(names, duels, lotteries, mean, found)


def pairwise_lottery(rule: str, duels: np.ndarray) -> np.ndarray:
    """Who wins by a rule that reads nothing but duels ``[..., candidates, candidates]``, as
    probabilities ``[..., candidates]``; who shares first place is as likely.

    Raises:
        InputError: for a rule that needs more, or is unknown.
    """
    known = RULES[rule]
    if known.reads != "pairwise":
        raise InputError(f"{known.title} needs whole ballots, and duels are all there is.")
    m = duels.shape[-1]
    flat = duels.reshape(-1, m, m)
    with jax.enable_x64(True):
        values = np.asarray(known.count(flat) if known.on_host else _counter(rule)(flat))
    if known.lottery:
        p = values
    else:
        first = weak_order(-values if known.returns == "places" else values) == 0
        p = first / first.sum(-1, keepdims=True)
    return p.reshape(duels.shape[:-1])


@cache
def _counter(rule: str):
    """A rule on the device, compiled once for each size of ``[contests, m, m]``."""

    def contest(duels):
        m = len(duels)
        none = np.zeros((m, 1))
        return RULES[rule].count(
            Profile(none, np.ones((m, 1), bool), np.ones(1), np.ones(m, bool), duels)
        )

    return jax.jit(lambda duels: jax.lax.map(contest, duels, batch_size=64))


def pairwise_rules() -> tuple[str, ...]:
    """The rules that expected duels are enough for."""
    return tuple(name for name, rule in RULES.items() if rule.reads == "pairwise")


# -- bad cases ------------------------------------------------------------------------------------


def tight_population(beta: float, low: float = 1e-3) -> tuple[np.ndarray, np.ndarray]:
    """Two types and two candidates: utility ``[types, candidates]`` and weight ``[types]``. The
    first candidate wins by a hair, and is worth far less.

    The first type has utilities ``low`` and 0, the second 0 and 1. With a tied duel the ratio of
    mean utilities is (σ(β·low) - ½)/(low·(σ(β) - ½)), which rises to (β/2)·coth(β/2) as ``low``
    falls to 0: no maximal lottery exceeds that, and no rule that follows the majority among two
    stays below.
    """
    return _by_a_hair(np.array([[low, 0.0], [0.0, 1.0]]), beta)


def borda_population(
    beta: float, opponents: int = 40, low: float = 1e-3
) -> tuple[np.ndarray, np.ndarray]:
    """Three types and 2 + ``opponents`` candidates, of whom Borda elects the first though the
    second is worth up to about β times as much: utility ``[types, candidates]``, weight
    ``[types]``.

    To the first type, nearly everybody, the first candidate is worth ``low`` and the others 0. The
    two others, equally many, like half of the opponents each, worth 1; the second candidate is
    worth nearly as much to both, but loses clearly to those they like, so that points do not show
    it. How much is that which gives the highest ratio, of 200 tried.
    """
    first = np.arange(opponents) < opponents / 2
    best = (0.0, np.zeros((3, 0)), np.zeros(3))
    for near in np.linspace(0.005, 1, 200):
        utility = np.zeros((3, 2 + opponents))
        utility[0, 0], utility[1:, 1] = low, near
        utility[1, 2:], utility[2, 2:] = first, ~first
        utility, weight = _by_a_hair(utility, beta)
        mean = weight @ utility
        if mean.max() / mean[0] > best[0]:
            best = (mean.max() / mean[0], utility, weight)
    return best[1], best[2]


def _by_a_hair(utility: np.ndarray, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """The least weight of the first type, the others alike, at which the first candidate has more
    points than any other, and a ten-thousandth more."""
    points = expected_pairwise(utility[:, None], np.ones((len(utility), 1)), beta).sum(-1)
    many, few = points[0], points[1:].mean(0)
    gain, loss = (many[0] - many)[1:], (few - few[0])[1:]
    odds = np.max(loss / gain) * (1 + 1e-4)
    weight = np.append(odds, np.full(len(utility) - 1, 1 / (len(utility) - 1)))
    return utility, weight / (1 + odds)


@dataclass(frozen=True, eq=False)
class WorstPopulation:
    """The worst population that a search met.

    Attributes:
        rule, beta: what was searched.
        distortion: of the rule on it.
        utility: ``[types, candidates]``; weight: ``[types]``.
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
    seed=0,
) -> WorstPopulation:
    """A search for populations with high distortion: ``climbers`` random starts, each changed at
    random ``steps`` times and kept where it got worse. It gives a lower bound, not the worst case.

    Raises:
        InputError: as ``noisy_outcome``.
    """
    rng = np.random.default_rng(seed)
    shape = (climbers, types, candidates)
    utility = rng.random(shape) * rng.integers(0, 2, shape)
    weight = rng.dirichlet(np.ones(types), climbers)
    found = noisy_outcome(utility, weight, beta, [rule]).distortion[0]
    for step in range(steps):
        size = 10.0 ** -rng.uniform(0, 1 + 3 * step / steps, (climbers, 1))
        moved = utility + size[..., None] * rng.normal(size=shape) * (rng.random(shape) < 0.3)
        jump = rng.random(shape) < 0.02
        moved = np.where(jump, rng.choice([0.0, 1.0], shape), np.clip(moved, 0, 1))
        shifted = weight * np.exp(size * rng.normal(size=weight.shape))
        shifted = shifted / shifted.sum(-1, keepdims=True)
        worse = noisy_outcome(moved, shifted, beta, [rule]).distortion[0]
        better = worse > found
        utility = np.where(better[:, None, None], moved, utility)
        weight = np.where(better[:, None], shifted, weight)
        found = np.where(better, worse, found)
    top = int(np.argmax(found))
    return WorstPopulation(
        rule, beta, float(found[top]), utility[top], weight[top], climbers * (steps + 1)
    )
