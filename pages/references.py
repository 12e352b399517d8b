"""Rewards that compare with a reference: who writes it, and what such a reward learns."""

from ui.references import likeness, outcomes, who_writes
from ui.shared import navigation, page, page_parts

PARTS = {
    "Who writes?": who_writes.show,
    "Whose outcome?": outcomes.show,
    "Does it learn?": likeness.show,
}


def show() -> None:
    page.opening("references")
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
