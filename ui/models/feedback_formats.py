"""The part on feedback formats: the same raters asked in each, and what each costs."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.choice_models import pair_accuracy
from scrl.figures import accuracy_by_cost, relative_costs
from scrl.results import order_of
from scrl.scenarios import Scenario, gallery
from scrl.studies import (
    FormatCost,
    FormatFits,
    Population,
    SurveyDesign,
    feedback_costs,
    feedback_formats,
    feedback_population,
)
from scrl.types import InputError
from ui.shared import data_tables, page, predict_first, result_tables, source_ids
from ui.shared.page import IN_URL

#: One type of rater with noise: all formats estimate the same order.
DEFAULT_SCENARIO = "noisy-alike"
TITLES = {
    "thumbs": "+1 / −1",
    "pair": "A or B",
    "tie": "A, B or a tie",
    "list": "Ranked list",
    "split": "List, as pairs",
}
#: Unit of costs -> its name on the page.
_COST_TITLES = dict(
    zip(feedback_costs.COST_UNITS, ("Raters", "Answers read", "Choices made"), strict=True)
)
#: Groups of raters of each size.
GROUPS = 60
_SAME_FORMAT = "What endless raters say in the same format"
_MEAN_UTILITY = "What raters like on average"
ANSWERS = ("as many or fewer", "up to 4 times as many", "more than 4 times as many")


@st.cache_resource(max_entries=60, show_spinner=False)
def _observe(key: tuple, design: SurveyDesign, seed: int, _population: Population) -> FormatFits:
    """Scores fitted to groups of raters of every size."""
    return feedback_formats.fit_formats(_population, design, seed, GROUPS)


@st.cache_data(max_entries=300, show_spinner=False)
def _costs(
    key: tuple,
    design: SurveyDesign,
    seed: int,
    same_format: bool,
    level: float,
    unit: str,
    _right: dict[str, np.ndarray],
    _population: Population,
) -> dict[str, FormatCost]:
    """Raters needed by each format, with intervals and ratios."""
    each = {
        name: feedback_costs.rater_cost(name, unit, design, _population.items)
        for name in feedback_population.FORMATS
    }
    return feedback_costs.format_costs(_right, np.array(feedback_formats.RATERS), level, each)


def show() -> None:
    """Draw accuracy by number of raters, and costs, of each feedback format."""
    right, left = st.columns([2.2, 1], gap="large")  # on a phone the picture comes first
    with left:
        scenario = _choose_raters()
        prompts = list(scenario.prompts)
        prompt = prompts[0]
        if len(prompts) > 1:
            prompt = st.selectbox("Prompt", prompts, key="prompt", **IN_URL)
        try:
            population = feedback_population.population_of(scenario, prompt)
        except InputError as error:
            st.error(page.escaped(str(error)))
            return
        population, design, seed = _sliders(scenario, population)
    with right:
        _show_comparison(scenario, prompt, population, design, seed)


def _choose_raters() -> Scenario:
    """The scenario of the raters."""
    own = st.session_state.get("last", DEFAULT_SCENARIO)
    files = source_ids.own_scenario_files()
    options = [*gallery(), *(id for id in files if source_ids.find(id) is not None)]
    own_source = source_ids.find(own)
    if own not in options and own_source is not None and own_source.is_scenario:
        options.append(own)
    id = st.selectbox(
        "Raters of",
        options,
        options.index(DEFAULT_SCENARIO),
        format_func=lambda id: files.get(id) or source_ids.display_name(id),
        key="people",
        on_change=lambda: st.session_state.pop("unsure", None),
        **IN_URL,
    )
    return source_ids.read(id)


def _sliders(scenario: Scenario, population: Population) -> tuple[Population, SurveyDesign, int]:
    """The sliders of noise and questions.

    Returns:
        The population with its noise, the survey design, and the seed.
    """
    noise = page.slider(
        "Noise", "unsure", 0, max(3.0, scenario.noise), scenario.noise, 0.1, "%.1f",
        help="How much chance there is in each answer, in units of worth (Gumbel noise).",
    )  # fmt: skip
    questions = page.slider("Questions for each rater", "questions", 1, 4, 1, 1, "%.0f")
    max_completions = population.items
    length = max_completions
    if max_completions > 2:
        length = page.slider(
            "Answers on a list",
            "length",
            2,
            max_completions,
            min(4, max_completions),
            1,
            "%.0f",
        )
    strict = page.slider(
        "How differently strict raters are", "strict", 0, 3, 0, 0.1, "%.1f",
        help="How far raters differ in what an answer must be worth to get +1 (standard "
        "deviation). Comparisons do not depend on it.",
    )  # fmt: skip
    width = page.slider(
        "Raters see a tie below this gap", "width", 0, 2, 0.5, 0.1, "%.1f",
        help="Two answers whose worth differs by less than this are called about the same, where "
        "the format allows it.",
    )  # fmt: skip
    seed = page.slider("Seed", "draw", 0, 100, 0, 1, "%.0f")
    population = Population(population.utility, population.share, round(noise, 3))
    return (
        population,
        SurveyDesign(round(questions), round(length), round(strict, 3), round(width, 3)),
        round(seed),
    )


def _show_comparison(
    scenario: Scenario, prompt: str, population: Population, design: SurveyDesign, seed: int
) -> None:
    """Draw the comparison of formats."""
    with st.container(horizontal=True):
        judge = st.segmented_control(
            "Right means",
            [_MEAN_UTILITY, _SAME_FORMAT],
            default=_MEAN_UTILITY,
            required=True,
            key="judge",
            **IN_URL,
        )
        unit = st.segmented_control(
            "Count the cost in", list(feedback_costs.COST_UNITS), default="raters", required=True,
            key="unit", format_func=_COST_TITLES.get, **IN_URL,
        )  # fmt: skip
    level = page.slider("Pairs that must be right", "level", 60, 99, 90, 1, "%.0f%%") / 100
    guess, shown = predict_first.guess(
        "Compared with ranked lists: how many raters are needed if each only says +1 or −1?",
        ANSWERS, "guess_format",
    )  # fmt: skip
    if not shown:
        return
    key = (
        population.utility.tobytes(),
        population.share.tobytes(),
        population.utility.shape,
        population.noise,
    )
    fits = _observe(key, design, seed, population)
    same_format = judge == _SAME_FORMAT
    truth = None if same_format else population.mean_utility
    right = fits.accuracy(truth)
    if any(np.isnan(values).any() for values in right.values()):
        st.info(
            "By this measure some format calls all these answers equal, so there is no order to "
            "learn. Choose other raters, or another meaning of ‘right’."
        )
        return
    heads = _costs(key, design, seed, same_format, level, "raters", right, population)
    paid = _costs(key, design, seed, same_format, level, unit, right, population)
    best = _answer_of(heads)
    page.say((predict_first.verdict(guess, best) if best else "") + _summary(heads, level))
    apart = _asymptotic_note(fits, population)
    if apart and not same_format:
        page.say(apart)
    _learning_curves(fits, right, design, population, level, unit, same_format)
    if np.isfinite(heads["list"].needed):
        _cost_chart(paid, design, population, level, unit)
    _table(scenario, prompt, fits, right, heads, design, population, level)


def _answer_of(heads: dict[str, FormatCost]) -> str:
    """The right one of ``ANSWERS``; "" where too few raters were observed to tell."""
    ratio, max_ratio = heads["thumbs"].ratio, feedback_formats.RATERS[-1] / heads["list"].needed
    if np.isnan(ratio):
        return ANSWERS[2] if max_ratio >= 4 else ""
    return ANSWERS[0] if ratio <= 1.05 else ANSWERS[1] if ratio <= 4 else ANSWERS[2]


def _count_text(cost: FormatCost) -> str:
    """The number of raters needed."""
    fewest, most = feedback_formats.RATERS[0], feedback_formats.RATERS[-1]
    if np.isnan(cost.needed):
        return f"more than {most:,}"
    return f"{cost.needed:,.0f}" if cost.needed > fewest else f"at most {fewest}"


def _summary(heads: dict[str, FormatCost], level: float) -> str:
    """Raters needed by each format."""
    if all(np.isnan(cost.needed) for cost in heads.values()):
        return (
            f"**No format** gets {level:.0%} of the pairs right with "
            f"{feedback_formats.RATERS[-1]:,} raters or fewer."
        )
    counts = [_count_text(heads[name]) for name in feedback_population.FORMATS]
    rest = [
        f"{n} ({TITLES[name]})" for n, name in zip(counts, feedback_population.FORMATS, strict=True)
    ][1:]
    return (
        f"To get {level:.0%} of the pairs right it takes **{counts[0]}** raters "
        f"({TITLES['thumbs']}), "
        f"{', '.join(rest[:-1])} or {rest[-1]}."
    )


def _asymptotic_note(fits: FormatFits, population: Population) -> str:
    """Formats whose order never becomes that of mean utility, however many raters answer."""
    wrong = {
        name: pair_accuracy(score, population.mean_utility, feedback_formats.SCORE_TIE)
        for name, score in fits.limit.items()
    }
    off = [f"{TITLES[name]} ({1 - share:.0%})" for name, share in wrong.items() if share < 1]
    if not off:
        return ""
    return (
        "These raters disagree, so the formats measure different things. However many raters "
        f"answer, this share of pairs stays wrong: {', '.join(off)}."
    )


def _learning_curves(
    fits: FormatFits,
    right: dict[str, np.ndarray],
    design: SurveyDesign,
    population: Population,
    level: float,
    unit: str,
    same_format: bool,
) -> None:
    """Pair accuracy of each format by its cost."""
    each = [
        feedback_costs.rater_cost(name, unit, design, population.items)
        for name in feedback_population.FORMATS
    ]
    series = [
        (TITLES[name], fits.raters * price, right[name].mean(axis=1),
         right[name].std(axis=1, ddof=1) / np.sqrt(GROUPS))
        for name, price in zip(feedback_population.FORMATS, each, strict=True)
    ]  # fmt: skip
    judge = "endless raters in the same format" if same_format else "what raters like on average"
    page.chart(
        accuracy_by_cost(series, level, _COST_TITLES[unit].lower(), **page.style()),
        "chart-learning",
        alt="; ".join(f"{name}: {mean[0]:.0%} at {x[0]:,.0f}, {mean[-1]:.0%} at {x[-1]:,.0f}"
                      for name, x, mean, _ in series),
        caption=f"Share of pairs that each format orders as {judge}. Means over {GROUPS} groups of "
        "raters, with two standard errors on each side. Each rater gets "
        f"{design.questions} question{'s' if design.questions > 1 else ''} about answers drawn at "
        "random, and answers all.",
    )  # fmt: skip


def _cost_chart(
    paid: dict, design: SurveyDesign, population: Population, level: float, unit: str
) -> None:
    """Cost of each format relative to the ranked list."""
    rows = []
    for name in feedback_population.FORMATS:
        cost, each = paid[name], feedback_costs.rater_cost(name, unit, design, population.items)
        max_ratio = each / feedback_costs.rater_cost("list", unit, design, population.items)
        max_ratio *= feedback_formats.RATERS[-1] / paid["list"].needed
        text = f"{cost.ratio:.1f} ×" if np.isfinite(cost.ratio) else f"> {max_ratio:.1f} ×"
        rows.append((TITLES[name], cost.ratio, cost.ratio_low, cost.ratio_high, text))
    page.chart(
        relative_costs(
            rows, f"{_COST_TITLES[unit].lower()}, compared with the ranked list", **page.style()
        ),
        "chart-prices",
        alt="; ".join(f"{name}: {text}" for name, *_, text in rows),
        caption=f"What it costs to get {level:.0%} of the pairs right, with 95 % intervals. An "
        "interval is open where even the most raters were too few. A list of k answers counts as "
        "one question, k answers to read and k − 1 choices. A pair counts as two to read and one "
        "choice. +1 or −1 counts as one of each.",
    )  # fmt: skip


def _table(
    scenario: Scenario,
    prompt: str,
    fits: FormatFits,
    right: dict[str, np.ndarray],
    heads: dict[str, FormatCost],
    design: SurveyDesign,
    population: Population,
    level: float,
) -> None:
    """Costs, theory and accuracy of each format."""
    names = list(scenario.offered(prompt))
    rows, theory = [], feedback_costs.theoretical_ratios(design, population.items)
    for name in feedback_population.FORMATS:
        cost = heads[name]
        limit = np.round(fits.limit[name] / feedback_formats.SCORE_TIE) * feedback_formats.SCORE_TIE
        rows.append(
            {"format": TITLES[name], f"raters for {level:.0%}": cost.needed, "from": cost.low,
             "to": cost.high}
            | {"theory: raters, compared with a list": theory.get(name, np.nan)}
            | {f"{_COST_TITLES[unit].lower()}, compared with a list":
               feedback_costs.rater_cost(name, unit, design, population.items)
               / feedback_costs.rater_cost("list", unit, design, population.items) * cost.ratio
               for unit in feedback_costs.COST_UNITS}
            | {f"right with {n:,}": float(right[name][i].mean())
               for i, n in enumerate(feedback_formats.RATERS)}
            | {"order of endless raters": result_tables.order_text(order_of(limit, names))}
        )  # fmt: skip
    data_tables.numbers_expander(
        rows, "formats",
        "+1 / −1: an answer gets +1 if it seems better to the rater than the average answer "
        "(logistic regression). A or B: Bradley–Terry. A, B or a tie: Davidson’s model. Ranked "
        "list: Plackett–Luce. List, as pairs: the same list taken apart into pairs for "
        "Bradley–Terry, as most reward models do; its order ends at Borda’s. The theory holds for "
        "one kind of rater and answers that are almost equal.",
    )  # fmt: skip
