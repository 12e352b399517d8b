"""The row of actions of the page on scenarios: undo, open, share, go to the lab."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from scrl.scenarios import (
    Scenario,
    editing,
    parse_scenario,
    scenario_of,
)
from scrl.types import InputError
from ui.scenario import scenario_draft
from ui.scenario.scenario_draft import ScenarioDraft
from ui.shared import page, scenario_yaml, source_ids, uploads

#: URL parameters of this page.
_PAGE_PARAMETERS = ("part", "prompt", "who", "about")


def story(draft: ScenarioDraft, part: str) -> None:
    """The scenario's name and story, where no field shows them."""
    if page.presenting():
        st.markdown(f"**{page.escaped(draft.good.name)}**")
    elif part != "Raters":
        st.markdown(f"**{page.escaped(draft.good.name)}.** {page.escaped(draft.good.summary)}")


def show(draft: ScenarioDraft) -> None:
    """Draw the actions."""
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.button(
            "Undo",
            on_click=scenario_draft.undo,
            disabled=not draft.past,
            icon=":material/undo:",
            key="undo",
            type="tertiary",
        )
        if not page.presenting():
            st.button(
                "New scenario", on_click=_new, icon=":material/add:", key="new", type="tertiary",
                help="Start with two groups and three answers. ‘Undo’ brings the old one back.",
            )  # fmt: skip
            with st.popover("Open", icon=":material/upload_file:"):
                _open()
            with st.popover("Share", icon=":material/link:"):
                _share(draft)
        if st.button(
            "Train on it in the lab", type="primary", icon=":material/science:", key="to-lab"
        ):
            _to_lab(draft.good)


def _new() -> None:
    """Edit a new scenario; for callbacks."""
    scenario_draft.replace(scenario_of(editing.blank_content()))
    st.session_state["part"] = "Raters"
    for key in _PAGE_PARAMETERS[1:]:
        st.session_state.pop(key, None)


def _to_lab(scenario: Scenario) -> None:
    """Open the scenario in the lab."""
    st.session_state[page.RESET_CONTROLS] = True
    present = {"present": "true"} if page.presenting() else {}
    try:
        id = source_ids.id_or_upload(scenario)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    st.switch_page("pages/lab.py", query_params={"scenario": id, **present})


def _share(draft: ScenarioDraft) -> None:
    """The link to the scenario, and its YAML file."""
    yaml = scenario_yaml.of(draft.good)
    if draft.linked:
        params = {k: v for k, v in st.query_params.to_dict().items() if k != "run"}
        # The session is ahead of the URL.
        params |= {k: st.session_state[k] for k in _PAGE_PARAMETERS if st.session_state.get(k)}
        link = f"{st.context.url or ''}?{urlencode({**params, 'scenario': draft.id})}"
        page.note("The link holds the whole scenario. It is the address of this page.")
        st.code(link, language=None, wrap_lines=True, height=110)
    else:
        page.note(
            "This scenario is too large for a link. Save it as a file, and share the file. A "
            "reload of this page loses what you have not saved."
        )
    st.download_button(
        "Save as YAML", yaml, "scenario.yaml", "application/yaml", on_click="ignore",
        icon=":material/download:", key="save",
    )  # fmt: skip
    with st.expander("The file"):
        st.code(yaml, language="yaml", height=300)


def _open() -> None:
    """The upload of a YAML file."""
    uploads.take_file(
        "A scenario (YAML)", uploads.SCENARIO_SUFFIXES, "open", _accept, max_megabytes=1
    )


def _accept(data: bytes, filename: str) -> str:
    """Edit the scenario of a file; its name."""
    scenario_draft.replace(parse_scenario(data, filename))
    return filename
