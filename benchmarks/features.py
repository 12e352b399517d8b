"""Completions with features: three kinds of raters, and new raters who say two or four pairs.

    python benchmarks/features.py [--seeds N] [--world NAME]      measure, print, update the json

Kinds of 60, 30 and 10 % of the raters have utilities that are linear in five features of the
completions, or a sum of four bumps. Pairs follow Bradley–Terry. Models are judged on 2,000 new
raters, who are asked 16 pairs after two and after four. ``bayes`` knows the kinds' utilities and
shares. The scoreboard's other models read the same features.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import jax
import numpy as np
from scipy.special import expit, softmax

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scrl.config import ModelsConfig  # noqa: E402 (the project is not installed)
from scrl.evaluation import calibration_curve  # noqa: E402
from scrl.reward_models import Comparisons, individual, pooled, prototypes, vpl  # noqa: E402
from scrl.runtime import device_name, start  # noqa: E402

SHARE = np.array([0.6, 0.3, 0.1])
FEATURES, NEW_RATERS, SAID, ASKED = 5, 2000, (2, 4), 16
#: name -> completions, raters, pairs of each, whether utilities are linear.
WORLDS = {
    "20 completions, 2,000 raters, 16 pairs": (20, 2000, 16, True),
    "20 completions, 500 raters, 8 pairs": (20, 500, 8, True),
    "60 completions, 300 raters, 6 pairs": (60, 300, 6, True),
    "60 completions, 300 raters, 6 pairs, bumps": (60, 300, 6, False),
}
MODELS = {
    "individual raters": (individual.fit, True),
    "individual raters, features hidden": (individual.fit, False),
    "VPL": (vpl.fit, True),
    "prototypes": (prototypes.fit, True),
    "Bradley–Terry": (pooled.fit, True),
}


def utilities(rng: np.random.Generator, features: np.ndarray, linear: bool) -> np.ndarray:
    """Of each kind ``[kinds, completions]``, of standard deviation 4."""
    if linear:
        found = rng.normal(size=(len(SHARE), FEATURES)) @ features.T
    else:
        centre = rng.normal(size=(len(SHARE), 4, 1, FEATURES))
        bump = np.exp(-((features - centre) ** 2).sum(axis=-1) / FEATURES)
        found = (rng.normal(size=(len(SHARE), 4, 1)) * bump).sum(axis=1)
    return 4 * found / found.std(axis=1, keepdims=True)


def sampled(
    rng: np.random.Generator, utility: np.ndarray, features: np.ndarray, raters: int, pairs: int
) -> Comparisons:
    kind = rng.choice(len(SHARE), raters, p=SHARE)
    items = utility.shape[1]
    first = rng.integers(items, size=(raters, pairs))
    second = (first + rng.integers(1, items, size=first.shape)) % items
    gap = utility[kind[:, None], first] - utility[kind[:, None], second]
    wins = (rng.random(gap.shape) < expit(gap))[..., None]
    chosen = np.where(wins, np.stack([first, second], -1), np.stack([second, first], -1))
    return Comparisons(
        chosen, np.ones(first.shape, bool), features, np.array([0, items]), kind
    )  # fmt: skip


def bayes(utility: np.ndarray, context: Comparisons, queries: Comparisons) -> np.ndarray:
    """What one who knows the kinds predicts ``[raters, pairs]``."""

    def gap(pairs: np.ndarray) -> np.ndarray:
        return utility[:, pairs[..., 0]] - utility[:, pairs[..., 1]]

    nats = np.log(expit(gap(context.pairs)) * context.mask + ~context.mask).sum(axis=2).T
    return np.einsum("rk,krp->rp", softmax(nats + np.log(SHARE), axis=1), expit(gap(queries.pairs)))


def scores(probability: np.ndarray, kind: np.ndarray) -> dict[str, float]:
    right = np.where(probability == 0.5, 0.5, probability > 0.5)
    rare = right[kind == len(SHARE) - 1].mean()
    error = calibration_curve(probability.ravel()).error
    return {"right": float(right.mean()), "rare kind": float(rare), "calibration": float(error)}


def measured(world: str, seed: int) -> dict:
    """Model -> pairs said -> scores."""
    items, raters, pairs, linear = WORLDS[world]
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(items, FEATURES)).astype(np.float32)
    utility = utilities(rng, features, linear)
    train = sampled(rng, utility, features, raters, pairs)
    both = sampled(rng, utility, features, NEW_RATERS, max(SAID) + ASKED)
    new, kind = both.first_pairs(max(SAID)), both.rater_type
    asked = replace(both, pairs=both.pairs[:, max(SAID) :], mask=both.mask[:, max(SAID) :])
    found: dict = {"bayes": {}}
    for said in SAID:
        context = new.masked_after(said)
        found["bayes"][said] = scores(bayes(utility, context, asked), kind)
    for name, (fit, seen) in MODELS.items():
        shown = [c if seen else replace(c, features=np.eye(items)) for c in (train, new, asked)]
        began = time.perf_counter()
        model, _ = fit(jax.random.key(seed), shown[0], ModelsConfig())
        found[name] = {"seconds": round(time.perf_counter() - began, 1)}
        for said in SAID:
            probability = model.probabilities(shown[1].masked_after(said), shown[2])
            found[name][said] = scores(np.asarray(probability, float), kind)
    return found


def summary(rows: list[dict]) -> dict:
    """Model -> pairs said -> score -> its mean and each seed's."""
    found: dict = {}
    for name in rows[0]:
        found[name] = {}
        for said in SAID:
            found[name][f"after {said}"] = {}
            for score in rows[0][name][said]:
                each = [round(row[name][said][score], 4) for row in rows]
                found[name][f"after {said}"][score] = {
                    "mean": round(float(np.mean(each)), 4), "each": each,
                }  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--world", choices=WORLDS, action="append")
    asked = parser.parse_args()
    start()
    path = Path(__file__).with_suffix(".json")
    result = json.loads(path.read_text()) if path.is_file() else {}
    for world in asked.world or WORLDS:
        rows = []
        for seed in range(asked.seeds):
            rows.append(measured(world, seed))
            for name, row in rows[-1].items():
                shown = {said: [round(v, 3) for v in row[said].values()] for said in SAID}
                print(world, seed, name, shown, row.get("seconds", ""), flush=True)
        result[world] = {
            "date": time.strftime("%Y-%m-%d"),
            "device": device_name(),
            "hardware": f"{os.cpu_count()} cores, {platform.machine()}",
            "versions": {name: version(name) for name in ("jax", "flax", "numpy", "scipy")},
            "models": summary(rows),
        }
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
