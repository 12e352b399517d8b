"""Finished runs side by side: which settings and which orders differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl import figures
from scrl.runs import (
    RunRecord,
    count_differing_social_orders,
    differing_orders,
    differing_settings,
)
from ui.runs import stored_runs
from ui.shared import (
    data_tables,
    page,
    predict_first,
    result_tables,
    run_store,
)
from ui.shared.controls import rule_title

if TYPE_CHECKING:
    import plotly.graph_objects as go

MAX_COMPARED = 4
_SOURCE_TITLES = {
    "vanilla": "Bradley–Terry",
    "truth": "All ballots, complete",
    "social": "Social model",
}


def show(runs: list[RunRecord]) -> None:
    """Draw two or more finished runs; only what differs is shown."""
    done = [record for record in runs if record.state == "done"]
    if len(done) < 2:
        page.note("When two runs are done, you can compare them here.")
        return
    ids, named = [record.id for record in done], stored_runs.unique_labels(done)
    in_url = dict.fromkeys(st.query_params.get("compare", "").split(","))
    state = st.session_state
    state["compared"] = [id for id in state.get("compared", in_url) if id in ids]
    picked = st.multiselect(
        "Runs side by side", ids, format_func=named.get, key="compared",
        max_selections=MAX_COMPARED,
    )  # fmt: skip
    if picked:
        st.query_params["compare"] = ",".join(picked)
    else:
        st.query_params.pop("compare", None)
    if len(picked) < 2:
        page.note("Choose two runs or more.")
        return
    by_id = {record.id: record for record in done}
    compared = [(by_id[id], run_store.find(id)) for id in picked]
    compared = [(record, job.result) for record, job in compared if job is not None and job.result]
    if len(compared) < 2:
        st.error("One of these runs cannot be read any more. Choose another.")
        return
    for i, (record, _) in enumerate(compared, 1):
        st.markdown(f"**{i}** · {page.escaped(named[record.id])}")
    _settings_table(compared)
    if _guess_shown([content["result"] for _, content in compared]):
        _order_table(compared)


def _guess_shown(results: list) -> bool:
    """Ask whether the orders differ; whether they may be shown."""
    differ, shared = count_differing_social_orders(results)
    if not shared:
        return True
    guess, shown = predict_first.guess(
        "Do the social models of these runs give the same orders?",
        ("All the same", "Some differ", "All differ"), "guess_compare",
    )  # fmt: skip
    if shown:
        right = ("All the same", "All differ" if differ == shared else "Some differ")[differ > 0]
        st.markdown(
            predict_first.verdict(guess, right)
            + f"{shared} orders of the social models can be compared, and **{differ}** differ."
        )
    return shown


@st.cache_data(max_entries=50, show_spinner=False)
def _differing_settings(ids: tuple[str, ...], _compared: list) -> list[dict[str, str]]:
    """As ``differing_settings``; the settings of a stored run never change."""
    return differing_settings(_compared)


def _settings_table(compared: list) -> None:
    """The settings that differ, with a download."""
    rows = _differing_settings(tuple(record.id for record, _ in compared), compared)
    if not rows:
        st.markdown("Every setting is the same.")
        return
    st.markdown("**Settings that differ**")
    st.dataframe(rows, hide_index=True)
    if not page.presenting():
        data_tables.download_button(rows, "settings-that-differ")


def _order_table(compared: list) -> None:
    """The orders that differ, with a download, and the figures of each run."""
    rows = differing_orders([content["result"] for _, content in compared])
    if not rows:
        st.markdown("Every order is the same.")
    else:
        st.markdown("**Orders that differ**")
        shown = [
            {"prompt": row["prompt"], "order of": _SOURCE_TITLES[row["source"]],
             "rule": rule_title(row["rule"]) if row["rule"] else ""}
            | {str(i): result_tables.order_text(order) if order else "–"
               for i, order in enumerate(row["orders"], 1)}
            for row in rows
        ]  # fmt: skip
        st.dataframe(shown, hide_index=True)
        if not page.presenting():
            data_tables.download_button(shown, "orders-that-differ")
    prompts = list(dict.fromkeys(row["prompt"] for row in rows)) or list(
        compared[0][1]["result"]["prompts"]
    )
    prompt = prompts[0]
    if len(prompts) > 1:
        prompt = st.selectbox("Prompt", prompts, key="prompt", bind="query-params")
    for i, (column, (record, content)) in enumerate(
        zip(st.columns(len(compared)), compared, strict=True), 1
    ):
        with column:
            _figures(i, record.id, content, prompt)


@st.cache_resource(max_entries=50, show_spinner=False)
def _orders_figure(
    id: str, prompt: str, rule: str, dark: bool, scale: float, _entry: dict
) -> go.Figure:
    columns = result_tables.compared_orders(_entry, rule)
    return figures.bump_chart(columns, _entry["completions"], row_height=44, dark=dark, scale=scale)


@st.cache_resource(max_entries=50, show_spinner=False)
def _latent_figure(id: str, dark: bool, scale: float, _latent: dict) -> go.Figure:
    return figures.latent_map(_latent, dark=dark, scale=scale)


def _figures(i: int, id: str, content: dict, prompt: str) -> None:
    """Orders and latents of one run."""
    entry = content["result"]["prompts"].get(prompt)
    if entry is None:
        st.caption(f"Run {i} has no prompt ‘{page.escaped(prompt)}’.")
    else:
        rule = next(iter(entry["social"]))
        columns = result_tables.compared_orders(entry, rule)
        page.chart(
            _orders_figure(id, prompt, rule, _entry=entry, **page.style()),
            f"compared-{i}",
            alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns),
            caption=f"Run {i}: the order of everyone’s complete ballots, counted by "
            f"{rule_title(rule)}, where it is known; that of Bradley–Terry; and that of the social "
            "model.",
        )
    page.chart(
        _latent_figure(id, _latent=content["latent"], **page.style()), f"compared-latent-{i}",
        alt=f"Raters by type: {', '.join(content['latent']['types'])}.",
        caption=f"Run {i}: each mark is a rater. Raters who lie close together want similar "
        "things. Two runs have different axes, so compare the groups and not the places.",
    )  # fmt: skip
