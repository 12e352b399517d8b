"""Formats of answers on the page that asks: which one, what it costs, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from scrl.elicitation import BY_NAME, PAIR, Effort, Format, reading_seconds
from ui.latent.quiz_state import Knowledge, Subject
from ui.shared import data_tables, page
from ui.shared.page import IN_URL

#: Bits below which no question tells anything.
MIN_BITS = 1e-3
#: How a visitor answers -> the formats of the next question; sentences have none.
_WHICHEVER, _WORDS = "Best format", "In words"
_FORMS = {
    _WHICHEVER: ("best2", "best3", "best4", "ends4", "rank3", "rank4"),
    "A or B": ("best2",),
    "Pick one": ("best3", "best4", "best5"),
    "Best and worst": ("ends4", "ends5"),
    "Rank": ("rank3", "rank4", "rank5"),
    _WORDS: (),
}
#: Points of wrong guesses that a minute of answers must save by default.
STOP_POINTS = 5.0
#: Points that a question saves, up to which it tells little, and something.
_LITTLE, _SOMETHING = 1.0, 5.0


@dataclass(frozen=True)
class Manner:
    """How the page asks.

    Attributes:
        forms: formats to choose from; empty for sentences.
        effort: seconds of an answer.
        stop: points of wrong guesses that a minute of answers must save.
        silence: whether "I cannot say" is read as raters' silence.
    """

    forms: tuple[Format, ...]
    effort: Effort
    stop: float
    silence: bool


def title(form: Format) -> str:
    """What a format is called."""
    if form == PAIR:
        return "A or B"
    return {"best": f"Pick one of {form.size}", "ends": f"Best and worst of {form.size}",
            "rank": f"Rank {form.size}"}[form.kind]  # fmt: skip


def choose_manner(subject: Subject) -> Manner:
    """The format, and settings of costs and of the stop."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form = st.segmented_control(
            "You answer by", list(_FORMS), default=_WHICHEVER, required=True, key="form", wrap=True,
            **IN_URL,
        )  # fmt: skip
        with st.popover("Costs", icon=":material/timer:"):
            effort, stop = _costs(subject)
            silence = st.toggle(
                "Read ‘I cannot say’ as raters’ silence", key="silence", **IN_URL,
                help="Off: it tells nothing. On: it is as likely as that a rater of each kind "
                "leaves out one of the answers shown, by the ballots that the model was fitted "
                "to. It then also tells what you prefer, which need not be true of you.",
            )  # fmt: skip
    usable = [BY_NAME[name] for name in _FORMS[form] if BY_NAME[name].size <= subject.size]
    if form not in (_WHICHEVER, _WORDS) and not usable:
        usable = [PAIR]
    return Manner(tuple(usable), effort, stop, silence)


def _costs(subject: Subject) -> tuple[Effort, float]:
    default = Effort(reading_seconds(subject.texts))
    if st.session_state.setdefault("reading_default", default.reading) != default.reading:
        st.session_state["reading_default"] = default.reading
        st.session_state.pop("reading", None)  # of another prompt, whose texts are not as long
    reading = page.slider(
        "Seconds to read an answer", "reading", 0, 30, default.reading, 0.1, "%.1f"
    )
    choice = page.slider("Seconds for a choice", "choice", 0.5, 10, default.choice, 0.1, "%.1f")
    sentence = page.slider(
        "Seconds for a sentence", "sentence_seconds", 5, 90, default.sentence, 1, "%.0f"
    )
    stop = page.slider(
        "A minute must save, in points", "stop", 0, 30, STOP_POINTS, 0.5, "%.1f",
        help="The page stops where a minute of your answers would save fewer wrong guesses than "
        "this, in percentage points of all pairs.",
    )  # fmt: skip
    return Effort(round(reading, 2), round(choice, 2), round(sentence, 1)), stop


def form_asked(known: Knowledge, manner: Manner) -> Format | None:
    """The format of the next question; None for a sentence."""
    return known.best_format(manner.effort, manner.forms) if manner.forms else None


def _gain_and_seconds(known: Knowledge, manner: Manner, form: Format | None) -> tuple[float, float]:
    """Points that the next answer saves, and its seconds."""
    if form is None:
        return 100 * (known.words or (0.0, 0.0))[1], manner.effort.sentence
    return 100 * known.gain(form), manner.effort.seconds(form)


def reason_to_stop(known: Knowledge, manner: Manner) -> str:
    """Why another answer is worth less than it costs; empty where it is worth more."""
    form = form_asked(known, manner)
    points, seconds = _gain_and_seconds(known, manner, form)
    if 60 * points / seconds >= manner.stop:
        return ""
    what = "a sentence" if form is None else f"‘{title(form)}’"
    return (
        "The model would stop here. Another answer is worth less than "
        f"{manner.stop:g} points a minute: the best next question, {what}, takes about "
        f"{seconds:.0f} seconds and saves {points:.1f} wrong guesses in 100."
    )


def say_worth(known: Knowledge, manner: Manner, form: Format | None) -> None:
    """What the question that is shown tells."""
    points, seconds = _gain_and_seconds(known, manner, form)
    amount = "little" if points < _LITTLE else "something" if points < _SOMETHING else "a lot"
    st.caption(
        f"Your answer tells the model {amount} about you: it saves about {points:.1f} wrong "
        f"guesses in 100, for {seconds:.0f} seconds.",
        help="A guess is drawn from what the model believes. An answer is worth how much rarer "
        "wrong guesses become, over all pairs of answers.",
    )


def show_worth(known: Knowledge, manner: Manner) -> None:
    """Bits and points of the next answer in each format, and by effort, side by side."""
    rows = [
        _row(title(form), known.bits[form], 100 * known.gain(form), manner.effort.seconds(form))
        for form in known.questions
    ]
    if known.words is not None:
        bits, gain = known.words
        rows.append(_row("A sentence", bits, 100 * gain, manner.effort.sentence))
    best = max(rows, key=lambda row: row["points a minute"])
    st.subheader("What the next answer would tell, by format", anchor=False)
    page.say(
        f"**{best['format']}** saves most for its time: {best['points']:.1f} fewer wrong guesses "
        f"in 100 for {best['seconds']:.0f} seconds."
    )
    most = max(row["bits"] for row in rows)
    fast = max(row["points a minute"] for row in rows)
    st.dataframe(
        rows, hide_index=True,
        column_config={
            "bits": st.column_config.ProgressColumn(
                format="%.2f", min_value=0.0, max_value=max(most, 0.1)
            ),
            "points": st.column_config.NumberColumn(format="%.1f"),
            "seconds": st.column_config.NumberColumn(format="%.0f"),
            "bits a minute": st.column_config.NumberColumn(format="%.1f"),
            "points a minute": st.column_config.ProgressColumn(
                format="%.1f", min_value=0.0, max_value=max(fast, 0.1)
            ),
        },
    )  # fmt: skip
    page.note(
        "Bits: information on your order. Points: how many fewer of 100 guesses about pairs would "
        "be wrong. A bit that settles one pair only is worth few points, so the page chooses by "
        "points. Seconds are estimates; change them under ‘Costs’. Choices among more than two "
        "are found step by step, so a better set may exist."
    )
    if not page.presenting():
        data_tables.download_button(rows, "formats")


def _row(name: str, bits: float, points: float, seconds: float) -> dict[str, str | float]:
    return {
        "format": name, "bits": bits, "points": points, "seconds": seconds,
        "bits a minute": 60 * bits / seconds, "points a minute": 60 * points / seconds,
    }  # fmt: skip
