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


@st.cache_data(show_spinner="Trying every possible ballot")
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
        page.say(
            "The camps Left and Right have 46 voters each. Both find Centre acceptable, and nobody "
            "wants Dud. Each camp looks for its best lie under Borda and expects the others to be "
            f"honest. Left then votes **{page.escaped(ballots[0])}**, and Right votes "
            f"**{page.escaped(ballots[1])}**."
        )
        guess, shown = predict_first.guess(
            "If both camps lie at once, who wins?", names, "guess_camps", always=True
        )
        if not shown:
            return
        share = st.slider(
            "Share of both camps who lie", 0, 100, 100, format="%d %%", key="lying", **IN_URL
        )
        shares, scores, mean = outcome_by_share(BURIAL_EXAMPLE, borda.manipulations, "borda")
        best = borda.best_mean_utility
        first = scores[share] > scores[share].max() - 1e-9
        winner = voting_labels.winner_chances(first / first.sum(), names)
        page.say(
            predict_first.verdict(guess, "Dud")
            + f"If {share} % lie, **{winner}** wins. Its average utility is {mean[share]:.3f}. The "
            f"best candidate has {best:.3f}, which is {best / mean[share]:.2f} times as much.",
        )  # fmt: skip
    with right:
        page.chart(
            scores_by_misreport_share(names, shares, scores, share / 100, "Borda points a voter",
                         height=330, **page.style()),
            "camps", alt=f"Borda points as more voters lie. At {share} % {winner} wins.",
            caption="The first liars lift Left and Right above Centre. With more liars Dud passes "
            "everybody, although every honest ballot ranks it last.",
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
            "a lie pays for": " and ".join(
                label
                for label, lie in zip(BURIAL_EXAMPLE.labels, m.manipulations, strict=False)
                if lie.is_profitable
            )
            or "nobody",
            "average, honest": m.mean_utility[0],
            "average, both lie": m.mean_utility[1],
        }
        for name, m in sorted(outcomes.items(), key=lambda item: -item[1].distortion[1])
    ]  # fmt: skip
    data_tables.numbers_table(rows)
    page.note(
        "Under each rule each camp uses its own best lie, or votes honestly where no lie pays. "
        "Distortion: the average utility of the best candidate divided by that of the winner when "
        "both lie. Bradley–Terry, the usual reward model, follows the lies as Borda does."
    )
    if not page.presenting():
        data_tables.download_button(rows, "camps")


def _note(outcomes: dict) -> None:
    """Why a camp would misreport."""
    with st.expander("Why would the camps do this?"):
        borda = outcomes["borda"]
        page.say(
            "Utilities of Left, Right, Centre and Dud: for the Left camp 1, 0.2, 0.8 and 0.05; for "
            "the Right camp 0.2, 1, 0.8 and 0.05; for the 8 voters of Centre 0.5, 0.5, 1 and 0.05. "
            "If the others are honest, each lie is the only one of the 24 ballots that makes the "
            f"camp's favourite win. Each member then gains {borda.manipulations[0].gain:.1f}. If "
            "both camps lie, both lose. The best that a camp can then still reach is Centre, by "
            "giving up its favourite. Each camp lies because it expects that the other does not."
        )
