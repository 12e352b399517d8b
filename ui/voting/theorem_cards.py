"""The cards of the page of theorems: title, claim and what draws the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ui.voting import theorem_majorities, theorem_rewards
from ui.voting.theorem_view import ALONE, CardView


@dataclass(frozen=True)
class Card:
    """A theorem.

    Attributes:
        title, claim: a claim is one sentence.
        draw: draws sliders, figure and numbers on a ``CardView``.
        sliders: keys of the sliders.
    """

    title: str
    claim: str
    draw: Callable[[CardView], None]
    sliders: tuple[str, ...]


CARDS = {
    "borda": Card(
        "Bradley–Terry is Borda",
        "Where every pair is compared equally often, the learned reward orders answers as the "
        "Borda count does; missing comparisons break this.",
        theorem_rewards.borda,
        ("left_out",),
    ),
    "irrelevant": Card(
        "An irrelevant alternative",
        "Two voters R ≻ G ≻ B, three B ≻ R ≻ G. G never wins, yet whether it is shown decides "
        "between R and B.",
        theorem_rewards.irrelevant_alternative,
        ("offered",),
    ),
    "cycle": Card(
        "A Condorcet cycle",
        "Voters A ≻ B ≻ C, B ≻ C ≻ A and C ≻ A ≻ B are each consistent, and prefer by majority "
        "A to B, B to C and C to A.",
        theorem_majorities.condorcet_cycle,
        ("abc",),
    ),
    "intransitive": Card(
        "Raters who contradict themselves",
        "A rater who says A ≻ B, B ≻ C and C ≻ A is represented by no reward whatever.",
        theorem_majorities.intransitive_raters,
        ("steady",),
    ),
    "hidden": Card(
        "A hidden context",
        "A context hidden from the model makes the learned reward fall where mean utility does "
        "not, or even rises.",
        theorem_rewards.hidden_context,
        ("start", "chance"),
    ),
    "unanimity": Card(
        "Unanimity overturned",
        "All voters have linear utilities and all prefer c′ to c; the best linear reward "
        "can prefer c.",
        theorem_rewards.unanimity_overturned,
        ("epsilon", "delta", "first_kind"),
    ),
    "bounds": Card(
        "How bad can it get?",
        "If voters answer by a Bradley–Terry model with utilities from 0 to β, distortion is "
        "bounded by β alone.",
        theorem_rewards.distortion_bounds,
        ("beta",),
    ),
    "blind": Card(
        "Pairwise blindness",
        "½ abcd + ½ badc and ½ bacd + ½ abdc agree on every duel; a loss over pairs cannot tell "
        "them apart.",
        theorem_majorities.pairwise_blindness,
        ("second",),
    ),
}  # fmt: skip


@st.fragment
def _draw(key: str) -> None:
    """Draw a card among the others; its sliders rerun only the card."""
    CARDS[key].draw(CardView())


def show_card(key: str) -> None:
    """A card among the others, with a button that shows it alone."""

    def enlarge() -> None:
        st.query_params["card"] = key
        for slider in CARDS[key].sliders:
            if slider in st.session_state:
                st.session_state[ALONE + slider] = st.session_state[slider]

    theorem = CARDS[key]
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(theorem.title, anchor=False)
            st.button(
                "", icon=":material/open_in_full:", key=f"open-{key}", type="tertiary",
                on_click=enlarge, help="This card alone",
            )  # fmt: skip
        st.markdown(theorem.claim)
        _draw(key)


@st.fragment
def show_alone(key: str) -> None:
    """One card on the whole page, its figure beside the text."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(CARDS[key].claim)
        CARDS[key].draw(CardView(right))


def back_button() -> None:
    """A button back to all cards."""

    def close() -> None:
        st.query_params.pop("card", None)

    st.button("All cards", icon=":material/grid_view:", key="close", on_click=close)
