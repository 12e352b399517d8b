"""Latent space: what a finished run's model knows of its raters, and how that could be refuted."""

import streamlit as st

from ui.latent import health, maps, placement, traversals
from ui.latent.fitted_run import choose
from ui.shared import navigation, page, page_parts, precompute

PARTS = {
    "Clusters": maps.clusters,
    "Contexts": maps.contexts,
    "Part of a ballot": maps.partial_ballots,
    "Left out": maps.left_out,
    "Traversals": traversals.show,
    "Where am I?": placement.show,
    "Health": health.show,
}


def show() -> None:
    st.title("What does the model know of you?")
    page.start_runtime()
    job, learnt = choose()
    if learnt is None:
        return
    precompute.start(job.id, learnt)
    page_parts.choose(PARTS)(job.id, learnt)


navigation.ensure_navigation()
show()
