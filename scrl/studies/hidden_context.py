"""The hidden context study, on the one-dimensional example of Siththaranjan et al. (2023).

Alternative a of [0, 1] has utility a for a < .8, else 2a or 0 with probability ½, drawn afresh for
each comparison. Its Borda score is .1 + a below .8 and .275 + .25 a from there, so a learned reward
falls at .8 although expected utility does not. The study fits three reward models to such
comparisons, and measures how far an unbounded spread drifts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from scrl.config import ModelsConfig, Schedule
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.reward_models.comparisons import Comparisons
from scrl.runs.progress import chunk_reporter
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash

#: Utility is uncertain from here on.
EDGE = 0.8

ALTERNATIVES, RATERS, PAIRS = 40, 1_000, 16
SEEDS, DRIFT_SEEDS = tuple(range(10)), (0, 1, 2)
#: Exact Bradley–Terry, and the kinds of ``reward_models.distributional``.
MODELS = ("exact", "mean-variance", "categorical")
CONFIG = ModelsConfig()
#: What bounds the spread: name -> its bounds, and the prior's standard deviation.
SPREAD_CONTROLS = {
    "bounds": (CONFIG.spread, np.inf),
    "prior": ((1e-3, np.inf), CONFIG.prior_sd),
    "nothing": ((1e-3, np.inf), np.inf),
}
#: Long enough that drift shows; no decay, which would be a prior too.
DRIFT_SCHEDULE = Schedule(
    rate=5e-3, warmup=50, explore=(8_000, 8_000), ramp=0, cool=100, decay=0.0, chunk=100
)
#: Rewards of the first seed agree within this; rounding differs between machines.
TOLERANCE = 0.05


# -- the example ----------------------------------------------------------------------------------


def alternatives(count: int) -> np.ndarray:
    """The middles of equal parts of [0, 1] ``[count]``."""
    return (np.arange(count) + 0.5) / count


def expected_utility(a: np.ndarray) -> np.ndarray:
    """Of alternatives ``a``, same shape."""
    return a


def borda_score(a: np.ndarray) -> np.ndarray:
    """The probability of being preferred to a uniformly drawn alternative, same shape."""
    return np.where(a < EDGE, 0.1 + a, 0.275 + 0.25 * a)


def sample_comparisons(seed: int, count: int, raters: int, pairs: int) -> Comparisons:
    """Pairs of different alternatives, uniformly drawn, as raters annotate them."""
    rng = host_rng(seed, HostStream.HIDDEN_CONTEXT_PAIRS)
    first = rng.integers(count, size=(raters, pairs))
    second = (first + rng.integers(1, count, size=first.shape)) % count
    a = alternatives(count)
    utility = [_sample_utility(a[x], rng) for x in (first, second)]
    tie = (utility[0] == utility[1]) & (rng.random(first.shape) < 0.5)
    wins = (utility[0] > utility[1]) | tie
    chosen = np.stack([np.where(wins, first, second), np.where(wins, second, first)], axis=-1)
    return Comparisons(
        chosen, np.ones(first.shape, bool), np.eye(count), np.array([0, count])
    )  # fmt: skip


def _sample_utility(a: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(a < EDGE, a, 2 * a * (rng.random(a.shape) < 0.5))


def rank_agreement(reward: np.ndarray) -> dict[str, float]:
    """Spearman's correlation of a reward ``[alternatives]`` with expected utility and Borda."""
    a = alternatives(len(reward))
    return {
        "expected utility": float(spearmanr(reward, expected_utility(a))[0]),
        "borda": float(spearmanr(reward, borda_score(a))[0]),
    }


# -- the study ------------------------------------------------------------------------------------


def spec() -> str:
    """A hash of the study's settings."""
    sizes = (ALTERNATIVES, RATERS, PAIRS)
    return settings_hash(sizes, SEEDS, DRIFT_SEEDS, CONFIG, SPREAD_CONTROLS, DRIFT_SCHEDULE)


def run(
    on_progress: Listener = None,
    seeds: Sequence[int] = SEEDS,
    drift_seeds: Sequence[int] = DRIFT_SEEDS,
    config: ModelsConfig = CONFIG,
    long: Schedule = DRIFT_SCHEDULE,
) -> dict:
    """Train everything: some minutes.

    Returns:
        ``"runs"``: for each seed and model ``mean`` and ``spread [alternatives]``, in the model's
        own units; ``"drift"``: for each seed and control of the spread ``step``, ``narrowest`` and
        ``widest``, each a mean over the steps since the previous entry.
    """
    from scrl.reward_models import distributional, pooled
    from scrl.runtime import start

    start()
    total = len(distributional.KINDS) * len(seeds) + len(SPREAD_CONTROLS) * len(drift_seeds)
    runs, drift = [], []
    done = 0
    for seed in seeds:
        train = sample_comparisons(seed, ALTERNATIVES, RATERS, PAIRS)
        exact = pooled.exact_rewards(train.flat_pairs(), train.offsets, config.prior_sd)
        found = {"exact": {"mean": _significant_digits(exact), "spread": [0.0] * ALTERNATIVES}}
        for kind in distributional.KINDS:
            listen = chunk_reporter(on_progress, done, total, f"{kind}, seed {seed}")
            model, _ = distributional.fit(
                jax_key(seed, KeyStream.HIDDEN_CONTEXT), train, config, listen, kind
            )
            mean, spread = model.moments()
            found[kind] = {"mean": _significant_digits(mean), "spread": _significant_digits(spread)}
            done += 1
        runs.append({"seed": seed, **found})
    for seed in drift_seeds:
        train = sample_comparisons(seed, ALTERNATIVES, RATERS, PAIRS)
        for name, (bounds, prior_sd) in SPREAD_CONTROLS.items():
            listen = chunk_reporter(on_progress, done, total, f"spread held by {name}, seed {seed}")
            controlled = replace(config, spread=bounds, prior_sd=prior_sd, schedule=long)
            _, curves = distributional.fit(
                jax_key(seed, KeyStream.HIDDEN_CONTEXT), train, controlled, listen
            )
            kept = {
                key: _significant_digits(curves[key]) for key in ("step", "narrowest", "widest")
            }
            drift.append({"seed": seed, "held": name, **kept})
            done += 1
    return {"runs": runs, "drift": drift}


def _significant_digits(values: Sequence[float] | np.ndarray) -> list[float]:
    """Numbers rounded to four significant digits."""
    return [float(f"{x:.4g}") for x in np.asarray(values, float)]


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the first seed, repeated without the drift."""
    stored, fresh = content["result"], run(on_progress, SEEDS[:1], ())
    found = differences([one["seed"] for one in stored["runs"]], SEEDS, where="seeds.")
    drifts = [[one["seed"], one["held"]] for one in stored["drift"]]
    expected = [[seed, held] for seed in DRIFT_SEEDS for held in SPREAD_CONTROLS]
    found += differences(drifts, expected, 0, "drift.")
    return found + differences(stored["runs"][0], fresh["runs"][0], TOLERANCE, "runs.0.")


STUDY = ModuleStudy(
    name="hidden-context",
    title="Three reward models of an example with hidden context",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)


# -- readings -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class RiskAdjustedReward:
    """One model's reward by alternative: its mean less ``aversion`` spreads.

    Attributes:
        a: the alternatives ``[alternatives]``.
        reward, spread: means over seeds ``[alternatives]``.
        expected, borda: expected utility and Borda score, scaled to the reward's units by a linear
            fit on the alternatives below .8.
        agreement: Spearman's correlation with ``"expected utility"`` and ``"borda"``, ``[seeds]``.
        share_above: share of the alternatives below .8 whose reward is above the mean reward of
            those from .8 up, over all seeds.
    """

    a: np.ndarray
    reward: np.ndarray
    spread: np.ndarray
    expected: np.ndarray
    borda: np.ndarray
    agreement: dict[str, np.ndarray]
    share_above: float


def risk_adjusted_reward(result: dict, model: str, aversion: float = 0.0) -> RiskAdjustedReward:
    """A model's mean reward less ``aversion`` standard deviations."""
    mean, spread = (
        np.array([run[model][key] for run in result["runs"]]) for key in ("mean", "spread")
    )
    adjusted = mean - aversion * spread
    a = alternatives(mean.shape[1])
    agreements = [rank_agreement(reward) for reward in adjusted]
    certain = a < EDGE
    uncertain_mean = adjusted[:, ~certain].mean(axis=1, keepdims=True)
    reward = adjusted.mean(axis=0)
    return RiskAdjustedReward(
        a, reward, spread.mean(axis=0),
        _scaled_to(reward, expected_utility(a), certain),
        _scaled_to(reward, borda_score(a), certain),
        {key: np.array([one[key] for one in agreements]) for key in agreements[0]},
        float((adjusted[:, certain] > uncertain_mean).mean()),
    )  # fmt: skip


def _scaled_to(target: np.ndarray, values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """``values`` scaled and shifted to fit ``target`` at ``where``, all ``[alternatives]``."""
    slope, shift = np.polyfit(values[where], target[where], 1)
    return shift + slope * values


def agreement_by_aversion(result: dict, model: str, aversions: np.ndarray) -> dict[str, np.ndarray]:
    """Mean rank agreement at each aversion."""
    rows = [risk_adjusted_reward(result, model, x).agreement for x in aversions]
    return {key: np.array([row[key].mean() for row in rows]) for key in rows[0]}


def spread_drift(result: dict) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Steps, and the greatest spread at each step by control (geometric means over seeds).

    Fits of unequal length are cut to the shortest.
    """
    by_control = {
        name: [d for d in result["drift"] if d["held"] == name] for name in SPREAD_CONTROLS
    }
    shortest = min(len(d["step"]) for d in result["drift"])
    step = np.array(result["drift"][0]["step"][:shortest])
    widest = {
        name: np.exp(np.mean([np.log(d["widest"][:shortest]) for d in fits], axis=0))
        for name, fits in by_control.items()
    }
    return step, widest
