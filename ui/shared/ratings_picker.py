"""The choice of one of the visitor's own files of ratings on a page that has an example."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from scrl.types import InputError
from ui.shared import column_mapping, page, source_ids, uploads

if TYPE_CHECKING:
    from scrl.types import Ratings


def choose(
    key: str,
    what: str,
    example: str,
    load_example: Callable[[], Ratings],
    below: Callable[[], object] | None = None,
) -> tuple[str, Ratings | None]:
    """The id of the chosen file and its ratings; "" and None, with a message, where it has none.

    Args:
        key: prefix of the widgets' keys.
        what: the files to bring, in words; example: the example, which has the id "".
        load_example: its ratings.
        below: draws more under the field for files.
    """
    own, chosen = source_ids.own_ratings_files(), f"{key}_file"
    if st.session_state.get(chosen, "") not in ["", *own]:
        st.session_state.pop(chosen, None)
    id = st.selectbox("File", ["", *own], key=chosen, format_func=lambda id: own.get(id, example))
    if not page.presenting():
        _take_file(f"{key}_upload", what, below)
    if not id:
        return "", load_example()
    try:
        source = uploads.cache().read(id)[1]
    except InputError as error:
        st.info(page.escaped(str(error)))
        return "", None
    if source.is_scenario:
        st.info("This file is a scenario; choose a file of ratings.")
        return "", None
    return id, source


def _take_file(key: str, what: str, below: Callable[[], object] | None) -> None:
    with st.expander("Bring a file"):
        uploads.take_file(what, uploads.RATINGS_SUFFIXES, key, column_mapping.add_or_keep)
        chosen = column_mapping.choose_columns()
        if below is not None:
            below()
    if chosen:
        uploads.clear_fault(key)
        st.rerun()
