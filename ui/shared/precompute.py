"""Answers about a fitted run and programs of a preview, computed before a page asks for them.

The first question of each kind compiles for a second or more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from itertools import product

import streamlit as st

from scrl import figures
from scrl.diagnostics import LAYOUTS, Atoms, compare, maps, partial_ballots, probe, traverse
from scrl.evaluation import check_latent_health
from scrl.types import InputError


def _contexts_and_map(learnt):
    found = compare.contexts(learnt)
    return found, maps.context_map(learnt, found)


def _left_out_and_map(learnt):
    found = compare.left_out(learnt)
    return found, maps.left_out_map(learnt, found)


def _atoms_and_map(learnt):
    atoms = Atoms.of(learnt)
    return atoms, maps.atoms_map(learnt, atoms)


def _first_traversal(learnt):
    found = traverse(learnt, learnt.latents[0], learnt.latents[-1], 0)
    names = learnt.catalogue.names(0)
    # Drawn for nobody: what an animation needs of plotly takes a while to load.
    return figures.latent_traversal(found.at, found.rewards, names, found.changes, ("from", "to"))


def _cluster_map(how: tuple, learnt):
    return maps.cluster_map(learnt, *how)


def map_question(method: str, dimensions: int, drawn: bool) -> str:
    """The question for such a map of clusters."""
    return f"{method}, {dimensions}, {drawn}"


#: Every question: ``Learnt -> answer``.
QUESTIONS: dict[str, Callable] = {
    "profiles": probe.profiles,
    "clusters": maps.cluster_numbers,
    "contexts": _contexts_and_map,
    "partial": partial_ballots,
    "left out": _left_out_and_map,
    "where": _atoms_and_map,
    "health": check_latent_health,
    "walk": _first_traversal,
    **{
        map_question(*how): partial(_cluster_map, how)
        for how in product(LAYOUTS, (2, 3), (True, False))
    },
}
#: What a page that opens asks first, and what a reader may ask next; the slowest last.
INITIAL_QUESTIONS = ("profiles", "clusters", map_question("PCA", 2, True))
FOLLOW_UP_QUESTIONS = (
    "walk", "where", "partial", "contexts", "left out", "health",
    *(map_question(method, 2, True) for method in ("Spectral", "Isomap", "t-SNE")),
)  # fmt: skip
#: Answers that are kept.
MAX_ANSWERS = 200


class AnswerCache:
    """Answers by run and question. Whoever asks for one that is being worked out waits for it."""

    def __init__(self, most: int = MAX_ANSWERS):
        self._most, self._lock = most, threading.Lock()
        self._found: OrderedDict[tuple[str, str], Future] = OrderedDict()
        self._begun: set[tuple] = set()

    def known(self, id: str, question: str) -> bool:
        with self._lock:
            found = self._found.get((id, question))
        return found is not None and found.done()

    def first(self, *what) -> bool:
        """Whether nobody has begun this before."""
        with self._lock:
            new = what not in self._begun
            self._begun.add(what)
        return new

    def ask(self, id: str, question: str, learnt):
        """The answer, or the error that it ended in, raised again each time."""
        with self._lock:
            found = self._found.get((id, question))
            mine = found is None
            if mine:
                found = self._found[id, question] = Future()
                while len(self._found) > self._most:
                    self._found.popitem(last=False)
            self._found.move_to_end((id, question))
        if mine:
            try:
                found.set_result(QUESTIONS[question](learnt))
            except BaseException as error:
                found.set_exception(error)
                if not isinstance(error, InputError):  # it may go better another time
                    with self._lock:
                        self._found.pop((id, question), None)
        return found.result()


ANSWERS = AnswerCache()


def start(id: str, learnt, questions=(*INITIAL_QUESTIONS, *FOLLOW_UP_QUESTIONS)) -> None:
    """Work these out in the background, once."""

    def work() -> None:
        for question in questions:
            with suppress(Exception):  # a courtesy; whoever asks is told
                ANSWERS.ask(id, question, learnt)

    if ANSWERS.first(id, questions):
        threading.Thread(target=work, name="scrl-ahead", daemon=True).start()


def answer(id: str, question: str, learnt, while_waiting: str):
    """An answer for a page, with a sentence while it is worked out.

    Raises:
        InputError: where it cannot be given.
    """
    if ANSWERS.known(id, question):
        return ANSWERS.ask(id, question, learnt)
    with st.spinner(while_waiting):
        return ANSWERS.ask(id, question, learnt)


@st.cache_resource(show_spinner=False, max_entries=50)
def compile_preview(scenario_id: str, rules: tuple[str, ...], _scenario) -> None:
    """Compile in the background what a first touch of the noise slider will need."""

    def work() -> None:
        from scrl.scenarios import preview, with_overrides

        with suppress(Exception):  # a courtesy, and the slider says what is wrong
            preview(with_overrides(_scenario, noise=0.0 if _scenario.noise else 1.0), rules)

    threading.Thread(target=work, name="scrl-warm", daemon=True).start()
