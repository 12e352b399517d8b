"""The scenario being edited: its content, faults, history and place in the URL.

The content is plain data (see ``scrl.scenarios.editing``) and may be invalid for a while; ``good``
is the last valid scenario, which figures show and which stands in the URL as ``?scenario=``.
Widgets follow the draft, but refused input stays as typed, with a message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from scrl.scenarios import Scenario, content_of, scenario_of
from scrl.types import InputError
from ui.shared import page, source_ids

#: Edits that can be undone.
MAX_UNDO_STEPS = 50


@dataclass
class ScenarioDraft:
    """A scenario being edited.

    Attributes:
        content: as ``scrl.scenarios.editing`` has it.
        good: the last valid scenario; id: its id in the URL, or that of the one before where it is
            too large for a link.
        linked: whether ``id`` is that of ``good``.
        fault: why ``content`` is invalid; "" where it is valid.
        faults: widget -> why its input was refused.
        past: earlier contents, the latest last.
        origin: the content as it was opened, with its story.
    """

    content: dict
    good: Scenario
    id: str
    linked: bool = True
    fault: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    past: list[dict] = field(default_factory=list)
    origin: dict = field(default_factory=dict)


def current() -> ScenarioDraft:
    """The draft; loaded anew where the URL, or another page, names another scenario."""
    state = st.session_state
    draft: ScenarioDraft | None = state.get("draft")
    id_wanted, last = st.query_params.get("scenario"), state.get("last")
    # Ratings chosen in the lab are no scenario to edit and stay chosen there.
    last_source = source_ids.find(last) if last else None
    elsewhere = id_wanted is None and last_source is not None and not last_source.is_scenario
    if id_wanted is None:
        id_wanted = (
            (draft.id if draft else source_ids.DEFAULT_SCENARIO)
            if elsewhere
            else last or source_ids.DEFAULT_SCENARIO
        )
    if draft is None or id_wanted != draft.id:
        try:
            source = source_ids.read(id_wanted)
            if not source.is_scenario:
                raise InputError("That file holds ratings, and ratings are not edited here.")
        except InputError as error:
            other = "The scenario before" if draft else "Another scenario"
            st.warning(f"{page.escaped(str(error))} {other} is shown.")
            source = None if draft else source_ids.read(source_ids.DEFAULT_SCENARIO)
            id_wanted = source_ids.DEFAULT_SCENARIO
        if source is not None:
            past = [*draft.past, draft.content] if draft else []
            id = source_ids.scenario_id(source)
            draft = state["draft"] = ScenarioDraft(
                content_of(source), source, id or id_wanted, id is not None, past=past,
                origin=content_of(source),
            )  # fmt: skip
            state.pop("views", None)
    _validate(draft)
    if not elsewhere:
        state["last"] = draft.id
    page.set_url_parameter("scenario", draft.id, source_ids.DEFAULT_SCENARIO)
    return draft


def _validate(draft: ScenarioDraft) -> None:
    """Update ``good`` where the content is valid, else ``fault``."""
    try:
        good = scenario_of(draft.content)
    except InputError as error:
        draft.fault = str(error)
    else:
        draft.fault = ""
        if good != draft.good:
            id = source_ids.scenario_id(good)
            draft.good, draft.linked, draft.id = good, id is not None, id or draft.id


def _with_true_story(draft: ScenarioDraft, content: dict) -> dict:
    """The content without a story that was told of other numbers.

    A scenario that was changed but for its story says only from which it was changed; changed
    back, it has its story again.
    """
    origin, before = draft.origin, draft.content
    told = origin.get("summary", "")
    placeholder = f"A changed version of ‘{origin.get('name', '')}’."
    if not told or content.get("summary", "") != before.get("summary", ""):
        return content  # without a story, or with one that has just been written
    labels = {"name", "summary", "source"}

    def numbers(c: dict) -> dict:
        return {key: value for key, value in c.items() if key not in labels}

    if content.get("summary") == told and numbers(content) != numbers(origin):
        return {**content, "summary": placeholder}
    if content.get("summary") == placeholder and numbers(content) == numbers(origin):
        return {**content, "summary": told}
    return content


def replace(source: Scenario) -> None:
    """Edit this scenario from now on; for callbacks."""
    draft: ScenarioDraft = st.session_state["draft"]
    draft.origin = content_of(source)
    apply_edit("", lambda _: content_of(source))
    st.session_state.pop("views", None)


def apply_edit(key: str, edit: Callable[[dict], dict]) -> None:
    """Apply one edit; for callbacks.

    Args:
        key: of the widget, under which a refusal is kept; "" for an edit of no field, after which
            every field follows the draft again.
    """
    draft: ScenarioDraft = st.session_state["draft"]
    try:
        content = edit(draft.content)
    except InputError as error:
        draft.faults[key] = str(error)
        return
    except KeyError:  # the page shows an older content
        draft.faults[key] = "This has just been changed; try again."
        return
    if key:
        draft.faults.pop(key, None)
    else:
        draft.faults.clear()
    content = _with_true_story(draft, content)
    if content != draft.content:
        draft.past = [*draft.past, draft.content][-MAX_UNDO_STEPS:]
        draft.content = content


def undo() -> None:
    """Undo the latest edit; for callbacks."""
    draft: ScenarioDraft = st.session_state["draft"]
    draft.content = draft.past.pop()
    draft.faults.clear()


def show_faults(draft: ScenarioDraft) -> None:
    """One message for what is wrong."""
    if refused := next(iter(draft.faults.values()), ""):
        st.error(page.escaped(refused))
        draft.faults.pop("", None)
    elif draft.fault:
        st.error(page.escaped(f"{draft.fault} The scenario before this change is shown."))
