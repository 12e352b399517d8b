"""Cards of theorems about Bradley–Terry and linear rewards."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import (
    labelled_curves,
    linear_reward,
)
from scrl.studies import distortion_theorems, theorems
from scrl.voting.distortion import bradley_terry_bounds
from ui.shared import data_tables, page, predict_first
from ui.voting.theorem_view import CardView

_LEFT_OUT = np.arange(91) / 100


@st.cache_data(show_spinner=False)
def _missing_curve() -> theorems.MissingCandidate:
    return theorems.missing_candidate(_LEFT_OUT)


def borda(view: CardView) -> None:
    """Bradley–Terry orders by Borda scores until comparisons are missing."""
    at = view.percent("Ballots that leave Morristown out (outside Memphis)", "left_out", 90, 0)
    now, along = theorems.missing_candidate(at), _missing_curve()
    first = _LEFT_OUT[np.argmin(along.agrees)]
    guess, shown = predict_first.guess(
        "Comparisons go missing. Does Bradley–Terry still give Borda’s order?",
        ["Always", "Up to a point", "Never"], "guess_borda",
    )  # fmt: skip
    if not shown:
        return
    series = [(name, along.reward[:, i], i) for i, name in enumerate(now.names)]
    figure = labelled_curves(
        _LEFT_OUT, series, slider=at, percent=True, y_title="learned reward",
        x_title="left out (in Memphis: a ninth of that)", **view.style(),
    )  # fmt: skip
    view.chart(figure, "borda", "Rewards of five cities. Lines cross as ballots go missing.")
    order = np.argsort(-now.reward)
    page.say(
        predict_first.verdict(guess, "Up to a point")
        + f"If {at:.0%} leave Morristown out: {' ≻ '.join(now.names[i] for i in order)}, "
        + ("**Borda’s order**." if now.agrees else "**not Borda’s order**.")
        + f" The order is Borda’s up to {first - 0.01:.0%}. From {first:.0%} on it is another."
    )
    rows = [
        {"city": name, "Borda, complete ballots": float(now.borda[i]),
         "reward, complete": float(along.reward[0, i]), f"reward at {at:.0%}": float(now.reward[i])}
        for i, name in enumerate(now.names)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "borda", "On complete ballots every pair is compared equally often. Bradley–Terry "
        "then chooses rewards so that the expected wins of each candidate are its Borda points. "
        "Since expected wins rise with the reward, the order is Borda’s.",
    )  # fmt: skip


def hidden_context(view: CardView) -> None:
    """Rewards where the context that decides the worth is hidden."""
    left, right = st.columns(2)
    with left:
        start = view.slider(
            "Answers above this depend on the context", "start", 0.1, 0.9, 0.8, 0.05
        )
    with right:
        chance = view.percent("Chance that the utility doubles (else it is 0)", "chance", 95, 50, 5)
    result = theorems.hidden_context(chance, start)
    guess, shown = predict_first.guess(
        f"At {start:g} the context begins to matter. Does the learned reward rise or fall there?",
        ["Rises", "Falls"],
        "guess_hidden",
    )
    if not shown:
        return
    # Rewards have no unit: they are drawn over the span of the utilities.
    unit = (result.reward - result.reward.min()) / np.ptp(result.reward)
    breaks = np.searchsorted(result.a, start)
    series = [("average utility", result.expected, 7), ("Borda score", result.borda, 1),
              ("reward", unit, 4)]  # fmt: skip
    series = [(name, np.insert(y, breaks, np.nan), i) for name, y, i in series]
    figure = labelled_curves(
        np.insert(result.a, breaks, start), series, x_title="answer",
        y_title="utility (reward: scaled to 0 … 1)", **view.style(),
    )  # fmt: skip
    view.chart(figure, "hidden", "Average utility, Borda score and reward of each answer.")
    falls = result.after < result.before
    worth = 2 * chance * start
    page.say(
        predict_first.verdict(guess, "Falls" if falls else "Rises")
        + f"At {start:g} the Borda score {'falls' if falls else 'rises'} from "
        f"**{result.before:.3f}** to **{result.after:.3f}**, and so does the reward. "
        "The average utility "
        + (f"stays {start:g}." if np.isclose(worth, start) else
           f"goes from {start:g} to {worth:.3g}.")
    )  # fmt: skip
    rows = [
        {"answer": float(result.a[i]), "average utility": float(result.expected[i]),
         "Borda score": float(result.borda[i]), "reward": float(result.reward[i])}
        for i in range(len(result.a))
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "hidden-context", "100 answers, and all pairs are compared. The Borda score is the "
        "average of P(a ≻ b). With a chance of 1/2 from 0.8 on, it is 0.1 + a below and 0.275 + "
        "0.25a above. It falls at 0.8 for every chance below 1.",
    )  # fmt: skip


_OFFERED = np.maximum(np.arange(101), 0.1) / 100  # at 0 G is gone, and rewards are centred anew


@st.cache_data(show_spinner=False)
def _irrelevant_curve() -> theorems.IrrelevantAlternative:
    return theorems.irrelevant_alternative(_OFFERED)


def irrelevant_alternative(view: CardView) -> None:
    """A losing candidate changes the Bradley–Terry winner."""
    at = view.percent("How often G is compared (100 %: as often as R and B)", "offered", 100, 100)
    now, along = theorems.irrelevant_alternative(at), _irrelevant_curve()
    guess, shown = predict_first.guess(
        "With G, Bradley–Terry chooses R. Whom does it choose without G?",
        ["R", "B"],
        "guess_irrelevant",
    )
    if not shown:
        return
    series = [(name, along.reward[:, i], p) for i, (name, p) in
              enumerate(zip(now.names, (4, 1, 0), strict=True))]  # fmt: skip
    figure = labelled_curves(
        _OFFERED,
        series,
        slider=at,
        slider_values=now.reward,
        percent=True,
        y_title="learned reward",
        x_title="how often G is compared",
        **view.style(),
    )
    view.chart(figure, "irrelevant", "Rewards of R and B cross as G is compared more often.")
    rewards_text = ", ".join(
        f"{name} {r:.3f}" for name, r in zip(now.names, now.reward, strict=True)
        if np.isfinite(r)
    )  # fmt: skip
    lead = now.reward[0] - now.reward[2]
    top = "**R and B tie**" if abs(lead) < 1e-6 else f"**{'R' if lead > 0 else 'B'} wins**"
    picks = now.names[now.lottery.argmax()]
    page.say(
        predict_first.verdict(guess, "B")
        + f"If G is compared {at:.0%} as often: {rewards_text}, so {top}. R and B change places at "
        f"{now.switch:.0%}. The maximal lottery chooses {picks} with G and "
        f"{now.names[now.lottery_without.argmax()]} without G."
    )
    without = theorems.irrelevant_alternative(0.0).reward
    rows = [
        {"": name, "reward with G": float(along.reward[-1, i]),
         "reward without G": float(without[i]), "maximal lottery": float(now.lottery[i])}
        for i, name in enumerate(now.names)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows,
        "irrelevant",
        "Two voters rank R ≻ G ≻ B, three rank B ≻ R ≻ G. Nobody ranks G first.",
    )


_EPSILON = np.geomspace(0.001, 0.3, 121)


def unanimity_overturned(view: CardView) -> None:
    """A linear reward against a unanimous preference."""
    left, middle, right = st.columns(3)
    with left:
        epsilon = view.slider("ε: step from c to c′", "epsilon", 0.001, 0.3, 0.01, 0.001, "%.3f")
    with middle:
        delta = view.slider("δ: steepness of the step", "delta", 1.1, 4, 2, 0.1, "%.1f")
    with right:
        share = view.percent("First kind of voter", "first_kind", 95, 60, 5)
    now = theorems.reversed_unanimity(epsilon, delta, share)
    gap, theta = float(now.gap[0]), now.theta[0]
    guess, shown = predict_first.guess(
        "All voters prefer c′ to c. Does the linear reward that fits best prefer c′ too?",
        ["Yes", "No"],
        "guess_unanimity",
    )
    if not shown:
        return
    along = theorems.reversed_unanimity(_EPSILON, delta, share)
    figure = labelled_curves(
        _EPSILON,
        [("", along.gap / _EPSILON, 4)],
        slider=epsilon,
        log_axes="x",
        shade_negative=True,
        x_title="ε, the size of the step from c to c′",
        y_title="(r(c′) − r(c)) / ε",
        **view.style(),
    )
    view.chart(figure, "unanimity", f"r(c′) - r(c) is {gap:.4f} at ε = {epsilon:g}.")
    if view.aside and not page.presenting():
        picture = linear_reward(now.points[0], theorems.POINTS, theta, **page.style())
        alt = "Six answers in the plane and the direction of the learned reward."
        view.chart(picture, "unanimity-plane", alt)
    below = along.gap < 0
    turn = f" The difference is below 0 up to ε = {_EPSILON[below][-1]:.2g}." if below.any() else ""
    page.say(
        predict_first.verdict(guess, "No" if gap < 0 else "Yes")
        + f"The reward is r(x, y) = {theta[0]:.4f} x + {theta[1]:.4f} y, so r(c′) − r(c) = "
        f"**{gap:+.4f}**: "
        + ("**everybody is overruled**." if gap < 0 else "as everybody wants.")
        + turn
    )
    first, second = theorems.VOTER_UTILITIES
    rows = [
        {"": name, "x": float(p[0]), "y": float(p[1]), "first kind": float(p @ first),
         "second kind": float(p @ second), "learned reward": float(p @ theta)}
        for name, p in zip(theorems.POINTS, now.points[0], strict=True)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "unanimity",
        "The first kind of voter wants x + y as large as possible, the second −x. "
        "All 15 pairs are compared equally often. The reward is the linear one under which the "
        "answers "
        "are most likely (Ge et al. 2024).", "%.4f",
    )  # fmt: skip


_BETA = np.linspace(0.1, 10, 200)


def distortion_bounds(view: CardView) -> None:
    """Published bounds on distortion by β, and populations that this lab found."""
    beta = view.slider("β: how seldom voters err", "beta", 0.1, 10, 4, 0.1, "%.1f")
    guess, shown = predict_first.guess(
        "The highest reward (RLHF) or the maximal lottery (Nash): which can be worse for people?",
        ["RLHF", "Nash", "They are equal"], "guess_bounds",
    )  # fmt: skip
    if not shown:
        return
    now, along = bradley_terry_bounds(beta), bradley_terry_bounds(_BETA)
    found = distortion_theorems.rlhf_distortion
    series = [("RLHF: at most", along["borda"], 0), ("RLHF: found", found(_BETA), 4),
              ("lottery: at most", along["maximal-lottery"], 1)]  # fmt: skip
    figure = labelled_curves(
        _BETA, series, slider=beta, x_title="β", y_title="distortion", value_format=".2f",
        y_range=(0, 11), **view.style(),
    )  # fmt: skip
    view.chart(figure, "bounds", "Bounds on distortion rise with β.")
    page.say(
        predict_first.verdict(guess, "RLHF")
        + f"At β = {beta:g} the distortion of the highest reward (RLHF; all pairs compared, so "
        f"Borda’s) is at most **{now['borda']:.2f}**, and that of the maximal lottery (Nash) at "
        f"most **{now['maximal-lottery']:.2f}**. The worst voters found here give RLHF "
        f"**{float(found(beta)):.2f}**."
    )
    page.note(
        "**Where it holds.** "
        f"That RLHF’s worst case is about β, here {beta:g}, and twice Nash’s, is a limit for large "
        f"β: found are {float(found(2)):.2f} at β = 2, {float(found(10)):.2f} at 10 and "
        f"{float(found(100)):.1f} at 100. Nash reaches its bound at every β."
    )
    data_tables.numbers_expander(
        theorems.published_bounds(), "bounds",
        "The table is for voters without mistakes: the worst "
        "case over all utilities that fit the ballots, with m candidates and n voters. The figure "
        "is from Gölz, "
        "Haghtalab & Yang 2025.",
    )  # fmt: skip
