"""Does the simulated electorate reproduce the raters' ballots? Two scenarios, default settings.

    python benchmarks/predictive_check.py [--seeds N]   measure, print, write predictive_check.json

The electorate is checked again with voters who never err, which tells what the noise is worth.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import scrl  # noqa: E402 (the project is not installed)
from scrl.diagnostics import check_electorate  # noqa: E402
from scrl.diagnostics.voter_kinds import atom_kinds, kind_evidence  # noqa: E402
from scrl.runs import to_dict  # noqa: E402
from scrl.runtime import device_name, start  # noqa: E402
from scrl.types import Ballots  # noqa: E402

SCENARIOS = ("tennessee-morristown", "tennessee-noisy")


def without_noise(experiment, seed: int):
    """The check of voters who rank by their rewards, and its seconds."""
    rng = np.random.default_rng(seed)
    density, individual = experiment.density, experiment.individual
    ratings = experiment.ratings.with_absent_resolved()
    rewards = individual.rewards(experiment.latents)
    began = time.perf_counter()
    kind = atom_kinds(individual, density, rng)
    found = check_electorate(
        ratings,
        lambda contests: Ballots(np.moveaxis(rewards[:, contests.item], 0, 1)),
        kind[density.voter_atoms(len(rewards))],
        lambda: kind_evidence(individual, density, ratings, kind),
        rng,
    )
    return found, time.perf_counter() - began


def measure(name: str, seed: int) -> dict:
    experiment = scrl.run(scrl.load_scenario(scrl.gallery()[name]), seed=seed)
    exact, seconds = without_noise(experiment, seed)
    check = to_dict(experiment)["check"]
    kept = ("reproduces", "failed", "tested", "mean", "largest", "message")
    return {
        "scenario": name,
        "seed": seed,
        **{key: check[key] for key in kept},
        "without noise": {
            "failed": int(exact.failed.sum()),
            "largest": float(np.abs(exact.deviation[exact.tested]).max()),
        },
        "seconds": round(seconds, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    seeds = range(parser.parse_args().seeds)
    start()
    rows = []
    for name in SCENARIOS:
        for seed in seeds:
            rows.append(measure(name, seed))
            print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps({"device": device_name(), "runs": rows}, indent=1), "utf-8")


if __name__ == "__main__":
    main()
