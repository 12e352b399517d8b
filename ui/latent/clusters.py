"""The part of the page on the latent space that maps the raters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl import figures
from scrl.diagnostics import LAYOUTS, raters_vary
from ui.latent.widgets import has_found_types, metrics, ratio_text
from ui.shared import data_tables, page, precompute, predict_first
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from scrl.raters import FittedRun

_DRAWS, _MEANS = "One possible place", "Mean place"
#: Share of simulated voters who may stand where no rater does.
STRAY_LIMIT = 0.1


def show(id: str, fitted: FittedRun) -> None:
    """Draw the map of raters by group, and the numbers that say whether groups lie apart."""
    clusters = precompute.answer(id, "clusters", fitted, "Reading the raters")
    types, guess, shown = list(clusters["types"]), None, True
    found = has_found_types(fitted)
    if types and not found:
        guess, shown = predict_first.guess(
            "The model was not told who belongs to which group. Will raters of one group still lie "
            "together?", ("Yes", "No"), "guess_clusters",
        )  # fmt: skip
    if not shown:
        return
    method, shown_as, voters, contours, three_dimensions = _settings()
    left, right = st.columns([3, 1], gap="large")
    question = precompute.map_question(method, 3 if three_dimensions else 2, shown_as == _DRAWS)
    drawing = precompute.answer(id, question, fitted, "Laying out the raters")
    with left:
        _map(drawing, types, method, shown_as, voters, contours)
        if not raters_vary(fitted):
            page.note(
                "Here all raters of one kind have the same rewards, so each kind is one point. "
                "Marks at one point are drawn side by side."
            )
    with right:
        if found:
            _found_types(clusters)
        elif types:
            _separation(clusters, guess)
        _voters_verdict(clusters["stray"])
    if clusters["rows"]:
        data_tables.numbers_expander(
            clusters["rows"] + clusters["by_type"], "clusters",
            "The silhouette is 1 where a rater is far from all other groups, and 0 between two. "
            "‘between’ is the mean distance of the groups’ middles, ‘within’ that of raters from "
            "the middle of their group. ‘draws’ are possible places, ‘means’ mean places.",
        )  # fmt: skip


def _settings() -> tuple[str, str, bool, bool, bool]:
    """The layout, what stands for a rater, and what is drawn."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        voters = st.toggle("Show simulated voters", True, key="voters", **IN_URL)
        with st.popover("More settings", icon=":material/tune:"):
            method = st.segmented_control(
                "Layout", LAYOUTS, default="PCA", required=True, key="layout",
                help="How the map is made flat. PCA shows true distances along the two directions "
                "in which raters differ most. The other layouts bend distances to keep neighbours "
                "together.", **IN_URL,
            )  # fmt: skip
            shown_as = st.segmented_control(
                "Each rater is drawn at", (_DRAWS, _MEANS), default=_DRAWS, required=True,
                key="shown_as",
                help="A few ballots do not fix where a rater stands. The map draws one place that "
                "the ballots allow, or the mean of all such places.", **IN_URL,
            )  # fmt: skip
            contours = st.toggle("Contour lines", True, key="contours", **IN_URL)
            three_dimensions = st.toggle("Three dimensions", key="three", **IN_URL)
    return method, shown_as, voters, contours, three_dimensions


def _map(
    drawing: dict, types: list[str], method: str, shown_as: str, voters: bool, contours: bool
) -> None:
    """The raters in the colours of their groups.

    Args:
        method: of the layout; shown_as: possible or mean places.
        voters: whether simulated voters are drawn; contours: whether the density is, in the plane.
    """
    groups = list(drawing["raters"])
    if voters:
        groups = [drawing["voters"], *groups]
    density = drawing["density"] if contours else None
    bends = "This layout bends distances; the numbers beside the map do not depend on it. "
    page.chart(
        figures.latent_points(
            groups, drawing["labels"], density, drawing["axes"], **page.style()
        ),
        "latent-clusters",
        alt=f"Map of raters by group: {', '.join(types) or 'groups unknown'}.",
        caption=f"Each of the {drawing['count']} coloured marks is a rater"
        + (", at one place that the ballots allow" if shown_as == _DRAWS else ", at the mean place")
        + ". Raters near each other like the same answers. "
        + ("Grey crosses are simulated voters. " if voters else "")
        + ("The lines hold 50, 80 and 95 % of the population. " if density else "")
        + (bends if method != "PCA" else "")
        + "Single marks among another colour are raters whom the model takes for the wrong group. "
        "The model is refuted if most marks lie so, or if voters stand where no rater does.",
    )  # fmt: skip


def _separation(clusters: dict, guess: str | None) -> None:
    """How far groups lie apart, and the verdict on the guess."""
    draws, together = clusters["rows"][0], clusters["together"]
    own = draws["nearest profile is own"]
    page.say(
        predict_first.verdict(guess, "Yes" if together else "No") + separation_text(together, own)
    )
    metrics({
        "How clearly apart, 0 to 1": f"{draws['silhouette']:.2f}",
        "Distance between ÷ within": ratio_text(draws["ratio"]),
        "Nearest to their own group": f"{own:.1%}",
    })  # fmt: skip
    page.note("Groups count as apart from .25 on in the first number, the mean silhouette.")


def separation_text(together: bool, own: float) -> str:
    """The verdict on the map, in accord with its numbers.

    Args:
        together: whether groups lie apart; own: share of raters nearest to their own group.
    """
    if not together:
        return "**Raters of different groups mix.** Their ballots do not tell the groups apart."
    strays = round(100 * (1 - own))
    if not strays:
        return "**Raters of one group lie together.**"
    text = f"{strays} of 100 raters stand nearer to another group than to their own."
    if own <= 0.5:
        return f"**The groups lie apart, but few raters stand at their own.** {text}"
    return f"**Most raters of one group lie together.** {text}"


def _found_types(clusters: dict) -> None:
    """What the colours mean where the file states no groups."""
    count = len(clusters["types"])
    if count == 1:
        page.say(
            "**The model found one kind of rater.** They differ from each other, but they do not "
            "fall into separate kinds."
        )
    else:
        page.say(
            f"**The model found {count} kinds of rater.** The file states no groups, so the "
            "colours are these kinds. That they lie apart is no evidence: the model made them so."
        )


def _voters_verdict(stray: float) -> None:
    """Whether simulated voters stand where raters do."""
    if stray > STRAY_LIMIT:
        page.say(
            f"**{stray:.0%} of the simulated voters stand where no rater does.** The model "
            "expects people whom nobody has heard, or there are too few raters to tell."
        )
    else:
        page.say("Simulated voters stand where raters do.")
