"""Reward models side by side: one scenario, one scoreboard; and what raters are asked for."""

from ui.models import (
    ensembles,
    feedback_formats,
    few_pairs,
    few_shot,
    hidden_context,
    maze,
    pooled_rules,
    prompt_blind,
    real_raters,
    scoreboard,
)
from ui.shared import navigation, page, page_parts

PARTS = {
    "Scoreboard": scoreboard.show,
    "The maze": maze.show,
    "Real people": real_raters.show,
    "Feedback formats": feedback_formats.show,
    "Hidden context": hidden_context.show,
    "Few pairs": few_pairs.show,
    "New people": few_shot.show,
    "Without individuals": pooled_rules.show,
    "Prompts": prompt_blind.show,
    "Without ids": ensembles.show,
}


def show() -> None:
    page.opening("models")
    page.start_runtime()
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
