"""What the pages on the model of raters need is loaded while a visitor reads the first page.

Importing it takes two to three seconds of a core, most of them JAX.
"""

from __future__ import annotations

from ui.shared import background, compilation

#: Seconds after the first page is asked for, so that it is drawn before.
DELAY = 4.0


def start() -> None:
    """Begin once for each server, in a thread of its own."""
    background.once("load-an-example", load, DELAY)


def load() -> None:
    """Load the first stored example, and answer what the map of raters asks of it."""
    from ui.latent import fitted_run
    from ui.shared import precompute

    compilation.start()
    id, fitted = fitted_run.first_example()
    precompute.start(id, fitted)
