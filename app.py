"""The app: start-up and navigation only. ``streamlit run app.py``."""

# Streamlit loads pandas in a thread of its own. Plotly, which looks whether it is loaded, must not
# find a half of it.
import pandas  # noqa: F401

from ui.shared import navigation, viewer

current = navigation.navigate()
navigation.draw_sidebar()
viewer.remember()
current.run()
