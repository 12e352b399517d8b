"""Cards of theorems about majorities that no reward represents."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import (
    indistinguishable_populations,
    tournament_graph,
)
from scrl.studies import majority_theorems
from ui.shared import data_tables, page, predict_first
from ui.voting.theorem_view import CardView


def _tournament(result: majority_theorems.Cycle, key: str, view: CardView) -> None:
    """The figure of pairwise majorities."""
    notes = [f"reward {r + 0.0:+.3f}<br>lottery {p:.0%}" if abs(r) > 5e-4 else
             f"reward 0<br>lottery {p:.0%}"
             for r, p in zip(result.reward, result.lottery, strict=True)]  # fmt: skip
    figure = tournament_graph(result.names, result.duels, notes, **view.style())
    view.chart(figure, key, "Duels as arrows: " + "; ".join(
        f"{a} over {b} {result.duels[i, j]:.0%}"
        for i, a in enumerate(result.names) for j, b in enumerate(result.names) if i < j
    ))  # fmt: skip


def _numbers(result: majority_theorems.Cycle, name: str) -> None:
    """Rewards, lottery and majorities as a table."""
    rows = [
        {"": a, "reward": float(result.reward[i]), "maximal lottery": float(result.lottery[i]),
         **{f"over {b}": float(result.duels[i, j]) for j, b in enumerate(result.names)}}
        for i, a in enumerate(result.names)
    ]  # fmt: skip
    data_tables.numbers_expander(rows, name)


def intransitive_raters(view: CardView) -> None:
    """Raters whose answers form a cycle."""
    steady = view.percent("Share of raters who are consistent (A ≻ B ≻ C)", "steady", 95, 0)
    result = majority_theorems.intransitive_raters(steady)
    guess, shown = predict_first.guess(
        "At most how many of these answers can a reward model get right?",
        ["1/3", "1/2", "2/3", "all"], "guess_steady",
    )  # fmt: skip
    if not shown:
        return
    _tournament(result, "intransitive", view)
    right = "2/3" if steady == 0 else ""
    page.say(
        (predict_first.verdict(guess, right) if right else "")
        + f"No reward gets more than **{result.max_accuracy:.1%}** of the answers right. "
        f"Bradley–Terry gets {result.accuracy:.1%} right."
        + (
            " It learns the rewards 0, 0, 0, which say nothing."
            if np.abs(result.reward).max() < 1e-6
            else ""
        )
    )
    _numbers(result, "intransitive")


def condorcet_cycle(view: CardView) -> None:
    """Consistent voters whose majority forms a cycle."""
    weight = view.slider("Voters who rank A ≻ B ≻ C (the other two orders: one voter each)", "abc",
                         0, 3, 1, 0.1, "%.1f")  # fmt: skip
    result = (
        majority_theorems.condorcet_cycle(weight)
        if weight
        else majority_theorems.condorcet_cycle(1e-12)
    )
    unbeaten = [a for i, a in enumerate(result.names) if result.duels[i].min() >= 0.5 - 1e-9]
    guess, shown = predict_first.guess(
        "Every voter is consistent. Which answer loses to no other?",
        ["A", "B", "C", "None", "Several"], "guess_cycle",
    )  # fmt: skip
    if not shown:
        return
    _tournament(result, "cycle", view)
    right = "None" if not unbeaten else unbeaten[0] if len(unbeaten) == 1 else "Several"
    rewards = ", ".join(f"{r + 0.0:.3f}" if abs(r) > 5e-4 else "0" for r in result.reward)
    chances = ", ".join(f"{p:.1%}" for p in result.lottery)
    verb = "loses" if len(unbeaten) == 1 else "lose"
    page.say(
        predict_first.verdict(guess, right)
        + f"Rewards by Bradley–Terry: {rewards}. Chances by the maximal lottery: {chances}. "
        + (f"**{' and '.join(unbeaten)}** {verb} to nobody: there is no cycle now." if unbeaten
           else "Every voter is consistent, but **the majority goes in a circle**.")
    )  # fmt: skip
    _numbers(result, "cycle")


@st.cache_data(max_entries=200, show_spinner="Counting by every rule")
def _blindness(second: float) -> majority_theorems.PairwiseBlindness:
    return majority_theorems.pairwise_blindness(second)


def pairwise_blindness(view: CardView) -> None:
    """Two populations with the same pairwise majorities."""
    second = view.percent(
        "How much the second population differs from the first", "second", 100, 100
    )
    guess, shown = predict_first.guess(
        "How many of the rules on these pages can tell the two populations apart?",
        ["None", "Some", "Most"], "guess_blind",
    )  # fmt: skip
    result = _blindness(second)
    total = len(result.same) + len(result.different)
    same = bool(np.allclose(result.duels[0], result.duels[1]))
    if not shown:
        return
    figure = indistinguishable_populations(
        result.names, result.duels[1], result.served, **view.style()
    )
    view.chart(
        figure,
        "blind",
        "The results of all pairs, which are the same, and two populations of raters.",
    )
    right = (
        "None" if not result.different else "Some" if len(result.different) <= total / 2 else "Most"
    )
    page.say(
        predict_first.verdict(guess, right)
        + f"The results of the pairs are {'the same' if same else 'different'}. "
        f"**{len(result.different)} of {total} rules** tell the populations apart. Of the raters "
        f"who prefer a to b, **{result.conditional[0]:.0%}** prefer c to d in the first population "
        f"and **{result.conditional[1]:.0%}** in the second. Only a model of individual raters can "
        "know this."
    )
    rows = [
        {"ballot": order, "first population": float(result.weight[0, i]),
         "second population": float(result.weight[1, i])} for i, order in enumerate(result.orders)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "blindness", "Rules that read only pairs cannot tell the populations apart. Here the "
        "other rules cannot either: if a and b change places, and c and d too, each population "
        "stays the same. So a rule that treats candidates alike ties a with b and c with d.",
    )  # fmt: skip
