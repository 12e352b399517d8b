"""The part on policies that change the tastes by which they are judged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from scrl.drift import POLICIES
from scrl.figures import curves_at_time
from scrl.studies import drift
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

TITLES = {
    "trained once": "Trained once",
    "retrained": "Retrained every round",
    "planned": "Plans its influence",
    "both judge": "Both judge",
    "oracle of the first": "Knows the first tastes",
}
_EXPLAINED = {
    "trained once": "It is trained on the answers of the first round and stays as it is, whatever "
    "people become: judged by the tastes of the beginning.",
    "retrained": "It is trained anew on the latest answers every round. It plans nothing, but "
    "learns from people whom it has changed.",
    "planned": "It knows how people come to like what they see, and shows what will have been "
    "liked most, by the tastes that people will have then.",
    "both judge": "It is retrained, but an item counts only as much as the lower of its rewards "
    "at the beginning and now.",
    "oracle of the first": "It knows what people wanted at the beginning, and shows that.",
}
_POSITIONS = {
    "trained once": 0, "retrained": 4, "planned": 2, "both judge": 1, "oracle of the first": 7,
}  # fmt: skip
ANSWERS = ("better, too", "about the same", "worse")
#: How far apart two rewards must be, to be called different.
SAME = 0.05


def show() -> None:
    """Draw rewards by the tastes of the beginning and of the present."""
    baked_study.show(
        drift.STUDY, _draw, note="This takes about a minute.",
        draw_progress=baked_study.caption_progress,
    )  # fmt: skip


def _draw(result: dict, result_id: str) -> None:
    page.say(
        "People come to like what they are shown, some things more than others. An assistant is "
        "trained on what people want, shows its favourite, and is trained again on the same people."
    )
    guess, shown = predict_first.guess(
        "After 40 rounds people like what the retrained assistant shows much better than at the "
        "beginning. What would the same people have said of it at the beginning?", ANSWERS,
        "guess_influence", always=True,
    )  # fmt: skip
    if not shown:
        return
    rates = {f"{float(rate):.0%}": rate for rate in result["influence"]}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.segmented_control(
            "How far people go in a round to what they are shown", list(rates), default="10%",
            required=True, key="rate", wrap=True, **IN_URL,
        )  # fmt: skip
        titles = {title: name for name, title in TITLES.items()}
        policy = titles[st.selectbox("Policy", list(titles), 1, key="policy", **IN_URL)]
    runs = result["influence"][rates[picked]]
    before, after = (runs["retrained"]["first"][0][i] for i in (0, -1))
    right = ANSWERS[1] if abs(after - before) <= SAME else ANSWERS[0 if after > before else 2]
    page.say(predict_first.verdict(guess, right) + _summary(runs))
    at = page.slider("Round", "round", 1, drift.ROUNDS, drift.ROUNDS, 1, "%.0f")
    left, right_side = st.columns(2, gap="large")
    with left:
        _one_policy(runs, policy, at)
    with right_side:
        _all_policies(runs, at)
    _gains(runs, at)
    _numbers(runs)


def _summary(runs: Mapping) -> str:
    """What each policy gains by its influence."""

    def ends(name: str, judge: str) -> tuple[float, float]:
        values = runs[name][judge][0]
        return values[0], values[-1]

    (start, later), (_, first) = ends("retrained", "present"), ends("retrained", "first")
    (_, plan_later), (_, plan_first) = ends("planned", "present"), ends("planned", "first")
    both_later, both_first = ends("both judge", "present")[1], ends("both judge", "first")[1]
    once_later, once_first = ends("trained once", "present")[1], ends("trained once", "first")[1]
    oracle = ends("oracle of the first", "first")[1]
    apart = runs["retrained"]["disagreement"]
    return (
        f"The **retrained** assistant’s reward goes from {start:.2f} to **{later:.2f}** by what "
        f"people want at the time. By what they wanted at the beginning it goes to "
        f"**{first:.2f}**. An assistant that **plans** its influence reaches {plan_later:.2f}, and "
        f"{plan_first:.2f} by the first tastes: people now love what they did not want. "
        f"**Trained once**, it cannot gain by changing people ({once_first:.2f} by the first "
        f"tastes), though they grow fond of it, too ({once_later:.2f}). Letting **both judge** "
        f"refuses only in part: {both_later:.2f}, and {both_first:.2f} by the first tastes. The "
        f"best for the first tastes is {oracle:.2f}. Types grow alike: the pairs on which they "
        f"differ go from {apart[0]:.0%} to {apart[-1]:.0%}."
    )


def _one_policy(runs: Mapping, policy: str, at: float) -> None:
    rounds, run = np.arange(1, drift.ROUNDS + 1), runs[policy]
    series = [
        ("by the tastes of the time", np.array(run["present"], float), 4),
        ("by the tastes of the beginning", np.array(run["first"], float), 0),
    ]
    ends = [float(s[1][0][round(at) - 1]) for s in series]
    page.chart(
        curves_at_time(
            rounds, series, at=at, x_title="round", y_title="mean reward of what is shown",
            height=400, **page.style(),
        ),
        "chart-influence",
        alt=f"{TITLES[policy]} in round {at:.0f}: {ends[0]:.2f} by the tastes of the time, "
        f"{ends[1]:.2f} by those of the beginning",
        caption=f"**{TITLES[policy]}.** {_EXPLAINED[policy]} Means over {len(drift.SEEDS)} seeds "
        f"with {drift.INFLUENCE_WORLDS} worlds each, 95 % intervals; 0 is an item at random, at "
        "the beginning.",
    )  # fmt: skip


def _all_policies(runs: Mapping, at: float) -> None:
    """What each policy shows, by the tastes of the beginning."""
    rounds = np.arange(1, drift.ROUNDS + 1)
    series = [(TITLES[n], np.array(runs[n]["first"], float), _POSITIONS[n]) for n in POLICIES]
    page.chart(
        curves_at_time(
            rounds, series, at=at, x_title="round", y_title="reward by the tastes of the beginning",
            height=400, **page.style(),
        ),
        "chart-influence-first",
        alt="In the last round, by the tastes of the beginning: "
        + "; ".join(f"{name} {y[0][-1]:.2f}" for name, y, _ in series),
        caption="Every policy by the tastes of the beginning. Without influence, at 0 %, what "
        "retraining gains comes from more answers alone.",
    )  # fmt: skip


def _gains(runs: Mapping, at: float) -> None:
    """All policies at the round of the slider."""
    b = round(at) - 1
    rows = [
        {"policy": TITLES[n], "by present tastes": runs[n]["present"][0][b],
         "by first tastes": runs[n]["first"][0][b],
         "minority, present": runs[n]["minority_present"][b],
         "minority, first": runs[n]["minority_first"][b],
         "types differ": f"{runs[n]['disagreement'][b]:.0%}"}
        for n in POLICIES
    ]  # fmt: skip
    data_tables.numbers_table(rows, "%.2f")
    page.note(
        f"Round {at:.0f}. The reward of a retrained assistant says how well people and assistant "
        "fit each other, not who has moved. Which tastes should judge is no question of "
        "statistics. After [Carroll and others](https://arxiv.org/abs/2405.17713)."
    )


def _numbers(runs: Mapping) -> None:
    rows = [
        {"policy": TITLES[n], "round": i + 1}
        | {f"{judge}{end}": float(runs[n][judge][k][i]) for judge in ("present", "first")
           for k, end in enumerate(("", ", from", ", to"))}
        for n in POLICIES for i in range(drift.ROUNDS)
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "drift-influence")
