"""The part that shows answers before and after training side by side."""

from __future__ import annotations

import streamlit as st

from scrl.studies import text_policy, text_types
from ui.shared import page
from ui.text_policies import stored


def show() -> None:
    """Answers of the three policies to a prompt."""
    result = stored.result()
    prompts = result["prompts"]
    chosen = st.selectbox("Prompt", prompts, key="text_prompt", bind="query-params")
    place = prompts.index(chosen)
    if chosen in text_policy.NEW:
        page.note("No vote on this prompt was in the training.")
    for column, (key, name) in zip(st.columns(3), stored.NAMES.items(), strict=True):
        with column:
            st.markdown(f"**{name}**")
            for text in result["policies"][key]["texts"][place][:4]:
                show_text(text)
    page.note(
        "The first four of ten fresh answers. The model was asked for one sentence and cut after "
        f"{text_policy.MAX_TOKENS} tokens. It is small: read its answers for their style, not for "
        "advice."
    )


def show_text(text: str) -> None:
    """An answer and the styles that it has."""
    has = text_types.attributes_of([text])[0]
    badges = " ".join(
        f":gray-badge[{name}]"
        for name, there in zip(text_types.ATTRIBUTES, has, strict=True)
        if there
    )
    with st.container(border=True):
        st.markdown(page.escaped(text) + (f"  \n{badges}" if badges else ""))
