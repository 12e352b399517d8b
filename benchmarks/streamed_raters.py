"""Hidden pairs of held-out raters: training in batches beside the model in memory.

    python benchmarks/streamed_raters.py [--seeds 3] [--only POPULATION ...]

A fifth of the raters of a generated population is held out, and half of each of their ballots is
hidden. Accuracy and log loss (nats) of the hidden strict pairs of: the streamed model, the model in
memory (``fit_population``), Bradley–Terry over all pairs, and an oracle that knows the true types,
shares and noise. Each cell is written to streamed_raters.json; those on record are skipped. About
a minute a cell on two idle cores, compilation included.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scrl.data import hidden_entries, strict_pairs  # noqa: E402 (the project is not installed)
from scrl.rivals import RIVALS  # noqa: E402
from scrl.runtime import start  # noqa: E402
from scrl.scenarios import generate_population  # noqa: E402
from scrl.streamed_raters import StreamedRaters, train_streamed  # noqa: E402
from scrl.streamed_raters.items import ItemFunctions  # noqa: E402
from scrl.streamed_raters.parameters import Parameters  # noqa: E402
from scrl.utility_models.population_fit import fit_population  # noqa: E402
from scrl.whole_files import write_whole  # noqa: E402

RECORDS = Path(__file__).with_suffix(".json")
POPULATIONS = (
    "noise-1", "noise-2", "thousand-silence", "silence-noise", "weights-noise", "tied-pairs",
    "spatial-noise", "prompts-300",
)  # fmt: skip
#: Times the utilities of types without noise: their raters hardly ever err.
NOISELESS = 20.0


def oracle(scenario: Any, catalogue: Any) -> StreamedRaters:
    """The true types, without variation within."""
    per_type = [np.concatenate([np.ravel(p) for p in one]) for one in scenario.type_utilities]
    scale = 1.0 / scenario.noise if scenario.noise else NOISELESS
    own = (scale * np.stack(per_type, axis=1)).astype(np.float32)
    items, types = own.shape
    nothing, loading = np.zeros(items, np.float32), np.full((items, 1), 1e-6, np.float32)
    none = np.zeros((0, types), np.float32)
    share = np.log(scenario.type_shares).astype(np.float32)
    parameters = Parameters(share, nothing, own, loading, none[:, 0], none, none[:, :1])
    return StreamedRaters(catalogue, parameters, ItemFunctions(None, np.zeros((items, 0))))


def scores(probability: np.ndarray) -> dict[str, float]:
    right = np.where(probability == 0.5, 0.5, probability > 0.5)
    nats = -np.log(np.maximum(probability, 1e-12)).mean()
    return {"accuracy": round(float(right.mean()), 4), "log loss": round(float(nats), 4)}


def cell(name: str, seed: int) -> dict[str, Any]:
    """All methods on one population."""
    population = generate_population(name, seed)
    ratings = population.ratings
    rng = np.random.default_rng(seed)
    held = rng.permutation(len(ratings.raters)) % 5 == 0
    own = held[ratings.ballot_rater]
    hidden = hidden_entries(ratings, 0.5, rng) & own[ratings.entry_ballot]
    train, visible = ratings.select(~own), ratings.keep(~hidden & own[ratings.entry_ballot])
    pairs = strict_pairs(ratings.keep(hidden))
    found: dict[str, Any] = {"pairs": len(pairs[0])}
    begun = time.perf_counter()
    model = train_streamed(train, seed=seed)
    seconds = {"streamed": time.perf_counter() - begun}
    begun = time.perf_counter()
    in_memory = fit_population(train, seed=seed).population
    seconds["in memory"] = time.perf_counter() - begun
    methods = {
        "streamed": model, "in memory": in_memory, "vanilla": RIVALS["pooled"].fit(train),
        "oracle": oracle(population.scenario, ratings.catalogue),
    }  # fmt: skip
    for method, fitted in methods.items():
        found[method] = scores(fitted.pair_probability(visible, *pairs))
    found["types"] = {"streamed": model.types, "in memory": in_memory.types}
    return found | {"seconds": {k: round(v, 1) for k, v in seconds.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=POPULATIONS, metavar="POPULATION")
    given = parser.parse_args()
    start()
    records = json.loads(RECORDS.read_text()) if RECORDS.exists() else {}
    for name in given.only:
        for seed in range(given.seeds):
            key = f"{name} {seed}"
            if key not in records:
                records[key] = cell(name, seed)
                write_whole(RECORDS, json.dumps(records, indent=1) + "\n")
            print(key, json.dumps(records[key]), flush=True)


if __name__ == "__main__":
    main()
