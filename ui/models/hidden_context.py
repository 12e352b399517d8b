"""The part on hidden context: a reward of one number, and rewards with a spread."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import labelled_curves, reward_with_spread
from scrl.studies import hidden_context
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

TITLES = {
    "exact": "Bradley–Terry",
    "mean-variance": "Mean and variance",
    "categorical": "Categorical",
}
ANSWERS = ("above all others", "somewhere among them", "below all others")
_REGULARISER_TITLES = {"bounds": "Between bounds", "prior": "By a prior", "nothing": "By nothing"}
#: Points and ends of the curve by aversion; a negative aversion likes risk.
AVERSION_POINTS, MIN_AVERSION, MAX_AVERSION = 41, -1.0, 3.0


@st.cache_data(show_spinner=False, max_entries=20)
def _agreement_curves(model: str, result_id: str, _result: dict) -> dict[str, np.ndarray]:
    """Rank correlation with each truth by aversion to risk."""
    return hidden_context.agreement_by_aversion(
        _result, model, np.linspace(MIN_AVERSION, MAX_AVERSION, AVERSION_POINTS)
    )


def show() -> None:
    """Draw the study of hidden context."""
    baked_study.show(hidden_context.STUDY, _draw, draw_progress=baked_study.caption_progress)


def _draw(result: dict, result_id: str) -> None:
    """Draw rewards, agreement by aversion, and growth of spreads."""
    st.markdown(
        "An alternative a between 0 and 1 is worth a to everybody below .8. From .8 up it is worth "
        "2a to some and nothing to others, a coin’s toss each time, and no one who reads the "
        "comparisons knows to whom."
    )
    guess, shown = predict_first.guess(
        "On average the alternatives from .8 up are worth the most. Where does Bradley–Terry put "
        "them?", ANSWERS, "guess_hidden",
    )  # fmt: skip
    if not shown:
        return
    floor = hidden_context.risk_adjusted_reward(result, "exact")
    above = floor.share_above
    right = ANSWERS[0] if above < 0.05 else ANSWERS[2] if above > 0.95 else ANSWERS[1]
    st.markdown(predict_first.verdict(guess, right) + _summary(floor))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.segmented_control(
            "Reward of", list(TITLES), default="mean-variance", required=True, key="reward",
            format_func=TITLES.get, **IN_URL,
        )  # fmt: skip
        aversion = page.slider(
            "Aversion to risk, spreads taken off the mean",
            "aversion",
            MIN_AVERSION,
            MAX_AVERSION,
            0,
            0.1,
            "%.1f",
        )
    adjusted = hidden_context.risk_adjusted_reward(result, model, aversion)
    _reward_chart(adjusted, model, aversion)
    left, right_side = st.columns(2, gap="large")
    with left:
        _agreement_chart(_agreement_curves(model, result_id, result), adjusted, model, aversion)
        _agreement_table(result, aversion)
    with right_side:
        _spread_growth_chart(result)


def _summary(floor: hidden_context.RiskAdjustedReward) -> str:
    """Where Bradley–Terry puts the alternatives with hidden context."""
    expected, borda = (floor.agreement[k].mean() for k in ("expected utility", "borda"))
    return (
        f"Bradley–Terry puts **{floor.share_above:.0%}** of the sure alternatives above them: its "
        f"reward falls at .8. Its rank correlation with expected utility is **{expected:.2f}**, "
        f"with Borda {borda:.2f}: what is learned is how many of the others one beats."
    )


def _reward_chart(adjusted: hidden_context.RiskAdjustedReward, model: str, aversion: float) -> None:
    """Reward and spread of each alternative beside the truths."""
    spread = adjusted.spread
    unsure = adjusted.a >= hidden_context.EDGE
    if spread.any():
        words = (
            f"The spread is {spread[unsure].mean():.2f} where context is hidden and "
            f"{spread[~unsure].mean():.2f} elsewhere, and nobody told the model. "
        )
        if aversion:
            words += (
                f"With {abs(aversion):.1f} spreads {'taken off' if aversion > 0 else 'added'}, "
                f"{adjusted.share_above:.0%} of the sure alternatives stand above those with "
                "hidden context. "
            )
    else:
        words = "A reward of one number has no spread, and aversion changes nothing. "
    truths = [("expected utility", adjusted.expected), ("Borda", adjusted.borda)]
    page.chart(
        reward_with_spread(adjusted.a, adjusted.reward, spread, truths, hidden_context.EDGE,
                      **page.style()),
        "chart-hidden",
        alt=f"{TITLES[model]}: reward {adjusted.reward[~unsure].max():.2f} at most below .8, "
        f"{adjusted.reward[unsure].mean():.2f} on average above.",
        caption=f"{words}Means over {len(adjusted.agreement['borda'])} seeds of "
        f"{hidden_context.RATERS:,} raters who compare {hidden_context.PAIRS} pairs each. "
        "Expected utility and Borda are stretched to the reward’s units below .8: the order is "
        "what counts.",
    )  # fmt: skip
    columns = {"alternative": adjusted.a, "reward": adjusted.reward, "spread": spread,
               "expected utility, stretched": adjusted.expected,
               "Borda, stretched": adjusted.borda}  # fmt: skip
    rows = zip(*columns.values(), strict=True)
    data_tables.numbers_expander(
        [dict(zip(columns, map(float, row), strict=True)) for row in rows], "hidden-reward"
    )


def _agreement_chart(
    lines: dict, adjusted: hidden_context.RiskAdjustedReward, model: str, aversion: float
) -> None:
    """Rank correlation with the truths by aversion to risk."""
    x = np.linspace(MIN_AVERSION, MAX_AVERSION, AVERSION_POINTS)
    series = [("Expected utility", lines["expected utility"], 1), ("Borda", lines["borda"], 2)]
    values_here = [float(adjusted.agreement[k].mean()) for k in ("expected utility", "borda")]
    low = min(-0.05, *(float(y.min()) - 0.05 for _, y, _ in series))
    page.chart(
        labelled_curves(
            x,
            series,
            slider=aversion,
            slider_values=values_here,
            x_title="aversion to risk",
            y_title="Spearman’s correlation",
            value_format=".2f",
            y_range=(low, 1.05),
            height=270,
            **page.style(),
        ),
        "chart-aversion",
        alt="; ".join(
            f"{name}: {np.interp(0, x, y):.2f} without aversion, {y[-1]:.2f} at {MAX_AVERSION:.0f}"
            for name, y, _ in series
        ),
        caption=f"Rank correlation of ‘{TITLES[model]}’ with what an alternative is worth on "
        "average and with its Borda score. Caution moves away from both. Some liking for risk "
        "happens to come near expected utility, since here what is hidden is worth more on "
        "average: a spread says that something is hidden, and not which way.",
    )


def _spread_growth_chart(result: dict) -> None:
    """The widest spread by training steps, for each way of controlling it."""
    step, widest = hidden_context.spread_drift(result)
    series = [
        (_REGULARISER_TITLES[name], widest[name], i)
        for i, name in enumerate(hidden_context.SPREAD_CONTROLS)
    ]
    page.chart(
        labelled_curves(
            step,
            series,
            x_title="steps of training",
            y_title="widest spread",
            value_format=".3g",
            log_axes="xy",
            height=270,
            **page.style(),
        ),
        "chart-drift",
        alt="; ".join(
            f"held {name.lower()}: {y[0]:.3g}, then {y[-1]:.3g}" for name, y, _ in series
        ),
        caption="The widest spread of mean and variance, by what holds it. Only ratios of gaps to "
        f"spreads count, so that held by nothing it grows for ever: {widest['nothing'][0]:.1f} "
        f"after {step[0]:,.0f} steps, {widest['nothing'][-1]:,.0f} after {step[-1]:,.0f}. Means "
        f"over {len(hidden_context.DRIFT_SEEDS)} seeds.",
    )
    data_tables.numbers_expander(
        [
            {"steps": float(n)}
            | {_REGULARISER_TITLES[name]: float(widest[name][i]) for name in widest}
            for i, n in enumerate(step)
        ],
        "hidden-drift",
        "The greatest standard deviation among the alternatives.",
    )


def _agreement_table(result: dict, aversion: float) -> None:
    """Rank correlations of every model at several aversions."""
    rows = []
    for model, title in TITLES.items():
        for price in sorted({-0.5, 0.0, 0.5, 1.0, 2.0, round(aversion, 1)}):
            if price and model == "exact":
                continue
            adjusted = hidden_context.risk_adjusted_reward(result, model, price)
            row = {"model": title, "aversion": price}
            for key, values in adjusted.agreement.items():
                name = "Borda" if key == "borda" else key
                row[f"ρ with {name}"] = float(values.mean())
                row[f"{name}: standard error"] = float(values.std(ddof=1) / np.sqrt(len(values)))
            row["sure alternatives above"] = adjusted.share_above
            rows.append(row)
    data_tables.numbers_expander(rows, "hidden-agreement")
