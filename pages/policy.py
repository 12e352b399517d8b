"""Policies: what is made of a reward, for whom, and how far it can be trusted."""

from ui.policies.parts import PARTS
from ui.shared import navigation, page, page_parts


def show() -> None:
    page.opening("policy")
    page.start_runtime()
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
