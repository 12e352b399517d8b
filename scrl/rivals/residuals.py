"""By how much raters place completions higher than Bradley–Terry expects."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit

from scrl.utility_models.ballot_table import BallotTable

#: Ballots × places² held in memory at once.
MAX_CELLS = 2_000_000


def residual_scores(
    table: BallotTable, reward: np.ndarray, visible: np.ndarray | None = None
) -> csr_matrix:
    """Mean residual score of each item for each distinct rater, sparse ``[rows, items]``.

    The score of a completion is the share of the ballot's other completions that it is ranked
    above, ties half; its residual is that less the share expected at ``reward``.

    Args:
        reward: ``[items]``.
        visible: which slots of the distinct ballots are read ``[ballots, places]``; default all.
    """
    mask = table.slots.mask if visible is None else visible
    score = np.zeros(mask.shape)
    for part in _blocks(*mask.shape):
        surplus = ranked_above(table, part) - _expected_above(table, part, reward)
        both = mask[part, :, None] & mask[part, None, :]
        others = np.maximum(mask[part].sum(1) - 1, 1)
        score[part] = (surplus * both).sum(2) / others[:, None]
    ballot, place = np.nonzero(mask)
    at = ballot, table.slots.item[ballot, place]
    shape = len(mask), table.catalogue.items
    total = table.cast @ csr_matrix((score[ballot, place], at), shape=shape)
    count = table.cast @ csr_matrix((np.ones(len(ballot)), at), shape=shape)
    count.data = 1 / count.data
    return total.multiply(count).tocsr()


def ranked_above(table: BallotTable, ballots: np.ndarray | slice) -> np.ndarray:
    """1 where slot a is ranked above slot b, ½ where tied ``[ballots, a, b]``."""
    start = table.slots.tie_start[ballots]
    return 0.5 + 0.5 * np.sign(start[:, None, :] - start[:, :, None])


def _expected_above(table: BallotTable, ballots: slice, reward: np.ndarray) -> np.ndarray:
    """Bradley–Terry probability that slot a is ranked above slot b ``[ballots, a, b]``."""
    value = reward[table.slots.item[ballots]]
    return expit(value[:, :, None] - value[:, None, :])


def _blocks(ballots: int, places: int) -> Iterator[slice]:
    size = max(1, MAX_CELLS // places**2)
    return (slice(start, start + size) for start in range(0, ballots, size))
