"""The first screen and the five steps of its story."""

from importlib import import_module

import streamlit as st

from scrl.types import InputError
from ui.shared import navigation, page, session
from ui.start import path, story

#: Modules of ``ui.start``, each loaded when it is opened: only some of them need JAX.
STEPS = ("opening", "guess", "silence", "train", "served", "rules")


def show() -> None:
    session.enter("start")
    step = path.current()
    if step:
        path.row(step)
    else:
        page.opening("start", question=False)
    try:
        story.content()
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    path.explain_unknown_step()
    path.begin_at_the_top(step)
    import_module(f"ui.start.{STEPS[step]}").show()


navigation.ensure_navigation()
show()
