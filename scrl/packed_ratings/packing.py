"""Tables of ratings of any size, packed to a folder of flat arrays."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import scrl
from scrl.data.batches import padded_sizes
from scrl.data.files import printable, quoted
from scrl.data.table import rows_left_out, single_completion_notes
from scrl.packed_ratings.arrays import PackedArrays
from scrl.packed_ratings.manifest import NAMES, WORK, digest, write_catalogue, write_manifest
from scrl.packed_ratings.new_folders import new_folder
from scrl.packed_ratings.packed import PackedRatings
from scrl.packed_ratings.partitions import MAX_PARTITIONS, Ballots, Partitions, ballots_of
from scrl.packed_ratings.reading import RowReader, layout_of
from scrl.packed_ratings.sources import Source, open_source
from scrl.text import with_text_features
from scrl.types import Catalogue, InputError

#: Rows that are parsed at once, and rows that are sorted at once, about.
PART_ROWS, SORTED_ROWS = 65_536, 500_000
#: Numbers of ballots to which raters are padded, at most.
MAX_SIZES = 6
#: Ballots that make another such number worth the programs that are compiled for it.
BALLOTS_OF_SIZE = 10_000
#: Share of the raters that a number of slots needs, to be one of its own.
LEAST_SHARE = 0.01
#: Called with the share of the work that is done and a line for a person.
OnProgress = Callable[[float, str], None]


def pack(
    source: str | Path,
    folder: str | Path,
    columns: Mapping[str, object] | None = None,
    texts: str = "ignore",
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    part_rows: int = PART_ROWS,
    sorted_rows: int = SORTED_ROWS,
) -> PackedRatings:
    """Read a table with a row for each completion on a ballot, and write it as packed ratings.

    The source is read once, from its first row to its last; rows of a rater or a ballot may stand
    anywhere in it. Rows mean what they mean to ``scrl.load_ratings``: of a small file
    ``PackedRatings.ratings`` has the same ballots. Times and features of raters are not kept, and
    the table must have a column of raters.

    Memory is bounded, beside that of Python and the libraries (about 150 MB), by::

        parts:      12 × part_rows × (bytes of a row)
        sorting:   500 × max(sorted_rows, rows / 512) bytes, and as much as one rater's rows take
        raters:    700 × raters bytes
        items:     400 × items bytes, and 2 × the bytes of all distinct texts and features
        file:      one compressed column page, or one record batch of an Arrow file

    so it follows raters, items and texts, and the rows only beyond 256 million of them. Disk: the
    folder (6 bytes an entry and 20 a ballot) and, while it is written, 24 to 40 bytes a row.

    Args:
        source: a .parquet, .arrow or .csv file, or a folder of files of one format.
        folder: where the packed ratings are written. It is there whole or not at all.
        columns: role -> column of those that are called otherwise, as in ``scrl.load_ratings``.
        texts: ``"read"`` makes features of the texts of prompts and completions, by the encoder
            of the extra ``text`` where it is installed; ``"ignore"`` leaves the features that the
            table gives.
        overwrite: whether a folder of packed ratings that has this name is replaced; no folder
            that holds anything else is.
        on_progress: called with (share of the work done, a line for a person).
        part_rows, sorted_rows: rows that are parsed at once, and sorted at once, about.

    Raises:
        InputError: naming the file and the row.
    """
    if texts not in ("read", "ignore"):
        raise InputError(f"texts is {quoted(texts)}; choose 'read' or 'ignore'.")
    for name, value in (("part_rows", part_rows), ("sorted_rows", sorted_rows)):
        if type(value) is not int or value < 1:
            raise InputError(f"{name} is {quoted(value)}; give a whole number from 1.")
    if columns is not None and not isinstance(columns, Mapping):
        raise InputError(f"columns is {quoted(columns)}; give a mapping from roles to columns.")
    found = open_source(source)
    reader = RowReader(found, layout_of(found, None if columns is None else dict(columns)))
    report = on_progress or (lambda share, message: None)
    with new_folder(folder, overwrite, NAMES) as whole:
        _write(found, reader, whole, texts, report, part_rows, sorted_rows)
    return PackedRatings.open(folder)


def _write(
    source: Source, reader: RowReader, folder: Path, texts: str, report: OnProgress,
    part_rows: int, sorted_rows: int,
) -> None:  # fmt: skip
    """Write all files of the folder."""
    work = folder / WORK
    work.mkdir()
    count = int(np.clip(-(-source.most_rows // sorted_rows), 1, MAX_PARTITIONS))
    partitions = Partitions(work, count)
    for part in source.parts(reader.columns, part_rows):
        partitions.add(reader.read(part))
        share = min(reader.rows / max(source.most_rows, 1), 1.0)
        report(0.6 * share, f"reading: {reader.rows:,} rows")
    if not len(reader.raters):
        why = "no row has a completion and a value" if reader.rows else "there is no row"
        raise InputError(f"{source.file}: {why}; give at least one rating.")
    catalogue, item_of = reader.catalogue()
    if texts == "read":
        report(0.6, f"reading texts of {catalogue.items:,} completions")
        catalogue = with_text_features(catalogue)
    totals = _sort(reader, partitions, item_of, report)
    shapes = _shapes_of(totals, catalogue)
    arrays = PackedArrays(folder, totals.ballots, totals.entries, shapes.group, count)
    for number in range(count):
        ballots = _load(partitions, number)
        if ballots is not None:
            arrays.add(ballots)
        report(0.85 + 0.15 * number / count, "writing")
    arrays.write("rater_weight", totals.weight()[arrays.order])
    _write_about(reader, catalogue, arrays, totals, shapes, source)
    shutil.rmtree(work)


@dataclass
class _Totals:
    """Counts of each rater ``[raters]``: ballots and entries, ballots of two completions or more,
    the longest ballot; sum, least and greatest of the ballots' weights; and counts of all."""

    ballots: np.ndarray
    entries: np.ndarray
    contests: np.ndarray
    longest: np.ndarray
    weights: np.ndarray
    lightest: np.ndarray
    heaviest: np.ndarray
    repeated: int = 0
    dropped: int = 0
    singles: int = 0

    @classmethod
    def of(cls, raters: int) -> _Totals:
        ballots, entries, contests, longest = np.zeros((4, raters), np.int32)
        weights, heaviest = np.zeros((2, raters))
        lightest = np.full(raters, np.inf)
        return cls(ballots, entries, contests, longest, weights, lightest, heaviest)

    def add(self, b: Ballots) -> None:
        """Add ballots, which are all of their raters."""
        raters = len(self.ballots)
        self.ballots += np.bincount(b.rater, minlength=raters).astype(np.int32)
        self.entries += np.bincount(b.rater, b.size, raters).astype(np.int32)
        self.contests += np.bincount(b.rater[b.size > 1], minlength=raters).astype(np.int32)
        np.maximum.at(self.longest, b.rater, b.size.astype(np.int32))
        self.weights += np.bincount(b.rater, b.weight, raters)
        np.minimum.at(self.lightest, b.rater, b.weight)
        np.maximum.at(self.heaviest, b.rater, b.weight)
        self.repeated += b.repeated
        self.dropped += b.dropped
        self.singles += int((b.size == 1).sum())

    def weight(self) -> np.ndarray:
        """The weight of each rater, as ``scrl.data.weights.rater_weights`` has it ``[raters]``."""
        mean = self.weights / self.ballots
        return np.where(self.lightest == self.heaviest, self.heaviest, mean)


def _sort(
    reader: RowReader, partitions: Partitions, item_of: np.ndarray, report: OnProgress
) -> _Totals:
    """Sort each partition to ballots, which replace it on disk."""
    prompt_of, _ = reader.pairs.pairs
    totals = _Totals.of(len(reader.raters))

    def refuse(row: int, earlier: int, what: str) -> NoReturn:
        place = reader.place_of(earlier)
        if what == "weight":
            reader.fail(row, f"the weight of this ballot differs from {place}; make them agree.")
        reader.fail(
            row, f"this rater already ranked this completion on this ballot in {place}; remove "
            "one, or name a column that tells the ballots apart (ballot=COLUMN).",
        )  # fmt: skip

    begin_at_one = False
    for number in range(partitions.count):
        records = partitions.records(number, reader.fields)
        if len(records):
            lenient = reader.layout.lenient
            ballots = ballots_of(records, prompt_of, item_of, lenient, refuse)
            begin_at_one |= bool((ballots.lowest > 0).any())
            totals.add(ballots)
            _save(partitions, number, ballots)
        report(0.6 + 0.25 * number / partitions.count, "sorting by raters")
    if reader.first_zero is not None and begin_at_one:
        reader.fail(
            reader.first_zero,
            "the rank is 0, and ranks of other ballots begin at 1; leave out the row of a "
            "completion that is not ranked, or begin the ranks of every ballot at 0.",
        )
    return totals


def _save(partitions: Partitions, number: int, b: Ballots) -> None:
    path = partitions.path(number)
    path.unlink()
    with path.open("wb") as file:
        for array in (b.rater, b.weight, b.size, b.item, b.rank):
            # Into a file itself NumPy writes by ``tofile``, which ignores a full disk.
            packed = io.BytesIO()
            np.save(packed, array)
            file.write(packed.getbuffer())


def _load(partitions: Partitions, number: int) -> Ballots | None:
    """The ballots of a partition; None where it has none. Its file is removed."""
    path = partitions.path(number)
    if not path.exists():
        return None
    with path.open("rb") as file:
        rater, weight, size, item, rank = (np.load(file) for _ in range(5))
    path.unlink()
    return Ballots(rater, weight, size, item, rank, 0, 0, np.zeros(len(rater)))


@dataclass(frozen=True)
class _Shapes:
    """The padded shapes (contests, slots) with their raters' number, and the shape of each rater
    ``[raters]``; one more stands for raters without a ballot of two completions."""

    shapes: list[dict[str, int]]
    group: np.ndarray


def _shapes_of(totals: _Totals, catalogue: Catalogue) -> _Shapes:
    """The shape of each rater, with little padding in all."""
    present = np.flatnonzero(totals.contests)
    if not len(present):
        return _Shapes([], np.zeros(len(totals.contests), np.int64))
    offered = int(np.diff(catalogue.offsets).max())
    contests, longest = totals.contests[present], totals.longest[present]
    slots = padded_sizes(longest, offered)
    for size in np.unique(slots)[:-1]:  # a few raters are not worth a shape
        same = slots == size
        slots[same] = size if same.mean() >= LEAST_SHARE else slots.max()
    for size in np.unique(slots):  # no longer than the longest ballot, or its prompt
        same = slots == size
        slots[same] = min(size, max(offered, longest[same].max()))
        contests[same] = _padded_contests(contests[same])
    shapes, group, rows = np.unique(
        np.stack([contests, slots], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    group_of = np.full(len(totals.contests), len(shapes))
    group_of[present] = group.ravel()
    names = ("contests", "slots", "rows")
    return _Shapes(
        [dict(zip(names, (*map(int, s), int(n)), strict=True))
         for s, n in zip(shapes, rows, strict=True)],
        group_of,
    )  # fmt: skip


def _padded_contests(contests: np.ndarray) -> np.ndarray:
    """A padded number of ballots for each rater ``[raters]``: one for every ``BALLOTS_OF_SIZE``
    ballots, ``MAX_SIZES`` different ones at most.

    The sizes are those with the fewest padded ballots in all (dynamic programming over the numbers
    that occur): a batch costs what its padded shape costs, and each shape is a compiled program.
    """
    need, raters = np.unique(contests, return_counts=True)
    if len(need) > 64:  # of more numbers, 64 quantiles of the ballots may be sizes
        total = np.cumsum(need * raters)
        ends = np.searchsorted(total, total[-1] * np.linspace(0, 1, 65)[1:])
        edges = np.unique(np.minimum(ends, len(need) - 1))
        raters = np.add.reduceat(raters, np.r_[0, edges[:-1] + 1])
        need = need[edges]
    before = np.r_[0, np.cumsum(raters)]
    # cost[j]: of the first j numbers with the sizes so far, the last of which is need[j - 1].
    cost = np.r_[0.0, np.full(len(need), np.inf)]
    starts = []
    sizes_worth = int(np.clip(contests.sum(dtype=np.int64) // BALLOTS_OF_SIZE, 1, MAX_SIZES))
    for _ in range(min(sizes_worth, len(need))):
        ways = cost[:-1, None] + (before[None, 1:] - before[:-1, None]) * need[None, :]
        ways[np.tri(len(need), k=-1, dtype=bool)] = np.inf
        starts.append(ways.argmin(0))
        cost = np.r_[0.0, ways.min(0)]
    sizes, end = [], len(need)
    for start in reversed(starts):
        if end > 0:
            sizes.append(need[end - 1])
            end = int(start[end - 1])
    chosen = np.array(sizes[::-1])
    return chosen[np.searchsorted(chosen, contests)]


def _write_about(
    reader: RowReader, catalogue: Catalogue, arrays: PackedArrays, totals: _Totals,
    shapes: _Shapes, source: Source,
) -> None:  # fmt: skip
    """Write names, types, the catalogue and the manifest."""
    encoded = [name.encode("utf-8", "surrogatepass") for name in reader.rater_names()]
    arrays.write("rater_name", np.frombuffer(b"".join(encoded), np.uint8))
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    arrays.write("rater_name_start", np.concatenate([[0], np.cumsum(lengths)]))
    groups, types = reader.rater_groups()
    if groups is not None:
        arrays.write("rater_type", groups)
    for which in ("prompt_features", "completion_features"):
        values = getattr(catalogue, which)
        if values is not None:
            arrays.write(which, values.ravel())
    notes = reader.notes()
    notes += rows_left_out(totals.repeated, "the same rating stands before")
    notes += rows_left_out(totals.dropped, "the completion stands before on the same ballot")
    notes += single_completion_notes(np.ones(totals.singles), "unseen")
    entries = arrays.finished()
    about: dict[str, Any] = {
        "made_by": {"scrl": scrl.__version__, "numpy": np.__version__},
        "name": printable(source.name), "raters": len(encoded),
        "ballots": int(totals.ballots.sum()), "entries": int(totals.entries.sum()),
        "least_weight": float(totals.weight().min()), "types": types, "notes": notes,
        "shapes": shapes.shapes, "arrays": entries,
        "catalogue": write_catalogue(arrays.folder, catalogue),
    }  # fmt: skip
    content = {name: entry["sha256"] for name, entry in entries.items()}
    about["content"] = digest({**content, "catalogue": about["catalogue"]})
    write_manifest(arrays.folder, about)
