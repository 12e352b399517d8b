"""The part of the page on the latent space that shows clusters of raters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl import figures
from scrl.diagnostics import LAYOUTS, raters_vary
from ui.latent.widgets import known_types, metrics, ratio_text
from ui.shared import data_tables, page, precompute, predict_first
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from scrl.raters import FittedRun

_DRAWS, _MEANS = "draws", "means"


def show(id: str, fitted: FittedRun) -> None:
    """Draw the map of raters by type, and the numbers that say whether types form clusters."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        method = st.segmented_control(
            "Laid out by", LAYOUTS, default="PCA", required=True, key="layout", **IN_URL
        )
        shown_as = st.segmented_control(
            "Raters as", (_DRAWS, _MEANS), default=_DRAWS, required=True, key="shown_as",
            help="What a rater’s ballots leave possible is a distribution, its posterior. Shown is "
            "one draw from it for each rater, or its mean. Raters who said the same have one mean.",
            **IN_URL,
        )  # fmt: skip
        voters = st.toggle("Simulated voters", True, key="voters", **IN_URL)
        contours = st.toggle("Contours", True, key="contours", **IN_URL)
        three_dimensions = st.toggle("Three dimensions", key="three", **IN_URL)
    left, right = st.columns([3, 1], gap="large")
    clusters = precompute.answer(id, "clusters", fitted, "Reading the raters")
    types = list(clusters["types"])
    guess, shown = None, True
    if types:
        with left:
            guess, shown = predict_first.guess(
                "The model was never told any type. Will raters of one type lie together?",
                ("Yes", "No"), "guess_clusters",
            )  # fmt: skip
    if not shown:
        return
    question = precompute.map_question(method, 3 if three_dimensions else 2, shown_as == _DRAWS)
    drawing = precompute.answer(id, question, fitted, "Laying out the raters")
    with left:
        _map(drawing, types, method, shown_as, voters, contours)
        if not raters_vary(fitted):
            st.caption(
                "In this run raters of one type found have the same rewards, so each such type is "
                "one point. Marks at one point are drawn side by side, and there are no contours."
            )
    with right:
        if types:
            _separation(clusters, guess)
        else:
            known_types(fitted)
    if clusters["rows"]:
        data_tables.numbers_expander(
            clusters["rows"] + clusters["by_type"], "clusters",
            "Silhouette: 1 = far from other types, 0 = among them; above .25 of draws, types lie "
            "together. Between: mean distance of the types’ middles; within: of raters from their "
            "type’s middle. One unit is the population’s standard deviation along the first "
            "dimension.",
        )  # fmt: skip


def _map(
    drawing: dict, types: list[str], method: str, shown_as: str, voters: bool, contours: bool
) -> None:
    """The raters in the colours of their types.

    Args:
        method: of the layout; shown_as: draws or means of posteriors.
        voters: whether simulated voters are drawn; contours: whether the density is, in the plane.
    """
    groups = list(drawing["raters"])
    if voters:
        groups = [drawing["voters"], *groups]
    density = drawing["density"] if contours else None
    each = (
        "each as one draw from its posterior"
        if shown_as == _DRAWS
        else "each at its posterior mean"
    )
    page.chart(
        figures.latent_points(
            groups, drawing["labels"], density, drawing["axes"], **page.style()
        ),
        "latent-clusters",
        alt=f"Raters by type: {', '.join(types) or 'types unknown'}.",
        caption=f"{drawing['count']} raters, {each}, in the colours of their types"
        + (", over simulated voters in grey" if voters else "")
        + ("; the contours hold 50, 80 and 95 % of the density. " if density else ". ")
        + ("t-SNE, Isomap and spectral maps bend distances; the numbers are of the latent space "
           "itself. " if method != "PCA" else "")
        + "Refuted if colours mix (a silhouette of draws of at most .25, or types no further "
        "apart than raters from their own type’s middle), or if voters stand where no rater "
        "does.",
    )  # fmt: skip


def _separation(clusters: dict, guess: str | None) -> None:
    """How far types lie apart, and the verdict on the guess."""
    draws, means = clusters["rows"]
    metrics({
        "Silhouette by type, draws": f"{draws['silhouette']:.2f}",
        "Between ÷ within, draws": ratio_text(draws["ratio"]),
        "Nearest profile is own": f"{draws['nearest profile is own']:.1%}",
    })  # fmt: skip
    together = clusters["together"]
    st.markdown(
        predict_first.verdict(guess, "Yes" if together else "No")
        + ("Types lie together." if together else "Types do not lie apart.")
    )
    st.caption(
        f"Of means the silhouette is {means['silhouette']:.2f}, which says less: raters "
        "who said the same have one mean, however little is known of them."
    )
