"""Parts of an answer: marked segments, their rewards, and whose weights count."""

from ui.shared import navigation, page, page_parts
from ui.text_parts import marked_answer, part_limits, part_study, weight_vote

PARTS = {
    "An answer, marked": marked_answer.show,
    "Whose weights?": weight_vote.show,
    "Does it help?": part_study.show,
    "Where it fails": part_limits.show,
}


def show() -> None:
    page.opening("parts")
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
