"""Distortion: what a rule leaves on the table, because ballots say which and not how much."""

from ui.shared import navigation, page, page_parts
from ui.voting.distortion_parts import PARTS


def show() -> None:
    page.opening("distortion")
    page.start_runtime()
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
