"""Cards of theorems about worst cases: opponents outside the policy, short lists, one liar."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import labelled_curves
from scrl.studies import distortion_theorems, manipulation_theorems
from scrl.voting.distortion import bradley_terry_bounds
from ui.shared import data_tables, page, predict_first
from ui.voting.theorem_view import CardView

_BETAS = np.linspace(0.5, 10, 96)


def shared_opponent(view: CardView) -> None:
    """Answers compared with one that the policy may not give."""
    beta = view.slider("β: how seldom voters err", "opponent_beta", 0.5, 10, 5, 0.1, "%.1f")
    guess, shown = predict_first.guess(
        "The reward chooses between two answers. Both were compared with a third one only. At most "
        "how many times better can the rejected one be, at β = 5?",
        ["twice", "5 times", "over 30 times"], "guess_opponent",
    )  # fmt: skip
    if not shown:
        return
    now, along = (distortion_theorems.shared_opponent(b) for b in (beta, _BETAS))
    bounds = bradley_terry_bounds(_BETAS)
    series = [("one opponent", along.distortion, 4), ("all pairs: at most", bounds["borda"], 0),
              ("lottery: at most", bounds["maximal-lottery"], 1)]  # fmt: skip
    figure = labelled_curves(
        _BETAS, series, slider=beta, log_axes="y", x_title="β", y_title="distortion",
        value_format=".2f", **view.style(),
    )  # fmt: skip
    alt = f"With one opponent the distortion is {float(now.distortion):.3g} at this β."
    view.chart(figure, "opponent", alt)
    steps = int(distortion_theorems.cycle_steps(beta))
    limit = float(np.cosh(beta / 2) ** 2)
    page.say(
        predict_first.verdict(guess, "over 30 times")
        + f"Here the rejected answer is **{float(now.distortion):.3g} times** as good (at most "
        f"cosh²(β/2) = {limit:.3g}), and a majority prefers it ({float(now.preferred):.2%}), so "
        "the lottery chooses it. If the pairs are chosen freely, there is no "
        f"limit: {steps} steps along a majority cycle give an answer that is worth 0 to everybody "
        "a higher reward than one that is worth 1 to everybody."
    )
    page.note(
        "**Where it holds.** "
        "The reference never says the opponents, so the KL penalty forbids them. If the policy may "
        "say the one opponent, it does, and that is the best answer here."
    )
    rows = [
        {"voters": name, "share": float(now.weight[i]),
         "rejected": float(now.utility[i, 1]), "chosen": float(now.utility[i, 0]),
         "opponent": float(now.utility[i, 2])}
        for i, name in enumerate(("few", "many"))
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "opponent", "Utilities. The few lose to the opponent whichever answer they see, so "
        "their comparisons hardly differ. The many answer near 1/2, where they are most sensitive. "
        "That the harm grows as e^Ω(β), or without limit, is from Gölz, Haghtalab & Yang 2025; the "
        "populations are this lab’s.", "%.4f",
    )  # fmt: skip


_SHARES = np.arange(1, 100) / 100
_MAX_DISTORTION = 3.4


def short_lists(view: CardView) -> None:
    """A winner drawn from a short list, where voters stand in a metric space."""
    length = int(view.slider("Names on the list", "list", 1, 8, 2, 1, "%.0f"))
    guess, shown = predict_first.guess(
        "One winner can be 3 times as far from the voters as the best. Two names on a list, and a "
        "coin decides: how far now?",
        ["3 times", "2.4 times", "1.5 times"], "guess_list",
    )  # fmt: skip
    if not shown:
        return
    curves = {
        "one winner": distortion_theorems.list_distortion(_SHARES, 1),
        f"list of {length}": distortion_theorems.list_distortion(_SHARES, length),
        "best lottery": distortion_theorems.two_candidate_distortion(
            _SHARES, distortion_theorems.best_lottery(_SHARES)
        ),
    }
    series = [(name, y, i) for (name, y), i in zip(curves.items(), (4, 0, 1), strict=True)]
    figure = labelled_curves(
        _SHARES, series if length > 1 else [series[0], series[2]], percent=True,
        x_title="voters who prefer A to B", y_title="distortion", value_format=".2f",
        y_range=(0.8, _MAX_DISTORTION), **view.style(),
    )  # fmt: skip
    share, worst = distortion_theorems.worst_list_distortion(length)
    view.chart(figure, "list", f"The worst distortion of a list of {length} is {worst:.2f}.")
    cycle = distortion_theorems.cycle_list_distortion()
    page.say(
        predict_first.verdict(guess, "2.4 times")
        + f"The best list of {length} has at worst a distortion of **{worst:.3f}**, if {share:.0%} "
        "prefer one of the two. A single winner has 3, the best lottery 2. In a majority cycle of "
        f"three, lists of one, two and three have {cycle[0]:.1f}, {cycle[1]:.1f} and "
        f"{cycle[2]:.1f}."
    )
    page.note(
        "**Where it holds.** "
        "A name may stand on the list more than once, and the ballots decide how often. A fixed "
        "coin between both is worse than one winner where nearly all agree. For many candidates it "
        "is proved that some length stays below 3, but not that a short one does."
    )
    rows = [
        {"names": n, "worst distortion": distortion_theorems.worst_list_distortion(n)[1]}
        for n in range(1, 9)
    ]
    data_tables.numbers_expander(
        rows, "lists", "Two candidates, and voters anywhere in a metric space. Distortion: how "
        "many times as far from the voters the winner is as the best candidate, in the worst case. "
        "The theorem for any number of candidates is from Cai, Gao, Ramakrishnan & Wang 2026.",
    )  # fmt: skip


_RATERS = np.arange(3, 52, 2)
_RULES = {"mean": 4, "limited mean": 0, "median": 1, "pessimistic median": 2}


@st.cache_data(show_spinner="Trying every lie")
def _liar() -> manipulation_theorems.OneLiar:
    return manipulation_theorems.one_liar(_RATERS)


def one_liar(view: CardView) -> None:
    """One liar against means and medians of rewards."""
    raters = int(view.slider("Raters", "raters", 3, 51, 9, 2, "%.0f"))
    guess, shown = predict_first.guess(
        "50 honest raters and one liar: what does the liar cost if the reward is the mean?",
        ["about 1/50", "about 1/7", "over half"], "guess_liar",
    )  # fmt: skip
    if not shown:
        return
    result = _liar()
    series = [(rule, result.lied[rule], i) for rule, i in _RULES.items()]
    figure = labelled_curves(
        _RATERS, series, slider=raters, x_title="raters", y_title="utility lost", **view.style()
    )
    at = int(np.searchsorted(_RATERS, raters))
    lost = {rule: float(values[at]) for rule, values in result.lied.items()}
    honest = float(result.honest["mean"][at])
    view.chart(figure, "liar", f"With {raters} raters the mean loses {lost['mean']:.0%}.")
    dictator, random_dictator = manipulation_theorems.dictator_ratio(raters)
    page.say(
        predict_first.verdict(guess, "over half")
        + f"Of {raters} raters one lies. The mean then loses **{lost['mean']:.0%}** of the utility "
        f"({honest:.0%} if all are honest), the median **{lost['median']:.0%}**, the pessimistic "
        f"median {lost['pessimistic median']:.0%}."
    )
    page.note(
        "**Where it holds.** "
        "The liar’s scores have no limit. Cut to 0 … 1 the mean loses "
        f"{lost['limited mean']:.0%}. The median is not strategy-proof: a lie pays in "
        f"{float(result.gains['median'][at]):.0%} of the cases. What is strategy-proof can be as "
        f"many times worse as there are raters: a dictator {dictator:.1f} times, a random dictator "
        f"{random_dictator:.1f} times."
    )
    rows = [
        {"rule": rule, "lost, all honest": float(result.honest[rule][at]),
         "lost, one liar": lost[rule], "a lie pays": float(result.gains[rule][at])}
        for rule in _RULES
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "liar", f"{manipulation_theorems.POPULATIONS} random populations (seed "
        f"{manipulation_theorems.SEED}), six answers, two of them seldom asked about. The liar "
        "wants the contrary of the others and finds its best report by trying. A pessimistic "
        "median takes off a standard error, so that it avoids answers that it hardly knows (after "
        "Kleine Buening et al. 2025).",
    )  # fmt: skip
