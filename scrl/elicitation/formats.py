"""Formats of answers, and what an answer says of a person's order.

An answer is read as comparisons, each of which holds in the person's own order but for a slip of
probability ε: of a ranking all pairs, so that it has the model of Mallows (1957) around that order.
For every format all orders of the completions shown have the same total, so these products are the
exact likelihoods of its answers, up to one constant of the format.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import Literal

import numpy as np

from scrl.elicitation.beliefs import SLIP_RATE

#: The best of a set; its best and its worst; all of it in order.
Kind = Literal["best", "ends", "rank"]
#: Most completions that one question shows: a set of six has 720 orders.
MAX_SHOWN = 5


@dataclass(frozen=True)
class Format:
    """A format of answer about ``size`` completions, of 2 to ``MAX_SHOWN``.

    A pair is the best of two.
    """

    kind: Kind
    size: int

    @property
    def name(self) -> str:
        """Such as ``"best4"``."""
        return f"{self.kind}{self.size}"

    def comparisons(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Winner and loser of each comparison of an answer ``[..., comparisons]``.

        Args:
            order: the completions shown, best first ``[..., size]``; the format reads the part of
                it that the answer states, so the best of a set may be followed by any order.
        """
        order = np.asarray(order)
        winner, loser = _comparisons(self.kind, self.size).T
        return order[..., winner], order[..., loser]

    @property
    def answers(self) -> int:
        """How many different answers there are."""
        return channel(self).shape[1]


PAIR = Format("best", 2)
#: The formats that the page and the study compare. The best and the worst of three are a ranking.
FORMATS = (
    PAIR, Format("best", 3), Format("best", 4), Format("best", 5), Format("ends", 4),
    Format("ends", 5), Format("rank", 3), Format("rank", 4), Format("rank", 5),
)  # fmt: skip
BY_NAME = {form.name: form for form in FORMATS}


@cache
def _comparisons(kind: Kind, size: int) -> np.ndarray:
    """Places of winner and loser of each comparison ``[comparisons, 2]``."""
    if kind == "best":
        return np.array([(0, i) for i in range(1, size)])
    if kind == "rank":
        return np.column_stack(np.triu_indices(size, 1))
    middle = range(1, size - 1)
    pairs = [(0, i) for i in middle] + [(i, size - 1) for i in middle]
    return np.array(pairs or [(0, 1)])


@cache
def orders(size: int) -> np.ndarray:
    """All orders of a set as places in it, best first ``[size!, size]``."""
    return np.array(list(permutations(range(size))))


@cache
def _answer_orders(form: Format) -> np.ndarray:
    """One order for each different answer ``[answers, size]``."""
    every = orders(form.size)
    said = {"best": every[:, :1], "ends": every[:, [0, -1]], "rank": every}[form.kind]
    _, first = np.unique(said, axis=0, return_index=True)
    return every[first]


@cache
def answer_of(form: Format) -> np.ndarray:
    """The index of the answer without a slip at each order ``[size!]``."""
    return channel(form).argmax(axis=1)


@cache
def channel(form: Format) -> np.ndarray:
    """P(answer | the person's order of the completions shown) ``[size!, answers]``."""
    every = orders(form.size)
    place = np.argsort(every, axis=1)
    winner, loser = form.comparisons(_answer_orders(form))
    holds = place[:, winner] < place[:, loser]
    weight = np.where(holds, 1 - SLIP_RATE, SLIP_RATE).prod(axis=-1)
    return weight / weight.sum(axis=1, keepdims=True)


@cache
def slip_entropy(form: Format) -> float:
    """Entropy of an answer given the person's order, in bits."""
    chance = channel(form)[0]
    return float(-(chance * np.log2(chance)).sum())


@cache
def order_index(size: int) -> np.ndarray:
    """Index among ``orders(size)`` by the bits of all pairs, -1 where they have a circle.

    Bit j is 1 where the first of pair j of ``pair_indices(size)`` stands higher.
    """
    place = np.argsort(orders(size), axis=1)
    first, second = np.triu_indices(size, 1)
    code = ((place[:, first] < place[:, second]) << np.arange(len(first))).sum(axis=1)
    table = np.full(1 << len(first), -1)
    table[code] = np.arange(len(place))
    return table
