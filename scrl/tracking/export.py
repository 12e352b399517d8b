"""Runs and sweeps, written to MLflow or to folders of Weights & Biases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from scrl.tracking.records import TrackedGroup, TrackedRun
from scrl.tracking.sources import tracked

if TYPE_CHECKING:
    from scrl.pipeline import Experiment

#: Of the experiment in MLflow and of the project in Weights & Biases.
NAME = "scrl"


@dataclass(frozen=True)
class Exported:
    """What an export did.

    Attributes:
        added: runs that were written.
        replaced: runs of earlier exports whose content had changed, or that were not whole.
        kept: runs that were there already.
        address: where the runs lie.
    """

    added: int
    replaced: int
    kept: int
    address: str


class Tracker(Protocol):
    """Where runs are written."""

    address: str

    def put(self, run: TrackedRun, parent: TrackedRun | None, role: str) -> str:
        """Write a run unless it is there; ``"added"``, ``"replaced"`` or ``"kept"``.

        Args:
            parent: of a task, the sweep, which was written before.
            role: ``"run"``, ``"sweep"`` or ``"task"``.
        """


def to_mlflow(
    what: Experiment | Mapping[str, Any] | str | Path,
    uri: str | Path,
    *,
    experiment: str = NAME,
    run: str | None = None,
    on_done: Callable[[int], None] | None = None,
) -> Exported:
    """Write runs to MLflow. A second export of the same runs adds nothing.

    Settings become params, measures and curves metrics, and tables, figures and the result files
    artifacts. A sweep is a run with one nested run a task.

    Args:
        what: as ``tracked`` takes it.
        uri: a folder on this machine (its runs are in ``mlflow.db``, a SQLite file, their files in
            ``artifacts``), ``sqlite:///FILE``, or the ``http(s)`` address of a server. Only such
            an address lets anything leave the machine.
        experiment: its name in MLflow.
        run: of the file of stored runs, the id of the one run.
        on_done: receives the number of runs written or found so far.

    Raises:
        InputError: for anything that cannot be tracked or written, and without MLflow.
    """
    from scrl.tracking.mlflow_store import MlflowTracker

    return _export(tracked(what, run), lambda: MlflowTracker(uri, experiment), on_done)


def to_wandb(
    what: Experiment | Mapping[str, Any] | str | Path,
    folder: str | Path,
    *,
    project: str = NAME,
    run: str | None = None,
    on_done: Callable[[int], None] | None = None,
) -> Exported:
    """Write runs as offline folders of Weights & Biases, which ``wandb sync`` can upload later.

    Nothing leaves the machine. A second export of the same runs adds nothing. A sweep is a group:
    a run of type ``sweep`` and one of type ``task`` for each task.

    Args:
        what, run, on_done: as for ``to_mlflow``.
        folder: the folders lie in its folder ``wandb``.
        project: the project to which they will belong.

    Raises:
        InputError: for anything that cannot be tracked or written, and without ``wandb``.
    """
    from scrl.tracking.wandb_folder import WandbTracker

    return _export(tracked(what, run), lambda: WandbTracker(folder, project), on_done)


def _export(
    runs: Any, opened: Callable[[], Tracker], on_done: Callable[[int], None] | None
) -> Exported:
    counts = {"added": 0, "replaced": 0, "kept": 0}

    def put(run: TrackedRun, parent: TrackedRun | None, role: str) -> None:
        counts[tracker.put(run, parent, role)] += 1
        if on_done is not None:
            on_done(sum(counts.values()))

    first = next(runs)  # what cannot be read is refused before a store is made
    tracker = opened()
    for one in (first, *runs):
        if isinstance(one, TrackedGroup):
            put(one.parent, None, "sweep")
            for task in one.tasks:
                put(task, one.parent, "task")
        else:
            put(one, None, "run")
    return Exported(**counts, address=tracker.address)
