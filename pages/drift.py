"""Drift: tastes that change with time, or are changed by the policy itself."""

from ui.drift import error_over_time, influence, own_file, winners
from ui.shared import navigation, page, page_parts

PARTS = {
    "Error over time": error_over_time.show,
    "Who would win when": winners.show,
    "Moved by the policy": influence.show,
    "Your file": own_file.show,
}


def show() -> None:
    page.opening("drift")
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
