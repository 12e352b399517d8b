"""A file of texts: does the usual reward learnt from it read the prompt?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl.figures import estimate_dots
from scrl.types import InputError
from ui.shared import page, ratings_picker

if TYPE_CHECKING:
    from scrl.diagnostics import PromptReading
    from scrl.types import Ratings

#: An example, drawn from a scenario of the gallery.
_EXAMPLE = "text-caution"


@st.cache_resource(show_spinner=False)
def _example() -> Ratings:
    from scrl.scenarios import gallery, load_scenario

    return load_scenario(gallery()[_EXAMPLE]).ratings(0)


@st.cache_data(max_entries=20, show_spinner="Fitting rewards with and without prompts")
def _read(id: str, _ratings: Ratings) -> PromptReading:
    from scrl.diagnostics import read_prompts

    return read_prompts(_ratings)


def show() -> None:
    """Draw the choice of a file, and the diagnosis once it is asked for."""
    if page.presenting():
        return
    st.subheader("Your own texts", anchor=False)
    id, ratings = ratings_picker.choose(
        "prompt", "Ratings of texts", "An example: answers that warn or do not", _example
    )
    if ratings is None:
        return
    asked = st.session_state.setdefault("prompt_asked", "")
    if st.button("Does a reward read these prompts?", icon=":material/play_arrow:"):
        st.session_state["prompt_asked"] = asked = id or _EXAMPLE
    if asked != (id or _EXAMPLE):
        return
    try:
        found = _read(id or _EXAMPLE, ratings)
    except InputError as error:
        st.info(page.escaped(str(error)))
        return
    _draw(found)


def _draw(found: PromptReading) -> None:
    """The verdict in words, and the three accuracies."""
    left = found.survives
    gain = found.read - found.hidden
    if found.read < 0.55:
        verdict = "With its prompts the reward orders hardly more pairs rightly than chance would"
    elif left > 0.9:
        verdict = f"**Blind in effect**: {left:.0%} of its accuracy above chance survives shuffling"
    else:
        verdict = (
            f"**It reads prompts**: only {max(left, 0):.0%} of its accuracy survives shuffling"
        )
    page.say(
        f"{verdict}. Of its variance, {found.interaction:.0%} depends on prompt and answer "
        f"together. Against a reward that never saw a prompt, reading changes accuracy on new "
        f"prompts by {gain:+.1%}."
    )
    rows = [
        ("Read", found.read, 0),
        ("Shuffled", found.shuffled, 1),
        ("Never seen", found.hidden, 2),
    ]
    page.chart(
        estimate_dots(
            [(name, v, v, v, i) for name, v, i in rows], "people’s pairs ordered rightly", 0.5,
            **page.style(),
        ),
        "chart-prompt-file",
        alt="; ".join(f"{name}: {v:.0%}" for name, v, _ in rows),
        caption=f"A quarter of {found.prompts} prompts is left out in turn, and their pairs are "
        f"ordered ({found.pairs:,.0f} in all). Judged by those who answered: where a prompt tells "
        "who answers it, reading it helps. Without intervals: few prompts decide.",
    )  # fmt: skip
