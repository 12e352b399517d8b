"""The app: start-up and navigation only. ``streamlit run app.py``."""

from ui.shared import navigation, viewer

current = navigation.navigate()
navigation.draw_sidebar()
viewer.remember()
current.run()
