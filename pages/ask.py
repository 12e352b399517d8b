"""Ask: a model of raters questions the visitor."""

import streamlit as st

from ui.latent import quiz
from ui.latent.fitted_run import choose
from ui.shared import navigation, page, precompute, predict_first


def show() -> None:
    st.title("Which question tells most about you?")
    page.start_runtime()
    job, learnt = choose("six-kinds")
    if learnt is None:
        return
    precompute.start(job.id, learnt, ("where",))
    predict_first.switch()
    quiz.show(job.id, learnt)


navigation.ensure_navigation()
show()
