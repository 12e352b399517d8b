"""The stored runs of this viewer: list, rename, open, export, delete."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from scrl.runs import (
    RunRecord,
    export_run,
)
from scrl.types import InputError
from ui.shared import (
    page,
    result_tables,
    run_store,
    session,
    source_ids,
    uploads,
    viewer,
)
from ui.shared.controls import rule_title


def of_viewer() -> list[RunRecord]:
    """The stored runs of this viewer, the latest first; faults of the archive are shown."""
    archive = run_store.archive()
    try:
        records = archive.runs_of(viewer.token())
    except InputError as error:
        st.warning(page.escaped(str(error)))
        return []
    if archive.notice:
        st.warning(page.escaped(archive.notice))
    return records


def created_text(record: RunRecord) -> str:
    """When a run was created, in UTC."""
    return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%d %H:%M} UTC"


def state_text(record: RunRecord) -> str:
    """The state in words; a run without an active job of this server is unfinished."""
    job = run_store.job_queue().get(record.id)
    if record.state == "done":
        return "done"
    if record.state == "failed":
        return "failed"
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
            "Bradley–Terry": result_tables.order_text(headline["vanilla"]) if headline else "",
            "social model": result_tables.order_text(headline["social"]) if headline else "",
            "by": rule_title(headline["rule"]) if headline else "",
            "of prompt": headline.get("prompt", ""),
            "when": created_text(record), "scenario": record.scenario,
            "rules": ", ".join(map(rule_title, record.rules)),
        })  # fmt: skip
    st.dataframe(rows, hide_index=True)
    st.caption(
        "The orders of the first prompt under the first rule. Only you see this list; whoever has "
        "the link of a run can open that one."
    )


def unique_labels(runs: list[RunRecord]) -> dict[str, str]:
    """id -> a label that no other run has."""
    labels_by_id: dict[str, str] = {}
    for record in runs:
        label, n = f"{record.name} · {created_text(record)}", 2
        while label in labels_by_id.values():
            label, n = f"{record.name} · {created_text(record)} ({n})", n + 1
        labels_by_id[record.id] = label
    return labels_by_id


def choose(runs: list[RunRecord]) -> RunRecord:
    """The run that the reader looks at; its id stands in the URL."""
    ids, named = [record.id for record in runs], unique_labels(runs)
    in_url = st.session_state.get("chosen") or st.query_params.get("run")
    st.session_state["chosen"] = in_url if in_url in ids else ids[0]
    id = st.selectbox("Run", ids, format_func=named.get, key="chosen")
    st.query_params["run"] = id
    return runs[ids.index(id)]


def show_actions(record: RunRecord) -> None:
    """Buttons for one run: open, export, run again, rename, delete."""
    state = state_text(record)
    if state == "failed":
        st.error(page.escaped(f"The run stopped. {record.error}"))
    elif state == "unfinished":
        st.info("The server stopped before this run was done.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if state == "done":
            _open_in_lab(record)
            if st.button("Latent space", icon=":material/scatter_plot:", key="open-latent"):
                present = {"present": "true"} if page.presenting() else {}
                st.switch_page("pages/latent.py", query_params={"run": record.id, **present})
            st.download_button(
                "Export (ZIP)",
                lambda: export_run(run_store.archive(), record.id),
                f"run-{record.id}.zip",
                "application/zip",
                on_click="ignore",
                key="export",
            )
        elif state in ("unfinished", "failed") and st.button(
            "Run it again", type="primary", key="again"
        ):
            _run_again(record)
        with st.popover("Rename"), st.form("rename-form", border=False):
            name = st.text_input("Name", record.name, max_chars=120, key=f"name-{record.id}")
            if st.form_submit_button("Save"):
                _rename(record, name)
        with st.popover("Delete"):
            st.markdown(f"**{page.escaped(record.name)}** is deleted for good; its link ends too.")
            if st.button("Delete for good", type="primary", key="delete"):
                _delete(record)
    if state == "done":
        st.caption(
            "The archive holds the scenario, orders, scores, figures, parameters and versions; "
            "`python -m scrl reproduce FILE.zip` runs it again and says whether it is identical."
        )


def _open_in_lab(record: RunRecord) -> None:
    """A button that opens the run in the lab."""
    if not st.button(
        "Open in the lab", type="primary", icon=":material/arrow_forward:", key="open"
    ):
        return
    try:
        id = _source_id(record)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    st.session_state[page.RESET_CONTROLS] = True
    session.hand_over(
        scenario=id, seed=float(record.seed), seeds=float(record.seeds), rules=list(record.rules)
    )
    present = {"present": "true"} if page.presenting() else {}
    st.switch_page("pages/lab.py", query_params={"scenario": id, "run": record.id, **present})


def _source_id(record: RunRecord) -> str:
    """The id of the run's scenario or ratings; ratings are stored as an upload."""
    source = run_store.source_of(record)
    if not source.is_scenario:
        uploads.cache().put(record.origin, record.scenario, source)
        return record.origin
    return source_ids.id_or_upload(source)


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
        st.error("The run could not be deleted; try again.")
        return
    for key in ("run", "shown"):
        if st.session_state.get(key) == record.id:
            del st.session_state[key]
    st.query_params.pop("run", None)
    st.rerun()
