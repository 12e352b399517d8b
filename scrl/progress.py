"""The clock of a run: seconds by phase, and progress reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scrl.runtime import compile_seconds
from scrl.types import Progress

#: Approximate share of a run's time that each phase takes, for the progress bar.
PHASE_SHARES = {"individual": 0.7, "density": 0.08, "voters": 0.07, "social": 0.15}
#: Phases in the result file.
_REPORTED = ("individual", "density", "voters", "social", "vanilla")

OnProgress = Callable[[Progress], None]


class RunClock:
    """Measures the phases of a run and reports their progress.

    Args:
        on_progress: called with each report; an exception it raises ends the run.
    """

    def __init__(self, on_progress: OnProgress | None = None) -> None:
        self._on_progress = on_progress
        self._start = time.perf_counter()
        self._compiled_before = compile_seconds()
        self._seconds: dict[str, float] = {}

    def report(self, phase: str, fraction: float, message: str) -> None:
        """Report progress."""
        if self._on_progress is not None:
            self._on_progress(Progress(phase, fraction, message))

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time spent in the context to a phase."""
        start = time.perf_counter()
        yield
        self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - start

    def reporter(self, phase: str, message: str) -> Callable[[float], None]:
        """A function that reports the share of a phase done."""
        names = list(PHASE_SHARES)
        before = sum(PHASE_SHARES[name] for name in names[: names.index(phase)])
        return lambda done: self.report(phase, before + PHASE_SHARES[phase] * done, message)

    def stage_reporter(self) -> Callable[[float, str], None]:
        """A function that reports the share of step 1 done, and what is done next."""
        return lambda done, message: self.report(
            "individual", PHASE_SHARES["individual"] * done, message
        )

    def seconds(self) -> dict[str, float]:
        """Seconds by phase, and of compilation and the whole run."""
        return {
            **{name: self._seconds.get(name, 0.0) for name in _REPORTED},
            "compile": compile_seconds() - self._compiled_before,
            "total": time.perf_counter() - self._start,
        }
