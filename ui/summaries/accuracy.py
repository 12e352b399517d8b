"""The part that compares summaries with vectors, regressions and exact Bayes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import banded_curves
from scrl.studies import summaries
from ui.shared import baked_study, data_tables, page, predict_first

TITLES = {
    "oracle": "Exact Bayes",
    "features": "Reward features, a vector",
    "own": "A regression each",
    "vpl": "VPL, a vector",
    "summaries": "Summaries",
    "untrained": "Summaries, summariser not trained",
    "pooled": "Bradley–Terry",
    "shuffled": "Summaries of others, in training too",
    "exchanged": "Summaries of others",
}
#: Curves of the figure.
DRAWN = ("oracle", "features", "own", "summaries", "pooled", "exchanged")
GUESSES = ("the summary", "the vector", "about equal")
#: What was asked for: accuracy relative to exact Bayes.
ASKED = 0.95
_RIGHT = "disputed pairs of answers in the right order"


def show() -> None:
    """Draw accuracy by pairs, and by the number of sentences."""
    guess, shown = predict_first.guess(
        "After 16 comparisons: which description of a new person predicts more of its other "
        "choices, a summary in six sentences or a vector of six numbers?", GUESSES, "guess_text",
    )  # fmt: skip
    if not shown:
        return
    baked_study.show(
        summaries.STUDY, lambda result, id: _draw(result, guess),
        note="This trains some 150 small models and takes minutes.",
        draw_progress=baked_study.caption_progress,
    )  # fmt: skip


def _met(interval: np.ndarray, asked: float) -> str:
    """Whether a mean with its interval ``[3]`` reaches what was asked for."""
    mean, low, high = interval
    if low <= asked <= high:
        return "that is within the interval" if mean < asked else "that is reached on average"
    return "that is reached" if low > asked else "that is missed"


def _curve(result: dict, name: str) -> np.ndarray:
    """Mean and interval of a model's accuracy ``[3, shots]``."""
    return np.array(result["vpl"] if name == "vpl" else result["right"][name])


def _draw(result: dict, guess: str | None) -> None:
    last = {name: float(_curve(result, name)[0, -1]) for name in TITLES}
    ratio = np.array(result["of oracle"])
    ahead = last["features"] - last["summaries"]
    right = GUESSES[2] if abs(ahead) < 0.005 else GUESSES[1] if ahead > 0 else GUESSES[0]
    learnt = [n for n in DRAWN if n != "oracle"]
    best = max(learnt, key=last.__getitem__)
    page.say(
        f"{predict_first.verdict(guess, right)}After 16 comparisons, summaries order "
        f"**{last['summaries']:.1%}** of disputed pairs rightly: {ratio[0, -1]:.1%} "
        f"({ratio[1, -1]:.1%} to {ratio[2, -1]:.1%}) of what exact Bayes has "
        f"({last['oracle']:.1%}). We had asked for {ASKED:.0%}: {_met(ratio[:, -1], ASKED)}. Best "
        f"of all that learn is **{TITLES[best].lower()}** with "
        f"{last[best]:.1%}; a regression for each person, with no words and no sharing but a "
        f"common mean, has {last['own']:.1%}. That text beats vectors is **not** what we find: "
        "where a few numbers say it all, numbers say it more exactly."
    )
    _curves(result, last)
    _sentences(result, last)
    _numbers(result)


def _curves(result: dict, last: dict[str, float]) -> None:
    """Accuracy by the pairs of a new rater."""
    series = [(TITLES[name], _curve(result, name), i) for i, name in enumerate(DRAWN)]
    page.chart(
        banded_curves(
            summaries.SHOTS, series, x_title="pairs that the new person has compared",
            y_title=_RIGHT, log_axes="x", percent=True, value_format=".1%", height=400,
            **page.style(),
        ),
        "chart-summaries",
        alt="; ".join(f"{TITLES[n]}: {last[n]:.0%} after 16 pairs" for n in DRAWN),
        caption=f"{summaries.SEEN:,} people with {summaries.PAIRS} pairs each train the models; "
        f"{summaries.NEW} new ones are asked about. Means over {len(summaries.SEEDS)} random "
        "populations with 95 % intervals. Each person likes, dislikes or ignores six attributes. "
        f"With the summary of another person accuracy falls to {last['exchanged']:.1%}, below "
        f"Bradley–Terry ({last['pooled']:.1%}): a wrong summary is worse than none. A reward that "
        f"was trained on exchanged summaries ignores them ({last['shuffled']:.1%}).",
    )  # fmt: skip


def _sentences(result: dict, last: dict[str, float]) -> None:
    """Accuracy by the number of sentences, and what training the summariser adds."""
    means, said = result["limit"][0], result["stated"]["summary"]
    listed = ", ".join(
        f"{value:.1%} with {limit}" for limit, value in zip(summaries.LIMITS, means, strict=True)
    )
    page.say(
        f"**How many sentences?** Of at most so many sentences: {listed}; with none it is "
        f"Bradley–Terry, {last['pooled']:.1%}. **Does training the summariser help?** One that "
        "only writes down what a quick regression finds, before any training, has "
        f"{last['untrained']:.1%}. The trained one writes {said['sentences'][0]:.1f} sentences. Of "
        f"the tastes that it states, {said['true'][0]:.0%} are true, {said['indifferent'][0]:.0%} "
        f"are of somebody who does not care, and {said['opposite'][0]:.0%} are the opposite."
    )


def _numbers(result: dict) -> None:
    rows = [
        {"model": TITLES[name], "pairs": shots, "right": float(values[0, i]),
         "from": float(values[1, i]), "to": float(values[2, i])}
        for name in TITLES
        for values in [_curve(result, name)]
        for i, shots in enumerate(summaries.SHOTS)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "summaries", f"VPL on {len(summaries.VPL_SEEDS)} of the populations."
    )
    st.caption("Method: PLUS (arXiv 2507.13579), with sentences of a fixed vocabulary in place of "
               "a language model.")  # fmt: skip
