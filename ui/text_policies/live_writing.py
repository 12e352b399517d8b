"""The part in which the language model writes now, where it is installed."""

from __future__ import annotations

import streamlit as st

from scrl.language_model import INSTALL, is_installed
from scrl.studies import text_policy
from scrl.types import InputError, Progress
from ui.shared import page
from ui.text_policies.before_and_after import show_text

#: Answers that are written at once.
COUNT = 4


def show() -> None:
    """A prompt, a button, and the answers that the model writes to it."""
    if not is_installed():
        st.info("The language model is not installed. What is stored can be read without it. To "
                f"install it: `{INSTALL}`.")  # fmt: skip
        return
    prompt = st.text_input(
        "Prompt", text_policy.TRAINED[0], key="own_prompt", max_chars=500, bind="query-params"
    )
    seed = st.number_input("Seed", 0, 999, 0, key="text_seed", bind="query-params")
    if not st.button("Write", key="write", icon=":material/edit:", type="primary"):
        page.note(
            "The first answers take half a minute, while the model is read and compiled; later "
            "ones take seconds."
        )
        return
    bar = st.progress(0.0, text="The model is being read")

    def heard(progress: Progress) -> None:
        bar.progress(min(progress.fraction, 1.0), text=page.escaped(progress.message))

    try:
        texts = write(prompt, int(seed), heard)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    bar.empty()
    for text in texts:
        show_text(text)


def write(prompt: str, seed: int, heard) -> list[str]:
    """Answers of the model before training, under the settings of the study.

    Raises:
        InputError: where the prompt is too long.
    """
    from scrl.language_model import load_language_model

    page.start_runtime()
    written = load_language_model().complete(
        [prompt + text_policy.REQUEST], COUNT, text_policy.MAX_TOKENS, text_policy.TEMPERATURE,
        seed=seed, on_progress=heard,
    )  # fmt: skip
    return [c.text for c in written[0]]
