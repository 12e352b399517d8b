"""Are the blog post's claims about the latent space so? Each with a number, over many runs.

    python benchmarks/latent.py [--seeds N]     measure, print, and write latent.json

Default settings. Clusters, contexts and parts of a ballot on "Tennessee inverted, everyone answers
both"; what leaving a completion out does on "Tennessee with Morristown". Clusters are measured of
posterior draws, which decide as on the page whether types lie together, and of means; all other
distances are of means. Every figure is given as mean, least and most over the seeds.

Beside each stands the same figure of an uninformed model, under "random": as many types, with
random rewards, and the fitted shares. What it passes too says nothing of the fit. Traversals are
left out: rewards are linear in the latent, so that no pair can change places twice, fitted or not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import scrl  # noqa: E402 (the project is not installed)
from scrl.diagnostics import (  # noqa: E402
    PartialBallots,
    cluster_numbers,
    compare_omission,
    embed_by_prompt,
    partial_ballots,
)
from scrl.evaluation import check_latent_health  # noqa: E402
from scrl.raters import Density, FittedRun, RaterModel  # noqa: E402
from scrl.runtime import device_name, start  # noqa: E402


def clusters(learnt: FittedRun) -> dict[str, float]:
    numbers = cluster_numbers(learnt)
    found = {"types lie together, by draws": float(numbers["together"])}
    for row in numbers["rows"]:
        kind = row.pop("raters as")
        found |= {f"{name}, {kind}": value for name, value in row.items()}
    return found


def parts(found: PartialBallots) -> dict[str, float]:
    numbers = {"pairs of one type alone that are enough": found.unique_pair_accuracy()}
    (pair,) = [i for i in found.indices_of_pair(0, 0, 3) if found.type[i] == 0]
    numbers["Memphis > Knoxville is enough"] = float(found.correct[pair])
    numbers["Memphis > Knoxville, distance to the profile over between types"] = float(
        found.relative_distance[pair]
    )
    for row in found.by_length():
        name = f"{row['length']} ranked" if row["length"] else "all prompts"
        numbers |= {f"type known, {name}": row["right"], f"best possible, {name}": row["best"]}
    return numbers


def checks(learnt: FittedRun) -> dict[str, float]:
    found = check_latent_health(learnt)
    numbers = {"KL, largest of a dimension": found.kl.max(), "active units": found.active_units}
    numbers |= {
        "own latent": found.own_accuracy,
        "swapped": found.swapped_accuracy,
        "random": found.uninformed_accuracy,
        "silent": found.empty_accuracy,
        "hidden pairs by probability": found.hidden_accuracy,
        "collapsed": found.collapsed,
    }
    return numbers | {f"calibration error, {k}": c.error for k, c in found.calibration.items()}


def inverted(learnt: FittedRun) -> dict[str, float]:
    found = embed_by_prompt(learnt)
    numbers = {"context: between types over between prompts": found.ratio}
    for p, share in found.accuracy.items():
        numbers[f"context: type known from {learnt.catalogue.prompts[p]}"] = share
    return clusters(learnt) | numbers | parts(partial_ballots(learnt)) | checks(learnt)


def morristown(learnt: FittedRun) -> dict[str, float]:
    rows = compare_omission(learnt).by_type
    numbers = {"left out: largest distance over between types": max(r["share"] for r in rows)}
    numbers["left out: type known without"] = min(r["right without"] for r in rows)
    return clusters(learnt) | numbers | parts(partial_ballots(learnt)) | checks(learnt)


def uninformed(learnt: FittedRun, seed: int) -> FittedRun:
    """The run with random rewards of the types, as far apart as the fitted ones."""
    rng = np.random.default_rng(seed)
    population = learnt.individual.population
    spread = float(population.reward.std())
    reward = spread * rng.standard_normal(population.reward.shape)
    model = RaterModel.of(replace(population, reward=reward), learnt.catalogue)
    density = Density.of(model, rng)
    latents = density.draw(rng, len(learnt.latents))
    return replace(learnt, individual=model, density=density, latents=latents, known_embedding=None)


def summary(rows: list[dict[str, float]]) -> dict:
    """Each figure's mean, least and most; the share of seeds where it is 0 or 1 is its mean."""
    columns = {name: np.array([row[name] for row in rows], float) for name in rows[0]}
    return {
        name: {key: round(float(f(values)), 4) for key, f in
               (("mean", np.mean), ("least", np.min), ("most", np.max))}
        for name, values in columns.items()
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    seeds = range(parser.parse_args().seeds)
    start()
    result = {
        "seeds": len(seeds),
        "device": device_name(),
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}",
        "python": platform.python_version(),
    }
    for stem, measure in (
        ("tennessee-inverted-full", inverted),
        ("tennessee-morristown", morristown),
    ):
        scenario = scrl.load_scenario(ROOT / "scenarios" / f"{stem}.yaml")
        rows, random = [], []
        for seed in seeds:
            learnt = scrl.run(scenario, scrl.Config(rules=("borda",)), seed).fitted_run
            rows.append(measure(learnt))
            random.append(measure(uninformed(learnt, seed)))
            for name, row in ((stem, rows[-1]), ("random", random[-1])):
                print(name, seed, {k: round(v, 3) for k, v in row.items()}, flush=True)
        result[stem] = summary(rows) | {"random": summary(random)}
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
