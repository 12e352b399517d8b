"""Ask: a model of raters questions the visitor."""

import streamlit as st

from ui.latent.ask import game
from ui.latent.page import chosen_run
from ui.shared import ahead, asking, page


def ask() -> None:
    st.title("Which question tells most about you?")
    page.start_runtime()
    job, learnt = chosen_run("six-kinds")
    if learnt is None:
        return
    ahead.begin(job.id, learnt, ("where",))
    asking.switch()
    game(job.id, learnt)


page.ensure_frame()
ask()
