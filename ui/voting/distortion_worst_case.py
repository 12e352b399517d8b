"""The part on the worst-case and typical distortion of each outcome."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import (
    witness_heatmap,
    worst_and_typical_distortion,
)
from scrl.types import InputError
from scrl.voting import RULES, Profile
from scrl.voting.distortion import (
    OutcomeComparison,
    compare_outcomes,
)
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL
from ui.voting import candidate_key, profile_picker, voting_labels, wide_figures

#: Of rules that agree, the first of these gives the label.
PREFERRED_TITLES = ("borda", "plurality", "copeland", "instant-runoff")
SEED = 0
#: Ballots of a witness that are drawn, the heaviest first.
MAX_BALLOTS = 8


@st.cache_data(max_entries=40, show_spinner="Looking for the worst case of every rule")
def _distortion(key: str, _profile: Profile) -> OutcomeComparison:
    return compare_outcomes(_profile, seed=SEED)


def _outcome_labels(comparison: OutcomeComparison) -> list[str]:
    """The label of each outcome: who wins, and by which rules."""
    labels = []
    names = candidate_key.figure_names(comparison.names)
    for rules, p in zip(comparison.rules, comparison.lotteries, strict=True):
        winner = voting_labels.winner_text(p, names)
        if winner == "a lottery":
            labels.append(RULES[rules[0]].title)
        else:
            rule = next((name for name in PREFERRED_TITLES if name in rules), rules[0])
            tied = int((p > 1e-6).sum())
            winner = f"{tied} tied" if tied > 1 and len(winner) > 14 else winner
            more = f" +{len(rules) - 1}" if len(rules) > 1 else ""
            labels.append(f"{winner} ({RULES[rule].title}{more})")
    return labels


def show() -> None:
    """Draw the distortion of each outcome, and the utilities under which one is worst."""
    cast = profile_picker.choose()
    profile = candidate_key.shortened(cast, candidate_key.MAX_LETTERS_IN_TEXT)
    candidate_key.draw(cast)
    if len(profile.names) < 2:
        st.info("One candidate always wins. Choose ballots with at least two candidates.")
        return
    try:
        key = f"{profile.to_text()}|{profile.utility is not None}"
        comparison = _distortion(key, profile)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    labels = _outcome_labels(comparison)
    pure = [i for i, p in enumerate(comparison.lotteries) if p.max() > 1 - 1e-6]
    guess, shown = None, True
    if len(pure) > 1:
        guess, shown = predict_first.guess(
            "Whose victory could cost the voters most?",
            [comparison.names[comparison.lotteries[i].argmax()] for i in pure], "guess_worst",
        )  # fmt: skip
    if not shown:
        return
    left, right = st.columns([8, 5], gap="medium")
    with right:
        chosen = _witness(comparison, profile, labels)
    with left:
        _distortion_chart(comparison, labels, chosen)
        if pure:
            page.say(_summary(comparison, pure, guess))
    _numbers(comparison, labels)


def _distortion_chart(comparison: OutcomeComparison, labels: list[str], chosen: int) -> None:
    """Worst-case and typical distortion of each outcome; ``chosen`` is highlighted."""
    with wide_figures.scrolling("worst_scroll"):
        page.chart(
            worst_and_typical_distortion(
                labels, comparison.sampled_distortion, comparison.utilitarian.value,
                None if comparison.metric is None else comparison.metric.value, chosen,
                **page.style(),
            ),
            "worst",
            alt="; ".join(f"{label}: {v:.2f} at worst" for label, v in
                          zip(labels, comparison.utilitarian.value, strict=True)),
        )  # fmt: skip
    if page.presenting():
        return
    page.note(
        "Distortion: how many times better the best candidate is for the voters than the winner. 1 "
        "is perfect. Ballots do not say how much voters care, so many utilities fit them. Typical: "
        f"{comparison.sampled_distortion.shape[1]} utilities drawn by lot among those that fit the "
        "ballots and add up to 1 for each voter. Worst case: the worst utilities that fit."
        + ("" if comparison.metric is not None
           else " There are too many ballots for the worst case in distances.")
    )  # fmt: skip


def _summary(comparison: OutcomeComparison, pure: list[int], guess: str | None) -> str:
    """The worst of the outcomes with one sure winner (``pure``)."""
    worst = max(pure, key=lambda i: comparison.utilitarian.value[i])
    value = comparison.utilitarian.value[worst]
    winner = comparison.names[comparison.lotteries[worst].argmax()]
    return (
        predict_first.verdict(guess, winner)
        + f"If **{page.escaped(winner)}** wins, the best candidate may be "
        + (f"**{value:.2f} times**" if np.isfinite(value) else "**infinitely many times**")
        + " as good for the voters. Typically it is "
        f"{np.median(comparison.sampled_distortion[worst]):.2f} times as good. The worst case is "
        "rare. A lottery limits it."
    )


def _numbers(comparison: OutcomeComparison, labels: list[str]) -> None:
    rows = [
        {
            "outcome": label,
            "rules": voting_labels.rule_titles(rules),
            "typical (median)": float(np.median(comparison.sampled_distortion[i])),
            "worst, utilities": float(comparison.utilitarian.value[i]),
            **(
                {}
                if comparison.metric is None
                else {"worst, distances": float(comparison.metric.value[i])}
            ),
            **{
                f"P({n})": float(p)
                for n, p in zip(comparison.names, comparison.lotteries[i], strict=True)
            },
        }
        for i, (label, rules) in enumerate(zip(labels, comparison.rules, strict=True))
    ]
    data_tables.numbers_expander(rows, "worst-case", f"Seed {SEED}.")


def _witness(comparison: OutcomeComparison, profile: Profile, labels: list[str]) -> int:
    """The choice of an outcome, and the utilities or distances under which it is worst."""
    if st.session_state.get("outcome") not in labels:
        st.session_state.pop("outcome", None)  # of another profile
    worst = int(np.argmax(comparison.utilitarian.value))
    chosen = labels.index(
        st.selectbox("Show the worst case of", labels, worst, key="outcome", **IN_URL)
    )
    metric = comparison.metric is not None and st.segmented_control(
        "Worst case", ["Utilities", "Distances"], default="Utilities", required=True,
        key="witness", label_visibility="collapsed", **IN_URL,
    ) == "Distances"  # fmt: skip
    _witness_chart(comparison, profile, chosen, metric)
    return chosen


def _witness_chart(
    comparison: OutcomeComparison, profile: Profile, outcome: int, metric: bool
) -> None:
    """The utilities, or with ``metric`` the distances, under which an outcome is worst."""
    witness = comparison.metric if metric else comparison.utilitarian
    values = witness.distance[outcome] if metric else witness.utility[outcome]
    heaviest = np.argsort(-profile.weight, kind="stable")[:MAX_BALLOTS]
    share = profile.weight / profile.weight.sum()
    mean = share @ values
    ballots = [f"{profile.labels[b]} {share[b]:.0%}".strip() for b in heaviest]
    figure = witness_heatmap(
        comparison.names, [*ballots, "average"], np.vstack([values[heaviest], mean]), **page.style()
    )
    best = int(witness.best_candidate[outcome])
    value = float(comparison.lotteries[outcome] @ mean)
    kind = "distances" if metric else "utilities"
    hidden = len(profile.place) - len(heaviest)
    page.chart(figure, "witness-map", alt=f"The {kind} under which this outcome is worst.")
    page.say(
        f"These {kind} fit every ballot. The winner has an average of {value:.3f}, and "
        f"**{page.escaped(comparison.names[best])}** would have {mean[best]:.3f}. "
        + ("Small distances are good." if metric else "Large utilities are good.")
        + (f" {hidden} rare ballots are not drawn." if hidden > 0 else "")
    )
