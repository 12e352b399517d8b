"""The next question of the class: from a scenario, or in the teacher's own words."""

from __future__ import annotations

import streamlit as st

from scrl.classroom import MAX_ANSWERS, ClassroomError, Teacher
from scrl.scenarios import gallery
from ui.shared import item_texts, page, source_ids

#: What an answer that a ballot leaves out means -> its label.
ABSENT = {"last": "Tied last", "unseen": "No opinion"}
_OWN = "Your own words"


def show(teacher: Teacher, label: str = "Ask") -> None:
    """Draw the choice of a question and the button that asks it."""
    kind = st.segmented_control(
        "Where does the question come from?", ["A scenario", _OWN], default="A scenario",
        required=True, key="class_kind",
    )  # fmt: skip
    prompt, answers = "", ""
    if kind == "A scenario":
        prompt, answers = _from_scenario()
    # The key is part of the choice, so that another scenario brings other texts.
    chosen = f"{kind}-{prompt}-{answers}"
    with st.form(f"class-form-{hash(chosen)}", border=False):
        prompt = st.text_area("Question", prompt, height=80, max_chars=2_000)
        answers = st.text_area(
            f"Answers, one a line (2 to {MAX_ANSWERS})", answers, height=150, max_chars=21_000
        )
        absent = st.radio(
            "An answer that a ballot leaves out is", list(ABSENT), format_func=ABSENT.__getitem__,
            horizontal=True, help="**Tied last**: it shares the last place of that ballot, as in "
            "most elections. **No opinion**: that ballot says nothing about it.",
        )  # fmt: skip
        if st.form_submit_button(label, type="primary", icon=":material/how_to_vote:"):
            try:
                teacher.ask(prompt, [line for line in answers.splitlines() if line.strip()], absent)
            except ClassroomError as error:
                st.error(page.escaped(str(error)))
            else:
                st.rerun()


def _from_scenario() -> tuple[str, str]:
    """A prompt of a scenario with its answers, as text with one answer a line."""
    left, right = st.columns(2)
    stem = left.selectbox(
        "Scenario", _stems(), key="class_scenario",
        format_func=lambda stem: source_ids.gallery_scenario(stem).name,
    )  # fmt: skip
    catalogue = source_ids.gallery_scenario(stem).catalogue
    prompts = [name for i, name in enumerate(catalogue.prompts)
               if 2 <= len(catalogue.names(i)) <= MAX_ANSWERS]  # fmt: skip
    prompt = right.selectbox("Prompt", prompts, key=f"class_prompt_{stem}")
    scenario = source_ids.gallery_scenario(stem)
    texts = item_texts.completion_texts(scenario, prompt)
    names = catalogue.names(catalogue.prompts.index(prompt))
    answers = [" ".join(texts.get(name, name).split()) for name in names]
    return item_texts.prompt_text(scenario, prompt), "\n".join(answers)


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
