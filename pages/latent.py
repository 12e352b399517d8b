"""Latent space: what a fitted model knows of its raters, and how that could be refuted."""

from ui.latent import clusters, fitted_run, health, maps, placement, traversals, widgets
from ui.shared import navigation, page, page_parts, precompute

PARTS = {
    widgets.MAP: clusters.show,
    "Prompt by prompt": maps.contexts,
    "Part of a ballot": maps.partial_ballots,
    "Leaving one out": maps.left_out,
    widgets.WALK: traversals.show,
    widgets.PLACE: placement.show,
    widgets.HEALTH: health.show,
}


def show() -> None:
    page.opening("latent")
    page.start_runtime()
    job, fitted = fitted_run.choose()
    if fitted is None:
        return
    precompute.start(job.id, fitted)
    page_parts.choose(PARTS)(job.id, fitted)


navigation.ensure_navigation()
show()
