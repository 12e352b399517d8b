"""Steps 3 to 6: voters' ballots from utilities, contest by contest, and their outcomes."""

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
    """Prompts that are counted together, being of like size.

    Attributes:
        prompts: ``[contests]``.
        item: catalogue item of each candidate ``[contests, candidates]``, 0 for padding.
        candidate_mask: False for padding, same shape.
    """

    prompts: np.ndarray
    item: np.ndarray
    candidate_mask: np.ndarray


def group_prompts(offsets: np.ndarray, voters: int) -> Iterator[Contests]:
    """All prompts, in groups small enough that their voters' utilities can be held.

    Args:
        offsets: where each prompt's items begin ``[prompts + 1]``.
    """
    sizes = np.diff(offsets)
    padded = np.array([padded_size(size) for size in sizes])
    for m in np.unique(padded):
        prompts = np.flatnonzero(padded == m)
        step = max(1, CELLS // (voters * int(m)))
        for start in range(0, len(prompts), step):
            some = prompts[start : start + step]
            real = np.arange(m) < sizes[some, None]
            yield Contests(some, np.where(real, offsets[some, None] + np.arange(m), 0), real)


class ElectionResults(NamedTuple):
    """What the voters decided.

    Attributes:
        outcomes: for each prompt, rule -> ``Outcome`` over its candidates.
        above: for each prompt, the share of voters with a above b ``[m, m]``, ties half.
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
    """Count complete ballots for every prompt by every rule.

    Args:
        ballots_of: the voters' ballots for some contests, ``[contests, voters, candidates]`` with
            candidates as ``Contests.item`` arranges them.
        offsets: where each prompt's items begin ``[prompts + 1]``.
        on_share: called with the share of the prompts done.
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
