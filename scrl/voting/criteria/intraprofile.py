"""What each criterion looks at, for many electorates at once.

A criterion compares the outcomes of one electorate (what must its winner be), of two (before and
after a change) or of three (two halves and the whole). ``*_cases`` lists what is to be compared,
``*_fault`` says which comparisons break the criterion, a tie for first counting against the rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scrl.voting.criteria import electorates as e
from scrl.voting.profile import TIE_TOLERANCE


@dataclass(frozen=True, eq=False)
class Cases:
    """Comparisons ``[k]`` of electorates over the same rows.

    Attributes:
        rows: possible ballots ``[rows, m]``.
        weight: how many cast each, one array ``[k, rows]`` for each electorate compared.
        standing: who stands, likewise ``[k, m]``.
        who: the candidates concerned (that must win, that moved, that are clones) ``[k, m]``.
        gone: the candidate who withdraws ``[k]``; -1 where nobody does.
        old, new: the rows that a voter casts before and after ``[k]``; -1 where none.
    """

    rows: np.ndarray
    weight: tuple[np.ndarray, ...]
    standing: tuple[np.ndarray, ...]
    who: np.ndarray
    gone: np.ndarray
    old: np.ndarray
    new: np.ndarray

    def __len__(self) -> int:
        return len(self.who)

    def __getitem__(self, i) -> Cases:
        return Cases(
            self.rows, tuple(w[i] for w in self.weight), tuple(s[i] for s in self.standing),
            self.who[i], self.gone[i], self.old[i], self.new[i],
        )  # fmt: skip

    def stacked(self) -> tuple[np.ndarray, np.ndarray]:
        """All electorates, those compared together one after another."""
        return np.concatenate(self.weight), np.concatenate(self.standing)


def make(rows, weight, who=None, standing=None, gone=None, old=None, new=None) -> Cases:
    k, m = len(weight[0]), rows.shape[1]
    full = np.ones((k, m), bool)
    return Cases(
        rows,
        tuple(weight),
        tuple(full if s is None else s for s in (standing or [None] * len(weight))),
        np.zeros((k, m), bool) if who is None else who,
        *(np.full(k, -1) if x is None else np.broadcast_to(x, k) for x in (gone, old, new)),
    )


def joined(rows, parts: list[Cases], electorates: int = 2) -> Cases:
    """Cases over the same rows, one after another."""
    if not parts:
        empty = np.zeros((0, len(rows)))
        return make(rows, [empty] * electorates)
    fields = ("who", "gone", "old", "new")
    return Cases(
        rows,
        tuple(np.concatenate(w) for w in zip(*(p.weight for p in parts), strict=True)),
        tuple(np.concatenate(s) for s in zip(*(p.standing for p in parts), strict=True)),
        *(np.concatenate([getattr(p, name) for p in parts]) for name in fields),
    )


def mask(m: int, some: Iterable[int]) -> np.ndarray:
    found = np.zeros(m, bool)
    found[list(some)] = True
    return found


# -- what the winner must be ----------------------------------------------------------------------


def _shares(rows, weight, chosen) -> np.ndarray:
    """The share of the voters on whose ballot ``chosen [rows, m]`` holds ``[n, m]``."""
    return weight @ chosen / weight.sum(-1, keepdims=True)


def _top(rows) -> np.ndarray:
    return (rows == 0) & ((rows == 0).sum(1, keepdims=True) == 1)


def _bottom(rows) -> np.ndarray:
    last = rows == rows.max(1, keepdims=True)
    return last & (last.sum(1, keepdims=True) == 1) & (rows >= 0).all(1, keepdims=True)


def majority_cases(rows, weight, whole):
    return make(rows, [weight], _shares(rows, weight, _top(rows)) > 0.5 + TIE_TOLERANCE)


def majority_loser_cases(rows, weight, whole):
    return make(rows, [weight], _shares(rows, weight, _bottom(rows)) > 0.5 + TIE_TOLERANCE)


def unanimity_cases(rows, weight, whole):
    return make(rows, [weight], _shares(rows, weight, _top(rows)) > 1 - TIE_TOLERANCE)


def pareto_cases(rows, weight, whole):
    above = np.stack([e.ahead(row) for row in rows])
    missed = np.einsum("nr,rab->nab", weight, ~above)
    return make(rows, [weight], (missed <= TIE_TOLERANCE).any(1))


def _beats(rows, weight) -> np.ndarray:
    return (e.duels(rows, weight) > 0.5 + TIE_TOLERANCE) | np.eye(rows.shape[1], dtype=bool)


def condorcet_cases(rows, weight, whole):
    return make(rows, [weight], _beats(rows, weight).all(2))


def condorcet_loser_cases(rows, weight, whole):
    return make(rows, [weight], _beats(rows, weight).all(1))


def smith_cases(rows, weight, whole):
    return make(rows, [weight], e.smith(e.duels(rows, weight)))


def must_win(cases, place):
    """Where ``who`` names somebody, that one must win alone."""
    return cases.who.any(-1) & (e.winners(place[0]) != cases.who).any(-1)


def must_lose(cases, place):
    return (cases.who & e.winners(place[0])).any(-1)


def must_hold(cases, place):
    """No winner from outside ``who``."""
    return (e.winners(place[0]) & ~cases.who).any(-1)
