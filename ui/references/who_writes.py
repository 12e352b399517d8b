"""The part in which the visitor chooses who writes the reference, and sees which answer wins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from scrl.figures import estimate_dots, latent_points
from scrl.studies import load_baked
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL

PROMPT = "My plant droops. What should I do?"
WRITERS = {
    "Everybody": "Everybody",
    "All of a kind": "All",
    "One person": "One",
}
WAYS = {
    "Mean of the scores": "mean",
    "One at random": "ballot",
    "Borda": "borda",
    "Plurality": "plurality",
    "Copeland": "copeland",
}
ANSWERS = ("the largest kind’s favourite", "each kind’s favourite in turn", "nobody’s favourite")


def show() -> None:
    """Draw the map of answers and references, and how well each kind is served."""
    example = load_baked("references")["result"]["example"]
    page.say(
        "A reward can compare an answer with a **reference**: an answer that somebody wrote. It is "
        "trained without anybody’s judgement, only to tell whether two texts come from the same "
        "writer, and then pays an assistant for writing like the reference (POLAR). Here "
        f"{sum(k['people'] for k in example['kinds'])} people write one answer each to "
        f"“{PROMPT}”"
    )
    guess, shown = predict_first.guess(
        "Everybody’s answer is a reference, and the scores are averaged. What wins?", ANSWERS,
        "guess_reference",
    )  # fmt: skip
    if not shown:
        return
    who, way = _choices(example)
    if guess is not None:
        page.say(predict_first.verdict(guess, ANSWERS[2]) + _averaged(example))
    reward = example["rewards"]["likeness"]
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        _map(example, reward["chances"][who][way], who)
    with right:
        _served(example, reward["served"][who][way], who, way)
    _numbers(example, reward)


def _choices(example: Mapping[str, Any]) -> tuple[str, str]:
    """Who writes, as a key of the result, and the way of putting references together."""
    with st.container(horizontal=True):
        writers = WRITERS[
            st.segmented_control(
                "Who writes the reference?", list(WRITERS), default="Everybody", required=True,
                key="writers", wrap=True, **IN_URL,
            )
        ]  # fmt: skip
        if writers != "Everybody":
            kinds = [kind["name"] for kind in example["kinds"]]
            kind = st.segmented_control(
                "Of which kind?", kinds, default=kinds[0], required=True, key="kind", wrap=True,
                **IN_URL,
            )  # fmt: skip
            writers = f"{writers}: {kind}"
        way = "mean"
        if not writers.startswith("One"):
            way = WAYS[
                st.segmented_control(
                    "Many references become one reward by", list(WAYS), default=next(iter(WAYS)),
                    required=True, key="way", wrap=True, **IN_URL,
                )
            ]  # fmt: skip
    return writers, way


def _averaged(example: Mapping[str, Any]) -> str:
    """What averaging everybody's scores gives."""
    reward = example["rewards"]["likeness"]
    winner = int(np.argmax(reward["chances"]["Everybody"]["mean"]))
    wrote = sum(reference == winner for _, reference in example["people"])
    best = max(reward["served"]["Everybody"]["mean"])
    return (
        f"The mean picks “{example['answers'][winner][0]}”, which {wrote or 'none'} of "
        f"{len(example['people'])} people wrote. It lies between the kinds, and the kind that it "
        f"serves best gets {best:.0%} of the way from an average answer to its favourite. "
    )


def _map(example: Mapping[str, Any], chances: list[float], who: str) -> None:
    """Answers by style, who wrote which, and what wins."""
    places = np.array([answer[1:] for answer in example["answers"]])
    texts = [answer[0] for answer in example["answers"]]
    writers = np.array(example["people"])[example["writers"][who]]
    groups = [{
        "name": "An answer", "points": places, "symbol": 0, "hollow": True, "size": 16,
        "text": [f"{t} Wins: {c:.0%}" for t, c in zip(texts, chances, strict=True)],
    }]  # fmt: skip
    for k, kind in enumerate(example["kinds"]):
        mine = writers[writers[:, 0] == k, 1]
        if len(mine):
            groups.append({
                "name": f"Reference, {kind['name']}", "points": places[mine], "type": k,
                "packed": "people", "text": [f"{kind['name']}: {texts[i]}" for i in mine],
            })  # fmt: skip
    won = [i for i in np.argsort(-np.array(chances), kind="stable") if chances[i] > 0.04]
    # Labels stand clear of their ring.
    gap = np.array([0.0, 0.22])
    labels = [(_label(texts[i], chances[i]), places[i] + gap, places[i] - gap) for i in won]
    page.chart(
        latent_points(
            groups, labels, axes=("colder to warmer", "brief to thorough"), **page.style()
        ),
        "chart-references",
        alt="Wins: " + "; ".join(f"{texts[i]} {chances[i]:.0%}" for i in won),
        caption="Each ring is an answer that the assistant may give, placed by its style. Each "
        "small mark is a person who wrote it as a reference. The reward pays most for the answer "
        "that is named.",
    )


def _label(text: str, chance: float) -> str:
    short = text if len(text) <= 28 else text[:26].rstrip(" ,;.:") + " …"
    return short if chance > 0.999 else f"{chance:.0%} {short}"


def _served(example: Mapping[str, Any], served: list[float], who: str, way: str) -> None:
    """How well each kind is served."""
    kinds = [f"{kind['name']} ({kind['people']})" for kind in example["kinds"]]
    page.chart(
        estimate_dots(
            [(name, v, v, v, k) for k, (name, v) in enumerate(zip(kinds, served, strict=True))],
            "how well served", 0.0, **page.style(),
        ),
        "chart-reference-served",
        alt="; ".join(f"{name}: {value:.0%}" for name, value in zip(kinds, served, strict=True)),
        caption="How well each kind (with its number of people) is served. 0%: they get an answer "
        "of average worth to them; 100%: their favourite; below 0%: worse than average.",
    )  # fmt: skip
    page.say(_explained(example, who, way))


def _explained(example: Mapping[str, Any], who: str, way: str) -> str:
    """What this choice means as a vote."""
    scope, _, kind = who.partition(": ")
    if scope == "One":
        return (
            f"**One reference is a dictator.** Whoever wrote it ({kind}) gets what they like; "
            "nobody else was asked. The reward looks like a measure of quality all the same."
        )
    if scope == "All":
        return (
            f"**Whoever writes the reference votes.** If only the {kind.lower()} ones write, the "
            "assistant answers them. Nothing in the reward says that others exist."
        )
    return {
        "mean": "**The mean picks nobody’s favourite.** The answer that is most like everybody’s "
        "references lies in the middle, between the kinds. Likeness is no way out of one reward "
        "for all: averaged over everybody, it *is* one reward for all.",
        "ballot": "**One reference at random for each prompt is random ballot.** Each kind gets "
        "its way about as often as it writes, and nothing is ever agreed on.",
        "borda": "Each reference orders the answers by likeness, and this order is counted as a "
        "ballot. But likeness is no preference: what is *nearest to the middle* is nowhere last, "
        "so Borda picks it.",
        "plurality": "A reference says which answer its writer likes best, and hardly anything of "
        "the others. Plurality uses just this: the most written style wins.",
        "copeland": "Each reference is a ballot, and the answer that beats most others by majority "
        "wins.",
    }[way]


def _numbers(example: Mapping[str, Any], reward: Mapping[str, Any]) -> None:
    kinds = [kind["name"] for kind in example["kinds"]]
    rows = []
    for who, by_way in reward["chances"].items():
        for way, chances in by_way.items():
            best = int(np.argmax(chances))
            served = dict(zip(kinds, reward["served"][who][way], strict=True))
            rows.append({"writes": who, "way": way, "likeliest winner": example["answers"][best][0],
                         "chance": float(chances[best])} | served)  # fmt: skip
    data_tables.numbers_expander(
        rows, "reference-writers",
        "An answer’s style is given by two made-up numbers. Tastes are weights on them; people "
        "write by a softmax of their taste. The reward is bilinear and was trained on triples of "
        "16 other writers.",
    )  # fmt: skip
