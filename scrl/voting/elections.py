"""Steps 5 and 6: an election for each prompt, from the voters' ballots to the outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from scrl.data.batches import padded_size
from scrl.types import Ballots, Outcome
from scrl.voting import aggregate_with_pairwise

#: Utilities held at once, contests × voters × candidates.
CELLS = 20_000_000


class Contests(NamedTuple):
    """Prompts of similar size that are counted together.

    Attributes:
        prompts: indices ``[contests]``.
        item: catalogue item of each candidate ``[contests, candidates]``, 0 for padding.
        candidate_mask: False for padding, same shape.
    """

    prompts: np.ndarray
    item: np.ndarray
    candidate_mask: np.ndarray


def group_prompts(offsets: np.ndarray, voters: int) -> Iterator[Contests]:
    """All prompts, in groups whose utilities number at most ``CELLS``.

    Args:
        offsets: where each prompt's items begin ``[prompts + 1]``.
        voters: the number of voters in every contest.
    """
    sizes = np.diff(offsets)
    padded = np.array([padded_size(size) for size in sizes])
    for m in np.unique(padded):
        prompts = np.flatnonzero(padded == m)
        step = max(1, CELLS // (voters * int(m)))
        for start in range(0, len(prompts), step):
            group = prompts[start : start + step]
            mask = np.arange(m) < sizes[group, None]
            yield Contests(group, np.where(mask, offsets[group, None] + np.arange(m), 0), mask)


class ElectionResults(NamedTuple):
    """The outcomes of an election on every prompt.

    Attributes:
        outcomes: for each prompt, rule -> ``Outcome`` over its candidates.
        above: for each prompt, P(a ≻ b): the share of voters with a above b ``[m, m]``, ties half.
    """

    outcomes: list[dict[str, Outcome]]
    above: list[np.ndarray]


def run_elections(
    ballots_of: Callable[[Contests], Ballots],
    offsets: np.ndarray,
    voters: int,
    rules: Sequence[str],
    on_share: Callable[[float], None] | None = None,
) -> ElectionResults:
    """Count complete ballots on every prompt by every rule.

    Args:
        ballots_of: returns the voters' ballots on some contests, ``[contests, voters, candidates]``
            with candidates in the order of ``Contests.item``.
        offsets: where each prompt's items begin ``[prompts + 1]``.
        voters: the number of voters in every contest.
        rules: names of the rules.
        on_share: called with the share of the prompts that is counted.
    """
    prompts = len(offsets) - 1
    outcomes: list[dict[str, Outcome]] = [{} for _ in range(prompts)]
    above: list[np.ndarray] = [np.empty((0, 0))] * prompts
    done = 0
    for group in group_prompts(offsets, voters):
        counted, shares = aggregate_with_pairwise(ballots_of(group), rules)
        for row, prompt in enumerate(group.prompts):
            size = int(group.candidate_mask[row].sum())
            above[prompt] = shares[row, :size, :size]
            for rule, outcome in counted.items():
                outcomes[prompt][rule] = Outcome(
                    rule, outcome.place[row, :size], outcome.scores[row, :size], outcome.lottery
                )
        done += len(group.prompts)
        if on_share is not None:
            on_share(done / prompts)
    return ElectionResults(outcomes, above)
