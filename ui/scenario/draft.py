"""The scenario in hand: what is being edited, its faults, its past, its place in the URL.

The draft is plain data (``scenarios.editing``), possibly invalid for a while; ``good`` is the last
valid scenario, which figures show and which stands in the URL as ``?scenario=``. Widgets follow the
draft, but what was typed and refused stays as typed, with one sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from scrl.scenarios import Scenario, content_of, gallery, scenario_of
from scrl.types import InputError
from ui.shared import page, sources

#: Steps that can be undone.
MOST_STEPS = 50


@dataclass
class Draft:
    """What is being edited.

    Attributes:
        content: as ``scenarios.editing`` has it.
        good: the last valid scenario; id: what stands for it in the URL, or for the one before
            where it is too large for a link.
        linked: whether ``id`` stands for ``good``.
        fault: why ``content`` is no scenario; "" where it is one.
        faults: widget -> why what was typed there was refused.
        past: contents before, the latest last.
    """

    content: dict
    good: Scenario
    id: str
    linked: bool = True
    fault: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    past: list[dict] = field(default_factory=list)


def current() -> Draft:
    """The draft, loaded where the URL (or another page) names another scenario."""
    state = st.session_state
    draft: Draft | None = state.get("draft")
    wanted, last = st.query_params.get("scenario"), state.get("last")
    # Ratings that the lab has in hand are no scenario to edit, and stay the lab's.
    known = sources.found(last) if last else None
    elsewhere = wanted is None and known is not None and not known.is_scenario
    if wanted is None:
        wanted = (draft.id if draft else sources.FIRST) if elsewhere else last or sources.FIRST
    if draft is None or wanted != draft.id:
        try:
            source = sources.read(wanted)
            if not source.is_scenario:
                raise InputError("That file holds ratings, and ratings are not edited here.")
        except InputError as error:
            other = "the scenario before" if draft else "another"
            st.warning(f"{page.plain(str(error))} Shown is {other}.")
            source = None if draft else sources.read(sources.FIRST)
            wanted = sources.FIRST
        if source is not None:
            past = [*draft.past, draft.content] if draft else []
            id = sources.id_of(source)
            draft = state["draft"] = Draft(
                content_of(source), source, id or wanted, id is not None, past=past
            )
            state.pop("views", None)
    _check(draft)
    if not elsewhere:
        state["last"] = draft.id
    point_at("scenario", draft.id, sources.FIRST)
    return draft


def point_at(key: str, value: str, usual: str) -> None:
    """Put a value in the URL, unless it is the usual one and nothing stands there. Only what
    differs is written: every write sends the whole URL of the last run, and would take back what
    the reader has changed since."""
    known = st.query_params.get(key)
    if known != value and (known is not None or value != usual):
        st.query_params[key] = value


def _check(draft: Draft) -> None:
    """Whether the content is a scenario; if so it is the good one."""
    try:
        good = scenario_of(draft.content)
    except InputError as error:
        draft.fault = str(error)
    else:
        draft.fault = ""
        if good != draft.good:
            id = sources.id_of(good)
            draft.good, draft.linked, draft.id = good, id is not None, id or draft.id


def retold(draft: Draft) -> bool:
    """Whether this is a scenario of the gallery, changed, under the gallery's story."""
    stories = {sources.of_gallery(stem).summary for stem in gallery()}
    return bool(draft.good.summary in stories and draft.id not in gallery())


def replace(source: Scenario) -> None:
    """Make this the scenario in hand; for callbacks."""
    change("", lambda _: content_of(source))
    st.session_state.pop("views", None)


def change(key: str, edit: Callable[[dict], dict]) -> None:
    """One edit; for callbacks. A refused one leaves its sentence under ``key``; "" is an edit that
    no field holds, after which every field follows the draft again."""
    draft: Draft = st.session_state["draft"]
    try:
        content = edit(draft.content)
    except InputError as error:
        draft.faults[key] = str(error)
        return
    except KeyError:  # the page was an edit behind
        draft.faults[key] = "This has just been changed; try again."
        return
    if key:
        draft.faults.pop(key, None)
    else:
        draft.faults.clear()
    if content != draft.content:
        draft.past = [*draft.past, draft.content][-MOST_STEPS:]
        draft.content = content


def undo() -> None:
    draft: Draft = st.session_state["draft"]
    draft.content = draft.past.pop()
    draft.faults.clear()


def say_faults(draft: Draft) -> None:
    """One sentence for what is wrong, and what is shown meanwhile."""
    if refused := next(iter(draft.faults.values()), ""):
        st.error(page.plain(refused))
        draft.faults.pop("", None)
    elif draft.fault:
        st.error(page.plain(f"{draft.fault} Shown is the scenario before."))


# -- widgets that follow the draft ----------------------------------------------------------------


def follow(widget, label: str, key: str, value, edit: Callable[[dict, object], dict], **settings):
    """A widget that shows ``value``, as the draft has it, and edits it: ``edit(content, new)``."""
    draft, state = st.session_state["draft"], st.session_state
    # Written only where it differs, so that fast typing is never overtaken by an older value.
    if key not in draft.faults and (key not in state or state[key] != value):
        state[key] = value
    # And given as the default too: what a run sets that is cut short never reaches the browser.
    usual = "default" if widget in (st.multiselect, st.segmented_control) else "value"
    settings[usual] = state.get(key, value)

    def edited() -> None:
        change(key, lambda content: edit(content, state[key]))

    return widget(label, key=key, on_change=edited, **settings)


def press(label: str, key: str, edit: Callable[[dict], dict], **settings) -> None:
    """A button that makes one edit."""
    st.button(label, key=key, on_click=change, args=("", edit), **settings)


def grid(
    key: str,
    rows: list[list[float]],
    names: list[str],
    columns: list,
    edit: Callable[[dict, list[list]], dict],
    alt: str,
) -> None:
    """An editable table of numbers under a column of names that follows the draft.

    Args:
        rows: what the draft says, a list a row; columns: their ``st.column_config``.
        edit: given the content and all rows as they are now, cleared cells None.
    """
    draft, state = st.session_state["draft"], st.session_state
    held = state.get(key)
    # The editor keeps its edits beside the table that it began with, so that a cell keeps its
    # focus; another table needs another editor.
    if held is None or held["widget"] not in state or held["now"] != [names, rows]:
        number = 0 if held is None else held["number"] + 1
        widget = f"{key}-{number}"
        held = state[key] = {
            "number": number, "widget": widget, "first": rows, "now": [names, rows]
        }  # fmt: skip
        draft.faults.pop(key, None)

    def edited() -> None:
        now = [list(row) for row in held["first"]]
        for i, cells in state[held["widget"]]["edited_rows"].items():
            for column, value in cells.items():
                now[int(i)][int(column)] = value
        change(key, lambda content: edit(content, now))
        if key not in draft.faults:
            held["now"] = [names, now]

    st.data_editor(
        [{"_": name, **{str(j): v for j, v in enumerate(row)}}
         for name, row in zip(names, held["first"], strict=True)],
        hide_index=True, disabled=["_"], key=held["widget"], on_change=edited, alt=alt,
        column_config={"_": st.column_config.TextColumn("", pinned=True),
                       **{str(j): column for j, column in enumerate(columns)}},
    )  # fmt: skip
