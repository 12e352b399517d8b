"""Step 2: more or fewer of the silent people rate the answer, and Bradley–Terry follows."""

from __future__ import annotations

import streamlit as st

from ui.shared import live_preview, page
from ui.start import path, story, warm_up

#: The URL parameter with the percentage of the silent groups that rates the answer.
_PARAMETER = "rated"


def rate() -> int:
    """The percentage of the silent groups that rates the answer, by ``?rated=``."""
    text = st.query_params.get(_PARAMETER, "")
    return int(text) if text in map(str, story.content()["silence"]["rates"]) else story.STORED_RATE


def show() -> None:
    """The slider, the two orders, and when the winner changes."""
    path.sentence("If only its fans rate an answer, the model thinks that everybody likes it.")
    warm_up.start()  # the next step trains
    slider = live_preview.Quantity(
        _PARAMETER, "Of the people who are not clinicians, so many rate the clinical answer",
        "includes", story.STORY.silent_types(), story.STORY.completion,
    )  # fmt: skip
    live_preview.show(
        story.scenario(), story.STORY.prompt, [slider], "silence",
        titles=("Everyone’s complete ballots", "The usual training"),
        focus=story.STORY.completion,
    )  # fmt: skip
    percent = rate()
    if st.query_params.get(_PARAMETER, str(percent)) != str(percent):
        st.info(f"The link gives a percentage that the slider does not have. {percent} % is shown.")
    page.note(
        "The bars show how far apart the answers are: points on the left, rewards on the right."
    )
    page.say(_summary(percent))
    path.buttons(2)
    if not page.presenting():
        with st.expander("More: how the usual training counts"):
            page.say(
                "The usual training is Bradley–Terry. It looks at pairs of answers that somebody "
                "has compared, and gives each answer one number, its reward. An answer that wins "
                "most of its comparisons gets a high reward. Bradley–Terry does not ask who has "
                "not compared. Complete ballots are counted here by Borda."
            )
            page.note(
                "Both orders are exact: they are computed for as many people as one likes, so "
                "chance plays no part."
            )


def _summary(percent: int) -> str:
    """Who rates the answer, what comes first, and from which rate on the winner is right."""
    outspoken = story.outspoken_percent(percent)
    turning = story.content()["silence"]["turning"]
    first = story.winner(story.trained_order(percent))
    return (
        f"Of 100 people who rate the clinical answer, **{outspoken}** are clinicians, and they "
        f"like it best. The usual training puts **{first}** first. If at least {turning} % of the "
        f"others rate it, {story.winner(story.complete_order())} comes first, as it does when "
        "everyone is heard."
    )
