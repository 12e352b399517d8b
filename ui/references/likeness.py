"""The part on what a reward of likeness learns: unseen policies, optimisation, fine-tuning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from scrl.figures import banded_curves, estimate_dots
from scrl.studies import references
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

MODELS = {
    "exact": "Knows the eight policies",
    "population": "Knows the population",
    "bilinear": "Bilinear reward",
    "network": "Network",
    "cosine": "Cosine, untrained",
}
WORLDS = {"Writers differ in all features": "even", "In some more than in others": "uneven"}
#: How far the claim allows a reward to be from the optimum.
WITHIN = 0.02
#: Strengths of optimisation in the figure.
_BETAS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0)
ANSWERS = ("hardly: near a half", "nearly as well as possible", "perfectly")


def show() -> None:
    """Draw the study's parts on learning."""
    baked_study.show(
        references.STUDY, _draw, "This takes some minutes.",
        draw_progress=baked_study.caption_progress,
    )  # fmt: skip


def _draw(result: dict, result_id: str) -> None:
    page.say(
        f"A reward is trained on triples of {references.MAIN_SEEN} writers, which are softmax "
        "policies over style: a reference, an answer of the same writer, an answer of another. "
        f"Then come {references.UNSEEN} writers whom it has never read."
    )
    guess, shown = predict_first.guess(
        "How well does it tell their answers apart, given one reference?", ANSWERS, "guess_apart"
    )
    if not shown:
        return
    world = WORLDS[
        st.segmented_control(
            "Styles", list(WORLDS), default=next(iter(WORLDS)), required=True, key="styles",
            wrap=True, **IN_URL,
        )
    ]  # fmt: skip
    page.say(predict_first.verdict(guess, ANSWERS[1]) + _claim(result["apart"][world]))
    left, right = st.columns(2, gap="large")
    with left:
        _apart(result["apart"][world])
        _tuned(result["tuned"])
    with right:
        _optimised(result["optimised"][world]["kl"])
        _seen(result["apart"][world])
    _numbers(result)


def _claim(apart: Mapping[str, Any]) -> str:
    """The claim of .02, and the rival."""
    main, behind = apart["main"], apart["behind"]
    mean, low, high = behind["bilinear"]
    exact = main["exact"][0] - main["bilinear"][0]
    holds = "holds" if high <= WITHIN else "holds in the mean" if mean <= WITHIN else "fails"
    rival = behind["cosine"][0]
    words = f"A cosine of the features, which nobody trains, is behind by {rival:.3f}" + (
        ": it is nearer still" if rival < mean else ""
    )
    return (
        f"The claim that unseen writers are told apart within {WITHIN} of the likelihood-ratio "
        f"optimum **{holds}** against someone who knows the population (behind by {mean:.3f}, "
        f"{low:.3f} to {high:.3f}). {words}. Someone who knows the eight writers exactly is "
        f"{exact:.3f} ahead: one reference does not tell which of them wrote it."
    )


def _apart(apart: Mapping[str, Any]) -> None:
    main = apart["main"]
    rows = [(MODELS[name], *main[name], i) for i, name in enumerate(MODELS)]
    page.chart(
        estimate_dots(rows, "answers of unseen writers told apart", 0.5, **page.style()),
        "chart-apart",
        alt="; ".join(f"{MODELS[name]}: {main[name][0]:.1%}" for name in MODELS),
        caption="Of an answer by the reference’s writer and one by another, how often the first "
        "scores higher. Means over ten sets of writers with 95 % intervals, which are wide since "
        "some eight writers are more alike than others; see the numbers for paired differences.",
    )


def _optimised(kl: Mapping[str, Any]) -> None:
    """KL to the target along the strength of optimisation."""
    shown = [references.BETAS.index(beta) for beta in _BETAS]
    names = {"1": "1 reference", "4": "4 references", "16": "16 references",
             "cosine": "4, cosine", "mixed": "16, of mixed writers"}  # fmt: skip
    series = [(names[name], np.array(kl[name])[:, shown], i) for i, name in enumerate(names)]
    best = {name: min(kl[name][0]) for name in names}
    page.chart(
        banded_curves(
            _BETAS, series, x_title="strength of optimisation β",
            y_title="KL(π ‖ target), nats", height=300, **page.style(),
        ),
        "chart-kl",
        alt="; ".join(f"{names[name]}: {kl[name][0][0]:.1f}, at best {value:.1f}"
                      for name, value in best.items()),
        caption="The policy is π₀ exp(β r), r the mean score by references of the target. KL does "
        f"fall, from {kl['1'][0][0]:.1f} to {best['1']:.1f} with one reference and to "
        f"{best['16']:.1f} with 16, and rises again where the reward is optimised too much. With "
        f"references of mixed writers it stays at {best['mixed']:.1f}: there is no target.",
    )  # fmt: skip


def _seen(apart: Mapping[str, Any]) -> None:
    """Accuracy by the number of references."""
    values = apart["references"]
    series = [(MODELS[name], np.array(values[name]), i) for i, name in enumerate(MODELS)]
    sizes, few = references.SEEN, apart["seen"]["bilinear"][0]
    page.chart(
        banded_curves(
            references.REFERENCES, series, x_title="references", y_title="told apart",
            log_axes="x", percent=True, value_format=".1%", height=300, **page.style(),
        ),
        "chart-more-references",
        alt="; ".join(f"{name}: {y[0][0]:.0%} to {y[0][-1]:.0%}" for name, y, _ in series),
        caption="Scores by several references, averaged. With one reference the bilinear reward "
        f"has {few[0]:.1%} after training on {sizes[0]} writers, {few[2]:.1%} on {sizes[2]} and "
        f"{few[-1]:.1%} on {sizes[-1]}.",
    )  # fmt: skip


def _tuned(tuned: Mapping[str, Any]) -> None:
    """Fine-tuning on ranked outputs."""
    cases = {"All that differs matters": "whole", "Half of it is mannerism": "substance"}
    case = cases[
        st.segmented_control(
            "What people rank by", list(cases), default=list(cases)[1], required=True,
            key="rank_by", wrap=True, **IN_URL,
        )
    ]  # fmt: skip
    rows, counts = tuned[case], references.RANKINGS
    names = {"population": "Knows the population", "tuned": "Trained on triples first",
             "scratch": "On rankings only"}  # fmt: skip
    series = [(names[name], np.array(rows[name])[:, 1:], i) for i, name in enumerate(names)]
    first, last = rows["tuned"][0][0], rows["tuned"][0][-1]
    page.chart(
        banded_curves(
            counts[1:], series, x_title="ranked threes", y_title="pairs in the person’s order",
            log_axes="x", percent=True, value_format=".1%", height=300, **page.style(),
        ),
        "chart-tuned",
        alt="; ".join(f"{name}: {y[0][0]:.0%} to {y[0][-1]:.0%}" for name, y, _ in series),
        caption="New people write a reference each and rank three other answers. Likeness alone "
        f"orders {first:.1%} of pairs as they do, after {counts[-1]:,} rankings {last:.1%}. "
        "Training on triples saves a hundred rankings or so; from 300 on it hardly matters. Where "
        "writers differ in mannerisms for which nobody cares, likeness rewards these, too, and "
        "only rankings tell.",
    )  # fmt: skip


def _numbers(result: Mapping[str, Any]) -> None:
    rows = []
    for world, apart in result["apart"].items():
        for name in MODELS:
            mean, low, high = (float(v) for v in apart["main"][name])
            behind = [float(v) for v in apart["behind"][name]]
            rows.append({"styles": world, "model": MODELS[name], "told apart": mean, "from": low,
                         "to": high, "behind the population’s optimum": behind[0],
                         "at least": behind[1], "at most": behind[2]})  # fmt: skip
    data_tables.numbers_expander(rows, "references")
