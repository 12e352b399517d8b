"""Records on disk, in partitions by rater, each small enough to be sorted in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scrl.data.assembly import dense_ranks

#: Most partitions; each is a file.
MAX_PARTITIONS = 512


class Partitions:
    """Files of records, each with all rows of its raters, in the order of the source.

    Args:
        folder: where the files are written.
        count: how many there are; rater ``r`` stands in partition ``r % count``.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count

    def path(self, number: int) -> Path:
        return self.folder / f"partition-{number}"

    def add(self, records: np.ndarray) -> None:
        """Append records, which have a field ``rater``, to their files."""
        which = records["rater"] % self.count
        order = np.argsort(which, kind="stable")
        ends = np.cumsum(np.bincount(which, minlength=self.count))
        ordered, start = records[order], 0
        for number, end in enumerate(ends.tolist()):
            if end > start:
                with self.path(number).open("ab") as file:
                    # ``ndarray.tofile`` says nothing where the disk is full.
                    file.write(ordered[start:end].tobytes())
            start = end

    def records(self, number: int, fields: list[tuple[str, str]]) -> np.ndarray:
        """All records of a partition."""
        path = self.path(number)
        return np.fromfile(path, fields) if path.exists() else np.empty(0, fields)


@dataclass(frozen=True, eq=False)
class Ballots:
    """Ballots of some raters, in ascending order of raters, those of a rater by first appearance.

    Attributes:
        rater, weight, size: of each ballot ``[ballots]``.
        item, rank: of each entry ``[entries]``, in the order of the source within a ballot.
        repeated, dropped: rows left out because the same rating, or another one of the completion,
            stands before on the ballot.
        lowest: the least rank of each ballot, as the source states it ``[ballots]``.
    """

    rater: np.ndarray
    weight: np.ndarray
    size: np.ndarray
    item: np.ndarray
    rank: np.ndarray
    repeated: int
    dropped: int
    lowest: np.ndarray

    def select(self, keep: np.ndarray) -> Ballots:
        """Only these ballots, a mask ``[ballots]``."""
        entries = np.repeat(keep, self.size)
        return Ballots(
            self.rater[keep], self.weight[keep], self.size[keep], self.item[entries],
            self.rank[entries], 0, 0, self.lowest[keep],
        )  # fmt: skip


#: Called with (row, earlier row, what is wrong), it raises: ``"weight"`` or ``"rank"``.
Refuse = Callable[[int, int, str], None]


def ballots_of(
    records: np.ndarray, prompt_of: np.ndarray, item_of: np.ndarray, lenient: bool, refuse: Refuse
) -> Ballots:
    """Records in the order of the source as ballots.

    Args:
        prompt_of, item_of: prompt and catalogue item of each pair ``[pairs]``.
        lenient: whether a completion that stands twice on a ballot with different values is left
            out the second time, or refused.
        refuse: called for rows that contradict each other.
    """
    ballot, first = _ballot_of(records, prompt_of)
    again, same, earlier = _repeats(records, ballot)
    if (again & ~same).any() and not lenient:
        bad = int(np.flatnonzero(again & ~same)[0])
        refuse(int(records["row"][bad]), int(records["row"][earlier[bad]]), "rank")
    kept, ballot_kept = records[~again], ballot[~again]
    weight = np.ones(len(first))
    if "weight" in (records.dtype.names or ()):
        weight = records["weight"][first]
        differs = np.flatnonzero(kept["weight"] != weight[ballot_kept])
        if len(differs):
            bad = int(differs[0])
            start = int(first[ballot_kept[bad]])
            refuse(int(kept["row"][bad]), int(records["row"][start]), "weight")
    order = np.argsort(ballot_kept, kind="stable")
    size = np.bincount(ballot_kept, minlength=len(first))
    lowest = np.full(len(first), np.inf)
    np.minimum.at(lowest, ballot_kept, kept["value"])
    return Ballots(
        records["rater"][first], weight, size, item_of[kept["pair"][order]].astype(np.int32),
        dense_ranks(kept["value"], ballot_kept)[order].astype(np.int16),
        int((again & same).sum()), int((again & ~same).sum()), lowest,
    )  # fmt: skip


def _ballot_of(records: np.ndarray, prompt_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ballot of each record ``[records]``, and the first record of each ballot."""
    prompt = prompt_of[records["pair"]]
    keys = [records["rater"].astype(np.int64) * (int(prompt.max()) + 1) + prompt]
    if "label" in (records.dtype.names or ()):
        keys.insert(0, records["label"])
    order = np.lexsort(keys) if len(keys) > 1 else np.argsort(keys[0], kind="stable")
    starts = np.zeros(len(order), bool)
    starts[:1] = True
    for key in keys:
        starts[1:] |= key[order[1:]] != key[order[:-1]]
    group = np.cumsum(starts) - 1
    first = order[starts]  # the sort is stable, so the first of a group is the earliest record
    by_rater = np.argsort(records["rater"][first].astype(np.int64) * len(order) + first)
    place = np.empty_like(by_rater)
    place[by_rater] = np.arange(len(by_rater))
    ballot = np.empty(len(order), np.int64)
    ballot[order] = place[group]
    return ballot, first[by_rater]


def _repeats(records: np.ndarray, ballot: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each record: whether its completion stands before on the ballot, with the same value and
    weight, and where ``[records]``."""
    key = ballot * (int(records["pair"].max()) + 1) + records["pair"]
    order = np.argsort(key, kind="stable")
    starts = np.ones(len(order), bool)
    starts[1:] = key[order[1:]] != key[order[:-1]]
    earlier = np.empty(len(order), np.int64)
    earlier[order] = order[starts][np.cumsum(starts) - 1]
    again = earlier < np.arange(len(order))
    same = records["value"] == records["value"][earlier]
    if "weight" in (records.dtype.names or ()):
        same &= records["weight"] == records["weight"][earlier]
    return again, again & same, earlier
