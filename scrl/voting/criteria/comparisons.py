"""Criteria, and the electorates whose outcomes a criterion compares.

A criterion compares the outcomes of one electorate, of two (before and after a change) or of three
(two electorates and their union). ``*_comparisons`` functions list the electorates to compare, for
many electorates at once; a second function says which comparisons violate the criterion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Comparisons ``[k]`` of electorates over the same rows.

    Attributes:
        rows: possible ballots ``[rows, m]``, see ``electorates``.
        weight: voters who cast each row, one array ``[k, rows]`` for each electorate compared.
        candidate_masks: the candidates who stand, one array ``[k, m]`` for each electorate.
        candidates: mask of the candidates concerned: who must or must not win, who was raised, or
            the set of clones ``[k, m]``.
        withdrawn: the candidate who withdraws or enters ``[k]``; -1 for none.
        ballot_before: the row of the changed ballot before the change ``[k]``; -1 for none.
        ballot_after: the row of the changed ballot after the change ``[k]``; -1 for none.
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

    def __getitem__(self, i: slice | np.ndarray) -> Comparisons:
        return Comparisons(
            self.rows, tuple(w[i] for w in self.weight), tuple(s[i] for s in self.candidate_masks),
            self.candidates[i], self.withdrawn[i], self.ballot_before[i], self.ballot_after[i],
        )  # fmt: skip

    def stacked(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights and candidate masks of all electorates: all first ones, then all second ones."""
        return np.concatenate(self.weight), np.concatenate(self.candidate_masks)

    def inverted(self) -> Comparisons:
        """Before and after exchanged: a withdrawal becomes an entry, an abstention a vote."""
        return Comparisons(
            self.rows, self.weight[::-1], self.candidate_masks[::-1],
            self.candidates, self.withdrawn, self.ballot_after, self.ballot_before,
        )  # fmt: skip


#: Possible ballots ``[rows, m]``, weights ``[n, rows]``, and whether to try every kind of change,
#: not only those of one voter -> the comparisons that the criterion asks for.
FindComparisons: TypeAlias = Callable[[np.ndarray, np.ndarray, bool], Comparisons]
#: Comparisons ``[k]`` and places ``[k, m]`` of each electorate -> which are violations ``[k]``.
FindViolations: TypeAlias = Callable[[Comparisons, Sequence[np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Criterion:
    """A property that a voting rule satisfies or violates.

    Attributes:
        name: as in ``Rule.satisfies``.
        title: shown on pages.
        statement: the definition in one sentence.
        reference: author and year.
        titles: titles of the electorates compared.
        change: template of the sentence that describes the change; "" without a change.
        explanation: template of the sentence that describes the violation.
        comparisons: lists the electorates to compare.
        is_violated: decides which comparisons violate the criterion.
    """

    name: str
    title: str
    statement: str
    reference: str
    titles: tuple[str, ...]
    change: str
    explanation: str
    comparisons: FindComparisons
    is_violated: FindViolations


def make_comparisons(
    rows: np.ndarray,
    weight: Sequence[np.ndarray],
    candidates: np.ndarray | None = None,
    candidate_masks: Sequence[np.ndarray] | None = None,
    withdrawn: int | None = None,
    ballot_before: int | None = None,
    ballot_after: int | None = None,
) -> Comparisons:
    """Comparisons with defaults: all candidates stand, none is concerned, no ballot changes."""
    k, m = len(weight[0]), rows.shape[1]
    if candidate_masks is None:
        candidate_masks = [np.ones((k, m), bool)] * len(weight)
    return Comparisons(
        rows,
        tuple(weight),
        tuple(candidate_masks),
        np.zeros((k, m), bool) if candidates is None else candidates,
        *(
            np.full(k, -1) if x is None else np.broadcast_to(x, k)
            for x in (withdrawn, ballot_before, ballot_after)
        ),
    )


def concatenate(
    rows: np.ndarray, parts: Sequence[Comparisons], electorates: int = 2
) -> Comparisons:
    """Joins comparisons over the same rows.

    Args:
        electorates: the number of electorates of a comparison, used where there are no parts.
    """
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


def candidate_mask(m: int, members: Iterable[int]) -> np.ndarray:
    """A mask ``[m]`` that is true for the given candidates."""
    found = np.zeros(m, bool)
    found[list(members)] = True
    return found
