"""The cards of the page of theorems: title, claim and what draws the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ui.shared import page
from ui.voting import (
    theorem_distortion,
    theorem_majorities,
    theorem_representation,
    theorem_rewards,
    theorem_samples,
)
from ui.voting.theorem_view import ALONE, CardView


@dataclass(frozen=True)
class Card:
    """A theorem.

    Attributes:
        title, claim: the claim is a few short sentences.
        draw: draws sliders, figure and numbers on a ``CardView``.
        sliders: keys of the sliders.
        switches: keys of the switches.
    """

    title: str
    claim: str
    draw: Callable[[CardView], None]
    sliders: tuple[str, ...]
    switches: tuple[str, ...] = ()


#: Key of the chosen question, in the URL too.
GROUP = "question"
#: Question -> keys of the cards that answer it.
GROUPS = {
    "What does it count?": ("borda", "irrelevant", "consistent", "clones"),
    "When is there no reward?": ("cycle", "many", "intransitive"),
    "What is hidden?": ("hidden", "unanimity", "blind", "triples"),
    "What is the worst case?": ("bounds", "opponent", "liar", "list"),
    "Can all be heard?": ("half", "calibrated", "slate"),
}
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
    "consistent": Card(
        "When the majority’s favourite wins",
        "Bradley–Terry puts the answer first that beats all others if that answer also does "
        "best against every third one.",
        theorem_samples.consistent_reward,
        ("common",),
    ),
    "clones": Card(
        "Copies of an answer decide",
        "Whoever adds wordings of a losing answer changes which of two others gets the higher "
        "reward; weights by similarity undo it.",
        theorem_samples.clones,
        ("copies",),
        ("encoder",),
    ),
    "cycle": Card(
        "A Condorcet cycle",
        "Three voters rank A ≻ B ≻ C, B ≻ C ≻ A and C ≻ A ≻ B. Each of them is consistent. But the "
        "majority prefers A to B, B to C, and C to A.",
        theorem_majorities.condorcet_cycle,
        ("abc",),
    ),
    "many": Card(
        "Many answers make a circle",
        "A reward that orders every pair as the majority does exists exactly if the "
        "majorities form no cycle, and with many random answers there is one almost surely.",
        theorem_samples.many_answers,
        ("answers",),
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
    "blind": Card(
        "Pairs do not tell everything",
        "In one population half rank a, b, c, d and half b, a, d, c. In another half rank b, a, c, "
        "d and half a, b, d, c. Every pair has the same result in both, so no reward model that "
        "learns from pairs can tell them apart.",
        theorem_majorities.pairwise_blindness,
        ("second",),
    ),
    "triples": Card(
        "Triples show what pairs hide",
        "Two opposite camps of equal size look like people who do not care when they compare "
        "pairs, but not when they choose the best of three.",
        theorem_representation.triples,
        ("strength",),
    ),
    "bounds": Card(
        "How bad can it get?",
        "β says how seldom voters err. The best answer can be about β times as good as the one "
        "with the highest reward (the distortion), but only β/2 times as good as a lottery.",
        theorem_rewards.distortion_bounds,
        ("beta",),
    ),
    "opponent": Card(
        "Opponents outside the policy",
        "If answers are compared with others that the KL penalty forbids, the harm of RLHF "
        "can grow exponentially with β.",
        theorem_distortion.shared_opponent,
        ("opponent_beta",),
    ),
    "liar": Card(
        "One liar",
        "One rater who exaggerates decides alone if the reward is the mean of people’s "
        "rewards, but hardly moves their median.",
        theorem_distortion.one_liar,
        ("raters",),
    ),
    "list": Card(
        "A little chance helps",
        "If the winner is drawn from a short list, the worst case is better than the 3 of "
        "every rule with a single winner.",
        theorem_distortion.short_lists,
        ("list",),
    ),
    "half": Card(
        "Half of the people",
        "At 51 to 49 RLHF and Nash learning both serve only the 51; a population-proportional "
        "policy serves both by their share.",
        theorem_representation.half_erased,
        ("camp",),
    ),
    "calibrated": Card(
        "A few rewards match every split",
        "A small ensemble of rewards can disagree on each pair in the same proportion as the "
        "raters, without knowing who answered.",
        theorem_representation.calibrated_ensemble,
        ("size",),
    ),
    "slate": Card(
        "A slate for everybody",
        "Of a few statements chosen by mean reward none may speak for a minority; a "
        "representative slate leaves out no group that is large enough and agrees.",
        theorem_representation.slates,
        ("slate",),
    ),
}  # fmt: skip


def group_of(key: str) -> str:
    """The question that a card answers."""
    return next(question for question, keys in GROUPS.items() if key in keys)


@st.fragment
def _draw(key: str) -> None:
    """Draw a card among the others; its sliders rerun only the card."""
    CARDS[key].draw(CardView())


def show_card(key: str) -> None:
    """A card among the others, with a button that shows it alone."""

    def enlarge() -> None:
        st.query_params["card"] = key
        for widget in (*CARDS[key].sliders, *CARDS[key].switches):
            if widget in st.session_state:
                st.session_state[ALONE + widget] = st.session_state[widget]

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


def back_button(key: str) -> None:
    """A button from a card that stands alone to the cards of its question."""

    def close() -> None:
        st.query_params.pop("card", None)
        st.session_state[GROUP] = group_of(key)

    st.button("More cards", icon=":material/grid_view:", key="close", on_click=close)


def choose_group() -> str:
    """The question whose cards are shown."""
    return st.segmented_control(
        "Question", list(GROUPS), default=next(iter(GROUPS)), required=True, key=GROUP,
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
