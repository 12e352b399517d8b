"""The part that shows a rater's summary and lets the reader change it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from scrl.figures import grouped_bars
from scrl.studies import load_baked, summary_answers
from scrl.types import InputError
from ui.shared import page, predict_first
from ui.shared.page import IN_URL
from ui.summaries import language_model_summary

#: Who reads the summary -> its model in the example, and whose summary it reads.
READERS = {
    "Its own model": ("summary", "summary"),
    "A model of other people": ("other raters", "summary"),
    "A model with its own code": ("code", "code"),
}
SAYS = {1: "likes", 0: "–", -1: "dislikes"}
GUESSES = ("it rises", "it falls", "nothing changes")
#: Characters of a sentence that a reader may add.
MAX_SENTENCE = 120


def show() -> None:
    """Draw a rater's summary, controls for each attribute, and the answers' rewards."""
    example = load_baked("summaries")["result"]["example"]
    page.say(
        "A reward model that serves people one by one needs to know something about each. PLUS "
        "writes it down: a *summariser* reads which answers a person preferred and writes "
        "sentences. The reward model reads them. Change a sentence: the rewards follow."
    )
    left, right = st.columns(2, gap="large")
    with left:
        count = len(example["tastes"])
        person = int(st.segmented_control(
            "Person", [str(i + 1) for i in range(count)], default="1", required=True, key="person",
            **IN_URL,
        )) - 1  # fmt: skip
    with right:
        reader = st.segmented_control(
            "Read by", list(READERS), default="Its own model", required=True, key="reader",
            wrap=True, **IN_URL,
        )  # fmt: skip
    model, author = READERS[reader]
    written = example["summaries"][author][person]
    with left:
        _summary(written)
        tastes = _tastes(written, f"{person}-{author}")
        added = _added()
        by_model = language_model_summary.option(example, person, model)
    with right:
        _answers(example, person, model, written, tastes, added, by_model)
    _answer_texts()


def _summary(written: Sequence[int]) -> None:
    """The summary as the summariser wrote it."""
    with st.container(border=True):
        st.markdown(page.escaped(" ".join(summary_answers.sentence_text(i) for i in written)))
        page.note("Written by the summariser after this person compared 16 pairs.")


def _tastes(written: Sequence[int], key: str) -> list[int]:
    """What the summary is to say of each attribute, by the reader's choice."""
    st.markdown("**Change what it says**")
    chosen = []
    columns = st.columns(2)
    for i, (name, stated) in enumerate(
        zip(summary_answers.NAMES, summary_answers.stated_tastes(written), strict=True)
    ):
        with columns[i % 2]:
            chosen.append(int(st.segmented_control(
                name.capitalize(), list(SAYS), default=stated, required=True,
                key=f"says-{key}-{i}", format_func=SAYS.get,
            )))  # fmt: skip
    return chosen


def _added() -> list[str]:
    """A sentence in the reader's own words."""
    text = st.text_input(
        "Add a sentence in your own words", key="sentence", max_chars=MAX_SENTENCE,
        placeholder="She is fond of a good joke.",
    )  # fmt: skip
    return [text.strip()] if text.strip() else []


def _answers(
    example: dict,
    person: int,
    model: str,
    written: Sequence[int],
    tastes: Sequence[int],
    added: list[str],
    by_model: list[str],
) -> None:
    """How likely each answer is preferred, with the summary as written and as changed.

    Where the language model wrote one (``by_model``), it stands in place of the changed summary.
    """
    stored = example["models"][model]
    before = summary_answers.answer_chances(stored, written)
    summary = [] if by_model else summary_answers.edited_summary(written, tastes)
    added = by_model + added
    try:
        now = summary_answers.answer_chances(stored, summary, added)
    except InputError as error:
        st.info(page.escaped(str(error)))
        now = summary_answers.answer_chances(stored, summary)
    guess, shown = predict_first.guess(
        "If you turn round what the summary says of jokes, what happens to the friendly joke in "
        "the eyes of its own model?", GUESSES, "guess_edit",
    )  # fmt: skip
    if not shown:
        return
    changed = sorted(summary) != sorted(written) or bool(added)
    own = example["models"]["summary"]
    page.say(_verdict(example, person, guess, own) + _moved(before, now, changed, by_model))
    series = [(_whose(changed, by_model), now.tolist())]
    if changed:
        series.append(("as written", before.tolist()))
    page.chart(
        grouped_bars(
            [a.name for a in summary_answers.ANSWERS], series, "", "", height=260, **page.style()
        ),
        "chart-answers",
        alt=", ".join(
            f"{a.name} {c:.0%}" for a, c in zip(summary_answers.ANSWERS, now, strict=True)
        ),
        caption=f"Six answers to “{summary_answers.QUESTION}”: how likely this person prefers each "
        "of them to another one, as the model reads the summary.",
    )
    if st.toggle("Show what this person really likes", key="truth", **IN_URL):
        _truth(example, person, now, changed)


def _whose(changed: bool, by_model: list[str]) -> str:
    """The name of the summary that is read."""
    if by_model:
        return "by the language model"
    return "as you changed it" if changed else "as written"


def _verdict(example: dict, person: int, guess: str | None, stored: dict) -> str:
    """Whether the guess about turning jokes round is right."""
    if guess is None:
        return ""
    written = example["summaries"]["summary"][person]
    stated = summary_answers.stated_tastes(written)
    turned = [-stated[0] or 1, *stated[1:]]
    rise = summary_answers.answer_chances(stored, summary_answers.edited_summary(written, turned))[
        0
    ]
    rise -= summary_answers.answer_chances(stored, written)[0]
    right = GUESSES[0] if rise > 0.01 else GUESSES[1] if rise < -0.01 else GUESSES[2]
    return f"{predict_first.verdict(guess, right)}It moves by {rise:+.0%}. "


def _moved(before: np.ndarray, now: np.ndarray, changed: bool, by_model: list[str]) -> str:
    """The favourite, and which answer moved most."""
    best = summary_answers.ANSWERS[int(now.argmax())].name
    words = f"The favourite is **{best}**."
    if changed:
        most = int(np.abs(now - before).argmax())
        cause = "the new summary" if by_model else "your change"
        words += (
            f" Most moved by {cause}: *{summary_answers.ANSWERS[most].name}*, from "
            f"{before[most]:.0%} to {now[most]:.0%}."
        )
    return words


def _truth(example: dict, person: int, now: np.ndarray, changed: bool) -> None:
    """The rater's true tastes and favourite."""
    tastes = example["tastes"][person]
    likes = [name for name, taste in zip(summary_answers.NAMES, tastes, strict=True) if taste > 0]
    dislikes = [
        name for name, taste in zip(summary_answers.NAMES, tastes, strict=True) if taste < 0
    ]
    true = summary_answers.true_chances(tastes, example["strength"])
    page.say(
        f"This person likes {_listed(likes)}, dislikes {_listed(dislikes)}, and does not care "
        "about the rest. The true favourite is "
        f"**{summary_answers.ANSWERS[int(true.argmax())].name}** ({true.max():.0%}); the model "
        f"gives it {now[int(true.argmax())]:.0%}{' by the changed summary' * changed}."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "nothing"


def _answer_texts() -> None:
    if page.presenting():
        return
    with st.expander("The answers"):
        for answer in summary_answers.ANSWERS:
            st.markdown(f"**{page.escaped(answer.name)}.** {page.escaped(answer.text)}")
        page.note(
            "Each answer has more or less of the six attributes, set by hand. In the study answers "
            "are random."
        )
