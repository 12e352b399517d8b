"""Answers about a fitted run, and compiled programs of a preview, made before a page needs them.

The first question of each kind compiles for a second or more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import streamlit as st

from scrl import figures
from scrl.diagnostics import (
    LAYOUTS,
    Atoms,
    compare_omission,
    embed_by_prompt,
    maps,
    partial_ballots,
    traverse,
    type_profiles,
    with_found_types,
)
from scrl.evaluation import check_latent_health
from scrl.types import InputError
from ui.shared import worker_processes

if TYPE_CHECKING:
    from scrl.raters import FittedRun
    from scrl.scenarios import Scenario


def _contexts_and_map(fitted: FittedRun) -> tuple[Any, dict]:
    comparison = embed_by_prompt(fitted)
    return comparison, maps.prompt_embedding_map(fitted, comparison)


def _left_out_and_map(fitted: FittedRun) -> tuple[Any, dict]:
    comparison = compare_omission(fitted)
    return comparison, maps.omission_map(fitted, comparison)


def _atoms_and_map(fitted: FittedRun) -> tuple[Atoms, dict]:
    atoms = Atoms.of(fitted)
    return atoms, maps.atoms_map(fitted, atoms)


def _first_traversal(fitted: FittedRun) -> Any:
    walk = traverse(fitted, fitted.latents[0], fitted.latents[-1], 0)
    names = fitted.catalogue.names(0)
    # The figure is discarded: drawing it loads what an animation needs of Plotly.
    return figures.latent_traversal(
        walk.fraction, walk.rewards, names, walk.changes, ("from", "to")
    )


def _cluster_map(layout: tuple, fitted: FittedRun) -> dict:
    if layout[0] == "PCA":
        return maps.cluster_map(fitted, *layout)
    return worker_processes.compute(maps.cluster_map, fitted, *layout)


def map_question(method: str, dimensions: int, draws: bool) -> str:
    """The question for a map of clusters: of posterior draws, else of posterior means."""
    return f"{method}, {dimensions}, {draws}"


_ANSWERED_BY: dict[str, Callable] = {
    "profiles": type_profiles,
    "clusters": maps.cluster_numbers,
    "contexts": _contexts_and_map,
    "partial": partial_ballots,
    "left out": _left_out_and_map,
    "where": _atoms_and_map,
    "health": check_latent_health,
    "walk": _first_traversal,
    **{
        map_question(*layout): partial(_cluster_map, layout)
        for layout in product(LAYOUTS, (2, 3), (True, False))
    },
}


def _by_found_types(answer: Callable, fitted: FittedRun) -> Any:
    """An answer about a run, whose raters have the types that the model found if none are known."""
    return answer(with_found_types(fitted))


#: Question -> the function that answers it.
QUESTIONS: dict[str, Callable] = {
    question: partial(_by_found_types, answer) for question, answer in _ANSWERED_BY.items()
}
#: Questions of a page that opens, and those a reader may ask next; the slowest last. Layouts but
#: PCA take seconds, and few readers ask for them.
INITIAL_QUESTIONS = ("profiles", "clusters", map_question("PCA", 2, True))
FOLLOW_UP_QUESTIONS = (
    "walk", "where", "partial", "contexts", "left out", "health",
)  # fmt: skip
#: Answers that a cache holds by default.
MAX_ANSWERS = 200


class AnswerCache:
    """Answers by run and question; each is computed once, and concurrent callers wait for it.

    Args:
        max_answers: the least recently used answers beyond this number are dropped.
    """

    def __init__(self, max_answers: int = MAX_ANSWERS) -> None:
        self._max_answers, self._lock = max_answers, threading.Lock()
        self._answers: OrderedDict[tuple[str, str], Future] = OrderedDict()
        self._started: set[tuple] = set()

    def is_ready(self, id: str, question: str) -> bool:
        """Whether the answer is computed."""
        with self._lock:
            answer = self._answers.get((id, question))
        return answer is not None and answer.done()

    def mark_started(self, *task: object) -> bool:
        """Mark a background task as started; False where it had been before."""
        with self._lock:
            new = task not in self._started
            self._started.add(task)
        return new

    def get(self, id: str, question: str, fitted: FittedRun) -> Any:
        """The answer; an error of its computation is raised again each time."""
        with self._lock:
            answer = self._answers.get((id, question))
            missing = answer is None
            if missing:
                answer = self._answers[id, question] = Future()
                while len(self._answers) > self._max_answers:
                    self._answers.popitem(last=False)
            self._answers.move_to_end((id, question))
        if missing:
            try:
                answer.set_result(QUESTIONS[question](fitted))
            except BaseException as error:
                answer.set_exception(error)
                if not isinstance(error, InputError):  # a fault may not recur
                    with self._lock:
                        self._answers.pop((id, question), None)
        return answer.result()


ANSWERS = AnswerCache()


def start(
    id: str,
    fitted: FittedRun,
    questions: Sequence[str] = (*INITIAL_QUESTIONS, *FOLLOW_UP_QUESTIONS),
) -> None:
    """Compute these answers in a background thread, once a run."""

    def work() -> None:
        for question in questions:
            with suppress(Exception):  # raised again for the page that needs the answer
                ANSWERS.get(id, question, fitted)

    if ANSWERS.mark_started(id, questions):
        threading.Thread(target=work, name="scrl-precompute", daemon=True).start()


def answer(id: str, question: str, fitted: FittedRun, message: str) -> Any:
    """An answer for a page; ``message`` stands on the page while it is computed.

    Raises:
        InputError: the question has no answer for this run.
    """
    if ANSWERS.is_ready(id, question):
        return ANSWERS.get(id, question, fitted)
    with st.spinner(message):
        return ANSWERS.get(id, question, fitted)


@st.cache_resource(show_spinner=False, max_entries=50)
def compile_preview(scenario_id: str, rules: tuple[str, ...], _scenario: Scenario) -> None:
    """Compile in the background what the noise slider of a scenario needs when first moved."""

    def work() -> None:
        from scrl.scenarios import preview, with_overrides

        with suppress(Exception):  # the slider shows the error itself
            preview(with_overrides(_scenario, noise=0.0 if _scenario.noise else 1.0), rules)

    threading.Thread(target=work, name="scrl-compile-preview", daemon=True).start()
