"""Widgets that the parts of the page on the latent space share."""

from __future__ import annotations

import streamlit as st

from scrl import figures
from scrl.diagnostics import maps, probe
from scrl.types import InputError
from ui.shared import page, precompute


def profiles(id: str, learnt):
    """Where each type lies ``[types, latent]``."""
    return precompute.answer(id, "profiles", learnt, "Reading a rater of each type")


def known_types(learnt) -> list[str]:
    """Names of the types; where nobody is known to be of any, that is said."""
    names = list(probe.type_names(learnt))
    if not names:
        st.info(
            "Nobody knows what kinds of rater these are. Give the file a column `rater_group`, or "
            "choose a scenario; the parts ‘Where am I?’ and ‘Health’ work without."
        )
    return names


def answer_or_reason(id: str, question: str, learnt, while_waiting: str):
    """The answer to a question, or None with its sentence shown."""
    try:
        return precompute.answer(id, question, learnt, while_waiting)
    except InputError as error:
        st.info(page.escaped(str(error)))
        return None


def region_chart(drawing: dict, weight, key: str, evidence: str, refutation: str) -> None:
    """Everybody the model holds possible, and those whom what was said leaves."""
    page.chart(
        figures.latent_points(
            [*drawing["groups"], maps.region(drawing, weight)], drawing["labels"], None,
            drawing["axes"], **page.style(),
        ),
        key, alt=f"Everybody the model holds possible, and those your {evidence} leave.",
        caption="Grey: everybody the density holds possible. Coloured: 90 % of who you may be "
        f"after your {evidence}, the region they leave. Refuted if {refutation}.",
    )  # fmt: skip


def metrics(values: dict[str, str]) -> None:
    """The few numbers that a figure stands or falls with, beside it."""
    for label, value in values.items():
        st.metric(label, value)
