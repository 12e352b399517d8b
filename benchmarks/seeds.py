"""Twenty seeds at once beside one run, and how soon a run shows its first stage.

    python benchmarks/seeds.py            measure, print, and add a record to seeds.json
    python benchmarks/seeds.py --show     print the records

Tennessee with Morristown, default settings. `cold` begins with an empty compilation cache in a new
process, what is compiled included; `warm` is in a process that has done it before. `threads` is
step 1 alone: eight seeds in threads over eight one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
RECORDS = Path(__file__).with_suffix(".json")
SCENARIO = ROOT / "scenarios" / "tennessee-morristown.yaml"
SEEDS = 20


def timed(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def first_stage(scenario, seed: int) -> float:
    """Seconds from the start of a run until it reports a stage of step 1."""
    from scrl.pipeline import run
    from scrl.types import Cancelled

    began, found = time.perf_counter(), []

    def listen(progress) -> None:
        if progress.phase == "individual":
            found.append(time.perf_counter() - began)
            raise Cancelled

    try:
        run(scenario, seed=seed, on_progress=listen)
    except Cancelled:
        return found[0]
    raise RuntimeError("the run reported nothing")


def child(what: str) -> float:
    """One cold measurement, in this new process."""
    from scrl.runs import run_seeds
    from scrl.runtime import start
    from scrl.scenarios import load_scenario

    start()
    scenario = load_scenario(SCENARIO)
    if what == "stage":
        return first_stage(scenario, 0)
    return timed(lambda: run_seeds(scenario, seeds=range(int(what))))


def cold(what: str) -> float:
    with tempfile.TemporaryDirectory() as cache:
        told = subprocess.run(
            [sys.executable, __file__, "--child", what], env={**os.environ, "SCRL_CACHE": cache},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    return float(told.stdout)


def threaded(scenario, count: int = 8) -> float:
    """Seconds of step 1 for ``count`` seeds in threads over those of one after the other."""
    from scrl.parallel import map_tasks
    from scrl.scenarios import sample
    from scrl.utility_models.population_fit import fit_population

    ratings = sample(scenario, 0).ratings.with_absent_resolved()

    def fit(seed: int) -> None:
        fit_population(ratings, seed=seed)

    fit(0)
    many = timed(lambda: map_tasks(fit, range(count), "threads"))
    return round(many / timed(lambda: list(map(fit, range(count)))), 2)


def measure() -> dict:
    import jax

    from benchmarks.pipeline import processor
    from scrl.runs import run_seeds
    from scrl.scenarios import load_scenario

    cold_one, cold_many, cold_stage = (cold(what) for what in ("1", str(SEEDS), "stage"))
    scenario = load_scenario(SCENARIO)
    run_seeds(scenario)
    warm_one = median(timed(lambda s=s: run_seeds(scenario, seeds=(s,))) for s in range(1, 6))
    warm_many = timed(lambda: run_seeds(scenario, seeds=range(SEEDS)))
    return {
        "date": date.today().isoformat(),
        "hardware": f"{os.cpu_count()} cores, {processor()}",
        "jax": jax.__version__,
        "seeds": SEEDS,
        "cold": {"one": round(cold_one, 1), "all": round(cold_many, 1),
                 "ratio": round(cold_many / cold_one, 2)},
        "warm": {"one": round(warm_one, 2), "all": round(warm_many, 1),
                 "ratio": round(warm_many / warm_one, 2)},
        "first stage": {"cold": round(cold_stage, 1),
                        "warm": round(median(first_stage(scenario, s) for s in range(5)), 2)},
        "threads": threaded(scenario),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", action="store_true", help="print the records")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(child(chosen.child))
        return
    records = json.loads(RECORDS.read_text()) if RECORDS.exists() else []
    if not chosen.show:
        records.append(measure())
        RECORDS.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(records[-1:], indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
