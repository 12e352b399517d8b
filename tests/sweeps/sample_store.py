"""A small sweep as it lies on the disk: eight tasks, of which one failed and two are missing."""

from __future__ import annotations

import hashlib
from itertools import product
from pathlib import Path

from scrl.sweeps import SweepStore
from scrl.sweeps.store import ListedTask

AXES = {"scenario": ["pets"], "scenario.noise": [0.0, 1.0], "rules": [["borda"], ["plurality"]]}
SEEDS = (0, 1)


def write_sample(folder: Path) -> list[ListedTask]:
    """Write it and return its tasks."""
    store, tasks = SweepStore(folder), []
    for noise, rules, seed in product(AXES["scenario.noise"], AXES["rules"], SEEDS):
        id = hashlib.sha256(f"{noise} {rules} {seed}".encode()).hexdigest()
        tasks.append(ListedTask(id, "pets", {"scenario.noise": noise, "rules": rules}, seed))
    spec = {"name": "sample", "scenarios": ["pets"], "seeds": list(SEEDS)}
    store.begin("sample", spec, AXES, tasks, {"scrl": "0.12.0"})
    for number, task in enumerate(tasks[:6]):
        failed = number == 3
        store.write(task.id, {
            "task": {"scenario": task.scenario, "settings": task.settings, "seed": task.seed},
            "state": "failed" if failed else "done",
            "error": "The rule is unknown; give another." if failed else "",
            "details": "Traceback" if failed else "",
            "measures": {} if failed else {"agreement/borda/social/tau": 1 - number / 10},
            "orders": {} if failed else {"walk/borda/social": "Cat > Dog"},
            "seconds": 0.5, "result": None if failed else {"seed": task.seed}, "evaluation": None,
        })  # fmt: skip
    return tasks
