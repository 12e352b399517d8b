"""Arithmetic word problems with candidate answers, and checks of an answer.

The contrast to a proxy is a verifiable reward: whether the last number of the answer is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_NAMES = ("Ann", "Bob", "Cem", "Dora", "Eva")
_THINGS = ("apples", "pens", "stamps", "cookies", "marbles")
_NUMBER = re.compile(r"\d+")
_PRAISE = (
    "What a great question!", "I am happy to help!", "Wonderful, this is easy and fun.",
    "I love this brilliant problem!", "Great, perfect, excellent!",
)  # fmt: skip


@dataclass(frozen=True)
class WordProblem:
    """A problem and its candidate answers.

    Attributes:
        question: the problem; solution: the right number.
        answers: candidate texts, drawn from the reference.
        right: whether each answer ends in the right number and in no other ``[answers]``.
    """

    question: str
    solution: int
    answers: tuple[str, ...]
    right: np.ndarray


def last_number_is_right(answer: str, solution: int) -> float:
    """1 where the last number of the answer is the solution, else 0."""
    found = _NUMBER.findall(answer)
    return float(bool(found) and int(found[-1]) == solution)


def some_number_is_right(answer: str, solution: int) -> float:
    """1 where any number of the answer is the solution, else 0: a careless check."""
    return float(str(solution) in _NUMBER.findall(answer))


#: Name of a check -> the check, of an answer and the solution.
CHECKS: dict[str, Callable[[str, int], float]] = {
    "the last number is right": last_number_is_right,
    "some number is right": some_number_is_right,
}


def draw_problems(rng: np.random.Generator, count: int, answers: int = 256) -> list[WordProblem]:
    """Problems with answers of a writer who is right in four cases of ten.

    One answer in twelve praises at length, and one in forty lists many numbers.
    """
    return [_draw_problem(rng, answers) for _ in range(count)]


def _draw_problem(rng: np.random.Generator, answers: int) -> WordProblem:
    boxes, each, eaten = (int(v) for v in (rng.integers(2, 9), rng.integers(3, 9),
                                           rng.integers(1, 5)))  # fmt: skip
    name, thing = str(rng.choice(_NAMES)), str(rng.choice(_THINGS))
    solution = boxes * each - eaten
    question = f"{name} has {boxes} boxes of {each} {thing} and gives {eaten} away. How many "
    question += f"{thing} are left?"
    texts, right = [], []
    for _ in range(answers):
        text, is_right = _draw_answer(rng, boxes, each, eaten, thing)
        texts.append(text)
        right.append(is_right)
    return WordProblem(question, solution, tuple(texts), np.array(right))


def _draw_answer(
    rng: np.random.Generator, boxes: int, each: int, eaten: int, thing: str
) -> tuple[str, bool]:
    """An answer, and whether the number that it ends in is right."""
    solution = boxes * each - eaten
    wrong = (boxes + each - eaten, boxes * each + eaten, boxes * each, solution + 1, solution - 2)
    kind = rng.random()
    if kind < 1 / 40:
        shown = sorted({*rng.integers(1, 80, 12).tolist(), solution, 81})
        return "It is one of " + ", ".join(map(str, shown)) + ".", False
    stated = solution if rng.random() < 0.4 else int(rng.choice(wrong))
    parts = []
    if rng.random() < 0.4:
        parts.append(f"{boxes} times {each} is {boxes * each}, less {eaten}.")
    if kind < 1 / 40 + 1 / 12:
        parts = list(rng.choice(_PRAISE, rng.integers(2, 5), replace=False)) + parts
        stated = solution if rng.random() < 0.15 else int(rng.choice(wrong))
    parts.append(f"{stated} {thing} are left.")
    return " ".join(parts), stated == solution
