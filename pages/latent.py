"""Latent space: what a finished run's model knows of its raters, and how that could be refuted."""

import streamlit as st

from ui.latent.health import health
from ui.latent.maps import clusters, contexts, left_out, partial
from ui.latent.page import chosen_run
from ui.latent.walk import traversals
from ui.latent.where import where_am_i
from ui.shared import ahead, asking, page

PARTS = {
    "Clusters": clusters,
    "Contexts": contexts,
    "Part of a ballot": partial,
    "Left out": left_out,
    "Traversals": traversals,
    "Where am I?": where_am_i,
    "Health": health,
}


def latent() -> None:
    st.title("What does the model know of you?")
    page.start_runtime()
    job, learnt = chosen_run()
    if learnt is None:
        return
    ahead.begin(job.id, learnt)
    asking.part_of(PARTS)(job.id, learnt)


page.ensure_frame()
latent()
