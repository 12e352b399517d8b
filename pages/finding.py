"""Who gets a say? The finding of the blog post, from a baked result."""

import streamlit as st

from ui.lab import finding
from ui.shared import navigation


def show() -> None:
    st.title("Who gets a say?")
    finding.show()


navigation.ensure_navigation()
show()
