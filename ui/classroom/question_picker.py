"""The next question of the class: from a scenario, or in the teacher's own words."""

from __future__ import annotations

from functools import partial

import streamlit as st

from scrl.classroom import MAX_ANSWERS, Teacher
from scrl.scenarios import gallery
from ui.classroom import controls
from ui.shared import item_texts, source_ids

#: What an answer that a ballot leaves out means -> its label.
ABSENT = {"last": "Tied last", "unseen": "No opinion"}
_SCENARIO, _OWN = "A scenario", "Your own words"
#: The scenario that the choice opens with.
_FIRST = "blood-pressure"


def show(teacher: Teacher, label: str = "Ask") -> None:
    """Draw the choice of a question and the button that asks it."""
    kind = st.segmented_control(
        "Where does the question come from?", [_SCENARIO, _OWN], default=_SCENARIO,
        required=True, key="class_kind",
    )  # fmt: skip
    prompt, lines = _from_scenario() if kind == _SCENARIO else ("", "")
    # The key is part of the choice, so that another scenario brings other texts.
    form = f"class-form-{kind}-{hash(prompt + lines)}"
    with st.form(form, border=False):
        st.text_area("Question", prompt, height=80, max_chars=2_000, key=f"{form}-prompt")
        st.text_area(
            f"Answers, one a line (2 to {MAX_ANSWERS})", lines, height=190, max_chars=21_000,
            help="Put a short name before a bar, and charts show it: "
            "**Short | Measure again on three days.** Phones show the name and the answer.",
            key=f"{form}-answers",
        )  # fmt: skip
        st.radio(
            "An answer that a ballot leaves out is", list(ABSENT), format_func=ABSENT.__getitem__,
            horizontal=True, help="**Tied last**: it shares the last place of that ballot, as in "
            "most elections. **No opinion**: that ballot says nothing about it.",
            key=f"{form}-absent",
        )  # fmt: skip
        st.form_submit_button(
            label, type="primary", icon=":material/how_to_vote:",
            on_click=controls.attempt, args=(partial(_ask, teacher, form),),
        )  # fmt: skip


def _ask(teacher: Teacher, form: str) -> None:
    """Ask what a form holds."""
    prompt, lines, absent = (
        st.session_state[f"{form}-{field}"] for field in ("prompt", "answers", "absent")
    )
    names, answers = read_lines(lines)
    teacher.ask(prompt, answers, absent, names)


def read_lines(text: str) -> tuple[list[str], list[str]]:
    """Short names (or "") and answers, one a line; empty lines are left out."""
    names, answers = [], []
    for line in filter(str.strip, text.splitlines()):
        name, bar, answer = line.partition("|")
        named = bool(bar and name.strip() and answer.strip())
        names.append(name.strip() if named else "")
        answers.append((answer if named else line).strip())
    return names, answers


def _from_scenario() -> tuple[str, str]:
    """A prompt of a scenario, and its answers as lines of the form."""
    left, right = st.columns(2)
    stems = _stems()
    stem = left.selectbox(
        "Scenario", stems, stems.index(_FIRST) if _FIRST in stems else 0, key="class_scenario",
        format_func=lambda stem: source_ids.gallery_scenario(stem).name,
    )  # fmt: skip
    scenario = source_ids.gallery_scenario(stem)
    catalogue = scenario.catalogue
    prompts = [name for i, name in enumerate(catalogue.prompts)
               if 2 <= len(catalogue.names(i)) <= MAX_ANSWERS]  # fmt: skip
    prompt = right.selectbox("Prompt", prompts, key=f"class_prompt_{stem}")
    lines = []
    for name, text in item_texts.completion_texts(scenario, prompt).items():
        text = " ".join(text.split())
        lines.append(text if text == name or "|" in name else f"{name} | {text}")
    return item_texts.prompt_text(scenario, prompt), "\n".join(lines)


@st.cache_data(show_spinner=False)
def _stems() -> list[str]:
    """The scenarios with a prompt that a class can vote on."""
    found = []
    for stem in gallery():
        catalogue = source_ids.gallery_scenario(stem).catalogue
        sizes = [len(catalogue.names(i)) for i in range(len(catalogue.prompts))]
        if any(2 <= size <= MAX_ANSWERS for size in sizes):
            found.append(stem)
    return found
