"""Strategy: who gains by lying, how often, and what it does to a reward model."""

from ui.shared import navigation, page, page_parts
from ui.voting import manipulability, one_misreport, reward_model_misreport, two_camps

PARTS = {
    "One lie": one_misreport.show,
    "Two camps lie": two_camps.show,
    "How often it pays": manipulability.show,
    "Lying to a reward model": reward_model_misreport.show,
}


def show() -> None:
    page.opening("strategy")
    page.start_runtime()
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
