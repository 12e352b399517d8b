"""Answers of a language model to a question that nobody rated, ranked by people."""

from ui.shared import navigation, page, page_parts
from ui.text import generate, generate_study

PARTS = {"New answers": generate.show, "Does it work?": generate_study.show}


def show() -> None:
    page.opening("generate")
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
