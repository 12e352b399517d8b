"""The part on an ensemble of rewards that states how many prefer what, without rater ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from scrl.figures import banded_curves
from scrl.studies import pair_calibration
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

#: Method -> its name and its position in the palette.
TITLES = {
    "pooled": ("one reward", 0),
    "2": ("two rewards, no ids", 5),
    "chosen": ("ensemble without ids", 1),
    "counts": ("counting the answers", 4),
    "types": ("kinds of people, with ids", 2),
}
_WORLDS = {"People are firm": "firm", "People waver": "wavering"}
_PARTS = {"Pairs that were asked": "asked", "Pairs nobody was asked": "never",
          "Best of three": "triples"}  # fmt: skip
ANSWERS = ("counting the answers", "an ensemble without ids", "kinds of people, with ids")


def show() -> None:
    """Draw the study of pairwise calibration."""
    baked_study.show(
        pair_calibration.STUDY, _draw, draw_progress=baked_study.caption_progress
    )  # fmt: skip


def _draw(result: Mapping[str, Any], result_id: str) -> None:
    page.say(
        "How many people prefer A to B? One reward cannot state it for all pairs at once. An "
        "**ensemble** of a few rewards, each with a share of the people behind it, can, and it "
        "needs no ids: it need not know who gave which answer. But is that a model of people?"
    )
    guess, shown = predict_first.guess(
        "Nobody was asked about some of the pairs. What states best how many prefer which?",
        ANSWERS, "guess_ensembles",
    )  # fmt: skip
    if not shown:
        return
    with st.container(horizontal=True):
        world = _WORLDS[_choice("People", list(_WORLDS), "people")]
        part = _PARTS[_choice("Shares of", list(_PARTS), "shares_of")]
    found = result["worlds"][world]
    last = {name: values[0][-1] for name, values in found["never"].items()}
    names = dict(zip(("counts", "chosen", "types"), ANSWERS, strict=True))
    right = names[min(names, key=lambda name: last[name])]
    page.say(predict_first.verdict(guess, right) + _summary(found))
    _curves(found, part)
    _people(result, found)
    rows = [
        {"people": w, "shares of": p, "model": TITLES.get(name, (f"{name} rewards, no ids",))[0],
         "answers": count, "off by": values[0][i], "from": values[1][i], "to": values[2][i]}
        for w, r in result["worlds"].items() for p in _PARTS.values()
        for name, values in r[p].items() for i, count in enumerate(r["answers"])
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "pair-calibration", "Root mean square errors of stated shares, 95 % intervals over "
        f"{len(pair_calibration.SEEDS)} random populations.",
    )  # fmt: skip


def _choice(label: str, options: list[str], key: str) -> str:
    return str(
        st.segmented_control(
            label, options, default=options[0], required=True, key=key, wrap=True, **IN_URL
        )
    )


def _summary(found: Mapping[str, Any]) -> str:
    """Errors at the most answers on both kinds of pairs."""

    def off(part: str, name: str) -> str:
        mean, low, high = (values[-1] for values in found[part][name])
        return f"**{mean:.1%}** ({low:.1%} to {high:.1%})"

    return (
        f"After {found['answers'][-1]:,} answers one reward is off by {off('asked', 'pooled')} on "
        f"the pairs that were asked, an ensemble by {off('asked', 'chosen')}. There counting does "
        f"as well, without any model: {off('asked', 'counts')}. On pairs that nobody was asked, "
        f"counting is off by {off('never', 'counts')}, one reward by {off('never', 'pooled')}, the "
        f"ensemble by {off('never', 'chosen')}, and kinds of people fitted with ids by "
        f"{off('never', 'types')}."
    )


def _curves(found: Mapping[str, Any], part: str) -> None:
    """Errors by the number of answers."""
    series = [
        (title, np.array(found[part][name]), i)
        for name, (title, i) in TITLES.items() if name in found[part]
    ]  # fmt: skip
    page.chart(
        banded_curves(
            found["answers"], series, x_title="answers", y_title="stated shares are off by",
            log_axes="x", percent=True, value_format=".1%", height=360, **page.style(),
        ),
        "chart-ensembles",
        alt="; ".join(f"{name}: off by {y[0][0]:.1%} with {found['answers'][0]} answers, "
                      f"{y[0][-1]:.1%} with {found['answers'][-1]}" for name, y, _ in series),
        caption="How far the stated share of people who prefer A to B is from the truth; lower is "
        "better. The size of the ensemble is the one that predicts hidden pairs best. "
        f"Three kinds of people (50, 30, 20 %), {pair_calibration.ITEMS} answers to "
        f"compare, {pair_calibration.NEVER_ASKED:.0%} of their pairs never asked. ‘Best of three’ "
        "is the chance of each to be chosen from three, which counted pairs do not say.",
    )  # fmt: skip


def _people(result: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Members taken for people, and populations that no split of pairs tells apart."""
    person, camps = found["personal"], result["camps"]
    said = {size: float(np.mean(values)) for size, values in camps["ensembles"].items()}
    page.say(
        f"**Are its members kinds of people?** Told {pair_calibration.CONTEXT} pairs of a new "
        f"person, and taking members for kinds, it orders **{person['ensemble'][0]:.0%}** of the "
        f"person’s other pairs rightly ({person['ensemble'][1]:.0%} to "
        f"{person['ensemble'][2]:.0%}); kinds fitted with ids **{person['types'][0]:.0%}**, one "
        f"reward {person['pooled'][0]:.0%}. The ensemble owes this to the form of Bradley–Terry, "
        "since splits alone do not say who is of which kind. Where two camps want exactly "
        "opposite things, it knows nothing: every pair is split evenly, the middle of three "
        f"answers is chosen by **{camps['camps']:.0%}**, and ensembles of 2, 4 and 8 say "
        f"{', '.join(f'{v:.0%}' for v in said.values())}, as if nobody cared."
    )
    page.go_button("The theorem", "pages/theorems.py", {"card": "calibrated"})
