"""A sweep of small runs on two workers, beside two serial halves that run at the same time.

    python benchmarks/sweeps.py            measure, print, and add a record to sweeps.json
    python benchmarks/sweeps.py --show     print the records

Each way runs in new processes and includes their start; compiled programs are on the disk. The fair
comparison of two workers is two serial processes side by side with a half of the runs each.
`efficiency` is the seconds of the halves over those of a way, best of the rounds, in which the ways
take turns; `work` is the same of processor seconds, which change less with other load on the
machine; `occupied` is the share of the workers' time in which a task runs. Then a worker is killed
in the middle, and all is called a second time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
RECORDS = Path(__file__).with_suffix(".json")
WAYS = ("halves", "processes", "cluster")
#: Runs of a third of a second on an idle core.
SETTINGS = {"scenario.raters": 40, "voters": 200, "draws": 64, "rules": "borda"}
WORKERS = 2


def spec(first: int, count: int) -> dict:
    return {"name": "benchmark", "scenarios": "condorcet-cycle", "settings": SETTINGS,
            "seeds": {"from": first, "count": count}}  # fmt: skip


def child(way: str, folder: Path, first: int, count: int) -> None:
    """One way, in this new process; prints the seconds of the sweep itself as JSON."""
    import scrl

    def timed(engine, on_progress=None) -> dict:
        began = time.perf_counter()
        told = []
        table = scrl.sweep(
            spec(first, count), folder, engine, workers=WORKERS,
            on_progress=lambda p: (told.append(p), on_progress and on_progress(p)),
        )  # fmt: skip
        seconds = time.perf_counter() - began
        busy = sum(row.seconds for row in table.rows)
        return {"seconds": seconds, "busy": busy, "computed": told[-1].computed,
                "failed": told[-1].failed, "left": table.missing}  # fmt: skip

    if way in ("serial", "processes"):
        print(json.dumps(timed(way)))
        return
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=":0") as cluster:
        killed = []

        def kill(progress) -> None:
            if progress.computed == count // 4 and not killed:
                with Client(cluster.scheduler_address) as client:
                    killed.extend(client.run(os.getpid).values())
                os.kill(killed[0], 9)

        found = timed(cluster.scheduler_address, kill if way == "killed" else None)
        print(json.dumps(found | {"killed": len(killed) > 0}))


def started(way: str, folder: Path, first: int, count: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, __file__, "--child", way, str(folder), str(first), str(count)],
        stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def measured(way: str, folder: Path, count: int) -> dict:
    """Seconds, processor seconds and what the children told."""
    half = count // 2
    parts = [("serial", 0, half), ("serial", half, count - half)]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    asked = parts if way == "halves" else [(way, 0, count)]
    # A folder is filled by one call at a time, so each half has its own.
    running = [started(name, folder / str(first), first, n) for name, first, n in asked]
    told = [json.loads(one.communicate()[0].splitlines()[-1]) for one in running]
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    busy = sum(t["busy"] for t in told)
    sweep = max(t["seconds"] for t in told)
    return {"seconds": seconds, "sweep": sweep, "work": work, "occupied": busy / sweep / WORKERS,
            "told": told}  # fmt: skip


def contents(folder: Path) -> dict[str, str]:
    """The results below a folder without times, by address."""
    found = {}
    for path in folder.glob("*/results/*"):
        record = json.loads(path.read_text())
        result = {k: v for k, v in record["result"].items() if k != "seconds"}
        found[path.stem] = json.dumps([record["task"], record["orders"], result])
    return found


def measure(count: int, rounds: int) -> dict:
    import jax

    from benchmarks.pipeline import processor

    with tempfile.TemporaryDirectory() as base:
        measured("halves", Path(base, "warm"), 4)  # compiles
        found: dict[str, list[dict]] = {way: [] for way in WAYS}
        for turn in range(rounds):
            for way in WAYS[turn % 3 :] + WAYS[: turn % 3]:
                found[way].append(measured(way, Path(base, f"{way}{turn}"), count))
                print(way, {k: v for k, v in found[way][-1].items() if k != "told"}, flush=True)
        few = max(8, count // 5)
        again = measured("cluster", Path(base, "cluster0"), count)
        killed = measured("killed", Path(base, "killed"), few)
        expected = contents(Path(base, "halves0"))
        same = all(contents(Path(base, f"{way}0")) == expected for way in WAYS)
        kept = contents(Path(base, "killed"))
        best = {way: {k: min(r[k] for r in rows) for k in ("seconds", "sweep", "work")}
                | {"occupied": max(r["occupied"] for r in rows)}
                for way, rows in found.items()}  # fmt: skip
        return {
            "date": date.today().isoformat(),
            "hardware": f"{os.cpu_count()} cores, {processor()}",
            "load": round(os.getloadavg()[1], 1),
            "jax": jax.__version__,
            "runs": count,
            "rounds": rounds,
            "ways": {way: {k: round(v, 2) for k, v in row.items()} for way, row in best.items()},
            "efficiency": {way: round(best["halves"]["seconds"] / best[way]["seconds"], 3)
                           for way in WAYS[1:]},
            "efficiency of the sweep alone": {
                way: round(best["halves"]["sweep"] / best[way]["sweep"], 3) for way in WAYS[1:]},
            "efficiency in work": {way: round(best["halves"]["work"] / best[way]["work"], 3)
                                   for way in WAYS[1:]},
            "same results": same,
            "second call": {"computed": again["told"][0]["computed"],
                            "seconds": round(again["told"][0]["seconds"], 2)},
            "killed worker": {
                "runs": few, "left": killed["told"][0]["left"],
                "failed": killed["told"][0]["failed"], "killed": killed["told"][0]["killed"],
                "same results": all(expected[id] == own for id, own in kept.items()),
            },
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", action="store_true", help="print the records")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        way, folder, first, count = chosen.child
        child(way, Path(folder), int(first), int(count))
        return
    records = json.loads(RECORDS.read_text()) if RECORDS.exists() else []
    if not chosen.show:
        records.append(measure(chosen.runs, chosen.rounds))
        RECORDS.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(records[-1:], indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
