"""The part on a minority that decides a Borda election."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import (
    borda_points_and_utilities,
    borda_threshold,
)
from scrl.voting import RULES, count_all_rules
from scrl.voting.distortion import (
    tails,
    tails_switch,
    welfare,
)
from ui.shared import data_tables, page, predict_first
from ui.voting import voting_labels

MAX_DUMMIES = 8


# -- a minority that decides ----------------------------------------------------------------------


@st.cache_data(max_entries=300, show_spinner="Counting by every rule")
def _count_tails(share: float, k: int) -> tuple[dict, dict, np.ndarray]:
    """Rule -> who wins, and welfare of that; the Borda points."""
    profile = tails(share, k)
    outcomes, _ = count_all_rules(profile)
    chances = {name: outcome.chances for name, outcome in outcomes.items()}
    worth = {name: welfare(profile, p) for name, p in chances.items()}
    return chances, worth, outcomes["borda"].scores


def _share_buttons(switch: float) -> None:
    """Buttons for the shares, in per cent, around the one at which Borda turns."""

    def move(share: float) -> None:
        st.session_state["share"] = share

    below, above = np.floor(100 * switch + 1e-6) / 100, np.ceil(100 * switch - 1e-6) / 100
    choices = {"Below": below, "Above": above}
    if below == above:
        choices = {"Below": below - 0.01, "Tie": below, "Above": above + 0.01}
    with st.container(horizontal=True, gap="small"):
        for label, value in choices.items():
            st.button(
                label, key=f"share-{label}", on_click=move, args=(round(float(value), 2),),
                help="The share at which Borda turns, or next to it",
            )  # fmt: skip


def show() -> None:
    first, second, third = st.columns([4, 4, 3], gap="medium", vertical_alignment="bottom")
    with first:
        k = round(page.slider("Dummies between A and the last", "dummies", 1, MAX_DUMMIES, 3, 1,
                          "%.0f"))  # fmt: skip
    switch = 100 * tails_switch(k)
    with second:
        share = page.slider("Share of type 1", "share", 1, 60, 20.01, 0.01, "%.2f%%") / 100
    with third:
        _share_buttons(switch)
    profile = tails(share, k)
    names, last = profile.names, profile.names[-1]
    guess, shown = predict_first.guess(
        f"{1 - share:.2%} of the voters want {last} and little else; {share:.2%} hardly care. Whom "
        "does Borda elect?", names, "guess_minority",
    )  # fmt: skip
    if not shown:
        return
    chances, worth, points = _count_tails(share, k)
    about = worth["borda"]
    left, right = st.columns([3, 2], gap="large")
    pitch = 34 if page.presenting() else 46
    with left:
        figure = borda_points_and_utilities(
            names, points, about.mean, **page.style(), height=70 + pitch * (k + 2)
        )
        page.chart(figure, "minority", f"Borda points and mean utility of {', '.join(names)}.")
    with right:
        sizes = np.arange(1, MAX_DUMMIES + 1)
        turns = np.array([tails_switch(int(size)) for size in sizes])
        figure = borda_threshold(sizes, turns, (k, share), **page.style(), height=70 + pitch * 5)
        page.chart(figure, "switch", f"With {k} dummies Borda turns at {switch:.2f} %.")
    elected = voting_labels.winner_text(chances["borda"], names)
    fate = [
        f"{name} ({about.share[i]:.2%}) gets {about.group[i]:.4f} of at most "
        f"{about.group_best[i]:.4f}" for i, name in enumerate(about.groups)
    ]  # fmt: skip
    alike = voting_labels.winner_text(chances["bradley-terry"], names) == elected
    too = ", and so does Bradley–Terry" if alike else ""
    st.markdown(
        predict_first.verdict(guess, elected) + f"**Borda elects {elected}**{too}: "
        f"A has {points[0]:.4f} points and {last} {points[-1]:.4f}. "
        f"{fate[0][0].upper() + '; '.join(fate)[1:]}. With {k} dummies A is ahead from 1/(k + 2) = "
        f"{switch:.2f} % on: each dummy is one more place, by which a hair counts like a world."
    )
    by_winner: dict[str, list[str]] = {}
    for name, p in chances.items():
        by_winner.setdefault(voting_labels.winner_text(p, names), []).append(name)
    if not page.presenting():
        st.markdown("  \n".join(
            f"**{who[0].upper() + who[1:]}**: "
            f"{voting_labels.rule_titles(rules)}." for who, rules in by_winner.items()
        ))  # fmt: skip
    rows = [
        {"rule": RULES[name].title, "elects": voting_labels.winner_text(p, names),
         "mean utility": float(worth[name].expected),
         "short of the best": float(worth[name].regret),
         **{g: float(worth[name].group[i]) for i, g in enumerate(about.groups)}}
        for name, p in chances.items()
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "minority", "Mean utilities, over all and over each type. "
    "Egalitarian and "
                 "Nash welfare judge by utilities and not by their sum.", "%.4f")  # fmt: skip
