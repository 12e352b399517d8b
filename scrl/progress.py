"""The clock of a run: seconds by phase, and progress reports with live curves and a live map."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from scrl.diagnostics import principal_plane
from scrl.raters import Individual
from scrl.runtime import compile_seconds
from scrl.types import Progress, Ratings

#: Approximate share of a run's time that each phase takes, for the progress bar.
PHASE_SHARES = {"individual": 0.7, "density": 0.08, "voters": 0.07, "social": 0.15}
#: Shares of the phase ``individual`` at which imputation and the second training end. Both exceed
#: 1, so they overlap the next phase, which is short.
_IMPUTED, _REFITTED = 1.05, 1.1
#: Limit of the raters on a live map.
MAX_MAP_RATERS = 400
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
        self._live: dict[str, Any] = {}

    def report(self, phase: str, fraction: float, message: str, **live: Any) -> None:
        """Report progress. ``live`` fields of ``Progress`` are kept for the following reports."""
        if self._on_progress is not None:
            self._live |= live
            self._on_progress(Progress(phase, fraction, message, **self._live))

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

    def imputation_reporter(self) -> Callable[[float], None]:
        """A function that reports the share of the imputation trainings done."""
        return lambda done: self.report(
            "individual",
            PHASE_SHARES["individual"] * (1.0 + (_IMPUTED - 1.0) * done),
            "Learning what the silent would have said",
        )

    def training_reporter(
        self, ratings: Ratings, refit: bool = False
    ) -> Callable[[Individual, dict[str, np.ndarray], float], None] | None:
        """A function that reports the individual model's training, with curves and a map of raters.

        Args:
            ratings: the raters, with absent completions resolved.
            refit: whether it is the second training of a run.
        """
        if self._on_progress is None:
            return None
        step = max(1, len(ratings.raters) // MAX_MAP_RATERS)
        sample = ratings.select(ratings.ballot_rater % step == 0)

        def report(model: Individual, curves: dict[str, np.ndarray], done: float) -> None:
            raters, posterior = model.embed(sample)
            plane, _ = principal_plane(posterior.mean)
            types = None if ratings.rater_type is None else ratings.rater_type[raters]
            share = _IMPUTED + (_REFITTED - _IMPUTED) * done if refit else done
            self.report(
                "individual",
                PHASE_SHARES["individual"] * share,
                f"Learning individual raters, step {curves['step'][-1]:.0f}",
                curves={name: (curves["step"], y) for name, y in curves.items() if name != "step"},
                embedding=plane,
                embedding_type=types,
            )

        return report

    def seconds(self) -> dict[str, float]:
        """Seconds by phase, and of compilation and the whole run."""
        return {
            **{name: self._seconds.get(name, 0.0) for name in _REPORTED},
            "compile": compile_seconds() - self._compiled_before,
            "total": time.perf_counter() - self._start,
        }
