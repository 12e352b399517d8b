"""The app: start-up and navigation only. ``streamlit run app.py``."""

from ui.shared import page, store

current = page.navigate()
page.frame()
store.remember_viewer()
current.run()
