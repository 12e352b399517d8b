"""Who gets a say? The finding of the blog post, from a baked result."""

from ui.lab import finding
from ui.shared import navigation, page


def show() -> None:
    page.opening("finding")
    finding.show()


navigation.ensure_navigation()
show()
