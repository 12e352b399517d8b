"""Step 1: the reader guesses why the usual training prefers an answer that most people dislike."""

from __future__ import annotations

import streamlit as st

from ui.shared import page
from ui.start import bubbles, path, story

_LARGEST, _SILENT, _FEW = range(3)


def _options() -> list[str]:
    return [
        "Clinicians are the largest group.",
        f"Most other people did not rate the {story.STORY.completion.lower()} answer.",
        f"{story.scenario().raters:,} people are too few for training.",
    ]


def _verdict(guess: int) -> str:
    """What the stored computation says of a guess."""
    usual = story.winner(story.trained_order(story.STORED_RATE))
    all_rate = story.winner(story.trained_order(100))
    if guess == _SILENT:
        return (
            f"**Right.** If everybody rates every answer, the same training puts {all_rate} first. "
            "The next step shows it."
        )
    if guess == _LARGEST:
        return (
            "**Not quite.** Clinicians are the largest group. But if everybody rates every answer, "
            f"the same training puts {all_rate} first, and the groups are as large as before."
        )
    return (
        f"**Not quite.** With a million people of these groups the training still puts {usual} "
        "first. More people do not help if the same people stay silent."
    )


def show() -> None:
    """The groups, the question and the verdict."""
    path.sentence("Four groups of people want different answers. Why does the clinical one win?")
    page.say(
        f"{story.scenario().raters:,} people were asked. Each has ordered answers, best first."
    )
    bubbles.wishes(story.groups(), list(story.scenario().completions))
    options = _options()
    guess = st.radio(
        "What is your guess?", range(len(options)), index=None, key="why",
        format_func=options.__getitem__,
    )  # fmt: skip
    if guess is not None:
        page.say(_verdict(guess))
    path.buttons(1)
    if not page.presenting():
        with st.expander("More: the five answers"):
            for name in story.scenario().completions:
                st.markdown(f"**{page.escaped(name)}.** {page.escaped(story.answer_text(name))}")
