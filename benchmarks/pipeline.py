"""How long the pipeline takes, cold and warm, beside the reference implementation's published time.

    python benchmarks/pipeline.py            measure, print, and add a record to pipeline.json
    python benchmarks/pipeline.py --show     print the records

Whole-process figures start a new interpreter each time: `cold` with an empty compilation cache,
`cached` with the one that `cold` filled. `warm` repeats the run in one process. Tennessee with
Morristown, default settings: 10,000 raters, 20,000 voters, five rules.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORDS = Path(__file__).with_suffix(".json")
SCENARIO = ROOT / "scenarios" / "tennessee-morristown.yaml"
#: Seconds of the reference implementation on two busy cores for the same result (FACTS.md, §9).
REFERENCE = 2477 + 213
REPEATS = 5


def process(cache: str) -> float:
    """Seconds of ``python -m scrl run`` in a new process."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "scrl", "run", str(SCENARIO)],
        cwd=ROOT,
        env={**os.environ, "SCRL_CACHE": cache},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - began


def within() -> dict:
    """In this process: warm runs, and a slider's answer."""
    sys.path.insert(0, str(ROOT))
    import jax

    import scrl
    from scrl.preview import preview
    from scrl.scenario import load_scenario, with_overrides
    from scrl.voting.aggregate import TRACES

    scenario = load_scenario(SCENARIO)
    scrl.run(scenario, seed=0)
    warm, compiling = [], []
    for seed in range(1, REPEATS + 1):
        began = time.perf_counter()
        experiment = scrl.run(scenario, seed=seed)
        warm.append(time.perf_counter() - began)
        compiling.append(experiment.seconds["compile"])
    preview(scenario, list(experiment.config.rules))
    traces, slider = sum(TRACES.values()), []
    for chance in (0.1, 0.3, 0.5, 0.7, 0.9):
        began = time.perf_counter()
        moved = with_overrides(scenario, includes={"Knoxville": {"best": {"Morristown": chance}}})
        preview(moved, list(experiment.config.rules))
        slider.append(time.perf_counter() - began)
    return {
        "device": jax.devices()[0].device_kind,
        "warm": spread(warm),
        "warm compiling": round(max(compiling), 4),
        "slider": spread(slider),
        "slider recompilations": sum(TRACES.values()) - traces,
        "peak GiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def spread(seconds: list[float]) -> dict:
    return {
        "median": round(statistics.median(seconds), 3),
        "least": round(min(seconds), 3),
        "most": round(max(seconds), 3),
    }


def measure() -> dict:
    with tempfile.TemporaryDirectory() as cache:
        cold = process(cache)
        cached = [process(cache) for _ in range(REPEATS)]
        os.environ["SCRL_CACHE"] = cache
        sys.path.insert(0, str(ROOT))
        from scrl.runtime import start

        start()
        inside = within()
    packages = ("jax", "flax", "optax", "numpy", "scikit-learn")
    return {
        "date": date.today().isoformat(),
        "hardware": f"{os.cpu_count()} cores, {processor()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "repeats": REPEATS,
        "cold process": round(cold, 2),
        "cached process": spread(cached),
        **inside,
        "reference over warm": round(REFERENCE / inside["warm"]["median"]),
        "reference over cold": round(REFERENCE / cold),
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "unknown")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", action="store_true", help="print the records")
    records = json.loads(RECORDS.read_text()) if RECORDS.exists() else []
    if not parser.parse_args().show:
        records.append(measure())
        RECORDS.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(records[-1:], indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
