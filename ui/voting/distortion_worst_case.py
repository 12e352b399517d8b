"""The part on the worst-case and typical distortion of each outcome."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import (
    witness_heatmap,
    worst_and_typical_distortion,
)
from scrl.types import InputError
from scrl.voting import RULES, AnonymousProfile
from scrl.voting.distortion import (
    Judged,
    judge,
)
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL
from ui.voting import profile_picker, voting_labels

#: Of rules that agree, the first of these is named.
PREFERRED_TITLES = ("borda", "plurality", "copeland", "instant-runoff")
SEED = 0
#: Ballots of a witness that are drawn, the heaviest first.
MAX_BALLOTS = 8


# -- the worst case, and the usual one ------------------------------------------------------------


@st.cache_data(max_entries=40, show_spinner="Looking for the worst case of every rule")
def _distortion(key: str, _profile) -> Judged:
    return judge(_profile, seed=SEED)


def _outcome_labels(found: Judged) -> list[str]:
    """What to call each outcome: who wins, and by which rules."""
    labels = []
    for rules, p in zip(found.rules, found.lotteries, strict=True):
        who = voting_labels.winner_text(p, found.names)
        if who == "a lottery":
            labels.append(RULES[rules[0]].title)
        else:
            best_known = next((name for name in PREFERRED_TITLES if name in rules), rules[0])
            who = who if len(who) <= 22 else f"{int((p > 1e-6).sum())} tied"
            more = f" +{len(rules) - 1}" if len(rules) > 1 else ""
            labels.append(f"{who} ({RULES[best_known].title}{more})")
    return labels


def show() -> None:
    profile = profile_picker.choose()
    if profile is None:
        return
    if len(profile.names) < 2:
        st.info("One candidate wins whatever it is worth; choose a profile with two.")
        return
    try:
        key = f"{profile.to_text()}|{profile.utility is not None}"
        found = _distortion(key, profile)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    labels = _outcome_labels(found)
    worst_row = int(np.argmax(found.utilitarian.value))
    pure = [i for i, p in enumerate(found.lotteries) if p.max() > 1 - 1e-6]
    guess, shown = predict_first.guess(
        "Whose election can cost most, for all that the ballots say?",
        [found.names[found.lotteries[i].argmax()] for i in pure], "guess_worst",
    ) if len(pure) > 1 else (None, True)  # fmt: skip
    if not shown:
        return
    left, right = st.columns([8, 5], gap="medium")
    with right:
        if st.session_state.get("outcome") not in labels:
            st.session_state.pop("outcome", None)  # of another profile
        chosen = labels.index(
            st.selectbox("Witness for", labels, worst_row, key="outcome", **IN_URL)
        )
        metric = found.metric is not None and st.segmented_control(
            "Worst case", ["Utilities", "Distances"], default="Utilities", required=True,
            key="witness", label_visibility="collapsed", **IN_URL,
        ) == "Distances"  # fmt: skip
        _witness_chart(found, profile, chosen, metric)
    with left:
        figure = worst_and_typical_distortion(
            labels, found.typical, found.utilitarian.value,
            None if found.metric is None else found.metric.value, chosen, **page.style(),
        )  # fmt: skip
        page.chart(
            figure, "worst",
            alt="; ".join(f"{label}: {v:.2f} at worst" for label, v in
                          zip(labels, found.utilitarian.value, strict=True)),
            caption="" if page.presenting() else
            "How many times better the best candidate is than what the rule gives: 1 is perfect. "
            f"Usual: {found.typical.shape[1]} draws of utilities that agree with the ballots, each "
            "ballot’s uniform among those that add up to one."
            + ("" if found.metric is not None else " The profile is too large for distances."),
        )  # fmt: skip
        if pure:
            top = max(pure, key=lambda i: found.utilitarian.value[i])
            value = found.utilitarian.value[top]
            st.markdown(
                predict_first.verdict(guess, found.names[found.lotteries[top].argmax()])
                + f"Electing **{page.escaped(found.names[found.lotteries[top].argmax()])}** may "
                "cost "
                + (f"a factor of **{value:.2f}**" if np.isfinite(value) else "**everything**")
                + f", and usually costs {np.median(found.typical[top]):.2f}. The worst case is "
                "rare; a lottery insures against it."
            )
    rows = [
        {"outcome": label, "rules": voting_labels.rule_titles(rules),
         "usual (median)": float(np.median(found.typical[i])),
         "worst, unit-sum": float(found.utilitarian.value[i]),
         **({} if found.metric is None else {"worst, metric": float(found.metric.value[i])}),
         **{f"P({n})": float(p) for n, p in zip(found.names, found.lotteries[i], strict=True)}}
        for i, (label, rules) in enumerate(zip(labels, found.rules, strict=True))
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "worst-case", f"Seed {SEED}.")


def _witness_chart(found: Judged, profile: AnonymousProfile, i: int, metric: bool) -> None:
    """The utilities, or distances, under which an outcome is worst."""
    source = found.metric if metric else found.utilitarian
    values = source.distance[i] if metric else source.utility[i]
    heavy = np.argsort(-profile.weight, kind="stable")[:MAX_BALLOTS]
    share = profile.weight / profile.weight.sum()
    mean = share @ values
    labels = [f"{profile.labels[b]} {share[b]:.0%}".strip() for b in heavy]
    figure = witness_heatmap(
        found.names, [*labels, "mean"], np.vstack([values[heavy], mean]), **page.style()
    )
    rival = page.escaped(found.names[int(source.against[i])])
    got = float(found.lotteries[i] @ mean)
    kind = "distances" if metric else "utilities"
    more = len(profile.place) - len(heavy)
    page.chart(figure, "witness-map", alt=f"The {kind} under which this outcome is worst.")
    st.markdown(
        f"{kind.capitalize()} that agree with every ballot: the outcome gets a mean of "
        f"{got:.3f} where **{rival}** would get {mean[int(source.against[i])]:.3f}."
        + (f" The {more} lighter ballots are not drawn." if more > 0 else "")
    )
