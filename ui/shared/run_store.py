"""Training runs: queued, stored in the archive, found again, deleted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from scrl.runs import INTERNAL_ERROR, Archive, Job, JobQueue, RunRecord, default_path, new_id
from scrl.types import Cancelled, InputError
from ui.shared import viewer


@st.cache_resource(show_spinner=False)
def job_queue() -> JobQueue:
    return JobQueue(workers=2, max_finished=32)


@st.cache_resource(show_spinner=False)
def archive() -> Archive:
    return Archive(default_path())


# -- runs -----------------------------------------------------------------------------------------


def start_training(
    source, rules: Sequence[str], seed: int, spec: str, yaml: str, origin: str = "", seeds: int = 1
) -> str:
    """Queue a run, note it in the file of kept runs, and return its id.

    Args:
        spec: a short hash of everything the run depends on; ``spec_of`` gives it back.
        yaml: the scenario as a file, empty for ratings; kept beside the result.
        seeds: how many runs, from ``seed`` on; the first is kept whole.
        origin: the id of the ratings file, else that of the lab.

    Raises:
        InputError: where too many runs wait.
    """
    from scrl.runs import pack_source

    name = f"{source.name}, {source.raters:,} raters" if source.is_scenario else source.name
    which = f"seed {seed}" if seeds == 1 else f"seeds {seed}–{seed + seeds - 1}"
    label, owner, id = f"{name}, {which}", viewer.token(), new_id()
    origin = "" if source.is_scenario else origin or st.session_state.get("scenario", "")
    unkept = archive().notice if not archive().is_open else ""
    try:
        archive().begin(
            id, owner=owner, name=label, spec=spec, scenario=source.name, seed=seed, rules=rules,
            source=pack_source(source), origin=origin, seeds=seeds,
        )  # fmt: skip
    except InputError as error:
        unkept = str(error)
    work = partial(_train_and_store, archive(), id, unkept, source, tuple(rules), seed, seeds, yaml)
    try:
        queued = job_queue().submit(work, key=f"{owner}:{spec}", label=label, id=id)
    except InputError:
        delete_stored(id, owner)
        raise
    if queued != id:  # a double click
        delete_stored(id, owner)
    return queued


def _train_and_store(kept: Archive, id: str, unkept: str, source, rules, seed, seeds, yaml,
          on_progress) -> dict:  # fmt: skip
    from scrl.runs import train

    try:
        content = {**train(source, rules, seed, on_progress, seeds), "yaml": yaml}
        _precompute(id, content.get("learnt"))
    except Cancelled:
        with suppress(InputError):
            kept.delete(id, _owner_of(kept, id))
        raise
    except Exception as error:
        with suppress(InputError):
            kept.fail(id, str(error) if isinstance(error, InputError) else INTERNAL_ERROR)
        raise
    if not unkept:
        unkept = _store_result(kept, id, content)
    return {**content, "unkept": unkept} if unkept else content


def _precompute(id: str, learnt) -> None:
    """What the page on the latent space will ask first."""
    if learnt is not None:
        from ui.shared import precompute

        precompute.start(id, learnt, precompute.INITIAL_QUESTIONS)


def _owner_of(kept: Archive, id: str) -> str:
    found = kept.get(id)
    return found.owner if found else ""


def _store_result(kept: Archive, id: str, content: dict) -> str:
    """Complete the run in the file; a sentence where that fails, else ""."""
    from scrl.runs import pack

    learnt = content.get("learnt")
    try:
        packed = pack(learnt, with_source=False) if learnt is not None else None
        plain = {k: v for k, v in content.items() if k not in ("learnt", "unkept")}
        kept.finish(id, plain, packed)
    except InputError as error:
        with suppress(InputError):
            kept.fail(id, str(error))
        return str(error)
    return ""


class StoredContent(dict):
    """A kept run's content, as of one that has just finished; ``"learnt"`` is read when asked."""

    def __init__(self, kept: Archive, id: str, content: dict):
        super().__init__(content)
        self._kept, self._id, self._once = kept, id, threading.Lock()

    def __missing__(self, key: str):
        if key != "learnt":
            raise KeyError(key)
        with self._once:
            if "learnt" not in self:
                self["learnt"] = self._learnt()
        return dict.get(self, "learnt")

    def get(self, key: str, default=None):
        return self[key] if key == "learnt" or key in self else default

    def _learnt(self):
        from scrl.runs import unpack, unpack_source

        packed, source = self._kept.fitted(self._id), self._kept.source(self._id)
        return unpack(packed, unpack_source(source)) if packed and source else None


@st.cache_resource(show_spinner=False, max_entries=16)
def _stored_content(id: str, _archive: Archive) -> StoredContent | None:
    content = _archive.content(id)
    return None if content is None else StoredContent(_archive, id, content)


def find(id: str) -> Job | None:
    """A run by its id, in memory or kept; None where there is none that runs or is done."""
    job = job_queue().get(id)
    if job is not None:
        return job
    try:
        kept = archive().get(id)
        content = _stored_content(id, archive()) if kept and kept.state == "done" else None
    except InputError:
        return None
    if content is None:
        return None
    return Job(id, f"{kept.owner}:{kept.spec}", kept.name, state="done", result=content)


def cancel(id: str) -> None:
    """Stop a run; what is cancelled is not kept."""
    job_queue().cancel(id)
    job = job_queue().get(id)
    if job is not None and job.state == "cancelled":
        delete_stored(id, job.key.partition(":")[0])


def delete_stored(id: str, owner: str) -> bool:
    """Delete a kept run of this owner, for good."""
    try:
        done = archive().delete(id, owner)
    except InputError:
        return False
    _stored_content.clear()
    return done


def delete(id: str, owner: str) -> bool:
    """Forget a run of this owner, in memory and in the file."""
    done = delete_stored(id, owner)
    if done:
        job_queue().forget(id)
    return done


def source_of(kept: RunRecord):
    """The scenario or the ratings of a kept run.

    Raises:
        InputError: where it cannot be read.
    """
    from scrl.runs import unpack_source

    packed = archive().source(kept.id)
    if packed is None:
        raise InputError("This run is no longer kept.")
    return unpack_source(packed)


def run_again(kept: RunRecord) -> str:
    """Queue a run that was left unfinished once more, in its old place; returns its id. One that is
    done but for which there was no room is kept now, if there is.

    Raises:
        InputError: where too many runs wait, its source cannot be read, or there is still no room.
    """

    job = job_queue().get(kept.id)
    if job is not None and job.state == "done":
        if unkept := _store_result(archive(), kept.id, job.result):
            raise InputError(unkept)
        job.result.pop("unkept", None)
        return kept.id
    source = source_of(kept)
    id = start_training(
        source, kept.rules, kept.seed, kept.spec, source.to_yaml(), kept.origin, kept.seeds
    )
    if id != kept.id and archive().get(id) is not None:  # else the old note is all there is of it
        delete_stored(kept.id, kept.owner)
    return id


def spec_hash_of(job) -> str:
    return job.key.rpartition(":")[2]
