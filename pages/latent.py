"""Latent space: what a finished run's model knows of its raters, and how that could be refuted."""

from ui.latent import clusters, fitted_run, health, maps, placement, traversals
from ui.shared import navigation, page, page_parts, precompute

PARTS = {
    "Clusters": clusters.show,
    "Contexts": maps.contexts,
    "Part of a ballot": maps.partial_ballots,
    "Left out": maps.left_out,
    "Traversals": traversals.show,
    "Where am I?": placement.show,
    "Health": health.show,
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
