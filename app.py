"""The app: start-up and navigation only. ``streamlit run app.py``."""

from ui import page

current = page.navigate()
page.frame()
current.run()
