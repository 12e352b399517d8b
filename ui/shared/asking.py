"""Guess first, then see; and the numbers behind a figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from ui.shared import page
from ui.shared.tables import escape_formula


def switch() -> None:
    st.toggle("Let me guess first", key="predict", bind="query-params")


def part_of(parts: Mapping[str, Callable]) -> Callable:
    """The part of a page that the reader has chosen, the first where none is, with the switch to
    guess first beside the choice."""
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", list(parts), default=next(iter(parts)), required=True, key="part",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        switch()
    return parts[part]


def guess(
    question: str, options: Sequence[str], key: str, always: bool = False
) -> tuple[str | None, bool]:
    """The reader's guess, and whether the answer may be shown; asked where the switch is on, or
    ``always``."""
    first = page.switched_on("predict")
    if not (first or always):
        return None, True
    said = st.segmented_control(question, list(options), key=key)
    return said, said is not None or not first


def verdict(said: str | None, right: str) -> str:
    """What to say before the answer."""
    if said is None:
        return ""
    return "Right. " if said == right else "Not quite. "


def download(rows: Sequence[Mapping], name: str) -> None:
    """A button that saves rows as ``name``.csv."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: escape_formula(v) if isinstance(v, str) else v for k, v in row.items()})
    st.download_button(
        "Table (CSV)", out.getvalue(), f"{name}.csv", "text/csv", on_click="ignore",
        key=f"{name}-csv",
    )  # fmt: skip


def sheet(rows: Sequence[Mapping], name: str, note: str = "", number: str = "%.3f") -> None:
    """Rows as a folded table, with a download; not in presenter mode."""
    if page.presenting():
        return
    real = st.column_config.NumberColumn(format=number)
    formats = {key: real for key, value in rows[0].items() if isinstance(value, float)}
    with st.expander("The numbers"):
        st.dataframe(list(rows), hide_index=True, column_config=formats)
        if note:
            st.caption(note)
        download(rows, name)
