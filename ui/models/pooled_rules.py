"""The part on losses whose optimum is a voting rule, and on when no model of raters is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from scrl.figures import grouped_bars
from scrl.studies import pooled_rules
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL

TITLES = {
    "oracle": "All complete ballots",
    "pooled": "The rule’s loss on pairs",
    "vanilla": "Bradley–Terry",
    "types": "Mixture of types",
    "lab": "Model of raters",
}
_LOSSES = {
    "logistic": "Logistic (Bradley–Terry)",
    "squared": "Squared",
    "tanh": "Squared, majorities stretched",
    "step": "Squared, majorities as ±1",
    "bounded": "Sigmoid, no logarithm",
}
_SHORT = {"complete": "complete", "at random": "half missing", "at random, noisy": "and noisy",
          "by type": "missing by kind", "silent types": "kinds silent"}  # fmt: skip
ANSWERS = (
    "where answers are complete", "also where they are missing by chance", "always",
)  # fmt: skip


def show() -> None:
    """Draw the study of pooled losses."""
    baked_study.show(pooled_rules.STUDY, _draw, draw_progress=baked_study.caption_progress)


def _draw(result: dict, result_id: str) -> None:
    """Draw agreement with the truth by population, and the orders that losses end in."""
    page.say(
        "Another voting rule does not always need a model of people. Some rules read only how many "
        "prefer one answer to another, and for each of these there is a loss on the pairs of all "
        "people together: Borda (a squared loss), Copeland (the same with every majority counted "
        "as 1), Kemeny (the usual loss without its logarithm)."
    )
    guess, shown = predict_first.guess(
        "When is such a loss as good as a model of people?", ANSWERS, "guess_pooled"
    )
    if not shown:
        return
    titles = {rule_title(rule): rule for rule in pooled_rules.RULES}
    rule = titles[
        st.segmented_control(
            "Rule", list(titles), default=next(iter(titles)), required=True, key="pooled_rule",
            **IN_URL,
        )
    ]  # fmt: skip
    rows = result["populations"]
    page.say(predict_first.verdict(guess, _answer(rows, rule)) + _summary(rows, rule))
    _bars(rows, rule)
    _losses(result)
    _numbers(rows)


def _right(row: Mapping, method: str, rule: str) -> float:
    """Share of the true order's strict pairs in the right order; a tied pair counts half."""
    return (row["tau"][method][rule][0] + 1) / 2


def _answer(rows: Sequence[Mapping], rule: str) -> str:
    """The right one of ``ANSWERS``, by where the model of raters is surely ahead."""
    ahead = {row["name"] for row in rows if row["lead"][rule][1] > 0}
    if ahead & {"at random", "at random, noisy"}:
        return ANSWERS[0]
    return ANSWERS[1] if ahead else ANSWERS[2]


def _summary(rows: Sequence[Mapping], rule: str) -> str:
    """Where the loss suffices, and where the model of raters is ahead."""
    by = {row["name"]: row for row in rows}
    ahead = [_SHORT[n] for n, row in by.items() if row["lead"][rule][1] > 0]
    behind = [_SHORT[n] for n, row in by.items() if row["lead"][rule][2] < 0]

    def both(name: str) -> str:
        loss, lab = (_right(by[name], method, rule) for method in ("pooled", "lab"))
        return f"**{loss:.0%}** and **{lab:.0%}**"

    words = (
        "How many pairs of the true order do the loss and the model of raters have right? With "
        f"complete answers {both('complete')}. Where half is missing by chance, "
        f"{both('at random')}. Where kinds of people leave out different answers, "
        f"{both('by type')}. "
    )
    words += f"Seed by seed, the model of raters is clearly ahead in: {', '.join(ahead) or 'none'}."
    if behind:
        words += f" It is clearly behind in: {', '.join(behind)}."
    return words


def _bars(rows: Sequence[Mapping], rule: str) -> None:
    """Agreement of the loss, the oracle and the lab by population."""
    ticks = [_SHORT[row["name"]] for row in rows]
    series = [
        (TITLES[method], [_right(row, method, rule) for row in rows])
        for method in ("pooled", "oracle", "lab")
    ]
    page.chart(
        grouped_bars(ticks, series, "answers", "pairs of the true order", **page.style()),
        "chart-pooled",
        alt="; ".join(f"{tick}: loss {series[0][1][i]:.0%}, model of raters {series[2][1][i]:.0%}"
                      for i, tick in enumerate(ticks)),
        caption="How many pairs of the order that everybody’s complete answers give are in the "
        f"right order, in %. Means over {len(pooled_rules.SEEDS)} draws of "
        f"{pooled_rules.RATERS} people of Tennessee with Morristown; the last column has 1,000 "
        "people with random tastes. ‘All complete ballots’ counts what the same people would have "
        "said.",
    )  # fmt: skip


def _losses(result: Mapping) -> None:
    """The orders in which losses end, on random ballots."""
    rows = []
    for row in result["losses"]:
        shares = {rule_title(rule): f"{row[rule]:.0%}" for rule in pooled_rules.RULES}
        rows.append({"loss": _LOSSES[row["loss"]], "ballots with": row["profiles"]} | shares)
    st.dataframe(rows, hide_index=True)
    starts = result["starts"][-1]
    page.note(
        f"How often the optimum has the order of each rule, on {pooled_rules.PROFILES} random "
        f"profiles of {pooled_rules.PROFILE_VOTERS} ballots on {pooled_rules.CANDIDATES} answers. "
        "Borda and Copeland are proved for the squared losses, and Kemeny for the lowest point of "
        "the last one. But that has valleys: with "
        f"{starts['candidates']} answers gradient descent from one start ends in Kemeny’s order in "
        f"{starts[str(pooled_rules.STARTS[0])]:.0%}, from {pooled_rules.STARTS[1]} starts in "
        f"{starts[str(pooled_rules.STARTS[1])]:.0%}. Nothing that sees one comparison at a time "
        "and has one optimum can always end in Copeland’s order: the step from minority to "
        "majority needs the shares of pairs."
    )


def _numbers(rows: Sequence[Mapping]) -> None:
    """Kendall's τ of each method, rule and population."""
    table = [
        {"answers": row["name"], "method": TITLES[method], "rule": rule_title(rule),
         "agreement": values[0], "from": values[1], "to": values[2],
         "exactly right": row["exact"][method][rule]}
        for row in rows for method, rules in row["tau"].items() for rule, values in rules.items()
    ]  # fmt: skip
    data_tables.numbers_expander(
        table, "pooled-rules",
        "Kendall’s τ with the true order, with 95 % intervals over seeds; ‘exactly right’: the "
        "share of seeds in which no pair is reversed or tied. Bradley–Terry has one order for "
        "all rules. The mixture of types is the simplest model of people.",
    )  # fmt: skip
