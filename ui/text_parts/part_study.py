"""The part that compares rewards for parts with one reward for the whole text."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import banded_curves
from scrl.studies import text_parts
from ui.shared import baked_study, data_tables, page, predict_first

CREDITS = {
    "end": "the whole text’s reward, at its end",
    "to-go": "its own and all later rewards",
    "critic": "a critic fitted to whole rewards",
    "own": "its segment’s own reward",
    "exact": "no chance: infinitely many texts",
}
FEEDBACK = {
    "marks": "marks in segments",
    "marks and comparisons": "marks, weights not given",
    "comparisons": "comparisons of whole texts",
    "scores": "scores of whole texts",
}
ANSWERS = ("marks in segments", "comparisons of whole texts", "about equal")


def show() -> None:
    """Draw updates by the number of segments, and quality by bits of answers."""
    page.say(
        "Two things change when parts are rewarded: what raters are **asked**, and which choice a "
        "reward is **counted for**. They are easily mixed up. Here they are measured one by one, "
        "on made-up texts whose best version is known."
    )
    guess, shown = predict_first.guess(
        "Raters answer equally many yes-or-no questions, equally reliably. Which answers teach the "
        "better reward?", ANSWERS, "guess_parts",
    )  # fmt: skip
    if not shown:
        return
    baked_study.show(
        text_parts.STUDY, lambda result, id: _draw(result, guess),
        note="This takes about a minute.",
        draw_progress=baked_study.caption_progress,
    )  # fmt: skip


def _draw(result: dict, guess: str | None) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _updates(result)
    with right:
        _bits(result, guess)
    _training(result)


def _updates(result: dict) -> None:
    """Updates to 95 % of the optimum by the number of segments."""
    segments = result["updates"]["segments"]
    updates = text_parts.median_updates(result)
    middle = {credit: values[0] for credit, values in updates.items()}
    growth, low, high = result["updates"]["growth"]["end"]
    page.say(
        f"**Which choice is credited.** With {segments[-1]} segments a policy needs "
        f"{middle['end'][-1]:.0f} updates if each choice is credited with the whole text’s reward, "
        f"and {middle['own'][-1]:.0f} if it is credited with its own segment’s. The ratio grows "
        f"as T to the power {growth:.2f} ({low:.2f} to {high:.2f}). A critic fitted to whole "
        f"rewards, without any mark, needs {middle['critic'][-1]:.0f}."
    )
    page.chart(
        banded_curves(
            segments,
            [(CREDITS[c], updates[c], i) for i, c in enumerate(CREDITS)],
            x_title="segments T of a text", y_title="updates", log_axes="xy", height=380,
            **page.style(),
        ),
        "chart-part-updates",
        alt="; ".join(f"{CREDITS[c]}: {v[-1]:.0f} updates" for c, v in middle.items()),
        caption="Updates until the policy has 95 % of the best quality, by what a segment’s choice "
        f"is credited with: medians and quartiles over {len(text_parts.SEEDS)} worlds, the true "
        f"rewards, {text_parts.BATCH} texts an update, each line at its best learning rate.",
    )  # fmt: skip
    rows = [
        {"credited with": CREDITS[c], "segments": t, "updates, median": float(v[0, i]),
         "lower quartile": float(v[1, i]), "upper quartile": float(v[2, i]),
         "learning rate": result["updates"]["rates"][c][i]}
        for c, v in updates.items() for i, t in enumerate(segments)
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "part-updates")


def _bits(result: dict, guess: str | None) -> None:
    """Quality of the best text under rewards learnt from equal bits."""
    bits = result["bits"]
    at = bits["segments"].index(text_parts.COMPARED_SEGMENTS)
    quality = {f: np.array(rows[at]).T for f, rows in bits["quality"].items()}
    needed = {f: rows[at][0] for f, rows in bits["needed"].items()}
    read = {f: rows[at] for f, rows in bits["read"].items()}
    verdict = predict_first.verdict(guess, ANSWERS[1])
    page.say(
        f"{verdict}**What raters are asked.** For {text_parts.ENOUGH:.0%} of the best quality, "
        f"comparisons of whole texts need {needed['comparisons']:.0f} bits, and marks "
        f"{needed['marks']:.0f}: bit for bit, marks are *not* better. But for these comparisons "
        f"raters read {needed['comparisons'] * read['comparisons']:,.0f} segments, and for the "
        f"marks {needed['marks'] * read['marks']:,.0f}. Marks save reading, not answers."
    )
    page.chart(
        banded_curves(
            bits["bits"],
            [(FEEDBACK[f], quality[f], i) for i, f in enumerate(FEEDBACK)],
            x_title="bits of answers", y_title="quality reached", log_axes="x", percent=True,
            value_format=".1%", height=380, **page.style(),
        ),
        "chart-part-bits",
        alt="; ".join(f"{FEEDBACK[f]}: {q[0, 0]:.0%} with few bits" for f, q in quality.items()),
        caption=f"Quality of the text that is best under the learnt reward, for texts of "
        f"{text_parts.COMPARED_SEGMENTS} segments; 0 is the mean text, 1 the best. A bit is one "
        "yes-or-no answer, wrong with a chance of 10 %: one mark, one comparison, a third of a "
        "score of one to eight. Bands are 95 % intervals over worlds.",
    )  # fmt: skip
    rows = [
        {"segments": t, "asked for": FEEDBACK[f], "bits": row[i][0] or float("nan"),
         "from": row[i][1] or float("nan"), "to": row[i][2] or float("nan"),
         "segments read": (row[i][0] or float("nan")) * bits["read"].get(f, [float("nan")] * 9)[i]}
        for i, t in enumerate(bits["segments"]) for f, row in bits["needed"].items()
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "part-bits", f"Bits for {text_parts.ENOUGH:.0%} of the best quality; the smallest "
        f"number tried is {bits['bits'][0]}.", "%.0f",
    )  # fmt: skip


def _training(result: dict) -> None:
    """Updates with learnt rewards, by what was asked and by credit."""
    training = result["training"]
    rows = [
        {"segments": r["segments"], "asked for": FEEDBACK[r["feedback"]],
         "credited with": CREDITS[r["credit"]], "updates": r["updates"][0],
         "lower quartile": r["updates"][1], "upper quartile": r["updates"][2],
         "worlds that get there": r["reached"]}
        for r in training["rows"]
    ]  # fmt: skip
    page.say(
        "**Both together.** A reward learnt from comparisons of whole texts is a sum over "
        "segments, too, and can be paid out by segment. So credit and questions are two choices: "
        "the updates below depend on the credit, and hardly on what raters were asked."
    )
    data_tables.numbers_table(rows, "%.1f")
    page.note(
        f"Updates to 95 % of the best true quality with rewards learnt from {training['bits']:,} "
        "bits: median and quartiles."
    )
