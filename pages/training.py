"""Train wrongly: five ways of hiding ballots, and what a model learns by each."""

from ui.models import masking_regimes
from ui.shared import navigation, page


def show() -> None:
    page.opening("training")
    page.start_runtime()
    if not page.presenting():
        page.say(
            "A network reads a rater’s ballot and must predict the same ballot. If it sees the "
            "whole ballot, it can copy it and learn nothing about people. So parts of the ballot "
            "are hidden. This page compares five ways of hiding, from the blog post on this "
            "method. The lab itself uses a statistical model, which cannot copy."
        )
    masking_regimes.show(*masking_regimes.choose())


navigation.ensure_navigation()
show()
