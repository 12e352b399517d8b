"""The cards of the page of theorems: title, claim and what draws the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ui.shared import page
from ui.voting import theorem_majorities, theorem_rewards
from ui.voting.theorem_view import ALONE, CardView


@dataclass(frozen=True)
class Card:
    """A theorem.

    Attributes:
        title, claim: the claim is a few short sentences.
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
        "If every pair is compared equally often, Bradley–Terry orders the answers as Borda does. "
        "If comparisons are missing, it need not.",
        theorem_rewards.borda,
        ("left_out",),
    ),
    "irrelevant": Card(
        "A candidate who cannot win decides",
        "Two voters rank R ≻ G ≻ B, three rank B ≻ R ≻ G. G never wins. Yet R or B wins depending "
        "on whether G is shown.",
        theorem_rewards.irrelevant_alternative,
        ("offered",),
    ),
    "cycle": Card(
        "A Condorcet cycle",
        "Three voters rank A ≻ B ≻ C, B ≻ C ≻ A and C ≻ A ≻ B. Each of them is consistent. But the "
        "majority prefers A to B, B to C, and C to A.",
        theorem_majorities.condorcet_cycle,
        ("abc",),
    ),
    "intransitive": Card(
        "Raters who contradict themselves",
        "A rater says A ≻ B, B ≻ C and C ≻ A. No reward fits all three answers.",
        theorem_majorities.intransitive_raters,
        ("steady",),
    ),
    "hidden": Card(
        "A hidden context",
        "Some answers are good in one context and bad in another. If the model does not see the "
        "context, the learned reward can fall where the average utility rises.",
        theorem_rewards.hidden_context,
        ("start", "chance"),
    ),
    "unanimity": Card(
        "Everybody is overruled",
        "All voters prefer c′ to c. Their utilities are linear. Yet the linear reward that fits "
        "their answers best can prefer c.",
        theorem_rewards.unanimity_overturned,
        ("epsilon", "delta", "first_kind"),
    ),
    "bounds": Card(
        "How bad can it get?",
        "Voters who care little often answer by mistake. β says how seldom they err. It alone "
        "limits how much better the best candidate can be than the winner (the distortion).",
        theorem_rewards.distortion_bounds,
        ("beta",),
    ),
    "blind": Card(
        "Pairs do not tell everything",
        "In one population half rank a, b, c, d and half b, a, d, c. In another half rank b, a, c, "
        "d and half a, b, d, c. Every pair has the same result in both, so no reward model that "
        "learns from pairs can tell them apart.",
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
                on_click=enlarge, help="Show this card alone",
            )  # fmt: skip
        page.say(theorem.claim)
        _draw(key)


@st.fragment
def show_alone(key: str) -> None:
    """One card on the whole page, its figure beside the text."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        page.say(CARDS[key].claim)
        CARDS[key].draw(CardView(right))


def back_button() -> None:
    """A button back to all cards."""

    def close() -> None:
        st.query_params.pop("card", None)

    st.button("All cards", icon=":material/grid_view:", key="close", on_click=close)
