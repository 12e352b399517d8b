"""The texts of prompts and completions, where a file gives more than their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui.shared.foreign_text import escaped

if TYPE_CHECKING:
    from scrl.scenarios import Scenario
    from scrl.types import Catalogue, Ratings

#: Texts that a page lists at most.
MAX_TEXTS = 100
#: Letters of one text that are shown.
MAX_LETTERS = 2000
#: Letters up to which they may stand open: more would push the page out of sight.
MAX_OPEN_LETTERS = 600


def cut(text: str) -> str:
    """The beginning of a text, and how long it is where that is not all."""
    if len(text) <= MAX_LETTERS:
        return text
    return f"{text[:MAX_LETTERS]} … ({len(text):,} characters)"


def prompt_text(source: Scenario | Ratings, prompt: str) -> str:
    """What raters read as the prompt: its text, else its name; plain text, not Markdown."""
    catalogue = source.catalogue
    if prompt not in catalogue.prompts:
        return prompt
    return catalogue.prompt_texts[catalogue.prompts.index(prompt)] or prompt


def completion_texts(source: Scenario | Ratings, prompt: str) -> dict[str, str]:
    """The text of each completion of a prompt by its name; the name where there is no text.

    Plain text, not Markdown. Empty where the source has no such prompt.
    """
    catalogue = source.catalogue
    if prompt not in catalogue.prompts:
        return {}
    return _texts_of(catalogue, catalogue.prompts.index(prompt))


def completion_text(source: Scenario | Ratings, prompt: str, name: str) -> str:
    """The text of one completion, else its name; plain text, not Markdown."""
    return completion_texts(source, prompt).get(name, name)


def _texts_of(catalogue: Catalogue, prompt: int) -> dict[str, str]:
    start, stop = catalogue.offsets[prompt : prompt + 2]
    return {
        catalogue.completions[c]: catalogue.completion_texts[c] or catalogue.completions[c]
        for c in catalogue.members[start:stop]
    }


def has_texts(source: Scenario | Ratings, prompt: str) -> bool:
    """Whether a completion of the prompt has a text that differs from its name."""
    return any(name != text for name, text in completion_texts(source, prompt).items())


def show_texts(source: Scenario | Ratings, prompt: str, label: str = "What the names stand for",
               expanded: bool = False) -> None:  # fmt: skip
    """The prompt's text and those of its completions; nothing where names say it all.

    Args:
        expanded: whether they stand open where they are short.
    """
    texts, question = completion_texts(source, prompt), prompt_text(source, prompt)
    longer = {name: text for name, text in texts.items() if text != name}
    if not longer and question == prompt:
        return
    letters = len(question) + sum(map(len, longer.values()))
    with st.expander(label, expanded=expanded and letters <= MAX_OPEN_LETTERS):
        st.markdown(f"**{escaped(cut(question))}**")
        for name, text in list(longer.items())[:MAX_TEXTS]:
            st.markdown(f"**{escaped(name)}** · {escaped(cut(text))}")
        if len(longer) > MAX_TEXTS:
            st.markdown(f"These are {MAX_TEXTS} of {len(longer):,}.")
