"""The study of hidden context: what three reward models make of the one-dimensional example, and
how far a spread drifts that nothing bounds (see ``reward_models.hidden_context``)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scrl.config import ModelsConfig, Schedule
from scrl.random_streams import KeyStream, jax_key
from scrl.runs.progress import chunk_reporter
from scrl.runs.report import keep_baked
from scrl.studies import hidden_context_world
from scrl.types import Progress

ALTERNATIVES, RATERS, PAIRS = 40, 1_000, 16
SEEDS, DRIFT_SEEDS = tuple(range(10)), (0, 1, 2)
#: The models: exact Bradley–Terry, and the kinds of ``reward_models.distributional``.
MODELS = ("exact", "mean-variance", "categorical")
CONFIG = ModelsConfig()
#: What holds the spread: name -> its bounds, and the prior's standard deviation.
HELD = {
    "bounds": (CONFIG.spread, np.inf),
    "prior": ((1e-3, np.inf), CONFIG.prior_sd),
    "nothing": ((1e-3, np.inf), np.inf),
}
#: Long enough that drift shows; no decay, which would be a prior too.
LONG = Schedule(
    rate=5e-3, warmup=50, explore=(8_000, 8_000), ramp=0, cool=100, decay=0.0, chunk=100
)

Listener = Callable[[Progress], None] | None


def spec() -> str:
    """A hash of all that the baked study depends on but the code."""
    known = (ALTERNATIVES, RATERS, PAIRS, SEEDS, DRIFT_SEEDS, CONFIG, HELD, LONG)
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16]


def make(
    on_progress: Listener = None,
    seeds: Sequence[int] = SEEDS,
    drift_seeds: Sequence[int] = DRIFT_SEEDS,
    config: ModelsConfig = CONFIG,
    long: Schedule = LONG,
) -> dict:
    """Train everything: some minutes.

    Returns:
        ``"runs"``: of each seed and model ``mean`` and ``spread [alternatives]``, in the model's
        own units; ``"drift"``: of each seed and what holds the spread ``step``, ``narrowest`` and
        ``widest``, means of the steps before.
    """

    from scrl.reward_models import distributional, pooled
    from scrl.runtime import start

    start()
    total = len(distributional.KINDS) * len(seeds) + len(HELD) * len(drift_seeds)
    runs, drift = [], []
    done = 0
    for seed in seeds:
        train = hidden_context_world.draw(seed, ALTERNATIVES, RATERS, PAIRS)
        exact = pooled.fit(None, train, config)[0].reward
        found = {"exact": {"mean": _short(exact), "spread": [0.0] * ALTERNATIVES}}
        for kind in distributional.KINDS:
            listen = chunk_reporter(on_progress, done, total, f"{kind}, seed {seed}")
            model, _ = distributional.fit(
                jax_key(seed, KeyStream.HIDDEN_CONTEXT), train, config, listen, kind
            )
            mean, spread = model.moments()
            found[kind] = {"mean": _short(mean), "spread": _short(spread)}
            done += 1
        runs.append({"seed": seed, **found})
    for seed in drift_seeds:
        train = hidden_context_world.draw(seed, ALTERNATIVES, RATERS, PAIRS)
        for name, (spread, prior) in HELD.items():
            listen = chunk_reporter(on_progress, done, total, f"spread held by {name}, seed {seed}")
            held = replace(config, spread=spread, prior_sd=prior, schedule=long)
            _, curves = distributional.fit(
                jax_key(seed, KeyStream.HIDDEN_CONTEXT), train, held, listen
            )
            kept = {key: _short(curves[key]) for key in ("step", "narrowest", "widest")}
            drift.append({"seed": seed, "held": name, **kept})
            done += 1
    return {"runs": runs, "drift": drift}


def _short(values) -> list[float]:
    return [float(f"{x:.4g}") for x in np.asarray(values, float)]


def bake(command: str, on_progress: Listener = None, folder: Path | None = None) -> Path:
    """Run it and write what the page shows at once."""
    content = {"result": make(on_progress), "made": command, "spec": spec()}
    return keep_baked("hidden-context", content, folder)


# -- what it says ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Reading:
    """One model's reward, mean less so many spreads, by alternative.

    Attributes:
        a: the alternatives ``[alternatives]``.
        reward, spread: means over seeds ``[alternatives]``.
        expected, borda: expected utility and Borda score, stretched to the reward's units by its
            alternatives below .8.
        agreement: Spearman's correlation with ``"expected utility"`` and ``"borda"``, ``[seeds]``.
        place: what share of the alternatives below .8 the reward puts above the mean one of those
            from .8 up, over seeds: 0 first, 1 last.
    """

    a: np.ndarray
    reward: np.ndarray
    spread: np.ndarray
    expected: np.ndarray
    borda: np.ndarray
    agreement: dict[str, np.ndarray]
    place: float


def reading(result: dict, model: str, aversion: float = 0.0) -> Reading:
    """What a model says where risk is priced at ``aversion`` standard deviations."""
    mean, spread = (
        np.array([run[model][key] for run in result["runs"]]) for key in ("mean", "spread")
    )
    careful = mean - aversion * spread
    a = hidden_context_world.alternatives(mean.shape[1])
    said = [hidden_context_world.agreement(reward) for reward in careful]
    sure = a < hidden_context_world.EDGE
    unsure = careful[:, ~sure].mean(axis=1, keepdims=True)
    reward = careful.mean(axis=0)
    return Reading(
        a, reward, spread.mean(axis=0),
        _stretched(hidden_context_world.expected_utility(a), reward, sure),
        _stretched(hidden_context_world.borda(a), reward, sure),
        {key: np.array([one[key] for one in said]) for key in said[0]},
        float((careful[:, sure] > unsure).mean()),
    )  # fmt: skip


def _stretched(values, like, where) -> np.ndarray:
    slope, shift = np.polyfit(values[where], like[where], 1)
    return shift + slope * values


def along(result: dict, model: str, aversions: np.ndarray) -> dict[str, np.ndarray]:
    """Mean agreement at each aversion."""
    rows = [reading(result, model, x).agreement for x in aversions]
    return {key: np.array([row[key].mean() for row in rows]) for key in rows[0]}


def drift(result: dict) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Steps, and the greatest spread after each by what holds it, mean over seeds on a log scale
    (of fits of unequal length, as far as all go)."""
    rows = {name: [d for d in result["drift"] if d["held"] == name] for name in HELD}
    least = min(len(d["step"]) for d in result["drift"])
    step = np.array(result["drift"][0]["step"][:least])
    widest = {
        name: np.exp(np.mean([np.log(d["widest"][:least]) for d in mine], axis=0))
        for name, mine in rows.items()
    }
    return step, widest
