"""The stored runs of this viewer: list, rename, open, export, delete."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from scrl.runs import RunRecord, export_run
from scrl.types import InputError
from ui.shared import page, result_tables, run_links, run_store, uploads, viewer
from ui.shared.controls import rule_title


def of_viewer() -> list[RunRecord]:
    """The stored runs of this viewer, the latest first; faults of the archive are shown."""
    try:
        records = run_store.runs_of(viewer.token())
    except InputError as error:
        st.warning(page.escaped(str(error)))
        return []
    if notice := run_store.archive().notice:
        st.warning(page.escaped(notice))
    return records


def state_text(record: RunRecord) -> str:
    """The state in words; a run without an active job of any process is unfinished."""
    if record.state in ("done", "failed"):
        return record.state
    job = run_store.find_job(record.id)
    if job is None or not job.active:
        return "unfinished"
    if job.state == "running":
        return f"running, {job.fraction:.0%}"
    return f"waiting, {job.position} before it"


def show_table(runs: list[RunRecord]) -> None:
    """A table of runs with the orders of their first prompt."""
    rows = []
    for record in runs:
        headline = record.headline
        rows.append({
            "name": record.name, "seed": str(record.seed), "state": state_text(record),
            "trained on": run_links.created_text(record),
            "Bradley–Terry": result_tables.order_text(headline["vanilla"]) if headline else "",
            "social model": result_tables.order_text(headline["social"]) if headline else "",
            "counted by": rule_title(headline["rule"]) if headline else "",
            "prompt": headline.get("prompt", ""),
            "scenario": record.scenario,
            "rules": ", ".join(map(rule_title, record.rules)),
        })  # fmt: skip
    st.dataframe(rows, hide_index=True)
    page.note(
        "The orders are those of the first prompt and the first rule. Only you see this list. "
        "Whoever has the link of a run can open that run, but cannot change it."
    )


def unique_labels(runs: list[RunRecord]) -> dict[str, str]:
    """id -> a label that no other run has."""
    labels_by_id: dict[str, str] = {}
    for record in runs:
        label, n = f"{record.name} · {run_links.created_text(record)}", 2
        while label in labels_by_id.values():
            label, n = f"{record.name} · {run_links.created_text(record)} ({n})", n + 1
        labels_by_id[record.id] = label
    return labels_by_id


def choose(runs: list[RunRecord]) -> RunRecord:
    """The run that the reader looks at; its id stands in the URL.

    A URL that names a run of somebody else, or none that is kept, gets a sentence.
    """
    ids, named = [record.id for record in runs], unique_labels(runs)
    wanted = st.session_state.get("chosen") or st.query_params.get("run")
    if wanted and wanted not in ids:
        st.info("The run of this link is not in your list. The latest of your runs is chosen.")
    st.session_state["chosen"] = wanted if wanted in ids else ids[0]
    id = st.selectbox("Run", ids, format_func=named.get, key="chosen")
    st.query_params["run"] = id
    return runs[ids.index(id)]


def show_actions(record: RunRecord) -> None:
    """Buttons for one run: open, export, run again, rename, delete."""
    state = state_text(record)
    if state == "failed":
        st.error(page.escaped(f"The run stopped. {record.error}"))
    elif state == "unfinished":
        st.info("The server stopped before this run was done. You can run it again.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if state == "done":
            _open_buttons(record)
        elif state in ("unfinished", "failed") and st.button(
            "Run it again", type="primary", key="again"
        ):
            _run_again(record)
        with st.popover("Rename"), st.form("rename-form", border=False):
            name = st.text_input("Name", record.name, key=f"name-{record.id}")
            if st.form_submit_button("Save"):
                _rename(record, name)
        with st.popover("Delete"):
            st.markdown(
                f"**{page.escaped(record.name)}** will be deleted for good. Its link will no "
                "longer work."
            )
            if st.button("Delete for good", type="primary", key="delete"):
                _delete(record)
    if state == "done" and not page.presenting():
        page.note(
            "The ZIP holds the data, the settings, the results and the figures. You can bring it "
            "back here or to another server. `python -m scrl reproduce FILE.zip` trains again and "
            "says whether the results are the same."
        )


def _open_buttons(record: RunRecord) -> None:
    if st.button("Open in the lab", type="primary", icon=":material/arrow_forward:", key="open"):
        try:
            run_links.open_in_lab(record)
        except InputError as error:
            st.error(page.escaped(str(error)))
    if st.button("Latent space", icon=":material/scatter_plot:", key="open-latent"):
        page.switch_to("pages/latent.py", run=record.id)
    st.download_button(
        "Export (ZIP)", lambda: export_run(run_store.archive(), record.id),
        f"run-{record.id}.zip", "application/zip", on_click="ignore", key="export",
    )  # fmt: skip


def bring() -> None:
    """Draw the import of an exported run; the new run is then the chosen one."""
    if page.presenting():
        return
    with st.expander("Bring an exported run", icon=":material/upload_file:"):
        id = uploads.take_file(
            "A run that the button Export has saved (ZIP)", [run_links.SUFFIX], "run_file",
            run_links.import_run,
        )  # fmt: skip
    if id is not None:
        st.session_state["chosen"] = st.query_params["run"] = id
        with suppress(InputError):
            if record := run_store.archive().get(id):
                st.success(run_links.imported_text(record))


def _run_again(record: RunRecord) -> None:
    """Queue the run again."""
    try:
        st.session_state["run"] = st.query_params["run"] = run_store.run_again(record)
        del st.session_state["chosen"]
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    st.rerun()


def _rename(record: RunRecord, name: str) -> None:
    """Rename the run."""
    try:
        run_store.archive().rename(record.id, viewer.token(), name)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    st.rerun()


def _delete(record: RunRecord) -> None:
    """Delete the run from the archive and the session."""
    if not run_store.delete(record.id, viewer.token()):
        st.error("The run could not be deleted now. Try again in a moment.")
        return
    for key in ("run", "shown", "chosen"):
        if st.session_state.get(key) == record.id:
            del st.session_state[key]
    st.query_params.pop("run", None)
    st.rerun()
