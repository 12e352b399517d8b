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
    "mean-variance": "Mean and spread",
    "categorical": "Ten levels",
}
ANSWERS = ("above all others", "somewhere among them", "below all others")
_REGULARISER_TITLES = {
    "bounds": "Between limits", "prior": "Pulled to a middle", "nothing": "No control",
}  # fmt: skip
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
    page.say(
        "There are many answers, with a number *a* between 0 and 1. Below .8 an answer is worth "
        "*a* to everybody: these are the sure answers. From .8 up it is worth 2*a* to half of the "
        "people, and nothing to the other half. The comparisons do not say who compared: the "
        "context is hidden."
    )
    guess, shown = predict_first.guess(
        "On average the answers from .8 up are worth the most. Where does Bradley–Terry put them?",
        ANSWERS, "guess_hidden",
    )  # fmt: skip
    if not shown:
        return
    floor = hidden_context.risk_adjusted_reward(result, "exact")
    above = floor.share_above
    right = ANSWERS[0] if above < 0.05 else ANSWERS[2] if above > 0.95 else ANSWERS[1]
    page.say(predict_first.verdict(guess, right) + _summary(floor))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.segmented_control(
            "Reward model", list(TITLES), default="mean-variance", required=True, key="reward",
            format_func=TITLES.get, **IN_URL,
        )  # fmt: skip
        aversion = page.slider(
            "Caution: how many spreads are taken off the mean",
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
        f"Bradley–Terry puts **{floor.share_above:.0%}** of the sure answers above them: its "
        "reward falls at .8. It learns how many others an answer beats, not how much it is worth. "
        f"Its order agrees with Borda to {borda:.2f}, and with the mean worth only to "
        f"**{expected:.2f}** (1 is the same order)."
    )


def _reward_chart(adjusted: hidden_context.RiskAdjustedReward, model: str, aversion: float) -> None:
    """Reward and spread of each alternative beside the truths."""
    spread = adjusted.spread
    unsure = adjusted.a >= hidden_context.EDGE
    if spread.any():
        words = (
            f"The model finds a spread of {spread[unsure].mean():.2f} where context is hidden, and "
            f"of {spread[~unsure].mean():.2f} elsewhere. Nobody told it. "
        )
        if aversion:
            words += (
                f"With {abs(aversion):.1f} spreads {'taken off' if aversion > 0 else 'added'}, "
                f"{adjusted.share_above:.0%} of the sure answers stand above the others. "
            )
    else:
        words = "A reward of one number has no spread, so caution changes nothing. "
    truths = [("mean worth", adjusted.expected), ("Borda", adjusted.borda)]
    page.chart(
        reward_with_spread(adjusted.a, adjusted.reward, spread, truths, hidden_context.EDGE,
                      **page.style()),
        "chart-hidden",
        alt=f"{TITLES[model]}: reward {adjusted.reward[~unsure].max():.2f} at most below .8, "
        f"{adjusted.reward[unsure].mean():.2f} on average above.",
        caption=f"{words}Means over {len(adjusted.agreement['borda'])} seeds of "
        f"{hidden_context.RATERS:,} raters, who compare {hidden_context.PAIRS} pairs each. Mean "
        "worth and Borda are scaled to the reward’s units: only the order counts.",
    )  # fmt: skip
    columns = {"answer": adjusted.a, "reward": adjusted.reward, "spread": spread,
               "mean worth, scaled": adjusted.expected,
               "Borda, scaled": adjusted.borda}  # fmt: skip
    rows = zip(*columns.values(), strict=True)
    data_tables.numbers_expander(
        [dict(zip(columns, map(float, row), strict=True)) for row in rows], "hidden-reward"
    )


def _agreement_chart(
    lines: dict, adjusted: hidden_context.RiskAdjustedReward, model: str, aversion: float
) -> None:
    """Rank correlation with the truths by aversion to risk."""
    x = np.linspace(MIN_AVERSION, MAX_AVERSION, AVERSION_POINTS)
    series = [("Mean worth", lines["expected utility"], 1), ("Borda", lines["borda"], 2)]
    values_here = [float(adjusted.agreement[k].mean()) for k in ("expected utility", "borda")]
    low = min(-0.05, *(float(y.min()) - 0.05 for _, y, _ in series))
    page.chart(
        labelled_curves(
            x,
            series,
            slider=aversion,
            slider_values=values_here,
            x_title="caution, in spreads",
            y_title="agreement of orders",
            value_format=".2f",
            y_range=(low, 1.05),
            height=270,
            **page.style(),
        ),
        "chart-aversion",
        alt="; ".join(
            f"{name}: {np.interp(0, x, y):.2f} without caution, {y[-1]:.2f} at {MAX_AVERSION:.0f}"
            for name, y, _ in series
        ),
        caption=f"How far the order of ‘{TITLES[model]}’ agrees with the mean worth and with Borda "
        "(1: the same order, Spearman’s correlation). Caution moves away from both. A spread says "
        "that something is hidden; it does not say whether that is good or bad.",
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
        alt="; ".join(f"{name}: {y[0]:.3g}, then {y[-1]:.3g}" for name, y, _ in series),
        caption="The widest spread that ‘Mean and spread’ learns, with three kinds of control. "
        "Without control it grows for ever, since comparisons only fix gaps divided by spreads: "
        f"{widest['nothing'][0]:.1f} after {step[0]:,.0f} steps, {widest['nothing'][-1]:,.0f} "
        f"after {step[-1]:,.0f}. Means over {len(hidden_context.DRIFT_SEEDS)} seeds.",
    )
    data_tables.numbers_expander(
        [
            {"steps": float(n)}
            | {_REGULARISER_TITLES[name]: float(widest[name][i]) for name in widest}
            for i, n in enumerate(step)
        ],
        "hidden-drift",
        "The greatest spread (standard deviation) among the answers.",
    )


def _agreement_table(result: dict, aversion: float) -> None:
    """Rank correlations of every model at several aversions."""
    rows = []
    for model, title in TITLES.items():
        for price in sorted({-0.5, 0.0, 0.5, 1.0, 2.0, round(aversion, 1)}):
            if price and model == "exact":
                continue
            adjusted = hidden_context.risk_adjusted_reward(result, model, price)
            row = {"model": title, "caution": price}
            for key, values in adjusted.agreement.items():
                name = "Borda" if key == "borda" else "mean worth"
                row[f"agreement with {name}"] = float(values.mean())
                row[f"{name}: standard error"] = float(values.std(ddof=1) / np.sqrt(len(values)))
            row["sure answers above"] = adjusted.share_above
            rows.append(row)
    data_tables.numbers_expander(rows, "hidden-agreement")
