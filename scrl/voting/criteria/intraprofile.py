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
class Comparisons:
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
    candidate_masks: tuple[np.ndarray, ...]
    candidates: np.ndarray
    withdrawn: np.ndarray
    ballot_before: np.ndarray
    ballot_after: np.ndarray

    def __len__(self) -> int:
        return len(self.candidates)

    def __getitem__(self, i) -> Comparisons:
        return Comparisons(
            self.rows, tuple(w[i] for w in self.weight), tuple(s[i] for s in self.candidate_masks),
            self.candidates[i], self.withdrawn[i], self.ballot_before[i], self.ballot_after[i],
        )  # fmt: skip

    def stacked(self) -> tuple[np.ndarray, np.ndarray]:
        """All electorates, those compared together one after another."""
        return np.concatenate(self.weight), np.concatenate(self.candidate_masks)


def make_comparisons(
    rows, weight, who=None, standing=None, gone=None, old=None, new=None
) -> Comparisons:
    k, m = len(weight[0]), rows.shape[1]
    full = np.ones((k, m), bool)
    return Comparisons(
        rows,
        tuple(weight),
        tuple(full if s is None else s for s in (standing or [None] * len(weight))),
        np.zeros((k, m), bool) if who is None else who,
        *(np.full(k, -1) if x is None else np.broadcast_to(x, k) for x in (gone, old, new)),
    )


def concatenate(rows, parts: list[Comparisons], electorates: int = 2) -> Comparisons:
    """Cases over the same rows, one after another."""
    if not parts:
        empty = np.zeros((0, len(rows)))
        return make_comparisons(rows, [empty] * electorates)
    fields = ("candidates", "withdrawn", "ballot_before", "ballot_after")
    return Comparisons(
        rows,
        tuple(np.concatenate(w) for w in zip(*(p.weight for p in parts), strict=True)),
        tuple(np.concatenate(s) for s in zip(*(p.candidate_masks for p in parts), strict=True)),
        *(np.concatenate([getattr(p, name) for p in parts]) for name in fields),
    )


def candidate_mask(m: int, some: Iterable[int]) -> np.ndarray:
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


def majority_comparisons(rows, weight, whole):
    return make_comparisons(rows, [weight], _shares(rows, weight, _top(rows)) > 0.5 + TIE_TOLERANCE)


def majority_loser_comparisons(rows, weight, whole):
    return make_comparisons(
        rows, [weight], _shares(rows, weight, _bottom(rows)) > 0.5 + TIE_TOLERANCE
    )


def unanimity_comparisons(rows, weight, whole):
    return make_comparisons(rows, [weight], _shares(rows, weight, _top(rows)) > 1 - TIE_TOLERANCE)


def pareto_comparisons(rows, weight, whole):
    above = np.stack([e.strictly_above(row) for row in rows])
    missed = np.einsum("nr,rab->nab", weight, ~above)
    return make_comparisons(rows, [weight], (missed <= TIE_TOLERANCE).any(1))


def _beats(rows, weight) -> np.ndarray:
    return (e.pairwise_shares(rows, weight) > 0.5 + TIE_TOLERANCE) | np.eye(
        rows.shape[1], dtype=bool
    )


def condorcet_comparisons(rows, weight, whole):
    return make_comparisons(rows, [weight], _beats(rows, weight).all(2))


def condorcet_loser_comparisons(rows, weight, whole):
    return make_comparisons(rows, [weight], _beats(rows, weight).all(1))


def smith_comparisons(rows, weight, whole):
    return make_comparisons(rows, [weight], e.smith_set(e.pairwise_shares(rows, weight)))


def fails_to_win_alone(cases, place):
    """Where ``who`` names somebody, that one must win alone."""
    return cases.candidates.any(-1) & (e.winners(place[0]) != cases.candidates).any(-1)


def wins_anyway(cases, place):
    return (cases.candidates & e.winners(place[0])).any(-1)


def winner_outside_set(cases, place):
    """No winner from outside ``who``."""
    return (e.winners(place[0]) & ~cases.candidates).any(-1)
