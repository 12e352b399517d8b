"""Ranks of a file that are no ranks, or that may mean a completion left out."""

from __future__ import annotations

import numpy as np

from scrl.data.table import Table


def check_ranks(table: Table) -> None:
    """Check the values of a table of ranks, where some data write 0 or -1 for a completion that is
    not ranked.

    Raises:
        InputError: for a negative rank, and for a rank of 0 where other ballots begin at 1: read as
            a rank, it would be the best.
    """
    row = int(np.argmin(table.value)) if len(table.value) else 0
    if not len(table.value) or table.value[row] > 0:
        return
    if table.value[row] < 0:
        table.fail(
            f"the rank is {table.value[row]:g}; a rank is 1 for the best, 2 for the next and so "
            "on. Leave out the row or the cell of a completion that is not ranked.", row,
        )  # fmt: skip
    ballot = table.rater.codes.astype(np.int64) * len(table.prompt.values) + table.prompt.codes
    if table.ballot is not None:
        ballot = ballot * (int(table.ballot.max()) + 1) + table.ballot
    number = np.unique(ballot, return_inverse=True)[1].ravel()
    lowest = np.full(number.max() + 1, np.inf)
    np.minimum.at(lowest, number, table.value)
    if (lowest > 0).any():
        table.fail(
            "the rank is 0, and ranks of other ballots begin at 1; leave out the row or the cell "
            "of a completion that is not ranked, or begin the ranks of every ballot at 0.", row,
        )  # fmt: skip
