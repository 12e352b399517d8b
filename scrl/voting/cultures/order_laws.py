"""Exact probabilities of every order of a few candidates under the cultures.

Orders are rows of ``all_places``. Numbers of voters that are large for drawing one by one are drawn
from these.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations, permutations

import numpy as np

from scrl.types import frozen

#: Most candidates whose m! orders are enumerated.
MAX_ENUMERATED = 7


@cache
def all_places(m: int) -> np.ndarray:
    """The places of all orders of m candidates ``[m!, m]``."""
    return frozen(np.argsort(np.array(list(permutations(range(m)))), axis=1), np.int16)


def impartial_law(m: int, _: float = 0.0) -> np.ndarray:
    """All orders are equally likely ``[m!]``."""
    return np.full(math.factorial(m), 1 / math.factorial(m))


def mallows_law(m: int, phi: float) -> np.ndarray:
    """P(order) ∝ phi^(Kendall tau distance to 0, 1, 2 …) ``[m!]``."""
    place = all_places(m)
    distance = np.zeros(len(place))
    for a, b in combinations(range(m), 2):
        distance += place[:, a] > place[:, b]
    weight = float(phi) ** distance
    return weight / weight.sum()


def plackett_luce_law(m: int, strength: np.ndarray) -> np.ndarray:
    """Each place goes to a remaining candidate in proportion to its strength ``[m!]``."""
    chosen = np.asarray(strength, float)[np.argsort(all_places(m), axis=1)]
    remaining = np.cumsum(chosen[:, ::-1], axis=1)[:, ::-1]
    return np.prod(chosen / remaining, axis=1)


def walsh_law(m: int, _: float = 0.0) -> np.ndarray:
    """All orders that are single-peaked on 0, 1, 2 … are equally likely ``[m!]``."""
    is_peaked = np.array([_reach(order)[0] for order in np.argsort(all_places(m), axis=1)])
    return is_peaked / is_peaked.sum()


def conitzer_law(m: int, _: float = 0.0) -> np.ndarray:
    """A uniform peak, then the left or the right neighbour with probability ½ while there are
    both ``[m!]``."""
    law = np.zeros(math.factorial(m))
    for i, order in enumerate(np.argsort(all_places(m), axis=1)):
        is_peaked, choices = _reach(order)
        law[i] = is_peaked * 0.5**choices / m
    return law


def _reach(order: np.ndarray) -> tuple[bool, int]:
    """Whether the candidates of every prefix of an order are neighbours on 0, 1, 2 …, and how often
    both neighbours of those placed were free."""
    left = right = int(order[0])
    choices = 0
    for candidate in order[1:]:
        choices += left > 0 and right < len(order) - 1
        if candidate == left - 1:
            left -= 1
        elif candidate == right + 1:
            right += 1
        else:
            return False, choices
    return True, choices
