"""How many raters does it take? Two studies of many runs, from baked results."""

import streamlit as st

from ui.runs import studies
from ui.shared import asking, page

PARTS = {"How many raters": studies.raters, "Where voters come from": studies.voters}


def show() -> None:
    st.title("How many raters does it take?")
    asking.part_of(PARTS)()


page.ensure_frame()
show()
