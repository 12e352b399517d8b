"""What rows say of a prompt, a completion or a rater, and whether they agree."""

from __future__ import annotations

import numpy as np


def first_rows(codes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The codes from 0 to ``count`` that occur, ascending, and the first row of each; as
    ``numpy.unique`` finds them, without sorting."""
    first = np.full(count, -1)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    used = np.flatnonzero(first >= 0)
    return used, first[used]


class FirstValues:
    """The value that the first row of each group gives, as numbers.

    Args:
        width: numbers of a value; None for one number.
        fill: the value of a group of which no row gives one.
        dtype: of the values.
    """

    def __init__(self, width: int | None, fill: float, dtype: type) -> None:
        shape = (0,) if width is None else (0, width)
        self.fill = fill
        self.values: np.ndarray = np.empty(shape, dtype)
        #: The row that gave the value of each group ``[groups]``, -1 for none.
        self.rows = np.empty(0, np.int64)

    def add(
        self, group: np.ndarray, value: np.ndarray, row: np.ndarray, given: np.ndarray | None = None
    ) -> int | None:
        """Add rows.

        Args:
            group: of each row ``[rows]``; value: ``[rows]`` or ``[rows, width]``.
            row: their numbers, ascending; given: which of them give a value; all by default.

        Returns:
            The first of these rows that gives another value than a row before; None without any.
        """
        self._grow(int(group.max(initial=-1)) + 1)
        if given is not None:
            group, value, row = group[given], value[given], row[given]
        fresh = np.flatnonzero(self.rows[group] < 0)[::-1]
        # Of equal groups the last assignment counts, which is that of the first row.
        self.values[group[fresh]] = value[fresh]
        self.rows[group[fresh]] = row[fresh]
        differs = value != self.values[group]
        bad = np.flatnonzero(differs if differs.ndim == 1 else differs.any(1))
        if not len(bad):
            return None
        at = int(bad[0])
        return at if given is None else int(np.flatnonzero(given)[at])

    def _grow(self, groups: int) -> None:
        more = groups - len(self.rows)
        if more > 0:
            more = max(more, len(self.rows) // 4)  # few copies, however many parts bring new groups
            width = [(0, more)] + [(0, 0)] * (self.values.ndim - 1)
            self.values = np.pad(self.values, width, constant_values=self.fill)
            self.rows = np.pad(self.rows, (0, more), constant_values=-1)


class PairNumbers:
    """Pairs of whole numbers below 2³¹, numbered by first appearance."""

    def __init__(self) -> None:
        self._sorted = np.empty(0, np.int64)  # the keys in order
        self._number = np.empty(0, np.int32)  # and their numbers
        self.keys = np.empty(0, np.int64)  # by number

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """The two numbers of each pair, int32 ``[pairs]``."""
        return (self.keys >> 32).astype(np.int32), (self.keys & 0xFFFFFFFF).astype(np.int32)

    def add(self, one: np.ndarray, two: np.ndarray) -> np.ndarray:
        """The number of each row's pair ``[rows]``."""
        key = (one.astype(np.int64) << 32) | two.astype(np.int64)
        found, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        at = np.atleast_1d(np.searchsorted(self._sorted, found))
        known = np.zeros(len(found), bool)
        inside = at < len(self._sorted)
        known[inside] = self._sorted[at[inside]] == found[inside]
        number = np.empty(len(found), np.int32)
        number[known] = self._number[at[known]]
        fresh = np.flatnonzero(~known)
        if len(fresh):
            fresh = fresh[np.argsort(first[fresh])]
            number[fresh] = len(self.keys) + np.arange(len(fresh))
            self.keys = np.concatenate([self.keys, found[fresh]])
            keys = np.concatenate([self._sorted, found[fresh]])
            order = np.argsort(keys, kind="stable")
            self._sorted = keys[order]
            self._number = np.concatenate([self._number, number[fresh]])[order]
        return number[inverse]
