"""Runs that pages open in the lab, and exported runs that visitors bring back."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import streamlit as st

from scrl.runs import RunRecord
from scrl.types import InputError
from ui.shared import page, run_store, session, source_ids, uploads, viewer

#: Suffix of an exported run.
SUFFIX = "zip"
#: Session keys: a run that was brought back, until the lab has said so; the id of one whose models
#: were left out, and why.
_IMPORTED, _LEFT_OUT = "imported_run", "models_left_out"
session.keep(_LEFT_OUT)


def import_run(data: bytes, filename: str = "") -> str:
    """Store an exported run as one of this visitor's runs and return its id.

    Raises:
        InputError: the file is another one, is damaged, or there is no room for it.
    """
    from scrl.runs import new_id, read_run
    from ui.shared.controls import spec_hash  # the controls draw the picker, which imports runs

    run, archive, id = read_run(data), run_store.archive(), new_id()
    if not archive.is_open:
        raise InputError(archive.notice)
    origin = "" if run.source.is_scenario else _origin(run.packed_source)
    spec = spec_hash(run.source.to_yaml() or origin, run.rules, run.seed, run.seeds)
    owner = viewer.token()
    archive.begin(
        id, owner=owner, name=run.name, spec=spec, scenario=run.source.name, seed=run.seed,
        rules=run.rules, source=run.packed_source, origin=origin, seeds=run.seeds,
        versions=run.versions, created=run.created,
    )  # fmt: skip
    try:
        archive.finish(id, run.content, run.fitted)
    except InputError:
        run_store.delete_stored(id, owner)
        raise
    if run.note:
        st.session_state[_LEFT_OUT] = (id, run.note)
    return id


def _origin(packed_source: bytes) -> str:
    """The id of ratings that came with a run, in the form of an uploaded file's."""
    return "file-" + hashlib.sha256(packed_source).hexdigest()[:16]


def created_text(record: RunRecord) -> str:
    """When a run was trained, in UTC."""
    return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%d %H:%M} UTC"


def imported_text(record: RunRecord) -> str:
    """Sentences that an imported run is there, and what of it is not, as Markdown."""
    id, why = st.session_state.get(_LEFT_OUT, ("", ""))
    return (
        f"The run **{page.escaped(record.name)}** was brought back. It was trained on "
        f"{created_text(record)}."
        + (f" Its fitted models were left out. {page.escaped(why)}" if id == record.id else "")
    )


def show_imported() -> None:
    """Say once that a run was brought back, where ``open_in_lab`` was told to."""
    if record := st.session_state.pop(_IMPORTED, None):
        st.success(imported_text(record))


def open_in_lab(record: RunRecord, imported: bool = False) -> None:
    """Go to the lab with the data, seeds and rules of a stored run.

    Args:
        imported: whether the lab says that the run was brought back.

    Raises:
        InputError: its data cannot be read.
    """
    id = _source_id(record)
    settings = {"scenario": id, "seed": float(record.seed), "seeds": float(record.seeds),
                "rules": list(record.rules)}  # fmt: skip
    if imported:
        settings[_IMPORTED] = record
    st.session_state[page.RESET_CONTROLS] = True
    if session.current_page() == "lab":
        st.session_state.update(settings)
        st.session_state["run"] = st.query_params["run"] = record.id
        st.query_params["scenario"] = id
        st.rerun()
    session.hand_over(**settings)
    present = {"present": "true"} if page.presenting() else {}
    st.switch_page("pages/lab.py", query_params={"scenario": id, "run": record.id, **present})


def _source_id(record: RunRecord) -> str:
    """The id of the run's scenario or ratings; ratings are stored as an upload."""
    source = run_store.source_of(record)
    if not source.is_scenario:
        uploads.cache().put(record.origin, record.scenario, source)
        return record.origin
    return source_ids.id_or_upload(source)
