"""Training runs of all viewers: the queue, the archive, and how a run enters both."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from scrl.runs import (
    INTERNAL_ERROR,
    Archive,
    Job,
    JobBoard,
    JobQueue,
    RunRecord,
    default_path,
    new_id,
)
from scrl.types import Cancelled, InputError, Progress, Ratings
from ui.shared import viewer, worker_processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrl.raters import FittedRun
    from scrl.results import RunContent
    from scrl.scenarios import Scenario


@st.cache_resource(show_spinner=False)
def job_queue() -> JobQueue:
    """The background jobs of this process."""
    return JobQueue(workers=2, max_finished=32, show=job_board().show)


@st.cache_resource(show_spinner=False)
def job_board() -> JobBoard:
    """The active jobs of all processes that share the file of runs."""
    path = default_path()
    return JobBoard(path.with_name(f"{path.stem}-jobs{path.suffix}"))


@st.cache_resource(show_spinner=False)
def archive() -> Archive:
    """The archive of runs that outlives the server."""
    return Archive(default_path())


def start_training(
    source: Scenario | Ratings,
    rules: Sequence[str],
    seed: int,
    spec: str,
    yaml: str,
    origin: str = "",
    seeds: int = 1,
) -> str:
    """Queue a training run, enter it in the archive, and return its id.

    Args:
        spec: a short hash of everything the run depends on; see ``spec_hash_of``.
        yaml: the scenario as a file, empty for ratings; stored with the result.
        seeds: number of seeds from ``seed`` on; fitted models are stored for the first.
        origin: the id of the ratings file, by default the one chosen in the lab.

    Raises:
        InputError: too many runs wait.
    """
    from scrl.runs import pack_source

    name = f"{source.name}, {source.raters:,} raters" if source.is_scenario else source.name
    which = f"seed {seed}" if seeds == 1 else f"seeds {seed}–{seed + seeds - 1}"
    label, owner, id = f"{name}, {which}", viewer.token(), new_id()
    origin = "" if source.is_scenario else origin or st.session_state.get("scenario", "")
    not_stored = archive().notice if not archive().is_open else ""
    try:
        archive().begin(
            id, owner=owner, name=label, spec=spec, scenario=source.name, seed=seed, rules=rules,
            source=pack_source(source), origin=origin, seeds=seeds,
        )  # fmt: skip
    except InputError as error:
        not_stored = str(error)
    work = partial(
        _train_and_store, archive(), id, not_stored, source, tuple(rules), seed, seeds, yaml
    )
    try:
        queued = job_queue().submit(work, key=f"{owner}:{spec}", label=label, id=id)
    except InputError:
        delete_stored(id, owner)
        raise
    if queued != id:  # a double click
        delete_stored(id, owner)
    return queued


def _train_and_store(
    archive: Archive,
    id: str,
    not_stored: str,
    source: Scenario | Ratings,
    rules: tuple[str, ...],
    seed: int,
    seeds: int,
    yaml: str,
    on_progress: Callable[[Progress], None],
) -> dict[str, Any]:
    """Train, start the first questions of the latent space, and store the result.

    Args:
        not_stored: why the run is not in the archive; "" where it is.
    """
    try:
        content = {**trainer()(source, rules, seed, on_progress, seeds), "yaml": yaml}
        _precompute(id, content.get("learnt"))
    except Cancelled:
        with suppress(InputError):
            record = archive.get(id)
            archive.delete(id, record.owner if record else "")
        raise
    except Exception as error:
        with suppress(InputError):
            archive.fail(id, str(error) if isinstance(error, InputError) else INTERNAL_ERROR)
        raise
    if not not_stored:
        not_stored = _store_result(archive, id, content)
    return {**content, "unkept": not_stored} if not_stored else content


def _precompute(id: str, fitted: FittedRun | None) -> None:
    """Start the questions that the page on the latent space asks first."""
    if fitted is not None:
        from ui.shared import precompute

        precompute.start(id, fitted, precompute.INITIAL_QUESTIONS)


def _store_result(archive: Archive, id: str, content: dict[str, Any]) -> str:
    """Store the result of a run in the archive; the reason where that fails, else ""."""
    from scrl.runs import pack

    fitted = content.get("learnt")
    try:
        packed = pack(fitted, with_source=False) if fitted is not None else None
        plain = {k: v for k, v in content.items() if k not in ("learnt", "unkept")}
        archive.finish(id, plain, packed)
    except InputError as error:
        with suppress(InputError):
            archive.fail(id, str(error))
        return str(error)
    return ""


class StoredContent(dict):
    """The content of a stored run, with the keys of a run just finished.

    ``"learnt"``, the fitted models, is read from the archive when first used.
    """

    def __init__(self, archive: Archive, id: str, content: dict[str, Any]) -> None:
        super().__init__(content)
        self._archive, self._id, self._lock = archive, id, threading.Lock()

    def __missing__(self, key: str) -> Any:
        if key != "learnt":
            raise KeyError(key)
        with self._lock:
            if "learnt" not in self:
                self["learnt"] = self._read_fitted()
        return dict.get(self, "learnt")

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key == "learnt" or key in self else default

    def _read_fitted(self) -> FittedRun | None:
        from scrl.runs import unpack, unpack_source

        packed, source = self._archive.fitted(self._id), self._archive.source(self._id)
        return unpack(packed, unpack_source(source)) if packed and source else None


@st.cache_resource(show_spinner=False, max_entries=16)
def stored_content(id: str, _archive: Archive) -> StoredContent | None:
    """The content of a run of the archive, cached for all viewers; None where it has none."""
    content = _archive.content(id)
    return None if content is None else StoredContent(_archive, id, content)


def runs_of(owner: str) -> list[RunRecord]:
    """The stored runs of one owner, the latest first, read again only where one has changed.

    Raises:
        InputError: the archive cannot be read.
    """
    version = archive().version()
    if version is None:
        return archive().runs_of(owner)
    return list(_runs_of(owner, version, archive()))


@st.cache_data(show_spinner=False, max_entries=200)
def _runs_of(owner: str, version: tuple, _archive: Archive) -> tuple[RunRecord, ...]:
    return tuple(_archive.runs_of(owner))


def trainer() -> Callable[..., RunContent]:
    """The function that trains, in a process of its own where that is possible."""
    from scrl.runs import train, train_in_process

    processes = worker_processes.for_training()
    return partial(train_in_process, processes) if processes is not None else train


def find_job(id: str) -> Job | None:
    """A job of this process, or one that waits or runs in another; None where there is neither."""
    return job_queue().get(id) or job_board().find(id)


def find(id: str) -> Job | None:
    """A run in memory, a finished run of the archive, or one that another process trains; None
    where there is none of these."""
    job = job_queue().get(id)
    if job is not None:
        return job
    try:
        record = archive().get(id)
        content = stored_content(id, archive()) if record and record.state == "done" else None
    except InputError:
        return None
    if content is None:
        return job_board().find(id)
    return Job(id, f"{record.owner}:{record.spec}", record.name, state="done", result=content)


def is_own(job: Job) -> bool:
    """Whether this viewer started the job; only they may cancel it."""
    return job.key.partition(":")[0] == viewer.token()


def cancel(id: str) -> bool:
    """Cancel a run of this viewer and delete it from the archive; whether it is theirs."""
    job = find_job(id)
    if job is None or not is_own(job):
        return False
    job_queue().cancel(id)
    if job_queue().get(id) is None:
        job_board().ask_to_cancel(id)
    job = job_queue().get(id)
    if job is not None and job.state == "cancelled":
        delete_stored(id, job.key.partition(":")[0])
    return True


def delete_stored(id: str, owner: str) -> bool:
    """Delete a run of this owner from the archive; whether that succeeded."""
    try:
        deleted = archive().delete(id, owner)
    except InputError:
        return False
    stored_content.clear()
    return deleted


def delete(id: str, owner: str) -> bool:
    """Delete a run of this owner from the archive and from memory; whether that succeeded."""
    deleted = delete_stored(id, owner)
    if deleted:
        if job_queue().get(id) is None and job_board().find(id) is not None:
            job_board().ask_to_cancel(id)
        job_queue().forget(id)
    return deleted


def source_of(record: RunRecord) -> Scenario | Ratings:
    """The scenario or the ratings of a stored run.

    Raises:
        InputError: it is gone or cannot be read.
    """
    from scrl.runs import unpack_source

    packed = archive().source(record.id)
    if packed is None:
        raise InputError("This run is no longer kept.")
    return unpack_source(packed)


def run_again(record: RunRecord) -> str:
    """Queue an unfinished run again, in place of its record, and return its id.

    A run that is done in memory but was not stored is stored instead.

    Raises:
        InputError: too many runs wait, the source cannot be read, or the archive has no room.
    """
    job = job_queue().get(record.id)
    if job is not None and job.state == "done":
        if reason := _store_result(archive(), record.id, job.result):
            raise InputError(reason)
        job.result.pop("unkept", None)
        return record.id
    source = source_of(record)
    id = start_training(
        source, record.rules, record.seed, record.spec, source.to_yaml(), record.origin,
        record.seeds,
    )  # fmt: skip
    if id != record.id and archive().get(id) is not None:  # else the old record is the only one
        delete_stored(record.id, record.owner)
    return id


def spec_hash_of(job: Job) -> str:
    """The hash of everything that a job's run depends on."""
    return job.key.rpartition(":")[2]
