"""Widgets that the parts of the page on the latent space share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from scrl import figures
from scrl.diagnostics import FoundTypes, PlacedRater, maps, type_names
from scrl.types import InputError
from ui.shared import page, precompute

if TYPE_CHECKING:
    from scrl.raters import FittedRun

#: Parts that every model has something to show in.
MAP, WALK, PLACE, HEALTH = "Map", "From one to another", "Where am I?", "Can I trust it?"
ALWAYS = (MAP, PLACE, HEALTH)


def profiles(id: str, fitted: FittedRun) -> np.ndarray:
    """The latent of each type's complete ballots ``[types, latent]``."""
    return precompute.answer(id, "profiles", fitted, "Reading a rater of each group")


def has_found_types(fitted: FittedRun) -> bool:
    """Whether the types are those that the model found, since the file states none."""
    return isinstance(fitted.source, FoundTypes)


def types_to_compare(fitted: FittedRun) -> list[str]:
    """Names of the types; empty, with a sentence and ways on, where there are fewer than two."""
    names = list(type_names(fitted))
    if len(names) < 2:
        nothing_here(
            "This part compares groups of raters. The file states no groups, and the model found "
            "one kind of rater only."
            if has_found_types(fitted)
            else "This part compares groups of raters, and here there is one group."
        )
        return []
    if has_found_types(fitted):
        page.note("The file states no groups of raters: the groups here are the kinds of rater "
                  "that the model found.")  # fmt: skip
    return names


def nothing_here(sentence: str, parts: Sequence[str] = ALWAYS) -> None:
    """A sentence that says why a part has nothing to show, and buttons to other parts."""
    st.info(page.escaped(sentence))
    with st.container(horizontal=True):
        for part in parts:
            st.button(f"Show ‘{part}’", key=f"on-{part}", on_click=_open_part, args=(part,),
                      icon=":material/arrow_forward:")  # fmt: skip


def _open_part(part: str) -> None:
    st.session_state["part"] = part


def answer_or_reason(id: str, question: str, fitted: FittedRun, message: str) -> Any | None:
    """The answer to a question; None, with the reason and ways on, where it has none."""
    try:
        return precompute.answer(id, question, fitted, message)
    except InputError as error:
        nothing_here(str(error))
        return None


def region_chart(
    drawing: dict, placed: PlacedRater, key: str, evidence: str, refutation: str
) -> None:
    """The density's atoms, and the points that hold 90 % of the posterior.

    Args:
        drawing: the map of the atoms. placed: the posterior.
        evidence: what the visitor gave, ``"ballots"`` or ``"answers"``.
    """
    page.chart(
        figures.latent_points(
            maps.credible_region(drawing, placed), drawing["labels"], None, drawing["axes"],
            **page.style(),
        ),
        key, alt=f"Everybody the model holds possible, and those your {evidence} leave.",
        caption="Grey: all kinds of people that the model holds possible. Coloured: those whom "
        f"your {evidence} leave. You are one of the coloured with a chance of 90 %. Marks at one "
        f"place are drawn side by side. The model is refuted if {refutation}.",
    )  # fmt: skip


def ratio_text(value: float) -> str:
    """A ratio of distances, ``"over 100"`` from there on."""
    return f"{value:.1f}" if value < 100 else "over 100"


def metrics(values: dict[str, str]) -> None:
    """The numbers that support or refute a figure, beside it."""
    for label, value in values.items():
        st.metric(label, value)
