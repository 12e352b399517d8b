"""Cards of theorems about majorities that no reward represents."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import (
    indistinguishable_populations,
    tournament_graph,
)
from scrl.studies import theorems
from ui.shared import data_tables, predict_first
from ui.voting.theorem_view import CardView


def _tournament(found: theorems.Cycle, key: str, view: CardView) -> None:
    """The figure of pairwise majorities."""
    notes = [f"reward {r + 0.0:+.3f}<br>lottery {p:.0%}" if abs(r) > 5e-4 else
             f"reward 0<br>lottery {p:.0%}"
             for r, p in zip(found.reward, found.lottery, strict=True)]  # fmt: skip
    figure = tournament_graph(found.names, found.duels, notes, **view.style())
    view.chart(figure, key, "Duels as arrows: " + "; ".join(
        f"{a} over {b} {found.duels[i, j]:.0%}"
        for i, a in enumerate(found.names) for j, b in enumerate(found.names) if i < j
    ))  # fmt: skip


def _numbers(found: theorems.Cycle, name: str) -> None:
    """Rewards, lottery and majorities as a table."""
    rows = [
        {"": a, "reward": float(found.reward[i]), "maximal lottery": float(found.lottery[i]),
         **{f"over {b}": float(found.duels[i, j]) for j, b in enumerate(found.names)}}
        for i, a in enumerate(found.names)
    ]  # fmt: skip
    data_tables.numbers_expander(rows, name)


def intransitive_raters(view: CardView) -> None:
    """Raters whose answers form a cycle."""
    steady = view.percent("Raters who are consistent (A ≻ B ≻ C)", "steady", 95, 0)
    found = theorems.intransitive(steady)
    guess, shown = predict_first.guess(
        "Of such answers, how many can a reward model get right at the most?",
        ["1/3", "1/2", "2/3", "all"], "guess_steady",
    )  # fmt: skip
    if not shown:
        return
    _tournament(found, "intransitive", view)
    right = "2/3" if steady == 0 else ""
    st.markdown(
        (predict_first.verdict(guess, right) if right else "")
        + f"No reward gets more than **{found.most:.1%}** of the answers right; "
        f"Bradley–Terry’s order gets {found.right:.1%}."
        + (" It learns 0, 0, 0 and knows nothing." if np.abs(found.reward).max() < 1e-6 else "")
    )
    _numbers(found, "intransitive")


def condorcet_cycle(view: CardView) -> None:
    """Consistent voters whose majority forms a cycle."""
    weight = view.slider("Voters A ≻ B ≻ C, for one of each other", "abc", 0, 3, 1, 0.1,
                     "%.1f")  # fmt: skip
    found = theorems.condorcet_cycle(weight) if weight else theorems.condorcet_cycle(1e-12)
    _tournament(found, "cycle", view)
    unbeaten = [a for i, a in enumerate(found.names) if found.duels[i].min() >= 0.5 - 1e-9]
    st.markdown(
        "Bradley–Terry: " + ", ".join(f"{r + 0.0:.3f}" if abs(r) > 5e-4 else "0"
                                       for r in found.reward)
        + ". Maximal lottery: " + ", ".join(f"{p:.1%}" for p in found.lottery) + ". "
        + (f"**{' and '.join(unbeaten)}** loses to nobody: the cycle is gone." if len(unbeaten) == 1
           else f"**{' and '.join(unbeaten)}** lose to nobody: the cycle is gone." if unbeaten
           else "Every voter is consistent; **the majority goes in a circle**.")
    )  # fmt: skip
    _numbers(found, "cycle")


@st.cache_data(max_entries=200, show_spinner="Counting by every rule")
def _blindness(second: float) -> theorems.Blind:
    return theorems.blindness(second)


def pairwise_blindness(view: CardView) -> None:
    """Two populations with the same pairwise majorities."""
    second = view.percent("How far the second population is from the first", "second", 100, 100)
    guess, shown = predict_first.guess(
        "How many of the rules here tell the two populations apart?", ["None", "Some", "Most"],
        "guess_blind",
    )  # fmt: skip
    found = _blindness(second)
    total = len(found.alike) + len(found.apart)
    same = bool(np.allclose(found.duels[0], found.duels[1]))
    if not shown:
        return
    figure = indistinguishable_populations(
        found.names, found.duels[1], found.served, **view.style()
    )
    view.chart(figure, "blind", "One matrix of duels, two populations of raters.")
    right = "None" if not found.apart else "Some" if len(found.apart) <= total / 2 else "Most"
    st.markdown(
        predict_first.verdict(guess, right)
        + f"Duels {'identical' if same else 'different'}; **{len(found.apart)} of {total} "
        "rules** tell them apart. Of raters with a ≻ b, c ≻ d is said by "
        f"**{found.follows[0]:.0%}** and by **{found.follows[1]:.0%}**: only a model of "
        "individuals can know."
    )
    rows = [
        {"ballot": order, "first population": float(found.weight[0, i]),
         "second population": float(found.weight[1, i])} for i, order in enumerate(found.orders)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "blindness", "Rules that read only duels cannot tell. Here the others cannot either: "
        "exchanging a with b and c with d turns each population into itself, so a rule that treats "
        "candidates alike ties a with b and c with d in both.",
    )  # fmt: skip
