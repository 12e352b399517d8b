"""Widgets that show the scenario draft and edit it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import streamlit as st

from scrl.scenarios import (
    Scenario,
)
from ui.scenario import scenario_draft
from ui.shared import page
from ui.shared.page import IN_URL


def edit_field(
    widget: Callable[..., Any],
    label: str,
    key: str,
    value: Any,
    edit: Callable[[dict, Any], dict],
    **settings: Any,
) -> Any:
    """A widget that shows ``value`` and applies ``edit(content, new value)`` to the draft."""
    draft, state = st.session_state["draft"], st.session_state
    if widget is st.multiselect:
        # A browser that is given other options drops the names that it no longer finds, and sends
        # what is left as the reader's choice. So a list of other names is another widget.
        key = f"{key}-{zlib.crc32(repr(settings['options']).encode()):x}"
    # Written only where it differs: an older value would overwrite fast typing.
    if key not in draft.faults and (key not in state or state[key] != value):
        state[key] = value
    # Also the default: a value set by an interrupted rerun never reaches the browser.
    argument = "default" if widget in (st.multiselect, st.segmented_control) else "value"
    settings[argument] = state.get(key, value)

    def edited() -> None:
        scenario_draft.apply_edit(key, lambda content: edit(content, state[key]))

    return widget(label, key=key, on_change=edited, **settings)


def edit_button(label: str, key: str, edit: Callable[[dict], dict], **settings: Any) -> None:
    """A button that applies one edit."""
    st.button(label, key=key, on_click=scenario_draft.apply_edit, args=("", edit), **settings)


def number_grid(
    key: str,
    rows: list[list[float]],
    names: list[str],
    columns: list,
    edit: Callable[[dict, list[list]], dict],
    alt: str,
) -> None:
    """An editable table of numbers under a column of names.

    Args:
        rows: the numbers in the draft, a list a row; columns: their ``st.column_config``.
        edit: given the content and all rows as they are now; cleared cells are None.
    """
    draft, state = st.session_state["draft"], st.session_state
    editor = state.get(key)
    # The editor keeps its edits apart from its first table, so that a cell keeps its focus; another
    # table needs another editor.
    if editor is None or editor["widget"] not in state or editor["now"] != [names, rows]:
        number = 0 if editor is None else editor["number"] + 1
        widget = f"{key}-{number}"
        editor = state[key] = {
            "number": number, "widget": widget, "first": rows, "now": [names, rows]
        }  # fmt: skip
        draft.faults.pop(key, None)

    def edited() -> None:
        edited_rows = [list(row) for row in editor["first"]]
        for i, cells in state[editor["widget"]]["edited_rows"].items():
            for column, value in cells.items():
                edited_rows[int(i)][int(column)] = value
        scenario_draft.apply_edit(key, lambda content: edit(content, edited_rows))
        if key not in draft.faults:
            editor["now"] = [names, edited_rows]

    st.data_editor(
        [{"_": name, **{str(j): v for j, v in enumerate(row)}}
         for name, row in zip(names, editor["first"], strict=True)],
        hide_index=True, disabled=["_"], key=editor["widget"], on_change=edited, alt=alt,
        column_config={"_": st.column_config.TextColumn("", pinned=True),
                       **{str(j): column for j, column in enumerate(columns)}},
    )  # fmt: skip


#: Parts of a scenario that fields can edit; a larger one is edited as a file.
MAX_FIELDS = {"types": 12, "completions": 12, "prompts": 8}


def fits_in_fields(scenario: Scenario) -> bool:
    """Whether the scenario has few enough types, completions and prompts for fields."""
    return all(len(getattr(scenario, part)) <= most for part, most in MAX_FIELDS.items())


def show_too_large() -> None:
    """A message that the scenario is too large for fields."""
    parts = ", ".join(f"{most} {part}" for part, most in MAX_FIELDS.items())
    st.info(f"This scenario is larger than what is edited here ({parts}); edit it as a file.")


def pick_prompt(prompts: list[str]) -> str:
    """The prompt that the parts of the page are about; it stands in the URL."""
    if st.session_state.get("prompt") not in prompts:
        st.session_state.pop("prompt", None)
    if len(prompts) == 1:
        return prompts[0]
    # Its options are Markdown and stand in the URL, so a name that Markdown would change is listed.
    if len(prompts) <= 4 and all(page.escaped(prompt) == prompt for prompt in prompts):
        return st.segmented_control(
            "Prompt", prompts, default=prompts[0], required=True, key="prompt", **IN_URL
        )
    return st.selectbox("Prompt", prompts, key="prompt", **IN_URL)
