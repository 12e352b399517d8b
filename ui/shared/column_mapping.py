"""The columns of a table that a person brings, chosen with a live preview of the ballots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from scrl.types import InputError
from ui.shared import file_preview, uploads
from ui.shared.foreign_text import escaped

if TYPE_CHECKING:
    from scrl.data import TablePreview

#: Session key of ``(file name, content)`` of the table whose columns are being chosen.
_TABLE = "table_to_map"
_NONE = "(none)"
_SHAPES = {
    "rating": "one rated answer",
    "pair": "a better and a worse answer",
    "person": "a person, with answers in columns",
}
_VALUES = {"score": "higher is better", "rank": "1 is best", "penalty": "lower is better"}
_CELLS = {**_VALUES, "choices": "names of answers, first choice first"}
#: Rows and letters of a cell that are shown.
_ROWS, _LETTERS = 5, 80


def keep(data: bytes, filename: str) -> bool:
    """Keep a file whose columns are to be chosen in the next run; False where it is no table."""
    from scrl.data import preview_table

    try:
        preview = preview_table(data, filename)
        # Half of a surrogate pair cannot be sent to a browser.
        for part in (preview.header, *preview.cells):
            "".join(map(str, part)).encode()
    except (InputError, UnicodeEncodeError):
        return False
    for key in [key for key in st.session_state if str(key).startswith("map_")]:
        del st.session_state[key]  # the choices made for another table
    st.session_state[_TABLE] = (filename, data)
    return True


def add_or_keep(data: bytes, filename: str) -> str:
    """The id of a file that is added to the visitor's own.

    A table that cannot be read is kept, so that its columns can be named.

    Raises:
        InputError: where the file cannot be read.
    """
    drop()
    try:
        return uploads.cache().add(data, filename)
    except InputError:
        keep(data, filename)
        raise


def drop() -> None:
    """Forget the table whose columns were being chosen."""
    st.session_state.pop(_TABLE, None)


def choose_columns() -> str | None:
    """Draw the choice of columns for the table that is kept; the id of the ratings in the run in
    which it is made, else None."""
    kept = st.session_state.get(_TABLE)
    if kept is None:
        return None
    from scrl.data import preview_table

    filename, data = kept
    st.markdown(f"**Which columns of {escaped(filename)} say what?**")
    try:
        preview = preview_table(data, filename)
    except InputError as error:
        st.error(escaped(str(error)))
        return None
    _show_table(preview)
    columns = _roles(preview)
    source, lacking = None, _lacking(columns)
    try:
        source = None if lacking else preview.ratings(columns)
    except InputError as error:
        st.warning(escaped(str(error)))
    if lacking:
        st.markdown(f"Choose {lacking}, and the ballots appear here.")
    if source is not None:
        st.markdown(f"The first rows hold {file_preview.summary(source)}")
        file_preview.show_ballots(source)
    with st.container(horizontal=True):
        use = st.button("Use these columns", type="primary", key="map_use", disabled=source is None)
        if st.button("Leave it", type="tertiary", key="map_leave"):
            drop()
            st.rerun()
    return _use(data, filename, columns) if use else None


def _lacking(columns: Mapping[str, object]) -> str:
    """What is still to be chosen; empty where all is."""
    if "values" in columns:
        return "" if columns.get("items") else "the columns that are answers"
    if "chosen" in columns or "rejected" in columns:
        return "" if {"chosen", "rejected"} <= columns.keys() else "both answers"
    if "completion" not in columns:
        return "the column of the answer"
    return "" if columns.keys() & _VALUES.keys() else "the column of the rating"


def _use(data: bytes, filename: str, columns: Mapping[str, object]) -> str | None:
    """Store the table as an ordinary file of ratings; None where a later row is at fault."""
    from scrl.data import parse_ratings, to_csv

    try:
        with st.spinner("Reading the file"):
            ratings = parse_ratings(data, filename, None, columns)
            id = uploads.cache().add(to_csv(ratings).encode(), f"{filename.split('.')[0]}.csv")
    except InputError as error:
        st.error(escaped(str(error)))
        return None
    drop()
    return id


def _show_table(preview: TablePreview) -> None:
    rows = [
        {name: _cut(cells[i]) for name, cells in zip(preview.header, preview.cells, strict=True)}
        for i in range(min(_ROWS, len(preview.cells[0])))
    ]
    st.dataframe(rows, hide_index=True)


def _cut(cell: str) -> str:
    return cell if len(cell) <= _LETTERS else cell[: _LETTERS - 1] + "…"


def _roles(preview: TablePreview) -> dict[str, object]:
    """Draw the widgets; role -> column."""
    guess = preview.suggested()
    start = "pair" if "chosen" in guess else "rating"
    shape = st.radio(
        "A row is", list(_SHAPES), list(_SHAPES).index(start), format_func=_SHAPES.__getitem__,
        horizontal=True, key="map_shape",
    )  # fmt: skip
    named: dict[str, object] = {"rater": _column("Who rated", "rater", preview, guess)}
    if shape == "person":
        used = set(named.values())
        named["items"] = st.multiselect(
            "Columns that are answers", [n for n in preview.header if n and n not in used],
            key="map_items",
        )  # fmt: skip
        named["values"] = st.selectbox(
            "In their cells", list(_CELLS), format_func=_CELLS.__getitem__, key="map_cells"
        )
    else:
        named["prompt"] = _column("On what (the prompt)", "prompt", preview, guess)
        roles = {"completion": "The answer"}
        if shape == "pair":
            roles = {"chosen": "The better answer", "rejected": "The worse answer"}
        for role, label in roles.items():
            named[role] = _column(label, role, preview, guess)
        if shape == "rating":
            start = next((role for role in _VALUES if role in guess), "score")
            column = _column("The rating", "ratings", preview, {"ratings": guess.get(start, _NONE)})
            value = st.selectbox(
                "In that column", list(_VALUES), list(_VALUES).index(start),
                format_func=_VALUES.__getitem__, key="map_value",
            )  # fmt: skip
            named[value] = column
    named["group"] = _column("The rater’s group", "group", preview, {})
    named["time"] = _column("When it was given", "time", preview, guess)
    return {role: column for role, column in named.items() if column}


def _column(label: str, role: str, preview: TablePreview, guess: Mapping[str, str]) -> str | None:
    """Draw the choice of one column; None where none is chosen."""
    options = [_NONE, *dict.fromkeys(name for name in preview.header if name)]
    wanted = guess.get(role, _NONE)
    chosen = st.selectbox(
        label, options, options.index(wanted) if wanted in options else 0, key=f"map_{role}"
    )
    return None if chosen == _NONE else chosen
