"""Training made quick before the reader asks for it."""

from __future__ import annotations

import threading
from contextlib import suppress

import streamlit as st

from ui.start import story


@st.cache_resource(show_spinner=False)
def start() -> None:
    """Compile in the background, once a server, what a training of the story needs.

    The first training of a server takes several seconds, each further one takes one second.
    """

    def work() -> None:
        from scrl.config import DEFAULT_RULES
        from scrl.runs import train
        from scrl.runtime import start as start_runtime

        with suppress(Exception):  # the training itself reports a fault
            start_runtime()
            train(story.scenario(), DEFAULT_RULES, 0, lambda progress: None)

    threading.Thread(target=work, name="scrl-warm-up", daemon=True).start()
