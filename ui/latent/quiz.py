"""The page that asks a visitor pairs and narrows the posterior of their latent."""

from __future__ import annotations

from functools import partial
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
    expected_accuracy_curves,
)
from ui.latent import quiz_answers
from ui.latent.quiz_answers import Said
from ui.latent.widgets import metrics, region_chart
from ui.shared import data_tables, item_texts, page, precompute, predict_first
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
MOST_INFORMATIVE, RANDOM_PAIR = "The pair that tells most", "Any pair"
#: How much a question tells.
_AMOUNTS = ("little", "something", "a lot")
#: Most characters of a name that is a button of its own.
MAX_BUTTON = 32


@st.cache_resource(max_entries=40, show_spinner=False)
def _build_quiz(id: str, prompt: int, _fitted: FittedRun, _items: np.ndarray) -> Quiz:
    return Quiz.of(_fitted.individual.population, _items)


@st.cache_data(max_entries=40, show_spinner="Questioning simulated people")
def _rehearse(id: str, prompt: int, _quiz: Quiz) -> tuple[np.ndarray, np.ndarray]:
    """Pair accuracy by number of questions: most informative, and random ones."""
    return expected_accuracy_curves(_quiz, min(MAX_QUESTIONS, len(_quiz.pairs)))


def show(id: str, fitted: FittedRun) -> None:
    """Draw the next question or the summary, what the model believes, and a comparison."""
    chosen = _choose(fitted)
    if chosen is None:
        return
    p, mode = chosen
    catalogue = fitted.catalogue
    atoms, drawing = precompute.answer(id, "where", fitted, "Looking at everybody possible")
    items = np.arange(catalogue.offsets[p], catalogue.offsets[p + 1])
    quiz, names = _build_quiz(id, p, fitted, items), catalogue.names(p)
    said = quiz_answers.read(quiz)
    answers = quiz_answers.known(said)
    belief = quiz.posterior(answers)
    ballots = [
        (p, items[quiz.pairs[pair][:: 1 if first else -1]])
        for pair, first in answers
        if first is not None
    ]
    placed = atoms.given(ballots, ERROR_RATE)
    clusters = maps.type_probabilities(drawing, placed)
    pair = _next_pair(quiz, belief, said, mode)
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        if pair < 0 or quiz_answers.ended():
            quiz_answers.summary(quiz, belief, said, names, clusters, more=pair >= 0)
        else:
            _ask(quiz, belief, said, pair, fitted, p)
            _progress(quiz, belief, said, placed, clusters)
    with right:
        _beliefs(quiz, belief, said, names, placed, drawing)
    if quiz.information(quiz.prior).max() < MIN_BITS:
        page.note(
            "No answer tells anything about the next one here: the model found one kind of rater, "
            "and what it does not know is chance."
        )
        return
    _compare_with_random(id, p, quiz, len(answers))


def _choose(fitted: FittedRun) -> tuple[int, str] | None:
    """The prompt and how it asks; None, with a message, where no prompt can be asked about."""
    catalogue = fitted.catalogue
    prompts = [
        p for p, size in enumerate(np.diff(catalogue.offsets)) if 3 <= size <= MAX_COMPLETIONS
    ]
    if not prompts:
        st.info(
            f"The questions need a prompt with 3 to {MAX_COMPLETIONS} answers, and this model has "
            "none. Choose another model above."
        )
        return None
    names = [catalogue.prompts[p] for p in prompts]
    chosen = names[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(names) > 1:
            chosen = st.selectbox("Prompt", names, key="prompt", **IN_URL)
        with st.popover("More settings", icon=":material/tune:"):
            mode = st.segmented_control(
                "The page asks about", [MOST_INFORMATIVE, RANDOM_PAIR], default=MOST_INFORMATIVE,
                required=True, key="how", **IN_URL,
            )  # fmt: skip
    return prompts[names.index(chosen)], mode


def _next_pair(quiz: Quiz, belief: Belief, said: Said, mode: str) -> int:
    """The pair to ask; -1 where all are asked, or where no answer would tell anything more."""
    asked = [pair for pair, _ in said]
    pair = quiz.most_informative(belief, asked)
    if mode == RANDOM_PAIR and pair >= 0:
        return quiz.random_pair(asked, len(asked))
    enough = pair >= 0 and quiz.information(belief)[pair] < quiz_answers.ENOUGH_BITS
    return -1 if enough and said and not quiz_answers.asked_for_more() else pair


def _ask(quiz: Quiz, belief: Belief, said: Said, pair: int, fitted: FittedRun, p: int) -> None:
    """The two answers to choose between, and buttons to undo and to end."""
    catalogue = fitted.catalogue
    names, prompt = catalogue.names(p), catalogue.prompts[p]
    texts = item_texts.completion_texts(fitted.ratings, prompt)
    page.say(f"**{page.escaped(item_texts.prompt_text(fitted.ratings, prompt))}**")
    page.say(f"Question {len(said) + 1}: which do you prefer?")
    for i, code in zip(quiz.pairs[pair], ("1", "0"), strict=True):
        name = names[int(i)]
        text = texts.get(name) or name
        button = partial(
            st.button, key=f"answer-{code}", type="primary", width="stretch",
            on_click=quiz_answers.write, args=([*said, (pair, code)],),
        )  # fmt: skip
        if text == name and len(name) <= MAX_BUTTON:
            button(page.escaped(name))
        else:  # a button shows one line
            with st.container(border=True):
                st.markdown(page.escaped(text))
                button(f"I prefer ‘{page.escaped(figures.short_labels(names, 24)[int(i)])}’")
    with st.container(horizontal=True):
        for label, code in (("About the same", "t"), ("I cannot say", "s")):
            st.button(label, key=f"answer-{code}", on_click=quiz_answers.write,
                      args=([*said, (pair, code)],))  # fmt: skip
    worth = quiz.information(belief)[pair]
    st.caption(
        f"This question tells the model {_AMOUNTS[int(worth > 0.35) + int(worth > 0.7)]} about "
        "you.",
        help="A choice between two answers tells most if the model expects either one equally "
        f"often, and people never contradict themselves. This one tells {worth:.0%} of that.",
    )
    with st.container(horizontal=True):
        st.button("Take back", on_click=quiz_answers.write, args=(said[:-1],), disabled=not said,
                  key="back", icon=":material/undo:", type="tertiary")  # fmt: skip
        st.button("Start again", on_click=quiz_answers.write, args=([],), disabled=not said,
                  key="anew", icon=":material/restart_alt:", type="tertiary")  # fmt: skip
        st.button("End here", on_click=quiz_answers.end, disabled=not said, key="end",
                  icon=":material/flag:", type="tertiary")  # fmt: skip


def _progress(
    quiz: Quiz, belief: Belief, said: Said, placed: PlacedRater, clusters: dict[str, float]
) -> None:
    """How far the posterior has narrowed, and the nearest cluster."""
    if clusters and said:
        top = max(clusters, key=clusters.get)
        page.say(f"So far you are most like **{page.escaped(top)}** (chance {clusters[top]:.0%}).")
    if said:
        metrics({"People who may answer as you did": f"{placed.remaining:.0%}"})
    metrics({quiz_answers.ACCURACY: quiz_answers.accuracy_text(quiz, belief, said)})


def _beliefs(
    quiz: Quiz,
    belief: Belief,
    said: Said,
    names: list[str],
    placed: PlacedRater,
    drawing: dict,
) -> None:
    """Probabilities of the visitor's pairs, or the region of the latent space."""
    above = quiz.preference_matrix(belief, quiz_answers.known(said))
    order = np.argsort(-above.sum(axis=1), kind="stable")
    views = ("What you prefer", "Where you are on the map")
    view = st.segmented_control(
        "Shown", views, default=views[0], required=True, key="side", label_visibility="collapsed",
        **IN_URL,
    )  # fmt: skip
    if view == views[1]:
        region_chart(
            drawing, placed, "ask-where", "answers", "somebody who answers as you do lies outside"
        )
        if any(code == "t" for _, code in said):
            page.note("The map does not use the answers ‘about the same’.")
        return
    page.chart(
        figures.pairwise_probabilities(
            [names[i] for i in order], above[np.ix_(order, order)], None, **page.style()
        ),
        "ask-beliefs", alt="; ".join(names[i] for i in order),
        caption="The chance that you prefer the row to the column, as the model sees it. The "
        "answer that it thinks you like best stands first. You can check it: is it right?",
    )  # fmt: skip


def _questions_needed(informative: np.ndarray, accuracy: float) -> int:
    """The fewest well-chosen questions that reach an accuracy, to a fifth of a percentage point.

    At the end both curves are nearly level, and less than that is chance of the simulation.
    """
    reached = informative >= accuracy - 0.002
    return int(np.argmax(reached)) if reached.any() else len(informative) - 1


def _compare_with_random(id: str, prompt: int, quiz: Quiz, asked: int) -> None:
    """Pair accuracy by number of questions, of informative and of random ones."""
    random = min(RANDOM_QUESTIONS, len(quiz.pairs) - 1)
    options = [f"up to {random // 2}", f"{random // 2 + 1} to {random - 1}", f"{random} or more"]
    st.subheader("Does it matter which pair the page asks about?", anchor=False)
    guess, shown = predict_first.guess(
        f"How many well-chosen questions tell as much as {random} random ones?", options,
        "guess_ask",
    )  # fmt: skip
    if not shown:
        return
    informative, chance = _rehearse(id, prompt, quiz)
    random = min(random, len(chance) - 1)
    needed = _questions_needed(informative, chance[random])
    right = options[0 if needed <= random // 2 else 1 if needed < random - 0.5 else 2]
    sentence = (
        f"{needed} well-chosen question{'s tell' if needed != 1 else ' tells'} as much as "
        f"{random} random ones"
    )
    page.say(predict_first.verdict(guess, right) + f"**{sentence}** here.")
    x = np.arange(len(informative))
    page.chart(
        labelled_curves(
            x,
            [("well chosen", informative, 0), ("random", chance, 4)],
            slider=min(asked, len(x) - 1),
            x_title="questions",
            y_title="pairs right",
            value_format=".1%",
            height=280,
            **page.style(),
        ),
        "ask-curves",
        alt=f"{sentence}.",
        caption="Share of all pairs that the model predicts rightly, the answered ones included. "
        "The page asked 400 simulated people, each with an order of their own, in both ways. The "
        "upright line is where you are. The model is refuted if real people need more questions.",
    )
    data_tables.numbers_expander(
        [{"questions": int(n), "well chosen": float(a), "random": float(b)}
         for n, a, b in zip(x, informative, chance, strict=True)], "questions",
    )  # fmt: skip
