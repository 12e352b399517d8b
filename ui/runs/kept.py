"""This viewer's kept runs: listed, named, opened, exported, deleted, compared."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from scrl import figures
from scrl.runs import (
    RunRecord,
    count_differing_social_orders,
    differing_orders,
    differing_settings,
    export_run,
)
from scrl.types import InputError
from ui.shared import asking, page, sources, store, tables
from ui.shared.controls import title_of

MOST_COMPARED = 4
_SOURCES = {"vanilla": "Bradley–Terry", "truth": "Truth", "social": "Social model"}


def mine() -> list[RunRecord]:
    """The runs of this viewer, the latest first; what is wrong with the file is said."""
    archive = store.archive()
    try:
        found = archive.runs_of(store.viewer())
    except InputError as error:
        st.warning(page.plain(str(error)))
        return []
    if archive.notice:
        st.warning(page.plain(archive.notice))
    return found


def when(kept: RunRecord) -> str:
    return f"{datetime.fromtimestamp(kept.created, UTC):%Y-%m-%d %H:%M} UTC"


def state_of(kept: RunRecord) -> str:
    """In words; a run is unfinished where no job of this server is at it."""
    job = store.jobs().get(kept.id)
    if kept.state == "done":
        return "done"
    if kept.state == "failed":
        return "failed"
    if job is None or not job.active:
        return "unfinished"
    if job.state == "running":
        return f"running, {job.fraction:.0%}"
    return f"waiting, {job.position} before it"


def table(runs: list[RunRecord]) -> None:
    rows = []
    for kept in runs:
        told = kept.headline
        rows.append({
            "name": kept.name, "seed": str(kept.seed), "state": state_of(kept),
            "Bradley–Terry": tables.order_text(told["vanilla"]) if told else "",
            "social model": tables.order_text(told["social"]) if told else "",
            "by": title_of(told["rule"]) if told else "", "of prompt": told.get("prompt", ""),
            "when": when(kept), "scenario": kept.scenario,
            "rules": ", ".join(map(title_of, kept.rules)),
        })  # fmt: skip
    st.dataframe(rows, hide_index=True)
    st.caption(
        "The orders of the first prompt under the first rule. Only you see this list; whoever has "
        "the link of a run can open that one."
    )


def labels(runs: list[RunRecord]) -> dict[str, str]:
    """id -> a label that no other run has."""
    found: dict[str, str] = {}
    for kept in runs:
        label, n = f"{kept.name} · {when(kept)}", 2
        while label in found.values():
            label, n = f"{kept.name} · {when(kept)} ({n})", n + 1
        found[kept.id] = label
    return found


def chosen(runs: list[RunRecord]) -> RunRecord:
    """The run that the reader looks at; its id stands in the URL."""
    ids, named = [kept.id for kept in runs], labels(runs)
    wanted = st.session_state.get("chosen") or st.query_params.get("run")
    st.session_state["chosen"] = wanted if wanted in ids else ids[0]
    id = st.selectbox("Run", ids, format_func=named.get, key="chosen")
    st.query_params["run"] = id
    return runs[ids.index(id)]


def actions(kept: RunRecord) -> None:
    """What can be done with one run."""
    state = state_of(kept)
    if state == "failed":
        st.error(page.plain(f"The run stopped. {kept.error}"))
    elif state == "unfinished":
        st.info("The server stopped before this run was done.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if state == "done":
            _open(kept)
            if st.button("Latent space", icon=":material/scatter_plot:", key="open-latent"):
                present = {"present": "true"} if page.presenting() else {}
                st.switch_page("pages/latent.py", query_params={"run": kept.id, **present})
            st.download_button(
                "Export (ZIP)", lambda: export_run(store.archive(), kept.id), f"run-{kept.id}.zip",
                "application/zip", on_click="ignore", key="export",
            )  # fmt: skip
        elif state in ("unfinished", "failed") and st.button(
            "Run it again", type="primary", key="again"
        ):
            _again(kept)
        with st.popover("Rename"), st.form("rename-form", border=False):
            name = st.text_input("Name", kept.name, max_chars=120, key=f"name-{kept.id}")
            if st.form_submit_button("Save"):
                _rename(kept, name)
        with st.popover("Delete"):
            st.markdown(f"**{page.plain(kept.name)}** is deleted for good; its link ends too.")
            if st.button("Delete for good", type="primary", key="delete"):
                _delete(kept)
    if state == "done":
        st.caption(
            "The archive holds the scenario, orders, scores, figures, parameters and versions; "
            "`python -m scrl reproduce FILE.zip` runs it again and says whether it is identical."
        )


def _open(kept: RunRecord) -> None:
    if not st.button(
        "Open in the lab", type="primary", icon=":material/arrow_forward:", key="open"
    ):
        return
    try:
        id = _scenario_id(kept)
    except InputError as error:
        st.error(page.plain(str(error)))
        return
    st.session_state[page.ANEW] = True
    st.session_state["scenario"] = id
    st.session_state["seed"], st.session_state["rules"] = float(kept.seed), list(kept.rules)
    st.session_state["seeds"] = float(kept.seeds)
    present = {"present": "true"} if page.presenting() else {}
    st.switch_page("pages/lab.py", query_params={"scenario": id, "run": kept.id, **present})


def _scenario_id(kept: RunRecord) -> str:
    source = store.source_of(kept)
    if not source.is_scenario:
        store.uploads().put(kept.origin, kept.scenario, source)
        return kept.origin
    return sources.keep(source)


def _again(kept: RunRecord) -> None:
    try:
        st.session_state["run"] = st.query_params["run"] = store.again(kept)
        del st.session_state["chosen"]
    except InputError as error:
        st.error(page.plain(str(error)))
        return
    st.rerun()


def _rename(kept: RunRecord, name: str) -> None:
    try:
        store.archive().rename(kept.id, store.viewer(), name)
    except InputError as error:
        st.error(page.plain(str(error)))
        return
    st.rerun()


def _delete(kept: RunRecord) -> None:
    if not store.delete(kept.id, store.viewer()):
        st.error("The run could not be deleted; try again.")
        return
    for key in ("run", "shown"):
        if st.session_state.get(key) == kept.id:
            del st.session_state[key]
    st.query_params.pop("run", None)
    st.rerun()


# -- side by side ---------------------------------------------------------------------------------


def compare(runs: list[RunRecord]) -> None:
    """Two or more finished runs; only what differs is shown."""
    done = [kept for kept in runs if kept.state == "done"]
    if len(done) < 2:
        st.caption("Once two runs are done, they can be compared here.")
        return
    ids, named = [kept.id for kept in done], labels(done)
    wanted = dict.fromkeys(st.query_params.get("compare", "").split(","))
    state = st.session_state
    state["compared"] = [id for id in state.get("compared", wanted) if id in ids]
    picked = st.multiselect(
        "Runs side by side", ids, format_func=named.get, key="compared",
        max_selections=MOST_COMPARED,
    )  # fmt: skip
    if picked:
        st.query_params["compare"] = ",".join(picked)
    else:
        st.query_params.pop("compare", None)
    if len(picked) < 2:
        st.caption("Choose two or more.")
        return
    by_id = {kept.id: kept for kept in done}
    found = [(by_id[id], store.find(id)) for id in picked]
    found = [(kept, job.result) for kept, job in found if job is not None and job.result]
    if len(found) < 2:
        st.error("One of these runs can no longer be read.")
        return
    for i, (kept, _) in enumerate(found, 1):
        st.markdown(f"**{i}** · {page.plain(named[kept.id])}")
    _settings(found)
    if _guessed([content["result"] for _, content in found]):
        _orders(found)


def _guessed(results: list) -> bool:
    """Whether the orders may be shown: which settings differ stands above, and the reader may guess
    first what that changes."""
    differ, shared = count_differing_social_orders(results)
    if not shared:
        return True
    said, shown = asking.guess(
        "Do these runs end in the same social orders, prompt by prompt and rule by rule?",
        ("All the same", "Some differ", "All differ"), "guess_compare",
    )  # fmt: skip
    if shown:
        right = ("All the same", "All differ" if differ == shared else "Some differ")[differ > 0]
        st.markdown(
            asking.verdict(said, right)
            + f"Of {shared} social orders that can be compared, **{differ}** differ."
        )
    return shown


def _settings(found: list) -> None:
    rows = differing_settings(found)
    if not rows:
        st.markdown("Every setting is the same.")
        return
    st.markdown("**Settings that differ**")
    st.dataframe(rows, hide_index=True)
    if not page.presenting():
        asking.download(rows, "settings-that-differ")


def _orders(found: list) -> None:
    rows = differing_orders([content["result"] for _, content in found])
    if not rows:
        st.markdown("Every order is the same.")
    else:
        st.markdown("**Orders that differ**")
        shown = [
            {"prompt": row["prompt"], "order of": _SOURCES[row["source"]],
             "rule": title_of(row["rule"]) if row["rule"] else ""}
            | {str(i): tables.order_text(order) if order else "–"
               for i, order in enumerate(row["orders"], 1)}
            for row in rows
        ]  # fmt: skip
        st.dataframe(shown, hide_index=True)
        if not page.presenting():
            asking.download(shown, "orders-that-differ")
    prompts = list(dict.fromkeys(row["prompt"] for row in rows)) or list(
        found[0][1]["result"]["prompts"]
    )
    prompt = prompts[0]
    if len(prompts) > 1:
        prompt = st.selectbox("Prompt", prompts, key="prompt", bind="query-params")
    for i, (column, (_, content)) in enumerate(zip(st.columns(len(found)), found, strict=True), 1):
        with column:
            _figures(i, content, prompt)


def _figures(i: int, content: dict, prompt: str) -> None:
    entry = content["result"]["prompts"].get(prompt)
    if entry is None:
        st.caption(f"Run {i} has no prompt ‘{page.plain(prompt)}’.")
    else:
        rule = next(iter(entry["social"]))
        columns = tables.columns(entry, rule)
        page.chart(
            figures.bump_chart(columns, entry["completions"], row_height=44, **page.look()),
            f"compared-{i}",
            alt="; ".join(f"{t}: {tables.order_text(o)}" for t, o in columns),
            caption=f"Run {i}: places by {title_of(rule)}, by the vanilla and by the social "
            "network.",
        )
    page.chart(
        figures.latent_map(content["latent"], **page.look()), f"compared-latent-{i}",
        alt=f"Raters by type: {', '.join(content['latent']['types'])}.",
        caption=f"Run {i}: raters on the two main axes of their latents; axes of two runs are not "
        "the same axes.",
    )  # fmt: skip
