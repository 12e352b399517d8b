"""Ballots from data frames of pandas, polars or Arrow, in three shapes.

- *Choices*: a row a ballot, its columns the first choice, the second …
- *Ranks* or *scores*: a row a ballot, a column a candidate.
- *Long*: a row for each candidate whom a voter ranks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from scrl.data.files import quoted
from scrl.data.frames import open_frame
from scrl.data.limits import MAX_WEIGHT, MIN_WEIGHT, WEIGHT
from scrl.types import InputError
from scrl.voting.profiles.rankings import CandidateIndex, candidate_name, dense_places, is_missing

#: Most ballots × candidates of a frame.
MAX_CELLS = 100_000_000
#: Columns of choices that need no argument.
_CHOICE = re.compile(r"choice_[1-9]\d*")


class FrameBallots(NamedTuple):
    """The fields of a ``Profile``."""

    names: tuple[str, ...]
    place: np.ndarray
    weight: np.ndarray
    labels: tuple[str, ...]
    utility: np.ndarray | None


class Columns(NamedTuple):
    """What is stated of a frame's columns: the arguments of ``read_frame``."""

    choices: Sequence[Any] | None
    ranks: Sequence[Any] | None
    scores: Sequence[Any] | None
    voter: Any
    candidate: Any
    rank: Any
    score: Any
    weight: Any
    label: Any


class Table:
    """The columns of a frame as lists and numbers.

    Attributes:
        columns: their names.
    """

    def __init__(self, frame: Any):
        self._frame, self.columns = open_frame(frame)
        if not len(self._frame):
            raise InputError("The data frame has no rows.")

    def __len__(self) -> int:
        return len(self._frame)

    def cells(self, column: Any) -> list[Any]:
        """The cells of a column.

        Raises:
            InputError: there is no such column.
        """
        name = str(column).strip()
        if name not in self.columns:
            raise InputError(
                f"The data frame has no column {quoted(name)}; its columns are "
                f"{', '.join(map(quoted, self.columns[:12]))}."
            )
        return list(self._frame[:, self.columns.index(name)].to_list())

    def numbers(self, column: Any) -> np.ndarray:
        """The cells of a column as numbers, NaN where a cell is empty.

        Raises:
            InputError: for a cell that is no number, naming the row.
        """
        values = np.full(len(self), np.nan)
        for row, cell in enumerate(self.cells(column)):
            if not is_missing(cell):
                try:
                    values[row] = float(cell)
                except (TypeError, ValueError, OverflowError):
                    raise InputError(
                        f"Row {row + 1}: {quoted(str(column))} is {quoted(cell)}, which is no "
                        "number."
                    ) from None
        return values

    def names(self, column: Any, index: CandidateIndex) -> np.ndarray:
        """The cells of a column as numbers of candidates, -1 where a cell is empty."""
        codes = np.full(len(self), -1)
        for row, cell in enumerate(self.cells(column)):
            if not is_missing(cell):
                try:
                    codes[row] = index[cell]
                except InputError as error:
                    raise InputError(f"Row {row + 1}: {error}") from None
        return codes


def read_frame(
    frame: Any,
    columns: Columns,
    candidates: Sequence[str] | None = None,
    best: float = 1,
    repeated: str = "refuse",
) -> FrameBallots:
    """The ballots of a frame as ``Profile.from_frame`` describes them, a row each. Blank ballots
    and those of weight 0 are left out.

    Raises:
        InputError: where the columns are not stated, or hold what they should not.
    """
    if repeated not in ("refuse", "first"):
        raise InputError(f"repeated is {quoted(repeated)}; choose 'refuse' or 'first'.")
    table = Table(frame)
    columns = _recognised(table, columns)
    if columns.choices is not None:
        found = _read_choices(table, columns, CandidateIndex(candidates), repeated == "first")
    elif columns.candidate is not None:
        found = _read_long(table, columns, CandidateIndex(candidates), best)
    else:
        found = _read_columns(table, columns, best)
    return _without_blank(found)


def _recognised(table: Table, columns: Columns) -> Columns:
    """The columns with those added whose names need no argument.

    Raises:
        InputError: where the shape of the frame is not stated, or two are.
    """
    stated = columns._asdict()
    shapes = [s for s in ("choices", "ranks", "scores", "candidate") if stated[s] is not None]
    if len(shapes) > 1:
        raise InputError(f"Give {shapes[0]} or {shapes[1]}: they are different shapes of frames.")
    if columns.weight is None and "weight" in table.columns:
        columns = columns._replace(weight="weight")
    if not shapes:
        choices = [name for name in table.columns if _CHOICE.fullmatch(name)]
        is_long = {"voter", "candidate"} <= set(table.columns)
        if bool(choices) == is_long:
            raise InputError(
                "Say what the columns are: choices=[first, second, …] for names, ranks=[…] or "
                "scores=[…] for a column a candidate, or voter=, candidate= and rank= for a row a "
                f"ranked candidate; there are {', '.join(map(quoted, table.columns[:12]))}."
            )
        if choices:
            choices.sort(key=lambda name: int(name.removeprefix("choice_")))
            return columns._replace(choices=choices)
        columns = columns._replace(voter="voter", candidate="candidate")
    if columns.candidate is None:
        return columns
    if columns.rank is None and columns.score is None:
        known = [name for name in ("rank", "score") if name in table.columns]
        if len(known) != 1:
            raise InputError("Give rank= (the lowest is best) or score= (the highest is best).")
        columns = columns._replace(**{known[0]: known[0]})
    if (columns.rank is None) == (columns.score is None):
        raise InputError("Give rank= or score=, not both.")
    if columns.voter is None:
        if "voter" not in table.columns:
            raise InputError("Give voter=, the column that says whose ballot a row belongs to.")
        columns = columns._replace(voter="voter")
    return columns


# -- a row a ballot -------------------------------------------------------------------------------


def _read_choices(
    table: Table, columns: Columns, index: CandidateIndex, first_counts: bool
) -> FrameBallots:
    """Ballots of a frame whose cells are names."""
    assert columns.choices is not None
    codes = np.stack([table.names(c, index) for c in _several(columns.choices)], axis=1)
    _check_size(len(table), len(index.names))
    place = np.full((len(table), len(index.names)), -1, np.int32)
    ranked = np.zeros(len(table), np.int32)
    for column in codes.T:
        rows = np.flatnonzero(column >= 0)
        again = place[rows, column[rows]] >= 0
        if again.any():
            if not first_counts:
                row = rows[again][0]
                raise InputError(
                    f"Row {row + 1} names {quoted(index.names[column[row]])} twice; correct it, or "
                    "say repeated='first' to count the first."
                )
            rows = rows[~again]
        place[rows, column[rows]] = ranked[rows]
        ranked[rows] += 1
    return FrameBallots(tuple(index.names), place, *_of_rows(table, columns), None)


def _read_columns(table: Table, columns: Columns, best: float) -> FrameBallots:
    """Ballots of a frame with a column a candidate."""
    stated = _several(columns.scores if columns.ranks is None else columns.ranks)
    names = CandidateIndex(stated).names
    _check_size(len(table), len(names))
    values = np.stack([table.numbers(column) for column in stated], axis=1)
    places = _places(values, columns.scores is not None, best)
    return FrameBallots(tuple(names), places[0], *_of_rows(table, columns), places[1])


def _of_rows(table: Table, columns: Columns) -> tuple[np.ndarray, tuple[str, ...]]:
    """The weight and the label of each row."""
    weight = np.ones(len(table))
    if columns.weight is not None:
        weight = table.numbers(columns.weight)
        within = (weight >= MIN_WEIGHT) & (weight <= MAX_WEIGHT)
        wrong = np.flatnonzero(~(within | (weight == 0)))
        if len(wrong):
            given = weight[wrong[0]]
            shown = "missing" if np.isnan(given) else f"{given:g}"
            raise InputError(
                f"Row {wrong[0] + 1}: {quoted(str(columns.weight))} is {shown}; give the number of "
                f"voters, {WEIGHT}, or 0."
            )
    if columns.label is None:
        return weight, ("",) * len(table)
    cells = table.cells(columns.label)
    return weight, tuple("" if is_missing(cell) else candidate_name(cell) for cell in cells)


def _several(columns: Any) -> list[Any]:
    """Stated columns as a list."""
    if isinstance(columns, str) or not isinstance(columns, Sequence) or not len(columns):
        raise InputError("Give the columns as a list of names, such as ['first', 'second'].")
    return list(columns)


# -- a row a ranked candidate ---------------------------------------------------------------------


def _read_long(table: Table, columns: Columns, index: CandidateIndex, best: float) -> FrameBallots:
    """Ballots of a frame with a row for each candidate whom a voter ranks."""
    candidate = table.names(columns.candidate, index)
    voters: dict[Any, int] = {}
    cells = table.cells(columns.voter)
    for row in [row for row, cell in enumerate(cells) if is_missing(cell)][:1]:
        raise InputError(f"Row {row + 1} has no voter; say whose ballot it belongs to.")
    # A cell may be anything, so that what is no text or number is told apart by its text.
    keys = (cell if isinstance(cell, str | int | float) else str(cell) for cell in cells)
    voter = np.array([voters.setdefault(key, len(voters)) for key in keys])
    by_score = columns.score is not None
    column = columns.score if by_score else columns.rank
    value = table.numbers(column)
    cast = np.flatnonzero((candidate >= 0) & ~np.isnan(value))
    _check_size(len(voters), len(index.names))
    values = np.full((len(voters), len(index.names)), np.nan)
    for row in cast[_repeats(voter[cast] * len(index.names) + candidate[cast])][:1]:
        raise InputError(
            f"Row {row + 1} names {quoted(index.names[candidate[row]])} a second time for one "
            "voter; keep one of the rows."
        )
    values[voter[cast], candidate[cast]] = value[cast]
    place, utility = _places(values, by_score, best)
    weight, labels = _of_rows(table, columns)
    first = np.unique(voter, return_index=True)[1]
    own = np.array(labels, object)
    for row in np.flatnonzero((weight != weight[first][voter]) | (own != own[first][voter]))[:1]:
        raise InputError(f"Row {row + 1} has another weight or label than its voter's first row.")
    return FrameBallots(
        tuple(index.names), place, weight[first], tuple(own[first].tolist()), utility
    )


def _repeats(keys: np.ndarray) -> np.ndarray:
    """Whether each key has occurred before."""
    repeated = np.ones(len(keys), bool)
    repeated[np.unique(keys, return_index=True)[1]] = False
    return repeated


# -- all shapes -----------------------------------------------------------------------------------


def _places(
    values: np.ndarray, are_scores: bool, best: float
) -> tuple[np.ndarray, np.ndarray | None]:
    """Places ``[ballots, candidates]`` of ranks or scores, and the scores as utilities.

    Raises:
        InputError: for an infinite value, or a rank below ``best``.
    """
    if np.isinf(values).any():
        raise InputError("A rank or score is infinite; leave the cell empty.")
    if are_scores:
        return dense_places(-values), values
    ballots = np.argwhere(values < best)
    if len(ballots):
        raise InputError(
            f"Ballot {ballots[0][0] + 1} has the rank {values[tuple(ballots[0])]:g}, and the best "
            f"is {best:g}; say best=0 if 0 is the best, and leave a cell empty where there is no "
            "rank."
        )
    return dense_places(values), None


def _check_size(ballots: int, candidates: int) -> None:
    if not candidates:
        raise InputError("No row of the data frame names a candidate.")
    if ballots * candidates > MAX_CELLS:
        raise InputError(
            f"The frame has {ballots:,} ballots of {candidates:,} candidates; at most "
            f"{MAX_CELLS:,} cells can be read."
        )


def _without_blank(found: FrameBallots) -> FrameBallots:
    """The ballots that rank somebody and weigh something."""
    kept = (found.place >= 0).any(1) & (found.weight > 0)
    if not kept.any():
        raise InputError("No row of the data frame ranks a candidate.")
    return FrameBallots(
        found.names, found.place[kept], found.weight[kept],
        tuple(label for label, k in zip(found.labels, kept, strict=True) if k),
        None if found.utility is None else found.utility[kept],
    )  # fmt: skip
