"""How many raters does it take? Two studies of many runs, from baked results."""

from ui.runs import data_efficiency, voter_sampling
from ui.shared import navigation, page, page_parts

PARTS = {
    "How many raters": data_efficiency.show,
    "Where voters come from": voter_sampling.show,
}


def show() -> None:
    page.opening("studies")
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
