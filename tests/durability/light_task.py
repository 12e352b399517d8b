"""A task of a sweep for new processes, which import this and nothing heavy."""

import time

#: Seconds that a task takes.
TASK_SECONDS = 0.02


def compute(task):
    """What a run of a sweep gives, in no time."""
    time.sleep(TASK_SECONDS)
    return {"measures": {"seed": float(task.seed)}, "orders": {},
            "result": {"filling": [task.seed] * 2_000}, "evaluation": None}  # fmt: skip
