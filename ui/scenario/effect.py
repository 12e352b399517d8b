"""What an edit of the scenario does to the order of Bradley–Terry, beside the editor."""

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
    MissingRatings,
    Scenario,
    editing,
    missing_data_effect,
    missing_ratings,
)
from scrl.types import InputError
from ui.scenario import scenario_draft
from ui.scenario.scenario_draft import ScenarioDraft
from ui.shared import (
    data_tables,
    figure_cache,
    live_preview,
    page,
    precompute,
    predict_first,
    result_tables,
    scenario_yaml,
)
from ui.shared.controls import rule_title
from ui.shared.live_preview import Quantity
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    import plotly.graph_objects as go


#: Sliders of response rates beside those of shares.
MAX_RATE_SLIDERS = 6


@st.cache_data(max_entries=300, show_spinner=False)
def _effect(yaml: str, rule: str, _scenario: Scenario) -> dict:
    """Prompt -> exact orders with and without missing data."""
    return missing_data_effect(_scenario, rule)


def show(draft: ScenarioDraft, prompt: str, part: str) -> None:
    """Ask for a guess, then draw the order of complete ballots and that of Bradley–Terry.

    Args:
        prompt: whose orders are drawn.
        part: of the page; sliders go with the part on raters.
    """
    scenario = draft.good
    if prompt not in scenario.prompts:
        prompt = next(iter(scenario.prompts))
    items = sum(len(scenario.offered(p)) for p in scenario.prompts)
    if items > MAX_LINK_ITEMS or len(scenario.types) > MAX_LINK_TYPES:
        st.info("This scenario is too large to be counted at every change. Open it in the lab.")
        return
    yaml = scenario_yaml.of(scenario)
    # Programs depend on the numbers of types and completions; compiled before noise is edited.
    sizes = [len(scenario.types), *(len(scenario.offered(p)) for p in scenario.prompts)]
    answer_place = st.container()
    rule = st.selectbox(
        "Everyone’s complete ballots are counted by", DEFAULT_RULES, format_func=rule_title,
        key="rule", **IN_URL,
    )  # fmt: skip
    with answer_place:
        try:
            entry = _effect(yaml, rule, scenario)[prompt]
            precompute.compile_preview(f"sizes {sizes}", (rule,), scenario)
        except InputError as error:
            st.error(page.escaped(str(error)))
            return
        live = part == "Raters" and rule == "borda" and live_preview.is_exact(scenario, prompt)
        _guess_and_answer(scenario, prompt, rule, entry, hash((yaml, rule, prompt)), live)


def _guess_and_answer(
    scenario: Scenario, prompt: str, rule: str, entry: dict, this: int, live: bool
) -> None:
    """The question, and the answer once it may be shown."""
    text = scenario.prompts[prompt].text or prompt
    st.markdown(f"*{page.escaped(text)}*")
    guess, shown = predict_first.guess(
        "Will Bradley–Terry find the order of everyone’s complete ballots?",
        ("Yes", "No"), f"guess_effect_{this:x}",
    )  # fmt: skip
    if not shown:
        return
    silences = [s for s in missing_ratings(scenario) if s.prompt == prompt]
    silent, highlight = bool(silences), _highlight(entry, rule, {s.completion for s in silences})
    right = "No" if entry["reversed"] else "Yes"
    worth = ""
    if any(prompt in t.utilities for t in scenario.types.values()):
        worth = _winner_welfare(entry)
    if live:
        _live_orders(scenario, prompt, highlight)
    page.say(predict_first.verdict(guess, right) + _summary(entry, rule, highlight) + worth)
    if not live:
        _order_chart(entry, rule, silent, highlight)
    data_tables.numbers_expander(_rows(entry, rule, silent), "scenario", _NOTE)


def _live_orders(scenario: Scenario, prompt: str, highlight: str) -> None:
    """Both orders with sliders; what is released is an edit of the scenario."""
    quantities = [
        Quantity(f"live-share-{i}", f"‘{t}’: share of all raters", "share", (t,))
        for i, t in enumerate(scenario.type_names)
    ]
    for i, missing in enumerate(_partial(scenario, prompt)):
        what = missing.completion or prompt
        word = "rate" if missing.completion else "answer"
        quantities.append(
            Quantity(
                f"live-rate-{i}", f"‘{missing.type}’: how many {word} ‘{what}’",
                "includes" if missing.completion else "answers", (missing.type,),
                missing.completion,
            )
        )  # fmt: skip

    def released(values: dict[str, float]) -> None:
        changed = live_preview.with_values(scenario, prompt, quantities, values)
        shares = {t: own.share for t, own in changed.types.items()}
        answers = {t: dict(own.answers) for t, own in changed.types.items()}
        includes = {
            t: {p: dict(rates) for p, rates in own.includes.items()}
            for t, own in changed.types.items()
        }

        def edit(content: dict) -> dict:
            return editing.with_shares(editing.with_chances(content, answers, includes), shares)

        scenario_draft.apply_edit("", edit)

    live_preview.show(
        scenario, prompt, quantities, "effect-live", focus=highlight, on_release=released
    )


def _partial(scenario: Scenario, prompt: str) -> list[MissingRatings]:
    """The first missing ratings of a prompt, each with a slider."""
    return [s for s in missing_ratings(scenario) if s.prompt == prompt][:MAX_RATE_SLIDERS]


_NOTE = (
    "These numbers are exact; nothing is trained. One column has the score of each answer by the "
    "rule on everyone’s complete ballots. The others have the rewards that Bradley–Terry learns "
    "from the ballots of very many such raters."
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
        return "Nobody answers this prompt, so there is nothing to learn."
    if not entry["reversed"]:
        return "Bradley–Terry puts no pair the wrong way round."
    word = "pair" if entry["reversed"] == 1 else "pairs"
    cause = ""
    if entry["reversed_complete"] == 0:
        cause = (
            " If everyone answered everything, none would be wrong. So missing ratings cause it."
        )
    elif entry["reversed_complete"] == entry["reversed"]:
        cause = (
            " As many would be wrong if everyone answered everything. So the way of counting "
            "causes it."
        )
    moved = ""
    if name:
        place = result_tables.ordinal_place
        moved = (
            f"**{page.escaped(name)}** is {place(truth, name)} with complete ballots and "
            f"**{place(vanilla, name)}** in Bradley–Terry. "
        )
    return f"{moved}Bradley–Terry puts {entry['reversed']} {word} the wrong way round.{cause}"


def _winner_welfare(entry: dict) -> str:
    """The welfare of Bradley–Terry's winner, where another would give more."""
    welfare, first = entry["welfare"], " = ".join(entry["vanilla"]["order"][0])
    if welfare["best"] - welfare["mean"] < 1e-9:
        return ""
    mean, best = (f"{welfare[key]:.4g}".replace("-", "−") for key in ("mean", "best"))
    return (
        f" Its winner **{page.escaped(first)}** is worth {mean} to a rater on average. "
        f"**{page.escaped(welfare['name'])}** would be worth {best}."
    )


def _columns(entry: dict, rule: str, silent: bool) -> list[tuple[str, list]]:
    """The titled orders to draw."""
    truth = (result_tables.TRUTH, entry["truth"][rule]["order"])
    if not silent or page.presenting():
        return [truth, ("Bradley–Terry", entry["vanilla"]["order"])]
    return [
        truth,
        ("Bradley–Terry, if all answer", entry["complete"]["order"]),
        ("Bradley–Terry, as it is", entry["vanilla"]["order"]),
    ]


def _order_chart(entry: dict, rule: str, silent: bool, highlight: str) -> None:
    """The orders side by side."""
    columns = _columns(entry, rule, silent)
    figure = figure_cache.figure(
        figures.bump_chart, columns, entry["completions"], highlight or None, row_height=44
    )
    caption = (
        "Left: everyone’s complete ballots, counted by the rule. Middle: Bradley–Terry if everyone "
        "answered everything. Right: Bradley–Terry on the ballots as they are."
        if len(columns) > 2
        else "Left: everyone’s complete ballots, counted by the rule. Right: Bradley–Terry on the "
        "ballots as they are."
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
        row = {"completion": name, f"complete ballots, {rule_title(rule)}": scores[name]}
        if silent:
            row["Bradley–Terry, if all answer"] = entry["complete"]["mle"][name]
        row["Bradley–Terry, as it is" if silent else "Bradley–Terry"] = entry["vanilla"]["mle"][
            name
        ]
        rows.append(row)
    return rows


def coverage_figure(
    scenario: Scenario, rates: np.ndarray, mark: tuple[int, int] | None
) -> go.Figure:
    """The figure of response rates by type and completion."""
    prompts = [(p, scenario.offered(p)) for p in scenario.prompts]
    return figure_cache.drawn(
        lambda: response_rates(scenario.type_names, prompts, rates, mark, **page.style()),
        "coverage", scenario.type_names, prompts, rates.tolist(), mark,
    )  # fmt: skip
