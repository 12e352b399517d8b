"""Ask: a model of raters questions the visitor."""

import streamlit as st

from ui.latent import fitted_run, quiz
from ui.shared import navigation, page, precompute, predict_first


def show() -> None:
    st.title("Which question tells most about you?")
    page.start_runtime()
    job, fitted = fitted_run.choose()
    if fitted is None:
        return
    precompute.start(job.id, fitted, ("where",))
    predict_first.switch()
    quiz.show(job.id, fitted)


navigation.ensure_navigation()
show()
