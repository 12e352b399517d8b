"""The app: start-up and navigation only. ``streamlit run app.py``.

Streamlit imports this file for the server, with the routes of phones beside its own, and runs it
as a script, named ``__main__``, for each viewer.
"""

# Streamlit loads pandas in a thread of its own. Plotly, which looks whether it is loaded, must not
# find a half of it.
import pandas  # noqa: F401
import streamlit as st

if __name__ == "__main__":
    from ui.latent import warm_up
    from ui.shared import navigation, viewer

    current = navigation.navigate()
    navigation.draw_sidebar()
    viewer.remember()
    warm_up.start()
    current.run()
else:
    from ui.classroom.routes import routes
    from ui.shared import housekeeping, local_only

    local_only.ask_nobody_outside()
    app = st.App(
        __file__,
        routes=routes(base=st.get_option("server.baseUrlPath")),
        lifespan=housekeeping.lifespan,
    )
