"""The part on whose outcome a reward of references gives, over random worlds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from scrl.figures import banded_curves, estimate_dots
from scrl.studies import load_baked, reference_writers
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL

WORLDS = {"Three kinds, 60, 30 and 10 %": "kinds", "Opposites, 60 and 40 %": "opposed"}
REWARDS = {
    "Likeness": "likeness",
    "Fine-tuned on rankings": "tuned",
    "And four references each": "four",
}
TITLES = {
    "each, mean": "Each their own policy",
    "largest, mean": "The largest kind’s",
    "one, mean": "One person’s",
    "everybody, mean": "All, averaged",
    "everybody, ballot": "All, one drawn",
    "everybody, borda": "All, Borda",
    "everybody, plurality": "All, plurality",
    "everybody, copeland": "All, Copeland",
}
TRUTHS = {
    "pooled, mean": "Bradley–Terry",
    "truth, copeland": "True orders, Copeland",
}
WAYS = {"mean": "Mean score", "ballot": "One drawn", "borda": "Borda", "plurality": "Plurality",
        "copeland": "Copeland"}  # fmt: skip
ANSWERS = ("the references", "Bradley–Terry on pairs", "they are equal")


def show() -> None:
    """Draw how well people are served, what agrees with a vote, and exaggeration."""
    result = load_baked("references")["result"]
    guess, shown = predict_first.guess(
        "Six people of ten want the opposite of the others. One reward for all is learnt from "
        "everybody’s pairs, or is the mean likeness to everybody’s references. Which serves people "
        "better?", ANSWERS, "guess_outcome",
    )  # fmt: skip
    if not shown:
        return
    with st.container(horizontal=True):
        world = WORLDS[_chosen("People", list(WORLDS), "people")]
        condition = REWARDS[_chosen("Reward", list(REWARDS), "reference_reward")]
    found = result["writers"][world]
    page.say(_verdict(result["writers"]["opposed"], guess) + _summary(found, condition))
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        _all_served(found, condition)
    with right:
        _agreement(found, condition)
    _exaggeration(result["exaggeration"]["wins"])
    _numbers(found)


def _chosen(label: str, options: list[str], key: str) -> str:
    return st.segmented_control(
        label, options, default=options[0], required=True, key=key, wrap=True, **IN_URL
    )


def _verdict(opposed: Mapping[str, Any], guess: str | None) -> str:
    """The guess against the world of opposites."""
    if guess is None:
        return ""
    ours, theirs = opposed["likeness"]["all"]["everybody, mean"], _people(opposed, "pooled, mean")
    right = ANSWERS[2] if ours[2] >= theirs[1] else ANSWERS[1]
    right = ANSWERS[0] if ours[1] > theirs[2] else right
    return predict_first.verdict(guess, right)


def _people(found: Mapping[str, Any], name: str) -> list[float]:
    return found["people"]["all"][name]


def _summary(found: Mapping[str, Any], condition: str) -> str:
    """What the note says, and what is found here."""
    served = {name: values[0] for name, values in found[condition]["all"].items()}
    pooled = _people(found, "pooled, mean")[0]
    worse = served["everybody, mean"] < pooled
    return (
        "A note on reward models calls rewards by likeness an “orthogonal escape from the same "
        "trap”, the trap of one reward for all. **It is one only if each person has a policy of "
        "their own**, from "
        f"their own references: people are then served {served['each, mean']:.0%} of the way from "
        "an average answer to their favourite. **One policy for all is in the trap as before**: "
        f"with everybody’s references averaged, people are served {served['everybody, mean']:.0%}, "
        f"{'less than' if worse else 'as against'} the {pooled:.0%} of Bradley–Terry. The vote has "
        "only moved: from who compares to who writes."
    )


def _all_served(found: Mapping[str, Any], condition: str) -> None:
    """Mean over all people, by who writes."""
    values = {TITLES[name]: found[condition]["all"][name] for name in TITLES}
    values |= {TRUTHS[name]: _people(found, name) for name in TRUTHS}
    rows = [
        (name, *value, 0 if name == TITLES["each, mean"] else 4 if name in TRUTHS.values() else 1)
        for name, value in values.items()
    ]
    page.chart(
        estimate_dots(rows, "served, mean over people", 0.0, **page.style()),
        "chart-writers",
        alt="; ".join(f"{name}: {value[0]:.0%}" for name, value in values.items()),
        caption="By whose references are read; one policy for all unless each has their own. "
        "Last: one reward for all from everybody’s pairs, and a vote of people’s complete orders. "
        "0: an average answer; 100 %: everybody’s favourite. Means over ten worlds with 95 % "
        "intervals.",
    )


def _agreement(found: Mapping[str, Any], condition: str) -> None:
    """Agreement of references with people's own orders, by way."""
    agrees, dictator = found[condition]["agrees"], found[condition]["dictator"]
    own = found[condition]["pooled"]["own"][0]
    rows = [(WAYS[way], *agrees[way], i) for i, way in enumerate(WAYS)]
    page.chart(
        estimate_dots(rows, "agrees with the vote of true orders", 0.5,
                      **page.style()),
        "chart-reference-agreement",
        alt="; ".join(f"{WAYS[way]}: {value[0]:.0%}" for way, value in agrees.items()),
        caption="How far the winner by everybody’s references is the winner by everybody’s own "
        "complete orders, counted the same way (100 %: always).",
    )  # fmt: skip
    page.say(
        f"**One reference is a dictator**: its winner is its writer’s favourite of "
        f"{reference_writers.OUTPUTS} answers in {dictator['writer'][0]:.0%} of prompts, that of a "
        f"random person in {dictator['anybody'][0]:.0%}. **Drawn from a mixed population, it is "
        "random ballot**, as was claimed: see ‘One drawn’. A reference says what is first and "
        f"little more (it orders {own:.0%} of the pairs as its writer does), so rules that read "
        "first places do best with it."
    )


def _exaggeration(wins: Mapping[str, Any]) -> None:
    """How much one writer gains by exaggerating."""
    counts = list(wins["mean"])
    count = _chosen("People who write", counts, "writers_n")
    factors = reference_writers.FACTORS
    series = [(WAYS[way], np.array(by[count]), i) for i, (way, by) in enumerate(wins.items())]
    first, last = wins["mean"][count][0][0], wins["mean"][count][0][-1]
    page.chart(
        banded_curves(
            factors, series, x_title="features of one reference, multiplied by",
            y_title="the writer’s favourite wins", log_axes="x", percent=True,
            value_format=".0%", height=300, **page.style(),
        ),
        "chart-exaggeration",
        alt="; ".join(f"{name}: {y[0][0]:.0%} to {y[0][-1]:.0%}" for name, y, _ in series),
        caption="One of them writes in a more extreme style than anybody. If scores are averaged, "
        f"the favourite wins in {last:.0%} of prompts in place of {first:.0%}. Under a rule each "
        "reference is one ballot, and shouting gains little or nothing.",
    )  # fmt: skip


def _numbers(found: Mapping[str, Any]) -> None:
    rows = []
    for condition, measures in found.items():
        for name, value in measures["all"].items():
            kinds = measures["served"][name][0]
            mean, low, high = (float(v) for v in value)
            row = {"reward": condition, "who and how": name, "served": mean, "from": low,
                   "to": high}  # fmt: skip
            rows.append(row | {f"kind {k + 1}": float(v) for k, v in enumerate(kinds)})
    data_tables.numbers_expander(
        rows, "reference-outcomes",
        f"{reference_writers.PROMPTS} prompts with {reference_writers.OUTPUTS} answers each, 50 "
        "people, ten worlds. ‘tuned’: fine-tuned on a thousand rankings of other people; ‘four’: "
        "besides, four references each, three of them on other prompts; ‘people’: from their own "
        "utilities.",
    )  # fmt: skip
