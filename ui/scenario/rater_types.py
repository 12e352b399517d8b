"""The part of the page on scenarios that edits completions, prompts, types and their orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from scrl.figures import colour
from scrl.scenarios import editing
from scrl.types import InputError
from ui.scenario import draft_widgets, scenario_draft
from ui.scenario.draft_widgets import (
    MAX_FIELDS,
    edit_button,
    edit_field,
    fits_in_fields,
    pick_prompt,
    show_too_large,
)
from ui.scenario.scenario_draft import ScenarioDraft
from ui.shared import page, reorder

#: Part of a scenario -> key of the widget that chooses one of it.
_CHOSEN_BY = {"prompts": "prompt", "types": "who", "completions": "about"}
_EDIT_MODES = ("Move", "Write", "Numbers")
_HELP = {
    "Move": "Drag a name, or choose it and press its arrows. To tie two names, press = or drop one "
    "onto the other.",
    "Write": "A type a line: Memphis: A > B = C, best first, ties with =.",
    "Numbers": "A higher number is better, and the difference says how much better. Where a type "
    "has only an order, the last answer counts 0, the next 1, and so on.",
}


def show(draft: ScenarioDraft) -> str:
    """Draw the editor.

    Returns:
        The prompt that it is about.
    """
    if not fits_in_fields(draft.good):
        show_too_large()
        return next(iter(draft.good.prompts))
    if not page.presenting():
        _name_fields(draft.content)
    prompt, way = _choose_view(draft)
    _type_rows(draft, prompt, way)
    if not page.presenting():
        _sampling_fields(draft.content)
    return prompt


# -- the whole ------------------------------------------------------------------------------------


def _set_key(name: str) -> Callable[[dict, Any], dict]:
    """An edit of one key of the scenario."""
    return lambda content, new: {**content, name: new}


def _set_text(name: str, most: int, what: str) -> Callable[[dict, Any], dict]:
    """An edit of one text of the scenario. The field has no limit of its own: a browser drops what
    is pasted beyond it without a word."""
    return lambda content, new: {**content, name: editing.limited(new, most, what)}


def _name_fields(content: dict) -> None:
    """Name and story."""
    name, story = st.columns([1, 1.9])
    with name:
        edit_field(
            st.text_input, "Name", "f-name", content["name"],
            _set_text("name", editing.MAX_NAME, "The name of the scenario"),
        )  # fmt: skip
    with story:
        edit_field(
            st.text_input, "Story in one line", "f-summary", content.get("summary", ""),
            _set_text("summary", editing.MAX_TEXT, "The story"),
        )  # fmt: skip


def _sampling_fields(content: dict) -> None:
    """Number of raters, noise and sampling of types."""
    raters, noise, sampling = st.columns([1, 1, 1.3])
    with raters:
        edit_field(
            st.number_input, "Number of raters", "f-raters", float(content.get("raters", 10_000)),
            lambda c, new: {**c, "raters": int(new)}, min_value=1.0, max_value=100_000.0,
            step=500.0, format="%.0f",
        )  # fmt: skip
    with noise:
        edit_field(
            st.number_input,
            "Noise",
            "f-noise",
            float(content.get("noise", 0.0)),
            _set_key("noise"),
            min_value=0.0,
            max_value=1e6,
            step=0.1,
            format="%g",
            help="With noise, raters of one type do not always agree. At 1, two neighbours on a "
            "ballot change places in about one ballot of four.",
        )
    with sampling:
        edit_field(
            st.segmented_control, "Who is drawn", "f-sampling",
            content.get("sampling", "quota"), _set_key("sampling"), options=["quota", "iid"],
            format_func={"quota": "exact shares", "iid": "by chance"}.get, required=True,
            help="Exact shares: each type has its share of the raters. By chance: the type of each "
            "rater is drawn.",
        )  # fmt: skip


def _unused_name(content: dict, part: str, word: str) -> str:
    """A numbered name that the part does not hold yet."""
    number = len(content[part]) + 1
    while f"{word} {number}" in content[part]:
        number += 1
    return f"{word} {number}"


def _add_button(content: dict, part: str, word: str, label: str) -> None:
    """A button that adds a completion, a prompt or a type."""
    edit_button(
        label, f"add-{part}", lambda c: editing.added(c, part, _unused_name(c, part, word)),
        icon=":material/add:", disabled=len(content[part]) >= MAX_FIELDS[part],
    )  # fmt: skip


def _remove_button(part: str, name: str, i: int, help: str) -> None:
    """A button that removes one."""
    edit_button(
        "", f"bin-{part}-{i}", lambda c: editing.removed(c, part, name), icon=":material/delete:",
        type="tertiary", help=help,
    )  # fmt: skip


def _name_field(part: str, name: str, i: int, label: str) -> None:
    """A field that renames one; a choice of it elsewhere on the page follows."""

    def edit(content: dict, new: str) -> dict:
        content = editing.renamed(content, part, name, new)
        key = _CHOSEN_BY[part]
        if st.session_state.get(key) == name:
            st.session_state[key] = new.strip()
        return content

    edit_field(
        st.text_input, label, f"{part}-name-{i}", name, edit, label_visibility="collapsed",
    )  # fmt: skip


# -- completions and prompts ----------------------------------------------------------------------


def _choose_view(draft: ScenarioDraft) -> tuple[str, str]:
    """The prompt, and how its orders are edited."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        prompt = pick_prompt(list(draft.content["prompts"]))
        way = _edit_mode(draft, prompt)
    return prompt, way


def _text_field(part: str, name: str, entry: dict, i: int) -> None:
    """The text of a prompt or completion; empty where it is its name."""

    def edit(content: dict, new: str) -> dict:
        editing.limited(new, editing.MAX_TEXT, "A text")
        entry_copy = {**content[part][name], "text": new}
        if not new.strip():
            entry_copy.pop("text")
        return {**content, part: {**content[part], name: entry_copy}}

    edit_field(
        st.text_input, f"Text of {part} {i + 1}", f"{part}-text-{i}", entry.get("text") or "",
        edit, label_visibility="collapsed", placeholder="What raters read",
    )  # fmt: skip


def _completions(content: dict) -> None:
    """The fields of completions."""
    page.note("Completions are the answers that raters compare. A new one is last on every ballot.")
    for i, (name, entry) in enumerate(content["completions"].items()):
        left, middle, right = st.columns([2, 3, 0.8], vertical_alignment="center")
        with left:
            _name_field("completions", name, i, f"Completion {i + 1}")
        with middle:
            _text_field("completions", name, entry, i)
        with right:
            _remove_button("completions", name, i, f"Remove {page.escaped(name)}")
    _add_button(content, "completions", "Completion", "Add a completion")


def _prompts(content: dict) -> None:
    """The fields of prompts and of the completions that each offers."""
    page.note("A prompt is what the assistant is asked. A new one has the orders of the first.")
    for i, (name, entry) in enumerate(content["prompts"].items()):
        with st.container(border=True, gap="small"):
            left, middle, right = st.columns([2, 4, 0.8], vertical_alignment="center")
            with left:
                _name_field("prompts", name, i, f"Prompt {i + 1}")
            with middle:
                _text_field("prompts", name, entry, i)
            with right:
                _remove_button("prompts", name, i, f"Remove {page.escaped(name)}")
            edit_field(
                st.multiselect, f"Completions of ‘{page.escaped(name)}’", f"offer-{i}",
                editing.offered(content, name),
                lambda c, new, p=name: editing.with_offered(c, p, new),
                options=list(content["completions"]),
            )  # fmt: skip
    _add_button(content, "prompts", "prompt", "Add a prompt")


# -- types ----------------------------------------------------------------------------------------


def _edit_mode(draft: ScenarioDraft, prompt: str) -> str:
    """How orders are edited; by default as numbers where utilities are stated."""
    default = "Numbers" if editing.states_utilities(draft.content, prompt) else "Move"
    return st.segmented_control(
        "How to edit the orders", _EDIT_MODES, default=default, required=True, key="views",
        help="  \n".join(f"**{way}**: {text}" for way, text in _HELP.items()),
    )  # fmt: skip


def _type_rows(draft: ScenarioDraft, prompt: str, way: str) -> None:
    """A row for each type, and the editor of orders."""
    content = draft.content
    shades = {c: colour(i) for i, c in enumerate(content["completions"])}
    for i, (name, t) in enumerate(content["types"].items()):
        with st.container(gap="xsmall"):
            cells = st.columns([0.12, 2, 1.1, 0.5], vertical_alignment="center", gap="small")
            cells[0].html(f"<span style='color:{colour(i)};font-size:1.2rem'>■</span>")
            with cells[1]:
                _name_field("types", name, i, f"Type {i + 1}")
            with cells[2]:
                _share_field(name, t, i)
            if not page.presenting():
                with cells[3]:
                    _remove_button(
                        "types",
                        name,
                        i,
                        f"Remove {page.escaped(name)}; its share goes to the others",
                    )
            if way == "Move":
                _order_field(content, name, prompt, shades, i)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not page.presenting():
            _add_button(content, "types", "Type", "Add a type of rater")
            with st.popover("Completions", key="edit-completions"):
                _completions(content)
            with st.popover("Prompts", key="edit-prompts"):
                _prompts(content)
        total = sum(t["share"] for t in content["types"].values())
        if abs(total - 1) > 1e-6:
            edit_button(
                f"Scale the shares ({100 * total:.4g} %) to 100 %",
                "evened",
                editing.with_normalised_shares,
                type="primary",
            )
    if way == "Write":
        _orders_as_text(content, prompt)
    elif way == "Numbers":
        _utility_grid(content, prompt)
    elif not page.presenting():
        page.note(_HELP["Move"])


def _share_field(name: str, t: dict, i: int) -> None:
    """The share of a type in per cent."""

    def edit(content: dict, new: float) -> dict:
        entry_copy = {**content["types"][name], "share": new / 100}
        return {**content, "types": {**content["types"], name: entry_copy}}

    edit_field(
        st.number_input, f"Share of type {i + 1} in %", f"share-{i}", round(t["share"] * 100, 4),
        edit, min_value=0.0, max_value=100.0, step=1.0, format="%g", label_visibility="collapsed",
        icon=":material/percent:",
    )  # fmt: skip


def _order_field(content: dict, name: str, prompt: str, shades: dict, i: int) -> None:
    """The order of a type, as names to move."""

    def moved(order: list) -> None:
        scenario_draft.apply_edit("", lambda c: editing.with_order(c, name, prompt, order))

    order = editing.order_of(content, name, prompt)
    reorder.order_editor(order, shades, f"Order of {name} raters", f"row-{prompt}-{i}", moved)


def _orders_as_text(content: dict, prompt: str) -> None:
    """The orders of all types as text."""
    edit_field(
        st.text_area, _HELP["Write"], f"write-{prompt}", editing.orders_to_text(content, prompt),
        lambda c, new: editing.with_orders_text(c, prompt, new),
        height=30 + 42 * max(3, len(content["types"])),
    )  # fmt: skip


def _utility_grid(content: dict, prompt: str) -> None:
    """The utilities of all types as a table."""
    names, types = editing.offered(content, prompt), list(content["types"])
    rows = [list(editing.utilities_of(content, t, prompt).values()) for t in types]

    def edit(content: dict, cells: list[list]) -> dict:
        values = {}
        for type, old, new in zip(types, rows, cells, strict=True):
            if None in new:
                raise InputError(f"{type}: {names[new.index(None)]} has no number; give it one.")
            if new != old:
                values[type] = dict(zip(names, new, strict=True))
        return editing.with_utilities(content, prompt, values)

    draft_widgets.number_grid(
        f"numbers-{prompt}", rows, types,
        [st.column_config.NumberColumn(n, format="%g", step=1e-6, width=76) for n in names], edit,
        "Utilities of every type",
    )  # fmt: skip
    if not page.presenting():
        page.note(_HELP["Numbers"])
