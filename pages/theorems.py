"""Theorems."""

import streamlit as st

from ui import page

page.ensure_frame()
st.title("Theorems")
