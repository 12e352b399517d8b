"""The part in which types of raters vote on the weights of errors."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import grouped_bars
from scrl.fine_grained import ATMOSPHERE, CATEGORIES, PROCEDURES, vote_on_weights
from scrl.studies import load_baked
from ui.shared import data_tables, page
from ui.shared.page import IN_URL
from ui.text_parts import marked_answer

#: Type of rater -> what an error of each category costs it, and its share in per cent.
TYPES = {
    "Fact checkers": ((0.12, 0.78, 0.10), 35),
    "Busy readers": ((0.60, 0.10, 0.30), 20),
    "Pupils": ((0.08, 0.32, 0.60), 45),
}


def show() -> None:
    """Draw the types’ weights, the vote, and the answer that is best by its outcome."""
    page.say(
        "Raters may agree on every mark and still disagree on which answer is best: an error does "
        "not cost everybody the same. Which weights does the reward use? That is a vote again, "
        "a vote over weights in place of answers."
    )
    top = st.container()
    shares = _shares()
    weights = _weights()
    with top:
        name = st.segmented_control(
            "The weights are", list(PROCEDURES), default="median", required=True, key="procedure",
            format_func=str.capitalize, **IN_URL,
        )  # fmt: skip
        _outcome(name, weights, shares)
    _study()


def _shares() -> np.ndarray:
    """Shares of the types, which sum to one."""
    given = []
    for i, (column, (kind, (_, share))) in enumerate(
        zip(st.columns(3), TYPES.items(), strict=True)
    ):
        with column:
            given.append(page.slider(f"Share of {kind}", f"s{i}", 0, 100, share, 5, "%.0f%%"))
    total = sum(given)
    return np.array(given) / total if total else np.full(3, 1 / 3)


def _weights() -> np.ndarray:
    """Weights of the types ``[types, categories]``, each summing to one."""
    rows = np.array([weights for weights, _ in TYPES.values()])
    if page.presenting():
        return rows
    with st.expander("What an error costs each type"):
        for i, (column, kind) in enumerate(zip(st.columns(3), TYPES, strict=True)):
            with column:
                st.markdown(f"**{kind}**")
                for k, category in enumerate(CATEGORIES):
                    rows[i, k] = page.slider(
                        category, f"c{i}{k}", 0, 1, float(rows[i, k]), 0.01, "%.2f"
                    )
        page.note("The three costs of a type are scaled so that they sum to 1.")
    total = rows.sum(1, keepdims=True)
    return np.where(total > 0, rows / np.where(total > 0, total, 1), 1 / 3)


def _outcome(name: str, weights: np.ndarray, shares: np.ndarray) -> None:
    """The answer that the procedure chooses, and what every procedure chooses."""
    errors = np.array([text.error_counts for text in ATMOSPHERE])
    votes = {p: vote_on_weights(p, weights, shares, errors) for p in PROCEDURES}
    vote = votes[name]
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"#### Best answer: {page.escaped(ATMOSPHERE[vote.answer].name)}")
        marked_answer.marked_text(ATMOSPHERE[vote.answer])
        page.note(_tie(vote.tied))
    with right:
        series = [(type, tuple(row)) for type, row in zip(TYPES, weights, strict=True)]
        if vote.weights is not None:
            series.insert(0, ("the weights used", tuple(vote.weights)))
        page.chart(
            grouped_bars(list(CATEGORIES), [(n, list(v)) for n, v in series[:1]], "",
                         "weight", percent=True, height=230, **page.style()),
            "chart-weights",
            alt=", ".join(f"{c} {w:.0%}" for c, w in zip(CATEGORIES, series[0][1], strict=True)),
            caption=f"The weights used: {PROCEDURES[name]}." if vote.weights is not None
            else f"No weights are used: {PROCEDURES[name]}. Shown are those of "
            f"{series[0][0].lower()}.",
        )  # fmt: skip
    rows = [
        {"the weights are": p, "best answer": ATMOSPHERE[v.answer].name}
        | {c: "" if v.weights is None else f"{w:.2f}"
           for c, w in zip(CATEGORIES, np.zeros(3) if v.weights is None else v.weights,
                           strict=True)}
        for p, v in votes.items()
    ]  # fmt: skip
    different = len({v.answer for v in votes.values()})
    page.say(
        f"The {len(PROCEDURES)} ways of agreeing choose **{different}** different "
        f"answer{'s' if different > 1 else ''}."
    )
    st.dataframe(rows, hide_index=True)


def _tie(tied: tuple[int, ...]) -> str:
    if len(tied) < 2:
        return "No other answer is as good by this vote."
    return "Tied: " + ", ".join(ATMOSPHERE[i].name for i in tied) + ". The first is shown."


def _study() -> None:
    """What each procedure reaches on random populations, from the baked study."""
    result = load_baked("text-parts")["result"]["votes"]
    kind = (5, 0.5)
    rows = {r["procedure"]: r for r in result if (r["types"], r["concentration"]) == kind}
    mean, median, answers = (rows[p] for p in ("mean", "median", "Borda over answers"))
    page.say(
        "**On random populations** of five types with extreme weights, the mean of honest weights "
        "is best for the mean rater: it must be, since costs add up. But it invites lies. In "
        f"{mean['lie pays'][0]:.0%} of populations some type gets a better answer by exaggerating; "
        f"with the median in {median['lie pays'][0]:.0%}, which reaches "
        f"{median['welfare'][0]:.1%} of the best welfare. A Borda vote over the answers "
        f"themselves reaches {answers['welfare'][0]:.1%}, and lying pays in "
        f"{answers['lie pays'][0]:.0%}. With the largest type’s weights nobody gains by lying, and "
        "the others are not heard. A single liar costs little: less than 3 % of the welfare on "
        "average."
    )
    table = [
        {"types": r["types"], "weights": "extreme" if r["concentration"] < 1 else "alike",
         "the weights are": r["procedure"], "welfare": r["welfare"][0],
         "from": r["welfare"][1], "to": r["welfare"][2], "worst type": r["worst type"][0],
         "other answer than the mean’s": r["differs"][0], "lying pays": r["lie pays"][0],
         "lying pays, from": r["lie pays"][1], "lying pays, to": r["lie pays"][2],
         "loss by the lie": r["loss"][0]}
        for r in result
    ]  # fmt: skip
    data_tables.numbers_expander(
        table, "weight-votes", "Means over 400 random populations with 12 answers, with 95 % "
        "intervals. Welfare: 0 the worst answer, 1 the best one for the mean rater.",
    )  # fmt: skip
