"""The part on a file of ratings with times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from scrl.drift import example_csv, pairs_of_ratings, predict_answers
from scrl.figures import curves_at_time
from scrl.types import InputError
from ui.drift.texts import POSITIONS, TITLES
from ui.shared import data_tables, page, ratings_picker

if TYPE_CHECKING:
    from scrl.drift import FilePredictions
    from scrl.types import Ratings

_EXAMPLE = "example-drift.csv"
#: Blocks whose mean is drawn, so that single answers do not hide the trend.
SMOOTH = 5
#: Groups with a model of their own, the largest ones.
MAX_GROUPS = 4


@st.cache_resource(show_spinner=False)
def _example() -> Ratings:
    from scrl.data import parse_ratings

    return parse_ratings(example_csv().encode(), _EXAMPLE)


@st.cache_data(max_entries=20, show_spinner="Each model predicts each answer from those before")
def _predict(id: str, prompt: int, _ratings: Ratings) -> tuple[FilePredictions, list[str]]:
    pairs, kind = pairs_of_ratings(_ratings, prompt)
    count = np.bincount(kind[kind >= 0], minlength=len(_ratings.types))
    largest = [int(g) for g in np.argsort(-count, kind="stable")[:MAX_GROUPS] if count[g]]
    number = np.full(len(_ratings.types) + 1, -1)
    number[largest] = np.arange(len(largest))
    groups = largest if len(largest) > 1 else []
    found = predict_answers(pairs, number[kind], len(groups))
    return found, [_ratings.types[g] for g in groups]


def show() -> None:
    """Draw the choice of a file, and how well models predict its next answers."""
    page.say(
        "Bring ratings with a column `time` (numbers or dates): each model predicts each answer "
        "from the answers before it. Nothing is known of what people *really* want, so there is "
        "no oracle here: what counts is who predicts best."
    )
    id, ratings = ratings_picker.choose(
        "drift", "Ratings with times", "An example: made-up answers, tastes swap half-way",
        _example, _download_example,
    )  # fmt: skip
    if ratings is None:
        return
    try:
        prompt = _prompt(ratings)
        found, groups = _predict(id, prompt, ratings)
    except InputError as error:
        st.info(page.escaped(str(error)))
        return
    _draw(found, groups, ratings, prompt)


def _download_example() -> None:
    st.download_button(
        "The example as a file", example_csv, _EXAMPLE, "text/csv", on_click="ignore",
        icon=":material/download:",
    )  # fmt: skip


def _prompt(ratings: Ratings) -> int:
    """The prompt that is predicted; by default the one with most ballots."""
    count = np.bincount(ratings.ballot_prompt, minlength=len(ratings.catalogue.prompts))
    order = np.argsort(-count, kind="stable").tolist()
    if len(order) == 1:
        return 0
    names = ratings.catalogue.prompts
    return st.selectbox(
        "Prompt", order, format_func=lambda p: f"{names[p]} ({count[p]:,} ballots)",
        key="drift_prompt",
    )  # fmt: skip


def _draw(found: FilePredictions, groups: list[str], ratings: Ratings, prompt: int) -> None:
    names = list(found.wrong)
    mean = {n: float(np.nanmean(found.wrong[n][1:])) for n in names}
    best = min(mean, key=mean.__getitem__)
    sure = [n for n in names[1:] if found.versus[n][2] < 0]
    page.say(
        f"Of {found.answers[-1]:,} answers, **{TITLES[best]}** predicts fewest wrongly: "
        f"**{mean[best]:.1%}**; the stationary model {mean['stationary']:.1%}. "
        + (f"Clearly better than the stationary model: {', '.join(TITLES[n] for n in sure)}."
           if sure else "No model is clearly better than the stationary one: these answers show "
           "no drift that helps to predict.")
    )  # fmt: skip
    start = found.answers[:-1]
    if st.session_state.get("file_time", 0.0) > start[-1]:
        st.session_state.pop("file_time")  # of a longer file
    at = page.slider("Answers so far", "file_time", 0, float(start[-1]), float(start[-1]), 1.0,
                     "%.0f")  # fmt: skip
    series = [(TITLES[n], np.tile(_smooth(found.wrong[n]), (3, 1)), POSITIONS[n]) for n in names]
    page.chart(
        curves_at_time(
            start, series, at=at, x_title="answers so far",
            y_title="next answers predicted wrongly", percent=True, value_format=".1%",
            **page.style(),
        ),
        "chart-drift-file",
        alt="; ".join(f"{TITLES[n]}: {mean[n]:.0%} wrong" for n in names),
        caption=f"Means of {SMOOTH} blocks of {int(found.answers[1])} answers. Ties are not "
        "counted; of a longer ballot, neighbours are the pairs.",
    )  # fmt: skip
    rows = [
        {"model": TITLES[n], "wrong": mean[n], "less than stationary": -found.versus[n][0],
         "from": -found.versus[n][2], "to": -found.versus[n][1]}
        for n in names
    ]  # fmt: skip
    data_tables.numbers_table(rows)
    page.note("The interval is over blocks of answers.")
    _groups(found, groups)
    _winner(found, ratings, prompt)


def _smooth(wrong: np.ndarray) -> np.ndarray:
    """Running means over ``SMOOTH`` blocks ``[blocks]``, of those that have answers."""
    known = np.isfinite(wrong).astype(float)
    window = np.ones(min(SMOOTH, len(wrong)))
    total = np.convolve(np.nan_to_num(wrong), window, "same")
    count = np.convolve(known, window, "same")
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _groups(found: FilePredictions, groups: list[str]) -> None:
    if not groups:
        return
    own, pooled = found.group_wrong["random walk"].T
    rows = [
        {"group": name, "its own model": float(one), "one model for all": float(two)}
        for name, one, two in zip(groups, own, pooled, strict=True)
    ]
    data_tables.numbers_table(rows)
    page.note("Answers of each group predicted wrongly by a random walk, from the group’s own "
              "answers and from everybody’s.")  # fmt: skip


def _winner(found: FilePredictions, ratings: Ratings, prompt: int) -> None:
    """Who wins at the end, by the model that forgets nothing and by the random walk."""
    labels = ratings.catalogue.names(prompt)
    top = {n: labels[int(found.rewards[n].argmax())] for n in ("stationary", "random walk")}
    page.say(
        f"On top at the end: **{page.escaped(top['stationary'])}** by all answers alike, "
        f"**{page.escaped(top['random walk'])}** by the random walk."
    )
