"""What is in a file: raters, ballots, and prompts and answers with their texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui.shared import item_texts
from ui.shared.foreign_text import escaped

if TYPE_CHECKING:
    from scrl.scenarios import Scenario
    from scrl.types import Ratings

#: Rows of a table, ballots in words, and notes of the reader that are shown.
MAX_ROWS, MAX_BALLOTS, MAX_NOTES = 200, 5, 10
#: Prompts whose answers are shown with their texts.
MAX_PROMPTS = 30
#: What an answer that a ballot leaves out means, by ``Ratings.absent``.
ABSENT = {
    "unseen": "Answers that a ballot leaves out count as **unseen**: nothing is known of their "
    "place on it.",
    "last": "Answers that a ballot leaves out count as **tied last**: below all that it ranks.",
}


def summary(source: Ratings) -> str:
    """How many raters, ballots and prompts a file of ratings has, in a sentence."""
    if not source.individuals:
        prompts = _count(len(source.catalogue.prompts), "prompt")
        return f"{_count(source.ballots, 'ballot')} of unknown raters and {prompts}."
    return (
        f"{_count(len(source.raters), 'rater')}, {_count(source.ballots, 'ballot')} and "
        f"{_count(len(source.catalogue.prompts), 'prompt')}."
    )


def show(source: Scenario | Ratings) -> None:
    """Draw the preview of a file of ratings or of a scenario."""
    if source.is_scenario:
        _show_types(source)
    else:
        st.markdown(f"{summary(source)} {ABSENT[source.absent]}")
        for note in source.notes[:MAX_NOTES]:
            st.markdown(escaped(note))
    _show_prompts(source)
    _show_answers(source)
    if not source.is_scenario:
        show_ballots(source)


def _show_types(scenario: Scenario) -> None:
    st.markdown(
        f"{_count(scenario.raters, 'rater')} of {_count(len(scenario.type_names), 'type')}, "
        f"{_count(len(scenario.prompts), 'prompt')}. {escaped(scenario.summary)}"
    )
    shares = zip(scenario.type_names, scenario.type_shares, strict=True)
    rows = [{"type of rater": name, "share": f"{share:.1%}"} for name, share in shares]
    st.dataframe(rows[:MAX_ROWS], hide_index=True)


def _show_prompts(source: Scenario | Ratings) -> None:
    catalogue = source.catalogue
    rows: list[dict[str, object]] = []
    has_texts = catalogue.prompt_texts != catalogue.prompts
    for p, prompt in enumerate(catalogue.prompts[:MAX_ROWS]):
        row: dict[str, object] = {"prompt": prompt}
        if has_texts:
            row["text"] = item_texts.cut(catalogue.prompt_texts[p] or prompt)
        row["answers"] = int(catalogue.offsets[p + 1] - catalogue.offsets[p])
        if not source.is_scenario:
            row["ballots"] = int((source.ballot_prompt == p).sum())
        rows.append(row)
    st.markdown("**Prompts**")
    st.dataframe(rows, hide_index=True)
    _say_more(len(rows), len(catalogue.prompts))


def _show_answers(source: Scenario | Ratings) -> None:
    st.markdown("**Answers**, in the field’s term *completions*")
    catalogue = source.catalogue
    if any(item_texts.has_texts(source, prompt) for prompt in catalogue.prompts[:MAX_PROMPTS]):
        _show_texts(source)
        return
    rows = []
    for prompt in catalogue.prompts:
        rows += [{"prompt": prompt, "answer": name}
                 for name in item_texts.completion_texts(source, prompt)]  # fmt: skip
        if len(rows) > MAX_ROWS:
            break
    st.dataframe(rows[:MAX_ROWS], hide_index=True)
    _say_more(min(len(rows), MAX_ROWS), catalogue.items)


def _show_texts(source: Scenario | Ratings) -> None:
    """Names and texts of answers prompt by prompt, as lines that wrap."""
    prompts, shown = source.catalogue.prompts, 0
    for prompt in prompts[:MAX_PROMPTS]:
        texts = list(item_texts.completion_texts(source, prompt).items())[: MAX_ROWS - shown]
        lines = [f"*{escaped(item_texts.cut(item_texts.prompt_text(source, prompt)))}*"]
        lines += [
            f"**{escaped(n)}**" + (f" · {escaped(item_texts.cut(t))}" if t != n else "")
            for n, t in texts
        ]
        st.markdown("  \n".join(lines))
        shown += len(texts)
        if shown >= MAX_ROWS:
            break
    _say_more(shown, source.catalogue.items)


def show_ballots(source: Ratings) -> None:
    """Draw the first ballots in words."""
    st.markdown("**The first ballots in words**")
    shown = min(source.ballots, MAX_BALLOTS)
    st.markdown("  \n".join(escaped(ballot_text(source, b)) for b in range(shown)))
    _say_more(shown, source.ballots)


def ballot_text(source: Ratings, ballot: int) -> str:
    """One ballot in words, plain text: who, on which prompt, the order, and what is left out.

    >>> from scrl.data import load_ratings
    >>> ballot_text(load_ratings("tests/golden/ties.csv"), 0)
    'a on ‘p’: X = Y ≻ Z.'
    """
    catalogue = source.catalogue
    start, stop = source.offsets[ballot : ballot + 2]
    prompt = int(source.ballot_prompt[ballot])
    places: dict[int, list[str]] = {}
    for completion, rank in zip(
        source.completion[start:stop], source.rank[start:stop], strict=True
    ):
        places.setdefault(int(rank), []).append(catalogue.completions[completion])
    order = " ≻ ".join(" = ".join(places[rank]) for rank in sorted(places))
    ranked = {name for tied in places.values() for name in tied}
    absent = [name for name in catalogue.names(prompt) if name not in ranked]
    rater = source.raters[source.ballot_rater[ballot]]
    left_out = f" Left out: {', '.join(absent[:20])}{' …' if len(absent) > 20 else ''}."
    return f"{rater} on ‘{catalogue.prompts[prompt]}’: {order}.{left_out if absent else ''}"


def _say_more(shown: int, total: int) -> None:
    if shown < total:
        st.markdown(f"These are the first {shown:,} of {total:,}.")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
