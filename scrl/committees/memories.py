"""What sequential rules remember of ballots: loads, budgets or remaining weights.

Ballots that approve the same members remember the same, if they began alike. So with few members a
memory has one entry for each set of them, and not one for each ballot.
"""

from __future__ import annotations

import numpy as np

from scrl.committees.batches import ApprovalBatch
from scrl.committees.rounds import Frontier

#: Most candidates for which ballots are grouped by the members that they approve.
_MAX_GROUPED = 12
#: Differences of weights below this share of the weight are rounding.
_NO_WEIGHT = 1e-12


def begin(batch: ApprovalBatch, seats: int, value: np.ndarray) -> Frontier:
    """Empty committees, every ballot of a profile remembering the same.

    Args:
        value: of each profile ``[profiles]``.
    """
    start = Frontier.start(len(batch.weight))
    ballots = batch.weight.shape[1]
    if batch.candidates <= _MAX_GROUPED and 1 << (seats - 1) <= ballots:
        start.memory = value[:, None].astype(float)
        start.groups = np.zeros((len(value), 1), np.int64)
    else:
        start.memory = np.repeat(value[:, None].astype(float), ballots, axis=1)
    return start


def group_weights(batch: ApprovalBatch, frontier: Frontier) -> np.ndarray:
    """The weight with which each group supports each candidate ``[states, groups, candidates]``."""
    groups, m = frontier.groups, batch.candidates
    assert frontier.memory is not None
    if groups is None:
        weight = frontier.rows_of(batch.weight)
        support = frontier.rows_of(batch.values) * weight[:, :, None]
        return np.broadcast_to(support, (len(frontier.memory), *support.shape[1:]))
    single = np.int64(1) << np.arange(m - 1, -1, -1)
    cell = (frontier.profile << m)[:, None, None] + (groups[:, :, None] | single)
    weight = batch.superset_weight.ravel()[cell]
    for k in range(groups.shape[1].bit_length() - 1):
        # From "approves at least these members" to "just these".
        view = weight.reshape(len(groups), -1, 2, 1 << k, m)
        view[:, :, 0] -= view[:, :, 1]
    if batch.is_whole:
        return weight
    rounding = _NO_WEIGHT * batch.total[frontier.profile][:, None, None]
    return np.where(weight > rounding, weight, 0.0)


def weighted_support(batch: ApprovalBatch, frontier: Frontier) -> np.ndarray:
    """The sum over the ballots that approve each candidate of weight × memory
    ``[states, candidates]``."""
    assert frontier.memory is not None
    if frontier.groups is None:
        return batch.support(frontier.memory * frontier.rows_of(batch.weight), frontier.rows)
    weight = group_weights(batch, frontier)
    return np.matmul(frontier.memory[:, None, :], weight)[:, 0, :]
