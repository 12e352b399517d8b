"""The part in which two camps misreport at once."""

from __future__ import annotations

import streamlit as st

from scrl.figures import (
    scores_by_misreport_share,
)
from scrl.voting.strategy import (
    BURIAL_EXAMPLE,
    outcome_by_share,
    simultaneous_manipulations,
)
from ui.shared import data_tables, page, predict_first
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL
from ui.voting import voting_labels


@st.cache_data(show_spinner="Trying every ballot")
def _mutual() -> dict:
    """Rule -> outcome where both camps cast their best misreport."""
    return simultaneous_manipulations(BURIAL_EXAMPLE, (0, 1))


def show() -> None:
    """Draw what happens where both camps misreport at once."""
    names = BURIAL_EXAMPLE.names
    outcomes = _mutual()
    borda = outcomes["borda"]
    ballots = [voting_labels.ballot_label(m.ballots[0], names) for m in borda.manipulations]
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        st.markdown(
            "Left and Right have 46 voters each, and both like Centre well; nobody wants Dud. "
            "Each camp finds its best lie under Borda, as if the others were honest: "
            f"**{page.escaped(ballots[0])}** and **{page.escaped(ballots[1])}**."
        )
        guess, shown = predict_first.guess(
            "If both camps lie at once, who wins?", names, "guess_camps", always=True
        )
        share = st.slider("How many of both camps lie", 0, 100, 100, format="%d %%", key="lying",
                          disabled=not shown, **IN_URL)  # fmt: skip
        if not shown:
            return
        shares, scores, mean = outcome_by_share(BURIAL_EXAMPLE, borda.manipulations, "borda")
        best = borda.best_mean_utility
        first = scores[share] > scores[share].max() - 1e-9
        winner = voting_labels.winner_chances(first / first.sum(), names)
        st.markdown(
            predict_first.verdict(guess, "Dud")
            + f"At {share} % **{winner}** wins, worth {mean[share]:.3f} on average against "
            f"{best:.3f} at best: distortion {best / mean[share]:.2f}.",
        )  # fmt: skip
    with right:
        page.chart(
            scores_by_misreport_share(names, shares, scores, share / 100, "Borda points a voter",
                         height=330, **page.style()),
            "camps", alt=f"Borda points as more voters lie; at {share} % {winner} wins.",
            caption="The first liars lift Left and Right over Centre; then Dud, which every honest "
            "ballot puts last, passes everybody.",
        )  # fmt: skip
    _table(outcomes)
    if not page.presenting():
        _note(outcomes)


def _table(outcomes: dict) -> None:
    """Outcomes under every rule, with a download."""
    names = BURIAL_EXAMPLE.names
    rows = [
        {
            "rule": rule_title(name),
            "honest": voting_labels.winner_chances(m.manipulations[0].before, names),
            "both lie": voting_labels.winner_chances(m.chance, names),
            "distortion": m.distortion[1],
            "lies pay": " and ".join(
                label
                for label, lie in zip(BURIAL_EXAMPLE.labels, m.manipulations, strict=False)
                if lie.is_profitable
            )
            or "to nobody",
            "mean, honest": m.mean_utility[0],
            "mean, both lie": m.mean_utility[1],
        }
        for name, m in sorted(outcomes.items(), key=lambda item: -item[1].distortion[1])
    ]  # fmt: skip
    data_tables.numbers_table(rows)
    st.caption(
        "Each camp with its own best lie under each rule, or the truth where none pays. "
        "Distortion: the best mean utility over that of the winner, when both lie. Bradley–Terry, "
        "which an ordinary reward model fits, follows the lies as Borda does."
    )
    if not page.presenting():
        data_tables.download_button(rows, "camps")


def _note(outcomes: dict) -> None:
    """Why a camp would misreport."""
    with st.expander("Why anybody would do this"):
        borda = outcomes["borda"]
        st.markdown(
            "Utilities of Left, Right, Centre, Dud: the Left camp 1, .2, .8, .05; the Right camp "
            ".2, 1, .8, .05; the 8 voters of Centre .5, .5, 1, .05. Against honest opponents "
            "each lie is the only one of the 24 ballots that makes the camp's favourite win, a "
            f"gain of {borda.manipulations[0].gain:.1f} for each member. Once the other camp lies, "
            "the best that a camp can still get is Centre, by giving up its favourite. Whoever "
            "lies and is not answered wins; both expect to be the one. Without strategy one may "
            "say that a winner cannot be that perverse, since some human wanted it; with strategy "
            "that defence is gone."
        )
