"""The page that asks a visitor pairs and narrows the posterior of their latent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from scrl import figures
from scrl.diagnostics import PlacedRater, maps
from scrl.figures import labelled_curves
from scrl.studies import (
    ERROR_RATE,
    Belief,
    Quiz,
    equivalent_questions,
    expected_accuracy_curves,
)
from ui.latent.widgets import metrics, region_chart
from ui.shared import data_tables, page, precompute, predict_first
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from scrl.raters import FittedRun

#: Prompts with more completions have too many pairs.
MAX_COMPLETIONS = 24
#: Simulated questions, and the random ones that informative ones are compared with.
MAX_QUESTIONS, RANDOM_QUESTIONS = 30, 16
#: Bits below which no question tells anything.
MIN_BITS = 1e-3
#: Which pair it asks.
MOST_INFORMATIVE, RANDOM_PAIR = "the most telling pair", "any pair"


#: Pairs, and whether the first of each was preferred.
Answers = list[tuple[int, bool]]


@st.cache_resource(max_entries=40, show_spinner=False)
def _build_quiz(id: str, prompt: int, _fitted: FittedRun, _items: np.ndarray) -> Quiz:
    return Quiz.of(_fitted.individual.population, _items)


@st.cache_data(max_entries=40, show_spinner="Rehearsing with voters")
def _rehearse(id: str, prompt: int, _quiz: Quiz) -> tuple[np.ndarray, np.ndarray]:
    """Pair accuracy by number of questions: most informative, and random ones."""
    return expected_accuracy_curves(_quiz, min(MAX_QUESTIONS, len(_quiz.pairs)))


def show(id: str, fitted: FittedRun) -> None:
    """Draw the next question, the posterior, and a comparison with random questions."""
    atoms, drawing = precompute.answer(id, "where", fitted, "Asking everybody possible")
    catalogue = fitted.catalogue
    prompts = [
        p for p, size in enumerate(np.diff(catalogue.offsets)) if 3 <= size <= MAX_COMPLETIONS
    ]
    if not prompts:
        st.info(f"Questions need a prompt with 3 to {MAX_COMPLETIONS} completions.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = [catalogue.prompts[p] for p in prompts]
        chosen = names[0]
        if len(names) > 1:
            chosen = st.selectbox("Prompt", names, key="prompt", **IN_URL)
        mode = st.segmented_control(
            "It asks",
            [MOST_INFORMATIVE, RANDOM_PAIR],
            default=MOST_INFORMATIVE,
            required=True,
            key="how",
            **IN_URL,
        )
    p = prompts[names.index(chosen)]
    items = np.arange(catalogue.offsets[p], catalogue.offsets[p + 1])
    quiz, titles = _build_quiz(id, p, fitted, items), catalogue.names(p)
    answers = _answers_in_url(quiz)
    belief = quiz.posterior(answers)
    ballots = [(p, items[quiz.pairs[pair][:: 1 if first else -1]]) for pair, first in answers]
    placed = atoms.given(ballots, ERROR_RATE)
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        text = catalogue.prompt_texts[p] or chosen
        _next_question(quiz, belief, answers, titles, text, mode)
        _progress(quiz, belief, answers, placed, drawing)
    with right:
        _beliefs(quiz, belief, answers, titles, placed, drawing)
    if quiz.information(quiz.prior).max() < MIN_BITS:
        st.caption(
            "No answer tells anything about the next one: on this prompt the model finds only one "
            "kind of rater, and what it does not know is chance."
        )
        return
    _compare_with_random(id, p, quiz, len(answers))


def _answers_in_url(quiz: Quiz) -> Answers:
    """The answers in the URL, ``2.0-5.1-…``: a pair, and whether its first was preferred."""
    answers, answered = [], set()
    for part in filter(None, st.query_params.get("said", "").split("-")):
        pair, _, first = part.partition(".")
        if pair.isdecimal() and first in ("0", "1") and int(pair[:6]) < len(quiz.pairs):
            if int(pair) not in answered:
                answers.append((int(pair), first == "1"))
                answered.add(int(pair))
        else:
            st.warning("The answers in this link are not of this model; it begins anew.")
            st.query_params.pop("said", None)
            return []
    return answers


def _set_answers(answers: Answers) -> None:
    """Put the answers in the URL; for callbacks."""
    if answers:
        st.query_params["said"] = "-".join(f"{pair}.{first:d}" for pair, first in answers)
    else:
        st.query_params.pop("said", None)


def _next_question(
    quiz: Quiz, belief: Belief, answers: Answers, titles: list[str], text: str, mode: str
) -> None:
    """The two completions to choose between, and buttons to undo answers."""
    asked = [pair for pair, _ in answers]
    pair = quiz.most_informative(belief, asked)
    if mode == RANDOM_PAIR and pair >= 0:
        pair = quiz.random_pair(asked, len(asked))
    if pair < 0:
        st.markdown("You have answered every pair.")
    else:
        st.markdown(f"**{page.escaped(text)} …**")
        first, second = (int(i) for i in quiz.pairs[pair])
        with st.container(horizontal=True):
            for name, won in ((titles[first], True), (titles[second], False)):
                st.button(
                    page.escaped(name), key=f"answer-{won:d}", type="primary", width="stretch",
                    on_click=_set_answers, args=([*answers, (pair, won)],),
                )  # fmt: skip
        st.caption(
            f"Question {len(answers) + 1}. The answer is worth "
            f"{quiz.information(belief)[pair]:.2f} bits of a possible 1."
        )
    with st.container(horizontal=True):
        st.button("Take back", on_click=_set_answers, args=(answers[:-1],), disabled=not answers,
                  key="back", icon=":material/undo:", type="tertiary")  # fmt: skip
        st.button("Begin anew", on_click=_set_answers, args=([],), disabled=not answers, key="anew",
                  icon=":material/restart_alt:", type="tertiary")  # fmt: skip


def _progress(
    quiz: Quiz, belief: Belief, answers: Answers, placed: PlacedRater, drawing: dict
) -> None:
    """How far the posterior has narrowed, and the nearest cluster."""
    metrics({
        "Of all that is possible, left": f"{placed.remaining:.0%}",
        "Pairs it expects to have right": f"{quiz.expected_accuracy(belief, answers):.0%}",
    })  # fmt: skip
    clusters = maps.type_probabilities(drawing, placed)
    if clusters and answers:
        top = max(clusters, key=clusters.get)
        st.markdown(f"You are nearest to **{page.escaped(top)}** with {clusters[top]:.0%}.")


def _beliefs(
    quiz: Quiz,
    belief: Belief,
    answers: Answers,
    titles: list[str],
    placed: PlacedRater,
    drawing: dict,
) -> None:
    """Probabilities of the visitor's pairs, or the region of the latent space."""
    above = quiz.preference_matrix(belief, answers)
    order = np.argsort(-above.sum(axis=1), kind="stable")
    part = st.segmented_control(
        "Shown", ["What you would prefer", "Where you are"], default="What you would prefer",
        required=True, key="side", label_visibility="collapsed", **IN_URL,
    )  # fmt: skip
    if part == "Where you are":
        region_chart(
            drawing, placed, "ask-where", "answers", "somebody who answers as you do lies outside"
        )
        return
    page.chart(
        figures.pairwise_probabilities(
            [titles[i] for i in order], above[np.ix_(order, order)], None, **page.style()
        ),
        "ask-beliefs", alt="; ".join(titles[i] for i in order),
        caption="Chance that you prefer the row to the column, best first. Refuted by asking you.",
    )  # fmt: skip


def _compare_with_random(id: str, prompt: int, quiz: Quiz, asked: int) -> None:
    """Pair accuracy by number of questions, of informative and of random ones."""
    random = min(RANDOM_QUESTIONS, len(quiz.pairs) - 1)
    options = [f"up to {random // 2}", f"{random // 2 + 1} to {random - 1}", f"{random} or more"]
    guess, shown = predict_first.guess(
        f"How many telling questions are worth {random} random ones?", options, "guess_ask"
    )
    if not shown:
        return
    informative, chance = _rehearse(id, prompt, quiz)
    random = min(random, len(chance) - 1)
    needed = equivalent_questions(informative, chance, random)
    right = options[0 if needed <= random // 2 else 1 if needed < random - 0.5 else 2]
    st.markdown(
        predict_first.verdict(guess, right)
        + f"**{needed:.1f} telling questions** are worth {random} random ones here."
    )
    x = np.arange(len(informative))
    page.chart(
        labelled_curves(
            x,
            [("telling", informative, 0), ("random", chance, 4)],
            slider=min(asked, len(x) - 1),
            x_title="questions",
            y_title="pairs right",
            value_format=".1%",
            height=280,
            **page.style(),
        ),
        "ask-curves",
        alt=f"{needed:.1f} telling questions are worth {random} random ones.",
        caption="Share of all pairs that the model has right, answered ones included: 400 voters "
        "drawn from its density, each with an order of its own, questioned both ways. The line is "
        "where you are. Refuted if people whom it never met need more.",
    )
    data_tables.numbers_expander(
        [{"questions": int(n), "telling": float(a), "random": float(b)}
         for n, a, b in zip(x, informative, chance, strict=True)], "questions",
    )  # fmt: skip
