"""Summaries of raters in words: read, edited, carried to another model, and how they fail."""

from ui.shared import navigation, page, page_parts
from ui.summaries import accuracy, edited_summary, unnamed_taste, words_meaning

PARTS = {
    "One person in words": edited_summary.show,
    "How well?": accuracy.show,
    "Edited and carried": words_meaning.show,
    "A taste without a name": unnamed_taste.show,
}


def show() -> None:
    page.opening("summaries")
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
