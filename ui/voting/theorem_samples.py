"""Cards of theorems about random voters, and about copies of an answer."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl import text
from scrl.choice_models import cosine_similarity
from scrl.figures import labelled_curves
from scrl.studies import majority_sample_theorems, manipulation_theorems
from ui.shared import data_tables, page, predict_first
from ui.voting.theorem_view import CardView

_MAX_ANSWERS = 20
_HALF_COMMON = 0.5


@st.cache_data(show_spinner="Counting majorities")
def _cycles() -> dict[str, majority_sample_theorems.CycleChances]:
    utilities = {
        "tastes at random": majority_sample_theorems.normal_utilities(0.0, _MAX_ANSWERS),
        "half in common": majority_sample_theorems.normal_utilities(_HALF_COMMON, _MAX_ANSWERS),
        "on one line": majority_sample_theorems.line_utilities(_MAX_ANSWERS),
    }
    return {n: majority_sample_theorems.cycle_chances(u) for n, u in utilities.items()}


def many_answers(view: CardView) -> None:
    """Cycles become certain as answers are added."""
    answers = int(view.slider("Answers", "answers", 3, _MAX_ANSWERS, 5, 1, "%.0f"))
    guess, shown = predict_first.guess(
        "25 people rank 10 answers at random. How often do their majorities go in a circle?",
        ["1 time in 10", "half the time", "nearly always"], "guess_many",
    )  # fmt: skip
    if not shown:
        return
    results = _cycles()
    sizes = results["tastes at random"].answers
    series = [(name, result.cycle, i) for (name, result), i in
              zip(results.items(), (4, 0, 1), strict=True)]  # fmt: skip
    series.append(("no winner", results["tastes at random"].no_winner, 7))
    figure = labelled_curves(
        sizes, series, slider=answers, x_title="answers", y_title="share of populations",
        y_range=(-0.03, 1.05), **view.style(),
    )  # fmt: skip
    at = int(np.searchsorted(sizes, answers))
    cycle = {name: float(result.cycle[at]) for name, result in results.items()}
    no_winner = float(results["tastes at random"].no_winner[at])
    view.chart(figure, "many", f"With {answers} answers {cycle['tastes at random']:.0%} cycle.")
    page.say(
        predict_first.verdict(guess, "nearly always")
        + f"With {answers} answers **{cycle['tastes at random']:.1%}** of random populations have "
        "a cycle somewhere, and no reward orders all pairs as the majority does. "
        f"In only {no_winner:.1%} does every answer lose to another."
    )
    page.note(
        "**Where it holds.** "
        "Tastes are random. If half of what people want is the same for all, there is a cycle in "
        f"{cycle['half in common']:.1%}; if all differences lie on one line, in "
        f"{cycle['on one line']:.0%}. And a best answer often exists where no order does."
    )
    rows = [
        {"answers": int(m), **{name: float(r.cycle[i]) for name, r in results.items()},
         "no winner": float(results["tastes at random"].no_winner[i])}
        for i, m in enumerate(sizes)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "many-answers", f"{majority_sample_theorems.POPULATIONS} populations of "
        f"{majority_sample_theorems.VOTERS} voters, seed {majority_sample_theorems.SEED}. Without "
        "a cycle, the number of answers beaten is a reward with the majority’s order; with one "
        "there is none (Liu et al. 2025).",
    )  # fmt: skip


_COMMON = np.arange(0, 100, 5) / 100


@st.cache_data(show_spinner="Counting majorities")
def _consistency() -> majority_sample_theorems.Consistency:
    return majority_sample_theorems.consistency(_COMMON)


def consistent_reward(view: CardView) -> None:
    """When the highest reward is the answer that beats all others."""
    common = view.percent("How much of what people want is the same for all", "common", 95, 50, 0)
    guess, shown = predict_first.guess(
        "Tastes are at random, but one of five answers beats all others. How often does it get the "
        "highest reward?",
        ["half the time", "5 times in 6", "always"], "guess_consistent",
    )  # fmt: skip
    if not shown:
        return
    result = _consistency()
    series = [("agrees", result.agrees, 4), ("condition", result.leads, 0),
              ("on majorities", result.agrees_majority, 1)]  # fmt: skip
    figure = labelled_curves(
        _COMMON, series, slider=common, percent=True, x_title="the same for all",
        y_title="share of populations", y_range=(0.2, 1.05), **view.style(),
    )  # fmt: skip
    agrees, leads = (float(np.interp(common, _COMMON, y)) for y in (result.agrees, result.leads))
    view.chart(figure, "consistent", f"The reward agrees in {agrees:.0%} of the populations.")
    worst, points = majority_sample_theorems.inconsistent_reward()
    page.say(
        predict_first.verdict(guess, "5 times in 6")
        + f"In **{agrees:.0%}** of the populations Bradley–Terry puts the answer first that beats "
        f"all others. It must if the winner also does best against every third answer, which holds "
        f"in {leads:.0%}. Trained on each pair’s majority instead, the reward always agrees."
    )
    page.note(
        "**Where it holds.** "
        "Agreement is usual, and the condition explains only a part of it. It is no guarantee: "
        "if 60% rank A ≻ B ≻ C ≻ D and 40% B ≻ C ≻ D ≻ A, A beats all "
        f"others with {worst[0]:.0%}, but B gets the highest reward ({points[1]:.1f} Borda points "
        f"against {points[0]:.1f})."
    )
    rows = [
        {"the same for all": float(c), "an answer beats all": float(result.winner[i]),
         "reward agrees": float(result.agrees[i]), "condition holds": float(result.leads[i]),
         "agrees where it holds": float(result.agrees_where_leads[i])}
        for i, c in enumerate(_COMMON)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "consistent", f"{majority_sample_theorems.POPULATIONS} populations of "
        f"{majority_sample_theorems.VOTERS} voters for each point, seed "
        f"{majority_sample_theorems.SEED}, all pairs compared. Shares are of the populations in "
        "which an answer beats all others. That conditions of this kind make RLHF consistent, and "
        "that a change of the objective does so always, is from Xiao et al. 2025; this condition "
        "and its proof by Borda points are the lab’s.",
    )  # fmt: skip


@st.cache_data(show_spinner="Reading the answers")
def _measured_similarity() -> np.ndarray:
    return cosine_similarity(text.encode(manipulation_theorems.MEALS))


def clones(view: CardView) -> None:
    """Copies of a losing answer decide between two others, unless weights undo them."""
    copies = int(view.slider("Wordings of pizza", "copies", 1, manipulation_theorems.MAX_COPIES,
                             6, 1, "%.0f"))  # fmt: skip
    measured = text.is_available() and st.toggle(
        "Measure likeness by the sentence encoder", key=view.key("encoder"), bind="query-params",
    )  # fmt: skip
    guess, shown = predict_first.guess(
        "70% prefer soup to salad. Pizza comes last, but is offered in six wordings. "
        "Whom does Bradley–Terry put first?",
        ["Soup", "Salad", "Pizza"], "guess_clones",
    )  # fmt: skip
    if not shown:
        return
    similarity = _measured_similarity() if measured else manipulation_theorems.stated_similarity()
    near = manipulation_theorems.without_small(similarity)
    results = {
        "Bradley–Terry": manipulation_theorems.clone_rewards(),
        "weights": manipulation_theorems.clone_rewards(similarity),
        "weights, near only": manipulation_theorems.clone_rewards(near),
    }
    counts = results["weights"].copies
    leads = {name: r.reward[:, 0] - r.reward[:, 1] for name, r in results.items()}
    series = [(name, y, i) for (name, y), i in zip(leads.items(), (4, 0, 1), strict=True)]
    figure = labelled_curves(
        counts, series, slider=copies, shade_negative=True, x_title="wordings of pizza",
        y_title="r(soup) − r(salad)", **view.style(),
    )  # fmt: skip
    view.chart(figure, "clones", "The lead of soup over salad as pizza is offered again and again.")
    page.say(predict_first.verdict(guess, "Salad") + _clone_text(leads, copies))
    page.note(
        "**Where it holds.** "
        "The similarity must be 0 between different answers. "
        + ("The encoder finds soup and salad somewhat similar to every pizza (0.2 to 0.4), so each "
           "wording takes weight from them." if measured else
           "With 0.1 between dishes each wording takes a little weight from soup and salad.")
    )  # fmt: skip
    rows = [
        {"wordings": int(k), **{name: float(y[i]) for name, y in leads.items()}}
        for i, k in enumerate(counts)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "clones", "50% rank soup ≻ salad ≻ pizza, 30% salad ≻ pizza ≻ soup, 20% soup ≻ pizza "
        "≻ salad. A pair counts with the product of its answers’ weights; a weight is 1 / (sum of "
        "similarities to all answers, itself included). Stated similarities: 0.9 between wordings, "
        "0.1 between dishes. “Near only” takes those below 0.5 as 0 (after Procaccia, Schiffer & "
        "Zhang 2025).",
    )  # fmt: skip


def _clone_text(leads: dict[str, np.ndarray], copies: int) -> str:
    """What happens at this number of wordings, and from which number on salad leads."""

    def first(lead: np.ndarray) -> str:
        below = np.flatnonzero(lead < -1e-9)
        return f"from {below[0] + 1} on" if len(below) else "never"

    lead = float(leads["Bradley–Terry"][copies - 1])
    top = "soup and salad tie" if abs(lead) < 1e-6 else "soup leads" if lead > 0 else "salad leads"
    return (
        f"With {copies} wordings **{top}**, although 70% prefer soup to salad. Salad leads "
        f"{first(leads['Bradley–Terry'])} under plain Bradley–Terry, {first(leads['weights'])} "
        f"with similarity weights, and {first(leads['weights, near only'])} if only near "
        "answers count as similar."
    )
