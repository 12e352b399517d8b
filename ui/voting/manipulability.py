"""The part on how often some voter gains by a misreport."""

from __future__ import annotations

import streamlit as st

from scrl.figures import (
    rates_by_rule,
)
from scrl.voting import RULES
from scrl.voting.strategy import (
    ELECTORATE_MODELS,
    manipulable_share,
)
from ui.shared import data_tables, page, predict_first
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL
from ui.voting import voting_labels

#: Lotteries that draw a voter, or a candidate in proportion to points (Gibbard 1977, Barberà 1979).
STRATEGYPROOF = ("random-ballot", "proportional-borda", "harmonic-lottery")
#: Sampled electorates of four candidates.
SAMPLED_ELECTORATES = 50


@st.cache_data(max_entries=200, show_spinner="Counting elections")
def _manipulable_shares(
    rules: tuple, m: int, n: int, drawn: int | None, seed: int, model: str
) -> dict:
    """Rule -> share of electorates in which some voter gains by a misreport."""
    return manipulable_share(rules, m, n, drawn, seed, model)


def show() -> None:
    """Draw how often a single voter gains by a misreport under each rule."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        m = int(st.segmented_control("Candidates", ["3", "4"], default="3", required=True,
                                     key="candidates", **IN_URL))  # fmt: skip
        n = st.slider("Voters", 2, 12 if m == 3 else 9, 9, key="voters", **IN_URL)
        model = st.selectbox(
            "How ballots are drawn", list(ELECTORATE_MODELS), key="model", **IN_URL
        )
        exact = m == 3 and model in ("impartial", "anonymous")
        seed = 0
        if not exact:
            seed = int(st.number_input("Seed", 0.0, 2.0**31, 0.0, 1.0, format="%.0f", key="seed",
                                       **IN_URL))  # fmt: skip
    trivial = {f"{k}-approval" for k in range(m, 10)}  # everybody approves of everybody
    slow = {n for n, r in RULES.items() if r.on_host and r.reads == "profile"}
    rules = tuple(n for n in RULES.ordinal if n not in trivial | slow)
    bands = ("under 10 %", "10 to 25 %", "25 to 50 %", "over 50 %")
    guess, shown = predict_first.guess(
        f"{n} voters use Borda. In how many such elections can one of them gain by lying?",
        bands, "guess_often", always=True,
    )  # fmt: skip
    if not shown:
        return
    results = _manipulable_shares(
        rules, m, n, None if exact else 1000 if m == 3 else SAMPLED_ELECTORATES, seed, model
    )
    share = results["borda"].share
    band = bands[sum(share >= edge for edge in (0.1, 0.25, 0.5))]
    proof = [rule_title(name) for name in results if name in STRATEGYPROOF]
    page.say(
        predict_first.verdict(guess, band)
        + f"Under Borda one voter can gain by a lie in **{share:.1%}** of the elections. Under "
        f"{voting_labels.listed(proof)} nobody ever can: these lotteries only draw a ballot, or "
        "give chances in proportion to points, so an honest ballot is always best.",
    )
    borda = results["borda"]
    method = (
        f"All {borda.electorates:,} possible elections are counted, each with its probability"
        if borda.exact
        else f"{borda.electorates:,} elections are drawn with seed {seed}; the thin bars show two "
        "standard errors"
    )
    rows = [(rule_title(name), r.share, r.standard_error) for name, r in results.items()]
    page.chart(
        rates_by_rule(rows, "elections in which some voter gains by a lie", rule_title("borda"),
                   **page.style()),
        "often", alt="; ".join(f"{t}: {s:.1%}" for t, s, _ in rows),
        caption=f"{method}. Ballots: {ELECTORATE_MODELS[model]}. To each voter the first place is "
        f"worth {m - 1} points and the last 0. A lie gains if the new winner is worth more to the "
        "liar. A tie for first place is decided by lot. Rules that take too long to count so many "
        "elections are left out.",
    )  # fmt: skip
    if not page.presenting():
        with st.expander("The numbers"):
            table = [{"rule": t, "share": s, "standard error": float(e)} for t, s, e in rows]
            data_tables.numbers_table(table)
            data_tables.download_button(table, "manipulable")
