"""What the pages on the model of raters need is loaded while a visitor reads the first page.

Importing it takes two to three seconds of a core, most of them JAX.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from streamlit import runtime
from streamlit.runtime import Runtime

#: Seconds after the first page is asked for, so that it is drawn before.
DELAY = 4.0
_started = threading.Event()


def start() -> None:
    """Begin once for each server, in a thread of its own; not where pages run without a server."""
    # A page of a test has the imitation of a server.
    if _started.is_set() or not runtime.exists():
        return
    if type(runtime.get_instance()) is not Runtime:
        return
    _started.set()
    timer = threading.Timer(DELAY, load)
    timer.daemon = True
    timer.start()


def load() -> None:
    """Load the first stored example, and answer what the map of raters asks of it."""
    with suppress(Exception):  # raised again for the page that needs it
        from scrl.runtime import start as start_runtime
        from ui.latent import fitted_run
        from ui.shared import precompute

        start_runtime()
        id, fitted = fitted_run.first_example()
        precompute.start(id, fitted)
