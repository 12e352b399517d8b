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
    source_ids,
    uploads,
    viewer,
)
from ui.shared.controls import rule_title


def of_viewer() -> list[RunRecord]:
    """The stored runs of this viewer, the latest first; faults of the archive are shown."""
    archive = run_store.archive()
    try:
        found = archive.runs_of(viewer.token())
    except InputError as error:
        st.warning(page.escaped(str(error)))
        return []
    if archive.notice:
        st.warning(page.escaped(archive.notice))
    return found


def created_text(kept: RunRecord) -> str:
    """When a run was created, in UTC."""
    return f"{datetime.fromtimestamp(kept.created, UTC):%Y-%m-%d %H:%M} UTC"


def state_text(kept: RunRecord) -> str:
    """The state in words; a run without an active job of this server is unfinished."""
    job = run_store.job_queue().get(kept.id)
    if kept.state == "done":
        return "done"
    if kept.state == "failed":
        return "failed"
    if job is None or not job.active:
        return "unfinished"
    if job.state == "running":
        return f"running, {job.fraction:.0%}"
    return f"waiting, {job.position} before it"


def show_table(runs: list[RunRecord]) -> None:
    """A table of runs with the orders of their first prompt."""
    rows = []
    for kept in runs:
        told = kept.headline
        rows.append({
            "name": kept.name, "seed": str(kept.seed), "state": state_text(kept),
            "Bradley–Terry": result_tables.order_text(told["vanilla"]) if told else "",
            "social model": result_tables.order_text(told["social"]) if told else "",
            "by": rule_title(told["rule"]) if told else "", "of prompt": told.get("prompt", ""),
            "when": created_text(kept), "scenario": kept.scenario,
            "rules": ", ".join(map(rule_title, kept.rules)),
        })  # fmt: skip
    st.dataframe(rows, hide_index=True)
    st.caption(
        "The orders of the first prompt under the first rule. Only you see this list; whoever has "
        "the link of a run can open that one."
    )


def unique_labels(runs: list[RunRecord]) -> dict[str, str]:
    """id -> a label that no other run has."""
    found: dict[str, str] = {}
    for kept in runs:
        label, n = f"{kept.name} · {created_text(kept)}", 2
        while label in found.values():
            label, n = f"{kept.name} · {created_text(kept)} ({n})", n + 1
        found[kept.id] = label
    return found


def choose(runs: list[RunRecord]) -> RunRecord:
    """The run that the reader looks at; its id stands in the URL."""
    ids, named = [kept.id for kept in runs], unique_labels(runs)
    wanted = st.session_state.get("chosen") or st.query_params.get("run")
    st.session_state["chosen"] = wanted if wanted in ids else ids[0]
    id = st.selectbox("Run", ids, format_func=named.get, key="chosen")
    st.query_params["run"] = id
    return runs[ids.index(id)]


def show_actions(kept: RunRecord) -> None:
    """Buttons for one run: open, export, run again, rename, delete."""
    state = state_text(kept)
    if state == "failed":
        st.error(page.escaped(f"The run stopped. {kept.error}"))
    elif state == "unfinished":
        st.info("The server stopped before this run was done.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if state == "done":
            _open_in_lab(kept)
            if st.button("Latent space", icon=":material/scatter_plot:", key="open-latent"):
                present = {"present": "true"} if page.presenting() else {}
                st.switch_page("pages/latent.py", query_params={"run": kept.id, **present})
            st.download_button(
                "Export (ZIP)",
                lambda: export_run(run_store.archive(), kept.id),
                f"run-{kept.id}.zip",
                "application/zip",
                on_click="ignore",
                key="export",
            )
        elif state in ("unfinished", "failed") and st.button(
            "Run it again", type="primary", key="again"
        ):
            _run_again(kept)
        with st.popover("Rename"), st.form("rename-form", border=False):
            name = st.text_input("Name", kept.name, max_chars=120, key=f"name-{kept.id}")
            if st.form_submit_button("Save"):
                _rename(kept, name)
        with st.popover("Delete"):
            st.markdown(f"**{page.escaped(kept.name)}** is deleted for good; its link ends too.")
            if st.button("Delete for good", type="primary", key="delete"):
                _delete(kept)
    if state == "done":
        st.caption(
            "The archive holds the scenario, orders, scores, figures, parameters and versions; "
            "`python -m scrl reproduce FILE.zip` runs it again and says whether it is identical."
        )


def _open_in_lab(kept: RunRecord) -> None:
    """A button that opens the run in the lab."""
    if not st.button(
        "Open in the lab", type="primary", icon=":material/arrow_forward:", key="open"
    ):
        return
    try:
        id = _source_id(kept)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    st.session_state[page.RESET_CONTROLS] = True
    st.session_state["scenario"] = id
    st.session_state["seed"], st.session_state["rules"] = float(kept.seed), list(kept.rules)
    st.session_state["seeds"] = float(kept.seeds)
    present = {"present": "true"} if page.presenting() else {}
    st.switch_page("pages/lab.py", query_params={"scenario": id, "run": kept.id, **present})


def _source_id(kept: RunRecord) -> str:
    """The id of the run's scenario or ratings; ratings are stored as an upload."""
    source = run_store.source_of(kept)
    if not source.is_scenario:
        uploads.cache().put(kept.origin, kept.scenario, source)
        return kept.origin
    return source_ids.id_or_upload(source)


def _run_again(kept: RunRecord) -> None:
    """Queue the run again."""
    try:
        st.session_state["run"] = st.query_params["run"] = run_store.run_again(kept)
        del st.session_state["chosen"]
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    st.rerun()


def _rename(kept: RunRecord, name: str) -> None:
    """Rename the run."""
    try:
        run_store.archive().rename(kept.id, viewer.token(), name)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    st.rerun()


def _delete(kept: RunRecord) -> None:
    """Delete the run from the archive and the session."""
    if not run_store.delete(kept.id, viewer.token()):
        st.error("The run could not be deleted; try again.")
        return
    for key in ("run", "shown"):
        if st.session_state.get(key) == kept.id:
            del st.session_state[key]
    st.query_params.pop("run", None)
    st.rerun()
