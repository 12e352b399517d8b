"""The part on a minority that decides a Borda election."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from scrl.figures import (
    borda_points_and_utilities,
    borda_threshold,
)
from scrl.voting import RULES, count_all_rules
from scrl.voting.distortion import (
    Welfare,
    evaluate_welfare,
    minority_profile,
    minority_threshold,
)
from ui.shared import data_tables, page, predict_first
from ui.voting import voting_labels

#: The two groups of voters, in the order of the profile.
GROUPS = ("Those who hardly care", "Those who care a lot")
#: Dummy candidates.
MAX_DUMMIES = 8


@st.cache_data(max_entries=300, show_spinner="Counting by every rule")
def _count_tails(
    share: float, dummies: int
) -> tuple[dict[str, np.ndarray], dict[str, Welfare], np.ndarray]:
    """Rule -> probabilities of winning, rule -> welfare of the winner, and Borda scores."""
    profile = minority_profile(share, dummies)
    outcomes, _ = count_all_rules(profile)
    chances = {name: outcome.chances for name, outcome in outcomes.items()}
    welfares = {name: evaluate_welfare(profile, p) for name, p in chances.items()}
    return chances, welfares, outcomes["borda"].scores


def _share_buttons(threshold: float) -> None:
    """Buttons for the shares, in per cent, next to the one at which Borda's winner changes."""

    def move(share: float) -> None:
        st.session_state["share"] = share

    below = np.floor(100 * threshold + 1e-6) / 100
    above = np.ceil(100 * threshold - 1e-6) / 100
    choices = {"Below": below, "Above": above}
    if below == above:
        choices = {"Below": below - 0.01, "Tie": below, "Above": above + 0.01}
    with st.container(horizontal=True, gap="small"):
        for label, value in choices.items():
            st.button(
                label, key=f"share-{label}", on_click=move, args=(round(float(value), 2),),
                help="The share at which the winner by Borda changes, or the next one to it",
            )  # fmt: skip


def show() -> None:
    """Draw the Borda count of two types, one of which hardly cares."""
    first, second, third = st.columns([4, 4, 3], gap="medium", vertical_alignment="bottom")
    with first:
        k = round(page.slider("Candidates between A and the last", "dummies", 1, MAX_DUMMIES, 3, 1,
                          "%.0f"))  # fmt: skip
    threshold = 100 * minority_threshold(k)
    with second:
        share = (
            page.slider("Share of voters who hardly care", "share", 1, 60, 20.01, 0.01, "%.2f%%")
            / 100
        )
    with third:
        _share_buttons(threshold)
    names = minority_profile(share, k).names
    last = names[-1]
    guess, shown = predict_first.guess(
        f"{1 - share:.2%} of the voters strongly want {last}. {share:.2%} hardly care and put A "
        f"just ahead. Whom does Borda choose?", names, "guess_minority",
    )  # fmt: skip
    if not shown:
        return
    chances, welfares, scores = _count_tails(share, k)
    _charts(names, scores, welfares["borda"], k, share)
    page.say(_summary(names, chances, welfares["borda"], scores, k, guess))
    if not page.presenting():
        page.say(_winners(names, chances))
    rows = [
        {"rule": RULES[name].title, "elects": voting_labels.winner_text(p, names),
         "average utility": float(welfares[name].expected),
         "below the best by": float(welfares[name].regret),
         **{g.lower(): float(welfares[name].by_group[i]) for i, g in enumerate(GROUPS)}}
        for name, p in chances.items()
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "minority", "Average utility of the winner, for all voters and for each group. "
        "Egalitarian and Nash welfare do not maximise the sum of utilities.", "%.4f",
    )  # fmt: skip


def _charts(
    names: Sequence[str], scores: np.ndarray, borda: Welfare, dummies: int, share: float
) -> None:
    """Borda points beside mean utilities, and the threshold by number of dummies."""
    left, right = st.columns([3, 2], gap="large")
    pitch = 34 if page.presenting() else 46
    with left:
        figure = borda_points_and_utilities(
            names, scores, borda.mean, **page.style(), height=70 + pitch * (dummies + 2)
        )
        page.chart(figure, "minority", f"Borda points and mean utility of {', '.join(names)}.")
    with right:
        sizes = np.arange(1, MAX_DUMMIES + 1)
        thresholds = np.array([minority_threshold(int(size)) for size in sizes])
        figure = borda_threshold(
            sizes, thresholds, (dummies, share), **page.style(), height=70 + pitch * 5
        )
        alt = (
            f"With {dummies} candidates in between the winner by Borda changes at "
            f"{100 * minority_threshold(dummies):.2f} %."
        )
        page.chart(figure, "switch", alt)


def _summary(
    names: Sequence[str],
    chances: dict[str, np.ndarray],
    borda: Welfare,
    scores: np.ndarray,
    dummies: int,
    guess: str | None,
) -> str:
    """Whom Borda elects, what each type gets, and the threshold."""
    elected = voting_labels.winner_text(chances["borda"], names)
    groups = [
        f"{name} ({borda.share[i]:.2%}) get a utility of {borda.by_group[i]:.4f}; the most they "
        f"could get is {borda.group_best[i]:.4f}." for i, name in enumerate(GROUPS)
    ]  # fmt: skip
    alike = voting_labels.winner_text(chances["bradley-terry"], names) == elected
    too = ", and so does Bradley–Terry" if alike else ""
    return (
        predict_first.verdict(guess, elected) + f"**Borda elects {elected}**{too}. "
        f"A has {scores[0]:.4f} points and {names[-1]} has {scores[-1]:.4f}. "
        f"{' '.join(groups)} With {len(names)} candidates A wins once more than 1/{len(names)} of "
        f"the voters ({_percent(100 * minority_threshold(dummies))}) hardly care. At exactly "
        f"1/{len(names)} A and {names[-1]} tie. The reason: Borda counts places. Each candidate in "
        "between adds a point to the difference, however little the voters care."
    )


def _percent(value: float) -> str:
    """A share in per cent, with decimals only where it has some."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def _winners(names: Sequence[str], chances: dict[str, np.ndarray]) -> str:
    """Each winner, and the rules that elect it."""
    by_winner: dict[str, list[str]] = {}
    for name, p in chances.items():
        by_winner.setdefault(voting_labels.winner_text(p, names), []).append(name)
    return "  \n".join(
        f"**{winner[0].upper() + winner[1:]}**: {voting_labels.rule_titles(rules)}."
        for winner, rules in by_winner.items()
    )
