"""Proxy rewards: what stands for people’s judgment, and what happens when it is optimised."""

from ui.proxies import agreement, hacked_review, scored_text, verifiable
from ui.shared import navigation, page, page_parts

PARTS = {
    "A review, hacked": hacked_review.show,
    "Score a text": scored_text.show,
    "A reward without error": verifiable.show,
    "Do people agree?": agreement.show,
}


def show() -> None:
    page.opening("proxies")
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
