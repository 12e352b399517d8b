"""Social outcomes on generated populations of known truth: the lab, simpler methods, references.

    python benchmarks/populations.py [--seeds N] [--only POPULATION ...] [--methods METHOD ...]
    python benchmarks/populations.py --table        print the tables of what is on record

Each cell is a population, a seed and a method; populations.json is written after each, and cells
on record are skipped. Seeds begin at 0. A cell runs in one of ``--jobs`` processes, which share the
machine, so that ``seconds`` are no measure of speed; they include compilation.

Scores (``scrl/studies/population_benchmark.py``): Kendall's τ of the order by Borda, Copeland,
plurality and instant runoff against the true order, truly tied pairs left out; the largest error of
a completion's Borda points a voter, and of its share of first places. Means over prompts.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import platform
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scrl.parallel import iterate_tasks  # noqa: E402
from scrl.runtime import device_name, start  # noqa: E402 (the project is not installed)
from scrl.scenarios import POPULATIONS, generate_population  # noqa: E402
from scrl.studies import population_benchmark as benchmark  # noqa: E402

RECORDS = Path(__file__).with_suffix(".json")
METHODS = {**benchmark.METHODS, **benchmark.REFERENCES}
Cell = tuple[str, str, int]


@lru_cache(maxsize=2)
def case(population: str, seed: int):
    """The population and its true outcomes."""
    generated = generate_population(population, seed)
    return generated, benchmark.population_truth(generated)


def measured(cell: Cell, limit: int) -> dict:
    """The scores of a method, or what stopped it."""
    population, method, seed = cell
    start()
    generated, truth = case(population, seed)

    def stop(*_) -> None:
        raise TimeoutError(f"stopped after {limit} seconds of processor time")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    began = time.perf_counter()
    try:
        outcomes = METHODS[method](generated, seed)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    seconds = time.perf_counter() - began
    scores = benchmark.population_scores(outcomes, truth)
    return {name: round(v, 5) for name, v in scores.items()} | {"seconds": round(seconds, 1)}


# -- records --------------------------------------------------------------------------------------


def read_records() -> dict:
    """``{"populations": {population: {"what", "methods": {method: {seed: scores}}}}}``."""
    found = json.loads(RECORDS.read_text()) if RECORDS.is_file() else {"populations": {}}
    found |= {
        "date": time.strftime("%Y-%m-%d"),
        "device": device_name(),
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("jax", "flax", "optax", "numpy", "scipy")},
        "voters": benchmark.VOTERS,
    }
    for name in POPULATIONS:
        entry = found["populations"].setdefault(name, {"methods": {}})
        entry["what"] = POPULATIONS[name].__doc__
    return found


def write_records(records: dict) -> None:
    """Each cell in a line; the file is whole at every moment."""
    text = json.dumps(records, indent=1, ensure_ascii=False)
    text = re.sub(r'("\d+": )(\{[^{}]*\})', lambda m: m[1] + re.sub(r"\s+", " ", m[2]), text)
    written = RECORDS.with_suffix(".partial")
    written.write_text(text + "\n")
    written.replace(RECORDS)


def add_cell(population: str, method: str, seed: int, row: dict) -> dict:
    """The records with one more cell; several processes may add at once."""
    with (Path(tempfile.gettempdir()) / "scrl-populations.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        records = read_records()
        records["populations"][population]["methods"].setdefault(method, {})[str(seed)] = row
        write_records(records)
    return records


def missing_cells(records: dict, populations, methods, seeds) -> list[Cell]:
    """The cells that are not on record, by seed and population, so that a part is of use."""

    def known(population: str, method: str, seed: int) -> bool:
        by_seed = records["populations"][population]["methods"].get(method, {})
        return "seconds" in by_seed.get(str(seed), {})

    return [
        (population, method, seed)
        for seed in seeds
        for population in populations
        for method in methods
        if not known(population, method, seed)
    ]


def run_cells(cells: list[Cell], jobs: int, limit: int) -> Iterator[tuple[Cell, dict]]:
    """Each cell with its scores, as they are found."""
    if jobs <= 1:
        for cell in cells:
            yield cell, measured(cell, limit)
        return
    from benchmarks.populations import measured as imported  # workers know no __main__

    for result in iterate_tasks(partial(imported, limit=limit), cells, "processes", jobs):
        if result.failure is not None:
            raise result.failure.to_exception()
        yield cells[result.number], result.value


# -- tables ---------------------------------------------------------------------------------------


def scores_of(records: dict, population: str, method: str, score: str) -> dict[int, float]:
    """Seed -> score; ``"tau"`` is the mean of the four rules."""
    by_seed = records["populations"][population]["methods"].get(method, {})
    return {
        int(seed): float(
            np.mean([row[r] for r in benchmark.RULES]) if score == "tau" else row[score]
        )
        for seed, row in by_seed.items()
        if "seconds" in row
    }


def shown(values: dict[int, float], bold: bool, digits: int = 2) -> str:
    mean, error = benchmark.mean_and_error(list(values.values()))
    if np.isnan(mean):
        return "–"
    text = number(mean, digits) + ("" if np.isnan(error) else f" ± {number(error, digits)}")
    return f"**{text}**" if bold else text


def number(value: float, digits: int) -> str:
    """Without the zero before the point."""
    return re.sub(r"^(-?)0\.", r"\1.", f"{value:.{digits}f}").replace("-", "−")


def table_by_population(records: dict, score: str) -> list[str]:
    """Mean ± standard error over seeds; bold where no method beats it beyond noise.

    Nothing is bold where a method has fewer than two seeds.
    """
    compared, references = list(benchmark.METHODS), list(benchmark.REFERENCES)
    lines = [
        "| population | " + " | ".join(compared + references) + " |",
        "|---" * (1 + len(compared + references)) + "|",
    ]
    for population in records["populations"]:
        values = {m: scores_of(records, population, m, score) for m in compared + references}
        if not any(values.values()):
            continue
        measured_here = {m: values[m] for m in compared if values[m]}
        best = benchmark.unbeaten(measured_here, is_better_high(score))
        if any(len(by_seed) < 2 for by_seed in values.values()):
            best = []  # one seed says nothing of noise
        cells = [shown(values[m], m in best) for m in compared + references]
        lines.append(f"| {population} | " + " | ".join(cells) + " |")
    return lines


def is_better_high(score: str) -> bool:
    return score not in (benchmark.POINTS, benchmark.FIRST_PLACES)


def table_by_score(records: dict) -> list[str]:
    """Means over the populations and seeds that every method has been measured on.

    The last line counts the cells, each a population and a score, in which no other method beats
    it beyond noise; populations with at least two seeds that every method shares are counted.
    """
    references = list(benchmark.REFERENCES)
    methods = [m for m in [*benchmark.METHODS, *references] if any_cell(records, m)]
    compared = [m for m in methods if m not in references]
    shared = {p: shared_scores(records, p, methods) for p in records["populations"]}
    shared = {p: by_score for p, by_score in shared.items() if by_score["tau"][methods[0]]}
    lines = ["| | " + " | ".join(methods) + " |", "|---" * (1 + len(methods)) + "|"]
    for score in ("tau", *benchmark.SCORES):
        means = [
            np.mean([np.nanmean(list(of[score][m].values())) for of in shared.values()])
            for m in methods
        ]
        lines.append(f"| {score} | " + " | ".join(number(x, 3) for x in means) + " |")
    wins, cells = dict.fromkeys(compared, 0), 0
    for by_score in shared.values():
        if len(by_score["tau"][methods[0]]) < 2:
            continue
        for score in benchmark.SCORES:
            cells += 1
            of = {m: by_score[score][m] for m in compared}
            for method in benchmark.unbeaten(of, is_better_high(score)):
                wins[method] += 1
    counts = [f"{wins[m]} of {cells}" if m in compared else "" for m in methods]
    runs = sum(len(by_score["tau"][methods[0]]) for by_score in shared.values())
    lines.append("| unbeaten in | " + " | ".join(counts) + " |")
    return [*lines, "", f"{len(shared)} populations, {runs} pairs of population and seed."]


def shared_scores(records: dict, population: str, methods: list[str]) -> dict[str, dict]:
    """score -> method -> seed -> value, for the seeds of every method."""
    found = {}
    for score in ("tau", *benchmark.SCORES):
        values = {m: scores_of(records, population, m, score) for m in methods}
        seeds = set.intersection(*(set(v) for v in values.values()))
        found[score] = {m: {s: v[s] for s in sorted(seeds)} for m, v in values.items()}
    return found


def any_cell(records: dict, method: str) -> bool:
    return any(scores_of(records, p, method, "tau") for p in records["populations"])


def print_tables(records: dict) -> None:
    for title, score in (
        ("Kendall's τ, mean of four rules", "tau"),
        ("Largest error of Borda points", benchmark.POINTS),
        ("Largest error of first places", benchmark.FIRST_PLACES),
    ):
        print(f"\n{title}\n", *table_by_population(records, score), sep="\n")
    print("\nMeans over populations\n", *table_by_score(records), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", choices=POPULATIONS, nargs="+", default=list(POPULATIONS))
    parser.add_argument("--methods", choices=METHODS, nargs="+", default=list(METHODS))
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--limit", type=int, default=600, help="processor seconds of a cell")
    parser.add_argument("--table", action="store_true", help="print the tables only")
    asked = parser.parse_args()
    start()
    records = read_records()
    if not asked.table:
        cells = missing_cells(
            records, asked.only, asked.methods, range(asked.first, asked.first + asked.seeds)
        )
        for (population, method, seed), row in run_cells(cells, asked.jobs, asked.limit):
            records = add_cell(population, method, seed, row)
            print(population, method, seed, row, flush=True)
    print_tables(records)


if __name__ == "__main__":
    main()
