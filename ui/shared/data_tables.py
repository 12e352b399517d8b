"""Rows of numbers as a table on the page and as a CSV download."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import streamlit as st

from scrl.data import safe_csv
from ui.shared import page


def download_button(rows: Sequence[Mapping], name: str) -> None:
    """A button that saves rows as ``name``.csv, which is written when it is pressed."""
    st.download_button(
        "Table (CSV)", lambda: rows_csv(rows), f"{name}.csv", "text/csv", on_click="ignore",
        key=f"{name}-csv",
    )  # fmt: skip


def rows_csv(rows: Sequence[Mapping]) -> str:
    """Rows as a CSV whose header is the keys of the first."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return safe_csv(out.getvalue())


def numbers_expander(
    rows: Sequence[Mapping], name: str, note: str = "", number: str = "%.3f"
) -> None:
    """A folded table with a note and a download; nothing in presenter mode.

    Args:
        name: of the downloaded file, without its suffix.
        number: format of the columns of real numbers.
    """
    if page.presenting():
        return
    with st.expander("The numbers"):
        numbers_table(rows, number)
        if note:
            st.caption(note)
        download_button(rows, name)


def numbers_table(rows: Sequence[Mapping], number: str = "%.3f") -> None:
    """A table whose real numbers have the format ``number``."""
    real = st.column_config.NumberColumn(format=number)
    columns = {key: real for key, value in rows[0].items() if isinstance(value, float)}
    st.dataframe(list(rows), hide_index=True, column_config=columns)
