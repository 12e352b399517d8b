"""The runs of one cell: their values, and the orders and settings of one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from scrl import figures
from scrl.runs import measure_title, orders_csv
from scrl.sweeps import Cell, SweepRow
from scrl.types import InputError
from scrl.voting import RULES
from ui.shared import page, result_tables
from ui.sweeps import chosen_sweep, lab_link
from ui.sweeps.axes_choice import AxesChoice
from ui.sweeps.chosen_sweep import ShownSweep
from ui.sweeps.overview import CELL, cell_ids
from ui.sweeps.setting_texts import setting_text, value_text

#: Most rules whose orders are drawn side by side.
MAX_RULES = 8


def show(sweep: ShownSweep, choice: AxesChoice, found: Sequence[Cell]) -> None:
    """Draw the choice of a cell and of a run, and that run."""
    if not found:
        return
    st.subheader("One run", anchor=False)
    by_id = dict(zip(cell_ids(sweep, found), found, strict=True))
    if st.session_state.get(CELL, next(iter(by_id))) not in by_id:
        del st.session_state[CELL]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        id = st.selectbox("Settings", list(by_id), key=CELL, bind="query-params", width=420)
        runs = sorted(by_id[id].rows, key=lambda row: row.seed)
        number = st.selectbox(
            "Seed", list(range(len(runs))), format_func=lambda i: _label(runs[i], choice.measure),
            key=f"seed_of_{id}", width=260,
        )  # fmt: skip
    _run(sweep, choice, runs[number])


def _label(row: SweepRow, measure: str) -> str:
    if row.state == "done":
        value = row.measures.get(measure)
        return f"{row.seed}" + (f": {value:.3f}" if value is not None else "")
    return f"{row.seed}: {'failed' if row.state == 'failed' else 'not there yet'}"


def _run(sweep: ShownSweep, choice: AxesChoice, row: SweepRow) -> None:
    if row.state == "failed":
        st.error(page.escaped(f"This run failed. {row.error}"))
        return
    if row.state != "done":
        st.info("This run has not ended yet.")
        return
    try:
        result = chosen_sweep.result_of(sweep, row)
    except InputError as error:
        st.warning(page.escaped(str(error)))
        return
    if result and result.get("prompts"):
        _orders(result)
    columns = st.columns([1, 1])
    with columns[0]:
        st.markdown("**Settings**")
        settings = {**row.settings, "seed": row.seed}
        st.dataframe(
            [{"setting": setting_text(k), "value": value_text(v)} for k, v in settings.items()],
            hide_index=True,
        )
    with columns[1]:
        st.markdown("**Measures**")
        st.dataframe(
            [{"value": v, "measure": measure_title(k)} for k, v in _first(choice, row).items()],
            hide_index=True, height=260,
            column_config={"value": st.column_config.NumberColumn(format="%.3f")},
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        whole = sweep.id != chosen_sweep.EXAMPLE  # the example keeps orders without scores
        if whole and result and result.get("prompts") and not page.presenting():
            st.download_button(
                "Orders (CSV)", lambda: orders_csv(result), "orders.csv", "text/csv",
                on_click="ignore", key="sweep-orders",
            )  # fmt: skip
        lab_link.draw(sweep, row)


def _first(choice: AxesChoice, row: SweepRow) -> dict[str, float]:
    """The measures of a run, the chosen one first."""
    chosen = (
        {choice.measure: row.measures[choice.measure]} if choice.measure in row.measures else {}
    )
    return chosen | dict(row.measures)


def _orders(result: Mapping[str, Any]) -> None:
    """The orders of one prompt: complete ballots, Bradley–Terry and the social models."""
    prompts = list(result["prompts"])
    prompt = prompts[0]
    if len(prompts) > 1:
        number = st.selectbox(
            "Prompt", list(range(len(prompts))), format_func=prompts.__getitem__, key="run_prompt"
        )
        prompt = prompts[number]
    entry = result["prompts"][prompt]
    rules = list(entry.get("social", {}))[:MAX_RULES]
    if not rules:
        return
    rule = st.selectbox(
        "Rule", rules, format_func=lambda r: getattr(RULES[r], "title", r), key="run_rule",
        width=260,
    )  # fmt: skip
    orders = result_tables.compared_orders(entry, rule)
    page.chart(
        figures.bump_chart(orders, entry["completions"], row_height=44, **page.style()),
        "sweep-run-orders",
        alt="; ".join(f"{title}: {result_tables.order_text(order)}" for title, order in orders),
        caption="Each column is an order, best first.",
    )
