"""The part that shows an answer with its segments marked, and what each segment is paid."""

from __future__ import annotations

import streamlit as st

from scrl.figures import segment_rewards
from scrl.fine_grained import ATMOSPHERE, BOILING, CATEGORIES, PUBLISHED_WEIGHTS, MarkedText
from ui.shared import data_tables, page

#: Colours of Streamlit's Markdown that stand for the categories, as in the figures.
COLOURS = ("blue", "orange", "green")
#: What a mark says of a segment.
MEANINGS = {
    "irrelevant": "nobody asked for it",
    "unverifiable": "false, or nothing supports it",
    "incomplete": "something is missing",
}
TEXTS = {text.name: text for text in (*ATMOSPHERE, BOILING)}


def show() -> None:
    """Draw a marked answer beside the rewards of its segments."""
    page.say(
        "People mark what is wrong in each **segment** of an answer. The reward pays for each "
        "segment without an error and charges for each error, so the policy learns *where* it "
        "went wrong."
    )
    text = TEXTS[
        st.selectbox("Answer", list(TEXTS), key="answer", bind="query-params", format_func=_title)
    ]
    left, right = st.columns([1, 1.1], gap="large")
    with left:
        marked_text(text)
    weights = list(PUBLISHED_WEIGHTS)
    if not page.presenting():
        for k, (column, category) in enumerate(zip(st.columns(3), CATEGORIES, strict=True)):
            with column:
                weights[k] = page.slider(
                    f"Weight of ‘{category}’", f"w{k}", 0, 1, PUBLISHED_WEIGHTS[k], 0.05, "%.2f"
                )
    with right:
        _chart(text, weights)


def _title(name: str) -> str:
    """The name of a text for readers, who do not know the lecture that the first is from."""
    return "Published example" if name == "Answer of the slides" else name


def marked_text(text: MarkedText) -> None:
    """The prompt and the segments of a text, each with its marks."""
    st.markdown(f"**{page.escaped(text.prompt)}**")
    for i, (segment, marks) in enumerate(zip(text.segments, text.marks, strict=True)):
        shown = page.escaped(segment)
        if marks:
            shown = f":{COLOURS[CATEGORIES.index(marks[0])]}-background[**{shown}**]"
        badges = " ".join(
            f":{COLOURS[CATEGORIES.index(mark)]}-badge[{mark}: {MEANINGS[mark]}]" for mark in marks
        )
        missing = text.missing[i] if text.missing else ""
        if missing:
            badges += f" *Missing: {page.escaped(missing)}*"
        st.markdown(f"**{i + 1}** {shown}" + (f"  \n{badges}" if badges else ""))


def _chart(text: MarkedText, weights: list[float]) -> None:
    """The rewards of the segments."""
    rewards = text.segment_rewards(weights)
    total = rewards.sum()
    labels = [f"Segment {i + 1}" for i in range(len(rewards))]
    page.chart(
        segment_rewards(rewards, CATEGORIES, labels, **page.style()),
        "chart-segments",
        alt="; ".join(
            f"{name}: {value:+.1f}" for name, value in zip(labels, rewards.sum(1), strict=True)
        ),
        caption=f"What the policy is paid at the end of each segment. The whole answer gets "
        f"{total:+.1f}. A reward for the whole text would be this one number, and would not say "
        "where it comes from. Whether the answer is complete is judged once, at its end.",
    )
    rows = [
        {"segment": segment} | dict(zip(CATEGORIES, map(float, row), strict=True))
        for segment, row in zip(text.segments, rewards, strict=True)
    ]
    data_tables.numbers_expander(
        rows, "segment-rewards", "r_t = Σ_k Σ_j 1(t = T_j^k) w_k R_k(x, y, j): R_k is 1 for a "
        "segment without an error of category k, and −1 for one with it. A mark changes its "
        "segment’s reward by twice the weight. An answer of more good segments gets more: this "
        "reward can be hacked by length.", "%.2f",
    )  # fmt: skip
