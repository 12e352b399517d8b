"""The training job of the app in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scrl.results import RunContent
from scrl.runs.progress import Listener
from scrl.runs.serialization import pack, pack_source, unpack, unpack_source
from scrl.runs.training_job import train
from scrl.runs.worker_process import WorkerProcesses
from scrl.scenarios.scenario import Scenario
from scrl.types import Ratings


def train_in_process(
    processes: WorkerProcesses,
    source: Scenario | Ratings,
    rules: Sequence[str],
    seed: int,
    on_progress: Listener = None,
    seeds: int = 1,
) -> RunContent:
    """As ``train``, in one of the processes.

    Raises:
        InputError: of the run, or where its process ends.
        Cancelled: by ``on_progress``.
    """
    content, fitted = processes.call(
        _train_packed, pack_source(source), tuple(rules), seed, seeds, on_progress=on_progress
    )
    content["learnt"] = unpack(fitted, source) if fitted else None
    return content


def _train_packed(
    packed: bytes, rules: tuple[str, ...], seed: int, seeds: int, on_progress: Listener = None
) -> tuple[dict[str, Any], bytes]:
    """The content of a run without the fitted run, and that as bytes; empty where there is none."""
    content: dict[str, Any] = {**train(unpack_source(packed), rules, seed, on_progress, seeds)}
    fitted = content.pop("learnt")
    return content, pack(fitted, with_source=False) if fitted is not None else b""
