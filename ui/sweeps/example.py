"""The small sweep that comes with the app, as the table of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from scrl.studies import load_baked, sweep_example
from scrl.sweeps import SweepRow, SweepTable


@st.cache_resource(show_spinner=False)
def table() -> SweepTable:
    """The sweep.

    Raises:
        InputError: where it was not baked.
    """
    content = _content()
    rows = [
        SweepRow(
            sweep_example.task_id(task), {"scenario": content["scenario"], **task["settings"]},
            task["seed"], "done", measures=task["measures"],
        )
        for task in content["tasks"]
    ]  # fmt: skip
    axes = {"scenario": [content["scenario"]], **content["axes"]}
    return SweepTable(content["name"], {}, {}, axes, rows, 0.0)


def result_of(row: SweepRow) -> Mapping[str, Any]:
    """The orders of a run, as in a result file."""
    content = _content()
    task = next(t for t in content["tasks"] if sweep_example.task_id(t) == row.id)
    return sweep_example.result_of(content, task)


@st.cache_resource(show_spinner=False)
def _content() -> dict[str, Any]:
    return load_baked(sweep_example.STUDY.name)["result"]
