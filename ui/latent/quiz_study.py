"""The part on formats: answers and seconds to a stated accuracy, well chosen against random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from scrl.figures import banded_curves
from scrl.studies import elicitation
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

TITLES = {
    "best2": "A or B",
    "best3": "Pick one of 3",
    "best5": "Pick one of 5",
    "ends5": "Best and worst of 5",
    "rank3": "Rank 3",
    "rank5": "Rank 5",
    "mixed": "Best format",
    "best2, random": "A or B, at random",
    "best5, random": "Pick one of 5, at random",
    "rank5, random": "Rank 5, at random",
    "best2, by information": "A or B, by bits",
    "best2, untrained": "A or B, no data",
    "rank5, untrained": "Rank 5, no data",
    "words": "Sentences",
}
_WORLDS = {
    "Tennessee, with Morristown": "tennessee",
    "Six kinds of reader": "kinds",
    "Random people, 10 answers": "random",
    "60, 30 and 10 %, 20 answers": "minorities",
}
#: Curves of the figure, with their position: colour, dash and symbol.
_CURVES = {"best2": 0, "best5": 1, "rank5": 2, "mixed": 3, "best2, random": 4,
           "best2, untrained": 5}  # fmt: skip
_LEVEL = "90%"
#: Formats that the guess is about.
_GUESSED = ("best2", "best5", "rank5")


def show() -> None:
    """Draw the study of formats."""
    st.subheader("How many answers does each format need?", anchor=False)
    baked_study.show(
        elicitation.STUDY, _draw, "This questions 320 simulated people in 14 ways.",
        draw_progress=baked_study.caption_progress,
    )  # fmt: skip


def _draw(result: Mapping[str, Any], result_id: str) -> None:
    """Draw the guess, the curves, the verdict and the numbers of one world."""
    chosen = st.segmented_control(
        "People", list(_WORLDS), default=list(_WORLDS)[1], required=True, key="people", wrap=True,
        **IN_URL,
    )  # fmt: skip
    ways = result[_WORLDS[chosen]]
    guess, shown = predict_first.guess(
        "Which of these knows nine of ten preferences of a person after the fewest seconds?",
        [TITLES[way] for way in _GUESSED], "guess_ask",
    )  # fmt: skip
    if not shown:
        return
    best = min(_GUESSED, key=lambda way: _cost(ways, way, "seconds"))
    page.say(predict_first.verdict(guess, TITLES[best]) + _summary(ways))
    times = elicitation.TIMES
    series = [(TITLES[way], np.array(ways[way]["curve"]), i) for way, i in _CURVES.items()]
    page.chart(
        banded_curves(
            times[::2], [(name, y[:, ::2], i) for name, y, i in series],
            x_title="seconds of a person’s time", y_title="pairs right", percent=True,
            value_format=".1%", **page.style(),
        ),
        "ask-study",
        alt="; ".join(f"{name}: {y[0][6]:.0%} after 30 seconds" for name, y, _ in series),
        caption="Share of all pairs of answers that the model predicts in a person’s own order. "
        f"Means over {len(elicitation.SEEDS)} seeds of {elicitation.PEOPLE} people with 95 % "
        "intervals; whoever knows the person’s order has 100 %. ‘No data’ is a model that has seen "
        "no rater: it is the control. An answer takes "
        f"{elicitation.EFFORT.reading:g} s for each answer read and {elicitation.EFFORT.choice:g} "
        "s for each choice.",
    )  # fmt: skip
    page.say(_findings(ways))
    _numbers(ways)


def _cost(ways: Mapping[str, Any], way: str, unit: str, level: str = _LEVEL) -> float:
    """Mean cost of a level; infinite where some seed never reaches it."""
    found = ways[way][unit][level]
    return np.inf if found is None else found[0]


def _text(ways: Mapping[str, Any], way: str, unit: str) -> str:
    """A cost with its interval, and its unit."""
    found = ways[way][unit][_LEVEL]
    if found is None:
        return f"not within {elicitation.HORIZON:.0f} s"
    mean, low, high = found
    digits, name = (0, "s") if unit == "seconds" else (1, "answers")
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f}) {name}"


def _summary(ways: Mapping[str, Any]) -> str:
    """Answers and seconds to nine of ten pairs."""
    rows = []
    for way in ("best2", "best5", "rank5", "best2, random"):
        costs = dict.fromkeys(_text(ways, way, unit) for unit in ("answers", "seconds"))
        rows.append(f"{TITLES[way]}: {', '.join(costs)}")
    return "**For 90 % of the pairs** predicted rightly: " + "; ".join(rows) + "."


def _against_pairs(ways: Mapping[str, Any]) -> str:
    """Which richer formats need clearly fewer, or more, seconds than pairs."""
    pair = ways["best2"]["seconds"][_LEVEL]
    pair_low, pair_high = (np.inf, np.inf) if pair is None else pair[1:]
    never = "more than was asked"
    kinds: dict[str, list[str]] = {"less": [], "more": [], "about as much": [], never: []}
    for way in ("best3", "best5", "ends5", "rank3", "rank5"):
        found = ways[way]["seconds"][_LEVEL]
        low, high = (np.inf, np.inf) if found is None else found[1:]
        kind = "less" if high < pair_low else "more" if low > pair_high else "about as much"
        kind = never if found is None else kind
        kinds[kind].append(TITLES[way])
    parts = [f"**{kind}**: {', '.join(names)}" for kind, names in kinds.items() if names]
    return (
        "Seconds for the same 90 %, against A or B (about as much: the intervals overlap): "
        + "; ".join(parts)
        + ". "
    )


def _findings(ways: Mapping[str, Any]) -> str:
    """What pays, what does not, and how sentences and stated chances do."""
    words = ways["words"]
    sentence = (
        f"After {elicitation.SENTENCES} sentences, in words that it was not taught, "
        f"{words['by answer'][0][-1]:.0%} of the pairs are right (the model expects "
        f"{words['expected'][-1]:.0%})."
    )
    stop = ways["mixed"]["stops"][0][1]
    ends = (
        f" Asked in the best format until an answer saves less than {elicitation.STOPS[1]:g} "
        f"points a minute, people give {stop[0]:.1f} answers in {stop[1]:.0f} s, and "
        f"{stop[2]:.0%} of their pairs are right."
    )
    chosen = (
        f"Pairs chosen by information need {_text(ways, 'best2, by information', 'answers')}, "
        f"by wrong guesses saved {_text(ways, 'best2', 'answers')}. "
    )
    return _against_pairs(ways) + chosen + sentence + ends


def _numbers(ways: Mapping[str, Any]) -> None:
    """Answers and seconds to each level, and the share right and expected at the end."""
    rows = []
    for way, own in ways.items():
        row: dict[str, Any] = {"asked by": TITLES[way]}
        for unit in ("answers", "seconds"):
            for level, found in own[unit].items():
                mean, low, high = (np.nan,) * 3 if found is None else found
                row[f"{unit} to {level}"] = float(mean)
                if level == _LEVEL:
                    row |= {f"{unit} from": float(low), f"{unit} to ": float(high)}
        last = own["by answer"][0][-1]
        row |= {"right at the end": float(last), "expected at the end": float(own["expected"][-1])}
        row["right after 30 s, smallest kind"] = (
            np.nan if own["smallest"] is None else float(own["smallest"][6])
        )
        rows.append(row)
    data_tables.numbers_expander(
        rows, "elicitation",
        "Empty: not reached by each seed in the time. From and to: 95 % intervals over seeds. "
        "Means between two answers are interpolated, as if some people were asked one answer more.",
    )  # fmt: skip
