"""The part in which a reader types a text and sees every proxy."""

from __future__ import annotations

import streamlit as st

from scrl.proxies import (
    BLEU_CANDIDATES,
    BLEU_REFERENCES,
    HACKED,
    IDEAL,
    PROXIES,
    REPEATED,
    REPEATED_REFERENCES,
    REVIEW_START,
    ngram_precision,
    proxy_scores,
)
from scrl.types import InputError
from ui.shared import page

#: Name -> text and references.
EXAMPLES = {
    "Military, candidate 1": (BLEU_CANDIDATES[0], BLEU_REFERENCES),
    "Military, candidate 2": (BLEU_CANDIDATES[1], BLEU_REFERENCES),
    "the × 7": (REPEATED, REPEATED_REFERENCES),
    "Hacked review": (HACKED, (IDEAL,)),
    "Ideal review": (f"{REVIEW_START} {IDEAL}", (IDEAL,)),
}
MAX_REFERENCES = 10


def show() -> None:
    """Draw the scores of a typed text."""
    example = st.segmented_control(
        "Example", list(EXAMPLES), default="the × 7", key="example", bind="query-params",
        required=True,
    )  # fmt: skip
    text, references = EXAMPLES[example]
    left, right = st.columns(2, gap="large")
    with left:
        typed = st.text_area("Text", text, key=f"text-{example}", max_chars=2000, height=120)
    with right:
        lines = st.text_area("References, one a line", "\n".join(references),
                             key=f"references-{example}", max_chars=4000, height=120)  # fmt: skip
    given = [line for line in lines.splitlines() if line.strip()][:MAX_REFERENCES]
    _precision(typed, given)
    with st.spinner("Reading"):
        rows = [_row(name, typed, given) for name in PROXIES]
    st.dataframe(rows, hide_index=True)
    page.note(
        "Word matching is BERTScore’s greedy matching. BERTScore reads words in their context; the "
        "encoder here gives vectors of whole texts only, so each word is encoded alone."
    )


def _precision(text: str, references: list[str]) -> None:
    """N-gram precision with and without clipping."""
    whole, clipped = (ngram_precision(text, references, 1, clip) for clip in (False, True))
    pairs = ngram_precision(text, references, 2)
    page.say(
        f"Of {whole.total} words, **{whole.matches}** stand in a reference: "
        f"{whole.matches}/{whole.total}. If a word counts at most as often as in one reference, "
        f"**{clipped.matches}** do: {clipped.matches}/{clipped.total}. Of {pairs.total} pairs of "
        f"neighbours, {pairs.matches} do. BLEU is made of these shares."
    )


def _row(name: str, text: str, references: list[str]) -> dict[str, str]:
    """A proxy's score, or why there is none."""
    proxy = PROXIES[name]
    try:
        score = f"{_score(name, text, tuple(references)):.2f}"
    except InputError as error:
        score = str(error)
    return {"proxy": proxy.title, "score": score, "what it measures": proxy.meaning}


@st.cache_data(max_entries=500, show_spinner=False)
def _score(name: str, text: str, references: tuple[str, ...]) -> float:
    return float(proxy_scores(name, [text], [references])[0])
