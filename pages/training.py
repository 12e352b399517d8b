"""Train wrongly: five ways of hiding ballots, and what a model learns by each."""

import streamlit as st

from ui.models import masking_regimes
from ui.shared import navigation, page


def show() -> None:
    page.opening("training")
    page.start_runtime()
    if not page.presenting():
        st.markdown(
            "A model of raters sees part of the answer it is asked for. What it is shown and what "
            "it is asked decide whether it learns people, or learns to copy. The model here is a "
            "network that reads ballots, as the blog post describes; the lab fits a statistical "
            "model, which cannot copy, since it states how likely each ballot is."
        )
    masking_regimes.show(*masking_regimes.choose())


navigation.ensure_navigation()
show()
