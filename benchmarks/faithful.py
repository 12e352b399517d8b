"""Is the simulated electorate the true one? Tennessee with Morristown, default settings, 20 seeds.

    python benchmarks/faithful.py [--seeds N]     measure, print, and write faithful.json

Every figure stands beside its oracle: the sampled raters' own complete ballots, and the exact
Bradley–Terry scores of the same sample.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import scrl  # noqa: E402 (the project is not installed)
from scrl.choice_models import reversed_pairs  # noqa: E402
from scrl.runtime import device_name, start  # noqa: E402

TRUTH = ["Chattanooga", "Knoxville", "Nashville", "Morristown", "Memphis"]


def measure(scenario, seed: int) -> dict:
    experiment = scrl.run(scenario, seed=seed)
    entry = scrl.to_dict(experiment)["prompts"]["best"]
    voters, raters = entry["voters"]["borda"], entry["raters"]["borda"]
    rewards = experiment.individual.rewards(experiment.posterior.mean)
    own = scenario.type_utilities[experiment.ratings.rater_type[experiment.embedded_raters]]
    right = (np.argsort(-rewards, axis=1) == np.argsort(-own, axis=1)).all(axis=1)
    left_out = experiment.ratings.sizes[experiment.embedded_raters] == len(TRUTH) - 1
    vanilla = entry["vanilla"]
    return {
        "seed": seed,
        "order is the truth": voters["order"] == [[name] for name in TRUTH],
        "points from the raters' own": max(
            abs(voters["scores"][name] - raters["scores"][name]) for name in TRUTH
        ),
        "raters right": right.mean(),
        "raters right, Morristown left out": right[left_out].mean(),
        "pairs reversed by social networks": sum(
            reversed_pairs(experiment.voters[0][rule].place, reward)
            for rule, reward in experiment.social.items()
        ),
        "vanilla puts Morristown last": vanilla["order"][-1] == ["Morristown"],
        "vanilla from exact": max(
            abs(vanilla["rewards"][name] - vanilla["mle"][name]) for name in TRUTH
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    start()
    scenario = scrl.load_scenario(ROOT / "scenarios" / "tennessee-morristown.yaml")
    rows = []
    for seed in range(parser.parse_args().seeds):
        rows.append(measure(scenario, seed))
        print(rows[-1], flush=True)
    worst = {
        name: (max if "from" in name or "reversed" in name else min)(row[name] for row in rows)
        for name in rows[0]
        if name != "seed"
    }
    rows = [
        {k: v if isinstance(v, bool) else round(float(v), 5) for k, v in r.items()} for r in rows
    ]
    summary = {
        "seeds": len(rows),
        "device": device_name(),
        "order is the truth": sum(row["order is the truth"] for row in rows),
        "worst": {k: v if isinstance(v, bool) else round(float(v), 5) for k, v in worst.items()},
        "runs": rows,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(summary, indent=1) + "\n")
    print(json.dumps({k: v for k, v in summary.items() if k != "runs"}, indent=1))


if __name__ == "__main__":
    main()
