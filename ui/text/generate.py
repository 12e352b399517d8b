"""The page Generate: answers to a new question, and who puts which of them first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from scrl.figures import bump_chart
from scrl.scenarios import Scenario
from scrl.studies import generated_answers, load_baked
from scrl.types import InputError, places_to_order
from scrl.voting import RULES
from ui.shared import page, predict_first, source_ids
from ui.shared.page import IN_URL
from ui.text import generate_writing

#: Rules whose social reward is shown.
SHOWN = ("borda", "plurality", "copeland", "instant-runoff")
LETTERS = "ABCDEFGHIJKLMNOP"
#: Reward of an answer with a thumb up over one without, in log-odds.
THUMB = 3.0
#: A distance from which an answer is called far from all that was rated.
FAR = 0.7


@dataclass(frozen=True)
class Question:
    """A question with its answers, and what the types of raters think of them.

    Attributes:
        entry: as ``generated_answers.rated_answers`` gives it.
        found: of the scenario: names, shares and rewards of types.
        scenario: whose raters rated the texts that the model knows.
    """

    entry: dict[str, Any]
    found: dict[str, Any]
    scenario: Scenario

    @property
    def key(self) -> str:
        return generate_writing.choice(self.entry["stem"], self.entry["prompt"])

    @property
    def letters(self) -> list[str]:
        return list(LETTERS[: len(self.entry["texts"])])


@st.cache_data(show_spinner=False)
def _baked() -> dict[str, Any]:
    return load_baked("generated-answers")["result"]


def show() -> None:
    """Draw the question, the orders, the answers and the voters."""
    page.say(
        "Nobody has rated these answers. A model of raters has read what people think of *other* "
        "texts; it says what each group thinks of these, and simulated voters elect the best one. "
        "A **vanilla** reward asks only those who rate such questions."
    )
    try:
        result = _baked()
    except InputError as error:
        st.info(page.escaped(str(error)))
        return
    question = _choose(result)
    if question is None:
        return
    picture = st.container()
    texts = st.container()
    share, rates, groups = _voters(question)
    utility = np.array(question.entry["utility"])
    with texts:
        mine = _answers(question)
    if mine is not None and share[-1] > 0:
        utility = np.concatenate([utility, mine[None]])
    else:
        share, rates, groups = share[:-1], rates[:-1], groups[:-1]
    with picture:
        _orders(question, utility, share / max(share.sum(), 1e-9), rates, groups)


def _choose(result: dict[str, Any]) -> Question | None:
    """The question: a stored one, or one that the language model answers now."""
    stored = {entry["prompt"]: entry for entry in result["answers"]}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Question", [*stored, generate_writing.OWN], key="question", width=420,
            format_func=lambda text: text, **IN_URL,
        )  # fmt: skip
    if chosen in stored:
        entry = stored[chosen]
    else:
        entry = generate_writing.entry(result["scenarios"])
        if entry is None:
            return None
    stem = entry["stem"]
    return Question(entry, result["scenarios"][stem], source_ids.gallery_scenario(stem))


def _voters(question: Question) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Shares of the groups and of the visitor, the share of each that rates such questions, and
    their names."""
    found, kind = question.found, question.entry["kind"]
    page.start_runtime()
    usual = dict(
        zip(
            question.scenario.type_names,
            generated_answers.kind_rates(question.scenario, kind) if kind else np.ones(9),
            strict=False,
        )
    )
    st.subheader("Who votes, and who rates such questions?", anchor=False)
    share, rates = [], []
    for i, (column, name) in enumerate(
        zip(st.columns(len(found["types"]) + 1), [*found["types"], "You"], strict=True)
    ):
        with column:
            st.markdown(f"**{page.escaped(name)}**")
            if name == "You":
                share.append(page.slider("Share", "you", 0, 60, 20, 5, "%.0f%%"))
                page.note("Counts once you have rated an answer above.")
                rates.append(1.0)
                continue
            start = round(100 * found["shares"][i])
            share.append(page.slider("Share", f"s{i}-{question.key}", 0, 100, start, 1, "%.0f%%"))
            rates.append(
                float(
                    st.toggle(
                        "rate such questions", usual.get(name, 1.0) > 0, key=f"r{i}-{question.key}"
                    )
                )
            )
    return np.array(share, float), np.array(rates), [*found["types"], "You"]


def _answers(question: Question) -> np.ndarray | None:
    """The answers with the visitor's thumbs; their rewards ``[texts]``, None without a thumb."""
    entry, mine = question.entry, []
    st.subheader("The answers", anchor=False)
    page.note(
        "Rate some yourself: you then vote with them. The distance to the nearest text that the "
        "raters have rated is 0 for the same text and about 1 where the two have nothing in "
        "common; ± is how unsure the reward is."
    )
    for i, text in enumerate(entry["texts"]):
        if i % 2 == 0:
            # A row for each two: on a phone the letters stay in order.
            columns = st.columns(2, gap="large")
        with columns[i % 2], st.container(border=True):
            st.markdown(f"**{LETTERS[i]}** {page.escaped(text)}")
            with st.container(horizontal=True, vertical_alignment="center"):
                thumb = st.feedback("thumbs", key=f"t{i}-{question.key}")
                st.caption(_distance(entry["distance"][i], entry["uncertainty"][i]))
        mine.append(0.0 if thumb is None else THUMB * (2 * thumb - 1))
    return np.array(mine) if any(mine) else None


def _distance(distance: float | None, spread: float) -> str:
    """How far an answer lies from rated texts, in words."""
    if distance is None:
        return f"reward uncertain by ±{spread:.1f}"
    far = "far from" if distance > FAR else "some way from" if distance > 0.65 * FAR else "near"
    return f"{far} the nearest rated text ({distance:.2f}), reward ±{spread:.1f}"


def _orders(
    question: Question, utility: np.ndarray, share: np.ndarray, rates: np.ndarray, groups: list[str]
) -> None:
    """The orders of the social rewards, of vanilla and of each group, side by side."""
    if not share.sum() or not (share * rates).sum():
        st.info("Give at least one group that rates such questions a share above 0.")
        return
    letters = question.letters
    places = generated_answers.elect(utility, share, rates, SHOWN)
    orders = {name: places_to_order(place, letters) for name, place in places.items()}
    first, vanilla = orders["borda"][0][0], orders["vanilla"][0][0]
    guess, shown = predict_first.guess(
        "Do vanilla and the social reward under Borda choose the same answer?", ("yes", "no"),
        "guess_generate",
    )  # fmt: skip
    if not shown:
        return
    said = predict_first.verdict(guess, "yes" if first == vanilla else "no")
    silent = [g for g, r, s in zip(groups, rates, share, strict=True) if not r and s]
    page.say(said + _verdict(first, vanilla, silent))
    own = [
        (name, places_to_order((row[:, None] < row - 1e-9).sum(axis=1), letters))
        for name, row in zip(groups, utility, strict=True)
    ]
    columns = [
        ("Vanilla", orders["vanilla"]),
        *((RULES[rule].title, orders[rule]) for rule in SHOWN),
        *own,
    ]
    page.chart(
        bump_chart(columns, letters, first, row_height=30, **page.style()),
        "chart-orders",
        alt=f"Vanilla puts {vanilla} first, the social reward by Borda {first}.",
        caption="The order of the answers, best on top: by vanilla, by the social reward under "
        "four rules, and by each group alone. The line that stands out is Borda’s first.",
    )


def _verdict(first: str, vanilla: str, silent: list[str]) -> str:
    """One sentence on whether social and vanilla choose alike, and why."""
    heard = (
        f" {page.escaped(', '.join(f'‘{name}’' for name in silent))} never rate such questions: "
        "vanilla does not hear them, and the social reward knows them from what they rated "
        "elsewhere." if silent else ""
    )  # fmt: skip
    if first == vanilla:
        return f"Vanilla and the social reward under Borda both choose **{first}**.{heard}"
    return f"Vanilla chooses **{vanilla}**, the social reward under Borda **{first}**.{heard}"
