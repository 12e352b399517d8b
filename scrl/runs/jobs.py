"""Background jobs: a fair queue with progress and cancellation, which outlives a page reload.

A job is any function of ``on_progress``; the queue knows neither pages nor models.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scrl.types import Cancelled, InputError, Progress

log = logging.getLogger(__name__)

#: The message for an unexpected exception; its traceback goes to the log.
INTERNAL_ERROR = "The run stopped because of a fault in the software; its log says more."
ACTIVE = ("queued", "running")


def new_id() -> str:
    """An unguessable id."""
    return secrets.token_urlsafe(16)


def _owner(key: str) -> str:
    return key.partition(":")[0]


@dataclass(frozen=True)
class Job:
    """A snapshot of a job.

    Attributes:
        id: unguessable; key: jobs of one key are one job until it fails; label: for display.
        state: ``"queued" | "running" | "done" | "failed" | "cancelled"``.
        progress: the latest report, None before the first.
        position: of a queued job, the number of jobs that start before it.
        created, started, ended: seconds of a monotonic clock; the last two None until they happen.
        first_progress: time and fraction of the first report with a fraction above 0.
        cancelling: whether a running job has been asked to stop.
        result: the return value of the job's function. error: the message of a failed job.
    """

    id: str
    key: str
    label: str
    state: str = "queued"
    progress: Progress | None = None
    position: int = 0
    created: float = field(default_factory=time.monotonic)
    started: float | None = None
    ended: float | None = None
    first_progress: tuple[float, float] | None = None
    cancelling: bool = False
    result: Any = None
    error: str = ""

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def elapsed(self) -> float:
        """Seconds since the job started, up to its end."""
        if self.started is None:
            return 0.0
        return (time.monotonic() if self.ended is None else self.ended) - self.started

    @property
    def fraction(self) -> float:
        """The fraction done, 0 to 1."""
        if self.state == "done":
            return 1.0
        return 0.0 if self.progress is None else min(max(self.progress.fraction, 0.0), 1.0)

    @property
    def seconds_left(self) -> float | None:
        """Seconds left at the pace since the first progress (compilation comes before it); None
        while too little is done to estimate it."""
        if self.state != "running" or self.first_progress is None:
            return None
        began, before = self.first_progress
        gained = self.fraction - before
        return (time.monotonic() - began) * (1 - self.fraction) / gained if gained > 0.02 else None


class JobQueue:
    """A queue served by a few threads: round robin between owners, first in first out within one,
    so that an owner of ten jobs does not hold up another.

    Args:
        workers: jobs that run at the same time.
        max_finished: finished jobs that are remembered; the ids of older ones give None.
        max_waiting: jobs that may wait; a further one is refused.
        max_waiting_per_owner: likewise of one owner.
        show: is called with the active jobs every ``show_seconds`` while there are some, and once
            when there are none any more; it returns the ids of jobs to cancel.
    """

    def __init__(
        self,
        workers: int = 2,
        max_finished: int = 32,
        max_waiting: int = 100,
        max_waiting_per_owner: int = 10,
        show: Callable[[Sequence[Job]], Iterable[str]] | None = None,
        show_seconds: float = 1.0,
    ) -> None:
        self._show, self._show_seconds, self._showing = show, show_seconds, False
        self._max_finished = max_finished
        self._max_waiting, self._max_waiting_per_owner = max_waiting, max_waiting_per_owner
        self._turn: OrderedDict[str, int] = OrderedDict()  # owner -> when it was last served
        self._served = 0
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._work: dict[str, Callable[[Callable[[Progress], None]], Any]] = {}
        self._queue: list[str] = []
        self._closed = False
        self._change = threading.Condition()
        for i in range(workers):
            threading.Thread(target=self._serve, name=f"scrl-job-{i}", daemon=True).start()

    def submit(self, fn: Callable[[Callable[[Progress], None]], Any], *, key: str, label: str,
               id: str = "") -> str:  # fmt: skip
        """Queue ``fn(on_progress) -> result`` and return its id.

        Where a job of the same key is queued, running or done, its id is returned and nothing is
        queued, so that a double click starts one run.

        Args:
            key: the owner, a colon, and what the job computes.
            id: an unguessable id to use; else one is made.

        Raises:
            InputError: where too many jobs wait.
        """
        with self._change:
            for job in self._jobs.values():
                if job.key == key and job.state in (*ACTIVE, "done") and not job.cancelling:
                    return job.id
            if len(self._queue) >= self._max_waiting:
                raise InputError(
                    f"{self._max_waiting} runs are waiting already; try again in a while."
                )
            own = sum(_owner(self._jobs[other].key) == _owner(key) for other in self._queue)
            if own >= self._max_waiting_per_owner:
                raise InputError(
                    f"{self._max_waiting_per_owner} of your runs are waiting already; let one "
                    "finish."
                )
            job = Job(id or new_id(), key, label)
            self._jobs[job.id] = job
            self._work[job.id] = fn
            self._queue.append(job.id)
            self._change.notify_all()
            if self._show is not None and not self._showing:
                self._showing = True
                threading.Thread(target=self._show_active, name="scrl-board", daemon=True).start()
            return job.id

    def _show_active(self) -> None:
        """Show the active jobs again and again, until there are none."""
        assert self._show is not None
        while True:
            with self._change:
                ids = [job.id for job in self._jobs.values() if job.active]
                self._showing = goes_on = bool(ids) and not self._closed
                active = [job for id in ids if (job := self.get(id)) is not None]
            for id in self._show(active if goes_on else ()):
                self.cancel(id)
            if not goes_on:
                return
            time.sleep(self._show_seconds)

    def get(self, id: str) -> Job | None:
        """A snapshot of a job; None for an id that is unknown or forgotten."""
        with self._change:
            job = self._jobs.get(id)
            if job is not None and job.state == "queued":
                job = replace(job, position=self._order().index(id))
            return job

    def done(self, prefix: str) -> list[Job]:
        """Jobs that succeeded and whose key begins with ``prefix``, the latest first."""
        with self._change:
            jobs = list(self._jobs.values())
        return [j for j in reversed(jobs) if j.state == "done" and j.key.startswith(prefix)]

    def cancel(self, id: str) -> None:
        """Remove a queued job; ask a running one to stop at its next report."""
        with self._change:
            job = self._jobs.get(id)
            if job is None:
                return
            if job.state == "queued":
                self._queue.remove(id)
                self._finish(id, state="cancelled")
            elif job.state == "running":
                self._jobs[id] = replace(job, cancelling=True)

    def forget(self, id: str) -> None:
        """Cancel a job, and forget it once it has ended."""
        self.cancel(id)
        with self._change:
            if id in self._jobs and not self._jobs[id].active:
                del self._jobs[id]

    def wait(self, id: str, timeout: float | None = None) -> Job | None:
        """A snapshot once the job has ended, or after ``timeout`` seconds."""
        with self._change:
            self._change.wait_for(
                lambda: id not in self._jobs or not self._jobs[id].active, timeout
            )
        return self.get(id)

    def close(self) -> None:
        """Cancel every job and end the threads."""
        with self._change:
            self._closed = True
            active = [job.id for job in self._jobs.values() if job.active]
            self._change.notify_all()
        for id in active:
            self.cancel(id)

    def _order(self) -> list[str]:
        """Ids of the waiting jobs in the order in which they start if no other is queued."""
        turn, served, left, order = dict(self._turn), self._served, list(self._queue), []
        while left:
            id = min(left, key=lambda id: turn.get(_owner(self._jobs[id].key), 0))
            left.remove(id)
            order.append(id)
            served += 1
            turn[_owner(self._jobs[id].key)] = served
        return order

    def _count_turn(self, owner: str) -> None:
        self._served += 1
        self._turn[owner] = self._served
        self._turn.move_to_end(owner)
        while len(self._turn) > 1000:
            self._turn.popitem(last=False)

    def _serve(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._queue or self._closed)
                if self._closed:
                    return
                id = self._order()[0]
                self._queue.remove(id)
                self._count_turn(_owner(self._jobs[id].key))
                fn = self._work[id]
                self._jobs[id] = replace(self._jobs[id], state="running", started=time.monotonic())
            outcome = self._run(id, fn)
            with self._change:
                self._finish(id, **outcome)
            del fn, outcome  # an idle thread must not keep the last result in memory

    def _run(self, id: str, fn: Callable[[Callable[[Progress], None]], Any]) -> dict[str, Any]:
        def on_progress(progress: Progress) -> None:
            with self._change:
                job = self._jobs[id]
                if job.cancelling:
                    raise Cancelled
                first = job.first_progress
                if first is None and progress.fraction > 0:
                    first = (time.monotonic(), progress.fraction)
                self._jobs[id] = replace(job, progress=progress, first_progress=first)

        try:
            return {"state": "done", "result": fn(on_progress)}
        except Cancelled:
            return {"state": "cancelled"}
        except InputError as error:
            return {"state": "failed", "error": str(error)}
        except MemoryError:
            log.exception("job ran out of memory")
            return {"state": "failed", "error": "The run needs more memory than there is; "
                    "ask for fewer raters."}  # fmt: skip
        except Exception:
            log.exception("job failed")
            return {"state": "failed", "error": INTERNAL_ERROR}

    def _finish(self, id: str, **outcome: Any) -> None:
        self._work.pop(id, None)
        self._jobs[id] = replace(self._jobs[id], ended=time.monotonic(), **outcome)
        self._jobs.move_to_end(id)
        ended = [job.id for job in self._jobs.values() if not job.active]
        for old in ended[: max(0, len(ended) - self._max_finished)]:
            del self._jobs[old]
        self._change.notify_all()
