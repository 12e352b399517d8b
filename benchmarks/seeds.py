"""Twenty seeds at once beside one run, and how soon a run shows its first live point.

    python benchmarks/seeds.py            measure, print, and add a record to seeds.json
    python benchmarks/seeds.py --show     print the records

Tennessee with Morristown, default settings. `cold` begins with an empty compilation cache in a new
process, what is compiled included; `warm` is in a process that has done it before. `batched` is
step 1 alone, a hundred of its steps: eight seeds in one program by ``vmap``, and eight in threads,
each over eight times one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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


def first_point(scenario, seed: int) -> float:
    """Seconds from the start of a run until it reports a curve."""
    from scrl.pipeline import run
    from scrl.types import Cancelled

    began, found = time.perf_counter(), []

    def listen(progress) -> None:
        if progress.curves:
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
    if what == "point":
        return first_point(scenario, 0)
    return timed(lambda: run_seeds(scenario, seeds=range(int(what))))


def cold(what: str) -> float:
    with tempfile.TemporaryDirectory() as cache:
        told = subprocess.run(
            [sys.executable, __file__, "--child", what], env={**os.environ, "SCRL_CACHE": cache},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    return float(told.stdout)


def batched(scenario, count: int = 8) -> dict:
    """Seconds of ``count`` seeds by ``vmap``, and in threads, over those of one after the other."""
    import jax
    import numpy as np

    from scrl.config import Config
    from scrl.data.batches import buckets
    from scrl.networks import Sizes, Table, training
    from scrl.raters import fitting, model
    from scrl.scenarios import sample

    config, ratings = Config().individual, sample(scenario, 0).ratings
    rows = tuple(model.DeviceBucket.of(fitting.training_rows(b)) for b in buckets(ratings))
    share = np.ones(len(rows), np.float32) / len(rows)
    sharing = fitting.Sharing.of(config, 0)
    data = jax.device_put(fitting.TrainingData(Table.of(ratings.catalogue), rows, share, sharing))
    sizes, program = Sizes.of(ratings.catalogue), model.program_config(config)
    loss = fitting.training_loss(sizes, replace(program, regime=config.regime))
    schedule = training.ScheduleArrays.of(config.schedule)

    def chunk(key):
        state = training.initial_state(model.initial_parameters(key, sizes, program))
        steps = config.schedule.chunk
        return training.run_chunk(state, key, data, schedule, loss=loss, steps=steps)

    keys = jax.random.split(jax.random.key(0), count)
    together, alone = jax.jit(jax.vmap(chunk)), jax.jit(chunk)
    jax.block_until_ready((together(keys), alone(keys[0])))
    one, many, threads = [], [], []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in range(5):
            one.append(timed(lambda: [jax.block_until_ready(alone(key)) for key in keys]))
            many.append(timed(lambda: jax.block_until_ready(together(keys))))
            threads.append(
                timed(lambda: list(pool.map(lambda k: jax.block_until_ready(alone(k)), keys)))
            )
    base = median(one)
    return {"vmap": round(median(many) / base, 2), "threads": round(median(threads) / base, 2)}


def measure() -> dict:
    import jax

    from benchmarks.pipeline import processor
    from scrl.runs import run_seeds
    from scrl.scenarios import load_scenario

    cold_one, cold_many, cold_point = (cold(what) for what in ("1", str(SEEDS), "point"))
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
        "first live point": {"cold": round(cold_point, 1),
                             "warm": round(median(first_point(scenario, s) for s in range(5)), 2)},
        "batched": batched(scenario),
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
