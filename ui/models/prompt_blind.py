"""The part on whether reward models read the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from scrl.figures import banded_curves, estimate_dots
from scrl.studies import prompt_blind
from ui.models import prompt_blind_file
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

METHODS = {
    "One reward for everybody": "vanilla",
    "Social reward": "social",
    "Individuals and a vote": "individual",
}
READINGS = {
    "read": "reads the prompt",
    "shuffled": "prompts shuffled at the test",
    "hidden": "never sees a prompt",
}
_SHORT = {"read": "Read", "shuffled": "Shuffled", "hidden": "Never seen"}
TEXTS = {"Detail": "text-detail", "Caution": "text-caution", "Tone": "text-tone"}
ANSWERS = ("hardly any", "about half", "nearly all")
#: Accuracy from which it makes sense to ask how much of it survives.
ABOVE_CHANCE = 0.55


def show() -> None:
    """Draw the study of prompts read, shuffled and hidden, and the diagnosis of a file."""
    baked_study.show(
        prompt_blind.STUDY, _draw, "This takes some minutes.",
        draw_progress=baked_study.caption_progress,
    )  # fmt: skip
    prompt_blind_file.show()


def _draw(result: dict, result_id: str) -> None:
    page.say(
        "A good answer answers *this* question. Does a reward model look at it? One can try: give "
        "the reward each answer under **another prompt**, and see how much of its accuracy is left."
    )
    guess, shown = predict_first.guess(
        "The usual reward, on the lab’s three scenarios of texts: how much of its accuracy above "
        "chance survives when prompts are shuffled?", ANSWERS, "guess_prompts",
    )  # fmt: skip
    if not shown:
        return
    page.say(predict_first.verdict(guess, ANSWERS[2]) + _summary(result))
    method = METHODS[
        st.segmented_control(
            "Reward", list(METHODS), default=next(iter(METHODS)), required=True,
            key="prompt_method", wrap=True, **IN_URL,
        )
    ]  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        _worlds(result["worlds"], method)
    with right:
        _texts(result["texts"], method)
    _numbers(result)


def survives(found: Mapping[str, Any], method: str) -> float | None:
    """Share of the accuracy above chance that survives; None where there is hardly any."""
    if found[f"{method}, read"][0] < ABOVE_CHANCE:
        return None
    return found[f"{method}, survives"]


def _summary(result: Mapping[str, Any]) -> str:
    """What is found in the texts and in the worlds."""
    kept = {name: survives(result["texts"][stem], "vanilla") for name, stem in TEXTS.items()}
    told = ", ".join(f"{name.lower()} {v:.0%}" for name, v in kept.items() if v is not None)
    chance = [name.lower() for name, v in kept.items() if v is None]
    gains = [
        result["texts"][stem][f"{method}, gain"]
        for stem in TEXTS.values() for method in METHODS.values()
    ]  # fmt: skip
    helped = sum(gain[1] > 0 for gain in gains)
    harmed = sum(gain[2] < 0 for gain in gains)
    half = next(world for world in result["worlds"] if world["share"] == 0.5)
    return (
        f"**On these texts rewards are prompt-blind in effect**: of the usual reward’s accuracy "
        f"above chance {told} is left"
        + (f" (in {', '.join(chance)} it has hardly any)" if chance else "")
        + f". A reward that never saw a prompt is clearly worse in {helped} of {len(gains)} cases, "
        f"and clearly better in {harmed}. Tastes in these scenarios may depend little on "
        "the prompt, and eight prompts tell little of how. **Where they do depend on it, and there "
        "are more prompts, the same models read them**: in random worlds in which half of the "
        f"taste depends on the prompt, {half['vanilla, survives']:.0%} survives."
    )


def _worlds(worlds: list[Mapping[str, Any]], method: str) -> None:
    """Accuracy by the share of tastes that depend on the prompt."""
    shares = [world["share"] for world in worlds]
    series = [
        (title, np.array([world[f"{method}, {name}"] for world in worlds]).T, i)
        for i, (name, title) in enumerate(READINGS.items())
    ]
    page.chart(
        banded_curves(
            shares, series, x_title="share of taste that depends on the prompt",
            y_title="pairs of new prompts in the right order", percent=True, value_format=".1%",
            **page.style(),
        ),
        "chart-prompt-worlds",
        alt="; ".join(f"{name}: {y[0][0]:.0%} to {y[0][-1]:.0%}" for name, y, _ in series),
        caption=f"Random worlds: {prompt_blind.RATERS} people of three kinds, "
        f"{prompt_blind.PROMPTS} prompts, {prompt_blind.PAIRS} pairs each. Right is the order by "
        "Borda of everybody’s true tastes; whoever knows them has 100 %. Means over ten worlds "
        "with 95 % intervals.",
    )  # fmt: skip


def _texts(texts: Mapping[str, Any], method: str) -> None:
    """Accuracy on one scenario of texts, and the oracle."""
    name = st.segmented_control(
        "Texts", list(TEXTS), default="Caution", required=True, key="prompt_texts", wrap=True,
        **IN_URL,
    )  # fmt: skip
    found = texts[TEXTS[name]]
    rows = [
        (title, *found[f"{method}, {reading}"], i)
        for i, (reading, title) in enumerate(_SHORT.items())
    ]
    rows.append(("Own ballots", *found["oracle"], 3))
    page.chart(
        estimate_dots(rows, "new prompts’ pairs right", 0.5, **page.style()),
        "chart-prompt-texts",
        alt="; ".join(f"{row[0]}: {row[1]:.0%}" for row in rows),
        caption="Prompts read, shuffled at the test, and never seen; last, Borda on these people’s "
        "own ballots. Right is the exact outcome of Borda among the whole population. Means over "
        "ten samples with 95 % intervals.",
    )
    share, gain = found["interaction"][0], found[f"{method}, gain"]
    read, shuffled, hidden = (found[f"{method}, {reading}"][0] for reading in READINGS)
    page.note(
        f"Of the variance of the usual reward {share:.0%} depends on prompt and answer together, "
        f"so it does *look* at prompts. Reading changes accuracy by {gain[0]:+.1%} "
        f"({gain[1]:+.1%} to {gain[2]:+.1%})."
        + (" Shuffled prompts are nearly as good as the right ones, and better than none: prompts "
           "helped to learn, and not to judge."
           if read - shuffled < 0.02 and shuffled - hidden > 0.03 else "")
    )  # fmt: skip


def _numbers(result: Mapping[str, Any]) -> None:
    rows = []
    cases = {f"texts: {name.lower()}": result["texts"][stem] for name, stem in TEXTS.items()}
    cases |= {f"{world['share']:.0%} by prompt": world for world in result["worlds"]}
    for case, found in cases.items():
        for title, method in METHODS.items():
            row: dict[str, Any] = {"case": case, "reward": title}
            row |= {READINGS[r]: float(found[f"{method}, {r}"][0]) for r in READINGS}
            gain = [float(v) for v in found[f"{method}, gain"]]
            left = survives(found, method)
            rows.append(
                row
                | {
                    "survives": float("nan") if left is None else float(left),
                    "gain by reading": gain[0],
                    "from": gain[1],
                    "to": gain[2],
                    "variance by prompt × answer": float(found["interaction"][0]),
                }
            )
    data_tables.numbers_expander(
        rows, "prompt-blind",
        "‘Survives’: (shuffled − ½) / (read − ½), not given where reading orders fewer than "
        f"{ABOVE_CHANCE:.0%} of pairs rightly. The gain is that of reading over never seeing a "
        "prompt, paired. The variance is that of the reward for everybody.",
    )  # fmt: skip
