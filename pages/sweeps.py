"""Sweeps: one scenario over many settings and seeds, as it fills."""

from ui.shared import navigation, page
from ui.sweeps import sweep_view


def show() -> None:
    page.opening("sweeps")
    sweep_view.show()


navigation.ensure_navigation()
show()
