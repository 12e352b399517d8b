"""What outlives a page reload: the queue of runs, uploaded files, and the file of kept runs.

Whose a run is: an unguessable token in a cookie of this site, so that a person's runs are listed
after a reload and after a restart, while a link that is passed on gives away one run and not all.
Streamlit reads cookies but cannot set them, so a line of script does. Where cookies are refused,
the token lasts as long as the tab, and links still find runs.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from scrl.runs import INTERNAL_ERROR, Archive, Job, JobQueue, RunRecord, default_path, new_id
from scrl.types import Cancelled, InputError

SCENARIO_SUFFIXES = ("yaml", "yml")
RATINGS_SUFFIXES = ("csv", "jsonl", "ndjson", "soc", "soi", "toc", "toi")


class Uploads:
    """The latest uploads of all viewers, by a hash of their content; the oldest go first.

    Args:
        lost: asked for ``(file name, source)`` of an id that is not here, or None.
    """

    def __init__(self, keep: int = 8, lost: Callable[[str], tuple | None] | None = None):
        self._keep, self._lost = keep, lost
        self._files: OrderedDict[str, tuple] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, data: bytes, filename: str) -> str:
        """Read a scenario or ratings file and return the id to ask for it by.

        Raises:
            InputError: its sentence says what is wrong where.
        """
        id = "file-" + hashlib.sha256(data).hexdigest()[:16]
        self.put(id, filename, self._parse(data, filename))
        return id

    def put(self, id: str, filename: str, source) -> None:
        with self._lock:
            self._files[id] = (filename, source)
            self._files.move_to_end(id)
            while len(self._files) > self._keep:
                self._files.popitem(last=False)

    @staticmethod
    def _parse(data: bytes, filename: str):
        if filename.lower().rpartition(".")[2] in SCENARIO_SUFFIXES:
            from scrl.scenarios import parse_scenario

            return parse_scenario(data, filename)
        from scrl.data import parse_ratings

        return parse_ratings(data, filename)

    def get(self, id: str) -> tuple | None:
        """``(file name, Scenario or Ratings)``, or None where it is no longer kept."""
        with self._lock:
            found = self._files.get(id)
        if found is None and self._lost is not None and (found := self._lost(id)):
            self.put(id, *found)
        return found


@st.cache_resource(show_spinner=False)
def jobs() -> JobQueue:
    return JobQueue(workers=2, max_finished=32)


@st.cache_resource(show_spinner=False)
def archive() -> Archive:
    return Archive(default_path())


@st.cache_resource(show_spinner=False)
def uploads() -> Uploads:
    return Uploads(lost=_uploaded_before)


def _uploaded_before(id: str) -> tuple | None:
    """A file of which a kept run remembers the content."""
    with suppress(InputError):
        if id.startswith("file-") and (found := archive().source_of_upload(id)):
            from scrl.runs import unpack_source

            return found[0], unpack_source(found[1])
    return None


# -- whose a run is -------------------------------------------------------------------------------

_COOKIE = "scrl_viewer"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")


def viewer() -> str:
    """The token of this viewer."""
    state = st.session_state
    if "viewer" not in state:
        state["viewer"] = _cookie() or secrets.token_urlsafe(24)
    return state["viewer"]


def _cookie() -> str:
    """The token that the browser keeps; "" for none, or one that is not ours."""
    found = st.context.cookies.get(_COOKIE)
    return found if isinstance(found, str) and _TOKEN.fullmatch(found) else ""


def remember_viewer() -> None:
    """Have the browser keep the token for a year, where it has none yet."""
    if _cookie():
        return
    st.html(
        f"<script>if (!document.cookie.includes('{_COOKIE}=')) document.cookie = "
        f"'{_COOKIE}={viewer()}; path=/; max-age=31536000; SameSite=Strict'</script>",
        unsafe_allow_javascript=True,
    )


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
    label, owner, id = f"{name}, {which}", viewer(), new_id()
    origin = "" if source.is_scenario else origin or st.session_state.get("scenario", "")
    unkept = archive().notice if not archive().is_open else ""
    try:
        archive().begin(
            id, owner=owner, name=label, spec=spec, scenario=source.name, seed=seed, rules=rules,
            source=pack_source(source), origin=origin, seeds=seeds,
        )  # fmt: skip
    except InputError as error:
        unkept = str(error)
    work = partial(_work, archive(), id, unkept, source, tuple(rules), seed, seeds, yaml)
    try:
        queued = jobs().submit(work, key=f"{owner}:{spec}", label=label, id=id)
    except InputError:
        drop(id, owner)
        raise
    if queued != id:  # a double click
        drop(id, owner)
    return queued


def _work(kept: Archive, id: str, unkept: str, source, rules, seed, seeds, yaml,
          on_progress) -> dict:  # fmt: skip
    from scrl.runs import train

    try:
        content = {**train(source, rules, seed, on_progress, seeds), "yaml": yaml}
        _ahead(id, content.get("learnt"))
    except Cancelled:
        with suppress(InputError):
            kept.delete(id, _owner_of(kept, id))
        raise
    except Exception as error:
        with suppress(InputError):
            kept.fail(id, str(error) if isinstance(error, InputError) else INTERNAL_ERROR)
        raise
    if not unkept:
        unkept = _keep(kept, id, content)
    return {**content, "unkept": unkept} if unkept else content


def _ahead(id: str, learnt) -> None:
    """What the page on the latent space will ask first."""
    if learnt is not None:
        from ui.shared import ahead

        ahead.begin(id, learnt, ahead.FIRST)


def _owner_of(kept: Archive, id: str) -> str:
    found = kept.get(id)
    return found.owner if found else ""


def _keep(kept: Archive, id: str, content: dict) -> str:
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


class Content(dict):
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
def _kept_content(id: str, _archive: Archive) -> Content | None:
    content = _archive.content(id)
    return None if content is None else Content(_archive, id, content)


def find(id: str) -> Job | None:
    """A run by its id, in memory or kept; None where there is none that runs or is done."""
    job = jobs().get(id)
    if job is not None:
        return job
    try:
        kept = archive().get(id)
        content = _kept_content(id, archive()) if kept and kept.state == "done" else None
    except InputError:
        return None
    if content is None:
        return None
    return Job(id, f"{kept.owner}:{kept.spec}", kept.name, state="done", result=content)


def cancel(id: str) -> None:
    """Stop a run; what is cancelled is not kept."""
    jobs().cancel(id)
    job = jobs().get(id)
    if job is not None and job.state == "cancelled":
        drop(id, job.key.partition(":")[0])


def drop(id: str, owner: str) -> bool:
    """Delete a kept run of this owner, for good."""
    try:
        done = archive().delete(id, owner)
    except InputError:
        return False
    _kept_content.clear()
    return done


def delete(id: str, owner: str) -> bool:
    """Forget a run of this owner, in memory and in the file."""
    done = drop(id, owner)
    if done:
        jobs().forget(id)
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


def again(kept: RunRecord) -> str:
    """Queue a run that was left unfinished once more, in its old place; returns its id. One that is
    done but for which there was no room is kept now, if there is.

    Raises:
        InputError: where too many runs wait, its source cannot be read, or there is still no room.
    """

    job = jobs().get(kept.id)
    if job is not None and job.state == "done":
        if unkept := _keep(archive(), kept.id, job.result):
            raise InputError(unkept)
        job.result.pop("unkept", None)
        return kept.id
    source = source_of(kept)
    id = start_training(
        source, kept.rules, kept.seed, kept.spec, source.to_yaml(), kept.origin, kept.seeds
    )
    if id != kept.id and archive().get(id) is not None:  # else the old note is all there is of it
        drop(kept.id, kept.owner)
    return id


def spec_of(job) -> str:
    return job.key.rpartition(":")[2]


@st.cache_resource(show_spinner=False, max_entries=50)
def warm(scenario_id: str, rules: tuple[str, ...], _scenario) -> None:
    """Compile in the background what a first touch of the noise slider will need."""

    def work() -> None:
        from scrl.scenarios import preview, with_overrides

        with suppress(Exception):  # a courtesy, and the slider says what is wrong
            preview(with_overrides(_scenario, noise=0.0 if _scenario.noise else 1.0), rules)

    threading.Thread(target=work, name="scrl-warm", daemon=True).start()
