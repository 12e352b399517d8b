"""Open questions of a note on reward models: each with a figure, a sentence, and a refutation."""

from ui.questions import one
from ui.shared import navigation, page


def show() -> None:
    page.opening("questions")
    one.show()


navigation.ensure_navigation()
show()
