"""What an edit of the scenario does to the Bradley–Terry order, beside the editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from scrl import figures
from scrl.config import DEFAULT_RULES
from scrl.figures import response_rates
from scrl.runs import scores_of
from scrl.scenarios import (
    MAX_LINK_ITEMS,
    MAX_LINK_TYPES,
    Scenario,
    missing_data_effect,
    missing_ratings,
)
from scrl.types import InputError
from ui.scenario.scenario_draft import ScenarioDraft
from ui.shared import data_tables, page, precompute, predict_first, result_tables
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    import plotly.graph_objects as go


@st.cache_data(max_entries=300, show_spinner=False)
def _effect(yaml: str, rule: str, _scenario: Scenario) -> dict:
    """Prompt -> exact orders with and without missing data."""
    return missing_data_effect(_scenario, rule)


def show(draft: ScenarioDraft, prompt: str) -> None:
    """Ask for a guess, then draw the true and the Bradley–Terry order."""
    scenario = draft.good
    if prompt not in scenario.prompts:
        prompt = next(iter(scenario.prompts))
    items = sum(len(scenario.offered(p)) for p in scenario.prompts)
    if items > MAX_LINK_ITEMS or len(scenario.types) > MAX_LINK_TYPES:
        st.info("This scenario is too large to be counted at every edit; open it in the lab.")
        return
    yaml = scenario.to_yaml()
    # Programs depend on the numbers of types and completions; compiled before noise is edited.
    sizes = [len(scenario.types), *(len(scenario.offered(p)) for p in scenario.prompts)]
    answer_place = st.container()
    rule = st.selectbox(
        "Truth: everyone’s complete ballots, counted by", DEFAULT_RULES, format_func=rule_title,
        key="rule", **IN_URL,
    )  # fmt: skip
    with answer_place:
        try:
            entry = _effect(yaml, rule, scenario)[prompt]
            precompute.compile_preview(f"sizes {sizes}", (rule,), scenario)
        except InputError as error:
            st.error(page.escaped(str(error)))
            return
        _guess_and_answer(scenario, prompt, rule, entry, hash((yaml, rule, prompt)))


def _guess_and_answer(scenario: Scenario, prompt: str, rule: str, entry: dict, this: int) -> None:
    """The question, and the answer once it may be shown."""
    text = scenario.prompts[prompt].text or prompt
    st.markdown(f"*{page.escaped(text)} …*")
    guess, shown = predict_first.guess(
        "Does vanilla Bradley–Terry, trained on their ballots, find the true order?",
        ("Yes", "No"), f"guess_effect_{this:x}",
    )  # fmt: skip
    if not shown:
        st.caption("Guess first; the orders come after.")
        return
    silences = [s for s in missing_ratings(scenario) if s.prompt == prompt]
    silent, highlight = bool(silences), _highlight(entry, rule, {s.completion for s in silences})
    right = "No" if entry["reversed"] else "Yes"
    worth = ""
    if any(prompt in t.utilities for t in scenario.types.values()):
        worth = _winner_welfare(entry)
    st.markdown(predict_first.verdict(guess, right) + _summary(entry, rule, highlight) + worth)
    _order_chart(entry, rule, silent, highlight)
    data_tables.numbers_expander(_rows(entry, rule, silent), "scenario", _NOTE)


_NOTE = (
    "Exact, before any training: the rule on everyone’s complete ballots, and the Bradley–Terry "
    "rewards that the ballots of such raters give on average."
)


def _highlight(entry: dict, rule: str, unsaid: set[str]) -> str:
    """The completion to highlight; "" for none.

    It is the most displaced of those left out, else the most displaced of all.
    """
    a, b = (figures.mean_ranks(o["order"]) for o in (entry["truth"][rule], entry["vanilla"]))
    displaced = [name for name in entry["completions"] if name in unsaid and a[name] != b[name]]
    return (
        max(displaced, key=lambda n: abs(a[n] - b[n]))
        if displaced
        else result_tables.most_displaced(entry, rule)
    )


def _summary(entry: dict, rule: str, name: str) -> str:
    """What Bradley–Terry gets wrong, and whether missing data or the rule cause it."""
    truth, vanilla = entry["truth"][rule]["order"], entry["vanilla"]["order"]
    if not entry["pairs"]:
        return "Nobody answers this prompt, so there is nothing to learn from."
    if not entry["reversed"]:
        return "Vanilla orders no two completions against the truth."
    word = "pair" if entry["reversed"] == 1 else "pairs"
    cause = ""
    if entry["reversed_complete"] == 0:
        cause = " If everyone answered it would reverse none: the silence does it."
    elif entry["reversed_complete"] == entry["reversed"]:
        cause = " It would reverse as many if everyone answered: the rule does it."
    moved = ""
    if name:
        place = result_tables.ordinal_place
        moved = (
            f"**{page.escaped(name)}** is {place(truth, name)} in truth and "
            f"**{place(vanilla, name)}** under vanilla. "
        )
    return f"{moved}Vanilla reverses {entry['reversed']} {word} of the true order.{cause}"


def _winner_welfare(entry: dict) -> str:
    """The welfare of Bradley–Terry's winner, where another would give more."""
    welfare, first = entry["welfare"], " = ".join(entry["vanilla"]["order"][0])
    if welfare["best"] - welfare["mean"] < 1e-9:
        return ""
    mean, best = (f"{welfare[key]:.4g}".replace("-", "−") for key in ("mean", "best"))
    return (
        f" Its first, **{page.escaped(first)}**, is worth {mean} on average, and "
        f"**{page.escaped(welfare['name'])}** would be worth {best}."
    )


def _columns(entry: dict, rule: str, silent: bool) -> list[tuple[str, list]]:
    """The titled orders to draw."""
    truth = ("Truth", entry["truth"][rule]["order"])
    if not silent or page.presenting():
        return [truth, ("Vanilla", entry["vanilla"]["order"])]
    return [
        truth,
        ("All heard", entry["complete"]["order"]),
        ("As is", entry["vanilla"]["order"]),
    ]


def _order_chart(entry: dict, rule: str, silent: bool, highlight: str) -> None:
    """The orders side by side."""
    columns = _columns(entry, rule, silent)
    figure = figures.bump_chart(
        columns, entry["completions"], highlight or None, row_height=44, **page.style()
    )  # fmt: skip
    caption = (
        "Places in truth, under the vanilla reward if everyone answered everything (all heard), "
        "and under it on the ballots as they are (as is)."
        if len(columns) > 2
        else "Places in truth and under the vanilla reward on the ballots as they are."
    )
    page.chart(
        figure, "effect", alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns),
        caption=caption,
    )  # fmt: skip


def _rows(entry: dict, rule: str, silent: bool) -> list[dict]:
    """Scores of each completion."""
    scores = scores_of(entry["truth"][rule])
    rows = []
    for name in (name for tied in entry["truth"][rule]["order"] for name in tied):
        row = {"completion": name, f"truth, {rule_title(rule)}": scores[name]}
        if silent:
            row["vanilla, all heard"] = entry["complete"]["mle"][name]
        row["vanilla, as is" if silent else "vanilla"] = entry["vanilla"]["mle"][name]
        rows.append(row)
    return rows


def coverage_figure(
    scenario: Scenario, rates: np.ndarray, mark: tuple[int, int] | None
) -> go.Figure:
    """The figure of response rates by type and completion."""
    prompts = [(p, scenario.offered(p)) for p in scenario.prompts]
    return response_rates(scenario.type_names, prompts, rates, mark, **page.style())
