"""Are the blog post's claims about the latent space so? Each with a number, over many trainings.

    python benchmarks/latent.py [--seeds N]     measure, print, and write latent.json

Default settings. Clusters, contexts, parts of a ballot and walks on "Tennessee inverted, everyone
answers both"; what leaving a completion out does on "Tennessee with Morristown". Clusters are
measured of posterior draws, which decide as on the page whether types lie together, and of means;
all other distances are of means. Every figure is given as mean, least and most over the seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
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
    traverse,
    type_names,
    type_profiles,
)
from scrl.evaluation import check_latent_health  # noqa: E402
from scrl.raters import FittedRun  # noqa: E402
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


def walks(learnt: FittedRun) -> dict[str, float]:
    """All pairs of types on all prompts, and the two of the post by name."""
    own, names = type_profiles(learnt), type_names(learnt)
    numbers, detours, smooth = {}, [], []
    for p in range(len(learnt.catalogue.prompts)):
        for a in range(len(names)):
            for b in range(a + 1, len(names)):
                walk = traverse(learnt, own[a], own[b], p)
                detours.append(walk.excess_changes)
                smooth.append(walk.excess_changes == 0)
                if p == 0 and (names[a], names[b]) in (
                    ("Chattanooga", "Knoxville"),
                    ("Memphis", "Nashville"),
                ):
                    word = f"walk {names[a]}, {names[b]}: "
                    numbers |= {
                        f"{word}changes": len(walk.changes),
                        f"{word}needed": walk.min_changes,
                    }
    return numbers | {
        "walks without a detour": float(np.mean(smooth)),
        "detours a walk": float(np.mean(detours)),
    }


def checks(learnt: FittedRun) -> dict[str, float]:
    found = check_latent_health(learnt)
    numbers = {"KL, nats a rater": float(found.kl.sum()), "active units": found.active_units}
    numbers |= {
        "own latent": found.own_accuracy,
        "swapped": found.swapped_accuracy,
        "silent": found.empty_accuracy,
    }
    return numbers | {f"calibration error, {k}": c.error for k, c in found.calibration.items()}


def inverted(learnt: FittedRun) -> dict[str, float]:
    found = embed_by_prompt(learnt)
    numbers = {"context: between types over between prompts": found.ratio}
    for p, share in found.accuracy.items():
        numbers[f"context: type known from {learnt.catalogue.prompts[p]}"] = share
    return (
        clusters(learnt) | numbers | parts(partial_ballots(learnt)) | walks(learnt) | checks(learnt)
    )


def morristown(learnt: FittedRun) -> dict[str, float]:
    rows = compare_omission(learnt).by_type
    numbers = {"left out: largest distance over between types": max(r["share"] for r in rows)}
    numbers["left out: type known without"] = min(r["right without"] for r in rows)
    return (
        clusters(learnt) | numbers | parts(partial_ballots(learnt)) | walks(learnt) | checks(learnt)
    )


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
        scenario, rows = scrl.load_scenario(ROOT / "scenarios" / f"{stem}.yaml"), []
        for seed in seeds:
            rows.append(measure(scrl.run(scenario, scrl.Config(rules=("borda",)), seed).fitted_run))
            print(stem, seed, {k: round(v, 3) for k, v in rows[-1].items()}, flush=True)
        result[stem] = summary(rows)
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
