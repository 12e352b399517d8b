"""The part on new raters: shared linear rewards, weighted for each rater by few pairs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from scrl.figures import banded_curves
from scrl.studies import few_shot
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

TITLES = {
    "oracle": "Knows the rewards",
    "features": "Reward features",
    "simplex": "LoRe",
    "own": "A regression each",
    "pooled": "Bradley–Terry",
}
_POSITIONS = {name: i for i, name in enumerate(("pooled", "features", "simplex", "own", "oracle"))}
_WORLDS = {
    "Weights spread out": "spread",
    "Mixtures of five": "mixed",
    "Three kinds, 60, 30 and 10 %": "kinds",
}
ANSWERS = ("1 or 2", "about 10", "30 or more")
#: Pairs right that few bases may lose against free weights.
WITHIN = 0.02
_RIGHT = "pairs of answers in the right order"


def show() -> None:
    """Draw the study of few pairs per rater."""
    baked_study.show(few_shot.STUDY, _draw, draw_progress=baked_study.caption_progress)


def _draw(result: dict, result_id: str) -> None:
    """Draw accuracy by pairs of a new rater, and the three claims."""
    page.say(
        "Answers have ten features. A few rewards are shared by everybody, each a sum of features "
        "with weights. A person’s own reward is a mixture of the shared ones, and a new person’s "
        "pairs only have to tell the mixture. *Reward features* allows any weights, below 0 too. "
        "*LoRe* allows shares only: 0 or more, and 1 together."
    )
    guess, shown = predict_first.guess(
        "How many pairs must a new person compare before shared rewards order more answers rightly "
        "than one reward for everybody?", ANSWERS, "guess_shots",
    )  # fmt: skip
    if not shown:
        return
    with st.container(horizontal=True):
        chosen = st.segmented_control(
            "Tastes", list(_WORLDS), default=next(iter(_WORLDS)), required=True, key="tastes",
            wrap=True, **IN_URL,
        )  # fmt: skip
    world = _WORLDS[chosen]
    curve = result["curves"][world]
    lead = few_shot.shots_to_lead(curve, "features", "pooled")
    right = ANSWERS[2] if lead is None or lead > 16 else ANSWERS[0] if lead <= 2 else ANSWERS[1]
    page.say(predict_first.verdict(guess, right) + _summary(result, world))
    _curves(curve)
    left, aside = st.columns(2, gap="large")
    with left:
        _opposites(result["opposite"])
    with aside:
        _budget(result["budget"])
    _features(result["overfit"])
    _numbers(result, world)


def _at(curve: Mapping, model: str, shots: int) -> float:
    return curve["right"][model][0][few_shot.SHOTS.index(shots)]


def _summary(result: Mapping, world: str) -> str:
    """Accuracies after 8 pairs, and which model is best."""
    curve = result["curves"][world]
    learnt = [name for name in curve["right"] if name != "oracle"]
    best = max(learnt, key=lambda name: _at(curve, name, 8))
    words = (
        f"After 8 pairs of a new person, **{TITLES[best]}** is best in the figure: it orders "
        f"**{_at(curve, best, 8):.1%}** of the person’s other pairs rightly. "
    )
    others = [name for name in learnt if name != best]
    words += ", ".join(f"{TITLES[name]} {_at(curve, name, 8):.1%}" for name in others)
    words += f". Whoever knows the shared rewards has {_at(curve, 'oracle', 8):.1%}."
    lab = result["lab"][world]
    seeds, at = lab["seeds"], few_shot.SHOTS.index(8)
    return words + (
        " The lab’s model of individual raters, which reads the same features and knows of no "
        f"shared rewards, has {lab['individual'][at]:.1%} on {seeds} seed"
        f"{'s' if seeds > 1 else ''}, where reward features has {lab['features'][at]:.1%}."
    )


def _curves(curve: Mapping) -> None:
    """Pairs right by the pairs of a new rater."""
    shots = few_shot.SHOTS[1:]
    series = [
        (TITLES[name], np.array(curve["right"][name])[:, 1:], _POSITIONS[name])
        for name in TITLES if name in curve["right"]
    ]  # fmt: skip
    page.chart(
        banded_curves(
            shots, series, x_title="pairs that the new person has compared", y_title=_RIGHT,
            log_axes="x", percent=True, value_format=".1%", **page.style(),
        ),
        "chart-shots",
        alt="; ".join(f"{name}: {y[0][0]:.0%} after 1 pair, {y[0][-1]:.0%} after {shots[-1]}"
                      for name, y, _ in series),
        caption=f"{few_shot.SEEN:,} people with {few_shot.SEEN_PAIRS} pairs each teach the shared "
        f"rewards; {few_shot.UNSEEN} new ones are asked about. Means over {len(few_shot.SEEDS)} "
        "seeds with 95 % intervals. ‘A regression each’ shares no rewards: it draws each person’s "
        "weights of the features towards those of all.",
    )  # fmt: skip


def _opposites(rows: list[Mapping]) -> None:
    """Bases needed for opposite tastes."""
    counts = [str(row["directions"]) for row in rows]
    chosen = st.segmented_control(
        "Questions on which people are opposed", counts, default=counts[-1], required=True,
        key="opposed", **IN_URL,
    )  # fmt: skip
    row = rows[counts.index(chosen)]
    needed = [few_shot.bases_needed(r, WITHIN) for r in rows]
    found = ", ".join(f"{n} for {r['directions']}" for n, r in zip(needed, rows, strict=True))
    bases, free = row["bases"], np.array(row["free"])
    series = [
        ("LoRe", np.array(row["simplex"]), 2),
        (f"Reward features, {chosen}", np.tile(free[:, None], len(bases)), 1),
    ]
    page.chart(
        banded_curves(
            bases, series, x_title="shared rewards of LoRe", y_title=_RIGHT, percent=True,
            value_format=".1%", height=280, **page.style(),
        ),
        "chart-opposed",
        alt=f"LoRe: {series[0][1][0][0]:.0%} with 1 reward, {series[0][1][0][-1]:.0%} with "
        f"{bases[-1]}; reward features {free[0]:.0%}",
        caption="Half of the people want the opposite of the other half, in each of some "
        "directions. One often reads that LoRe then needs twice as many shared rewards as there "
        f"are directions. Here **one more** does: for {WITHIN:.0%} less than reward features it "
        f"takes {found}. A triangle contains a square if it is large enough, and rewards may be as "
        "large as they like.",
    )  # fmt: skip


def _budget(rows: list[Mapping]) -> None:
    """A fixed number of pairs, shared among few or many raters."""
    row = rows[0]
    each = row["pairs each"]
    means = row["right"]["features"][0]
    best = each[int(np.argmax(means))]
    series = [
        (TITLES[name], np.array(values), _POSITIONS[name]) for name, values in row["right"].items()
    ]
    page.chart(
        banded_curves(
            each, series, x_title="pairs of each person", y_title=_RIGHT, log_axes="x",
            percent=True, value_format=".1%", height=280, **page.style(),
        ),
        "chart-budget",
        alt="; ".join(f"{name}: {y[0][0]:.0%} with {each[0]} pairs each, {y[0][-1]:.0%} with "
                      f"{each[-1]}" for name, y, _ in series),
        caption=f"{row['budget']:,} pairs in all, of {row['raters'][0]:,} people down to "
        f"{row['raters'][-1]}. It is claimed that more people beat more pairs each. Here that is "
        f"{'right' if best <= each[1] else 'wrong'}: best are {best} pairs each "
        f"({max(means):.1%}, against {means[0]:.1%} with {each[0]}). Two pairs of a person hardly "
        "tell what goes together, and our fit, which is approximate, makes too little of them. "
        "New people compare "
        f"{few_shot.BUDGET_SHOTS} pairs.",
    )  # fmt: skip


def _features(found: Mapping) -> None:
    """Many features with few pairs."""
    sizes, right = found["features"], found["right"]
    titles = {"learnt": "Three rewards, held back", "none": "Three rewards, nothing held back",
              "pooled": "One reward for everybody"}  # fmt: skip
    series = [(titles[n], np.array(right[n]), i) for i, n in ((1, "learnt"), (4, "none"),
                                                              (0, "pooled"))]  # fmt: skip
    page.chart(
        banded_curves(
            sizes, series, x_title="features", y_title=_RIGHT, log_axes="x", percent=True,
            value_format=".1%", height=280, **page.style(),
        ),
        "chart-features",
        alt="; ".join(f"{name}: {y[0][0]:.0%} with {sizes[0]} features, {y[0][-1]:.0%} with "
                      f"{sizes[-1]}" for name, y, _ in series),
        caption=f"{few_shot.OVERFIT_RATERS} people with {few_shot.OVERFIT_PAIRS} pairs each. "
        "Without a penalty on large weights, reward features learns the noise: with "
        f"{sizes[-1]} features it has {right['none'][0][-1]:.1%}, with the penalty "
        f"{right['learnt'][0][-1]:.1%}, and one reward for everybody {right['pooled'][0][-1]:.1%}.",
    )  # fmt: skip


def _numbers(result: Mapping, world: str) -> None:
    """Pairs right and errors of chances, by model and pairs."""
    curve, rows = result["curves"][world], []
    for name in curve["right"]:
        for i, shots in enumerate(few_shot.SHOTS):
            mean, low, high = (float(values[i]) for values in curve["right"][name])
            row = {"model": TITLES[name], "pairs": shots, "right": mean, "from": low, "to": high}
            rows.append(row | {"chances off by": float(curve["error"][name][0][i])})
    data_tables.numbers_expander(
        rows, "few-shot",
        "‘Chances off by’: how far stated chances are from the true ones.",
    )  # fmt: skip
