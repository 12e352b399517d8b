"""Rules: one set of ballots, every rule."""

import streamlit as st

from ui import page, profiles

page.ensure_frame()
st.title("One set of ballots. Who wins?")
page.start_runtime()
profile = profiles.choose()
st.text(profile.to_text())
