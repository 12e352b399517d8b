"""Work that a process of its own does for test_worker_process.py."""

import time

from scrl.runs.progress import Listener
from scrl.types import Progress


def report_and_wait(on_progress: Listener) -> None:
    """Report once, and then do not end; nothing is written from which it could learn of its end."""
    assert on_progress is not None
    on_progress(Progress("individual", 0.25, "a step"))
    while True:
        time.sleep(0.01)
