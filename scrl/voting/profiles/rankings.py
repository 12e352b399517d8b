"""Rankings written as Python objects, read as places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scrl.data.files import quoted
from scrl.data.limits import MAX_TOTAL_WEIGHT, MAX_WEIGHT, MIN_SHARE, MIN_WEIGHT
from scrl.types import InputError, frozen
from scrl.voting.profiles.names import SPECIAL, Looks, plain_name

#: A name of a ranking as text, in double quotes or up to the next separator.
_PART = re.compile(r'\s*"((?:[^"]|"")*)"\s*(?=[>=]|\Z)|([^>=]*)')
_FOREIGN = re.compile(rf"[{re.escape(SPECIAL)}]|-$")  # A -> B

#: A ranking: text such as ``"A > B = C"``; names, best first, where a nested sequence or set is a
#: tie; or a rank by name, the lowest best.
Ranking = str | Mapping[Any, Any] | Iterable[Any]


def candidate_name(value: object) -> str:
    """A candidate's name: composed Unicode, without spaces at its ends, double spaces inside or
    invisible characters.

    Raises:
        InputError: for a name that is empty or missing.
    """
    if type(value) is not str and is_missing(value):
        raise InputError("A candidate has no name; leave out a place that is not filled.")
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)  # numbers that shared a column with a missing value
    name = plain_name(str(value))
    if not name:
        raise InputError("A candidate has no name; leave out a place that is not filled.")
    return name


def is_missing(value: object) -> bool:
    """Whether a cell is empty: None, not a number, a library's own mark, or blank text."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


class CandidateIndex:
    """Numbers candidates by first appearance, or by a stated list.

    Attributes:
        names: of the candidates so far.
    """

    def __init__(self, candidates: Iterable[Any] | None = None):
        self.names: list[str] = []
        self._index: dict[str, int] = {}
        self._seen: dict[Any, int] = {}
        self._looks = Looks()
        self._is_stated = False
        if candidates is not None and not isinstance(candidates, Iterable):
            raise InputError("Give the candidates as a list of names.")
        for value in () if candidates is None else candidates:
            name = candidate_name(value)
            if name in self._index:
                raise InputError(f"The candidates name {quoted(name)} twice; name each once.")
            self._add(name)
        self._is_stated = candidates is not None

    def __getitem__(self, value: Any) -> int:
        try:
            index = self._seen.get(value)
        except TypeError:
            raise InputError(f"{quoted(value)} is not the name of a candidate.") from None
        if index is None:
            name = candidate_name(value)
            if name not in self._index and self._is_stated:
                raise InputError(f"{quoted(name)} is not among the candidates.")
            index = self._seen[value] = (
                self._index[name] if name in self._index else self._add(name)
            )
        return index

    def __contains__(self, name: str) -> bool:
        return plain_name(name) in self._index

    def _add(self, name: str) -> int:
        self._looks.add(name)
        self._index[name] = len(self.names)
        self.names.append(name)
        return self._index[name]


def read_rankings(
    rankings: Iterable[Ranking], candidates: Sequence[Any] | None = None
) -> tuple[tuple[str, ...], np.ndarray]:
    """Read rankings.

    Args:
        candidates: their names in order; by first appearance where None.

    Returns:
        Names of the candidates, and places ``[rankings, candidates]``, 0 = best, dense, equal =
        tied, -1 = left out.

    Raises:
        InputError: naming the ranking, from 1.
    """
    index = CandidateIndex(candidates)
    if isinstance(rankings, str | Mapping) or not isinstance(rankings, Iterable):
        raise InputError("Give a list of rankings, such as [['A', 'B'], ['B', 'A']].")
    rows = []
    for number, ranking in enumerate(rankings, 1):
        try:
            rows.append(_read_ranking(ranking, index))
        except InputError as error:
            raise InputError(f"Ranking {number}: {error}") from None
    if not rows:
        raise InputError("There is no ranking; give one, such as ['A', 'B', 'C'].")
    place = np.full((len(rows), len(index.names)), -1, np.int32)
    for i, row in enumerate(rows):
        place[i, list(row)] = list(row.values())
    return tuple(index.names), place


def _read_ranking(ranking: Ranking, index: CandidateIndex) -> dict[int, int]:
    """Place by candidate."""
    if isinstance(ranking, Mapping):
        groups: Iterable[Any] = _groups_of_ranks(ranking)
    elif isinstance(ranking, str):
        groups = _groups_of_text(ranking, index)
    elif isinstance(ranking, Iterable) and not isinstance(ranking, set | frozenset):
        groups = ranking
    else:
        raise InputError(f"{quoted(ranking)} is no ranking; give names, best first.")
    place: dict[int, int] = {}
    for rank, group in enumerate(groups):
        is_tie = isinstance(group, list | tuple | set | frozenset | np.ndarray)
        for value in group if is_tie else (group,):
            candidate = index[value]
            if candidate in place:
                name = quoted(index.names[candidate])
                raise InputError(f"{name} is ranked twice; name each candidate once.")
            place[candidate] = rank
    if not place:
        raise InputError("it ranks nobody; leave it out.")
    return place


def _groups_of_text(text: str, index: CandidateIndex) -> list[list[str]]:
    """The names of each place of text such as ``A > "B > C" = D``.

    Raises:
        InputError: for a name with a character that may be meant as a separator.
    """
    groups: list[list[str]] = [[]]
    start = 0
    while True:
        part = _PART.match(text, start)
        assert part is not None  # the second alternative matches anything
        name = part[2].strip() if part[1] is None else part[1].replace('""', '"')
        foreign = part[1] is None and name not in index and _FOREIGN.search(name)
        if foreign:
            raise InputError(
                f"{quoted(name)} holds {quoted(foreign[0])}; write A > B = C, best first, and a "
                "name with such a character in double quotes."
            )
        groups[-1].append(name)
        start = part.end()
        if start == len(text):
            return groups
        if text[start] == ">":
            groups.append([])
        start += 1


def _groups_of_ranks(ranks: Mapping[Any, Any]) -> list[list[Any]]:
    """The candidates of each rank, the lowest rank first."""
    groups: dict[float, list[Any]] = {}
    for name, rank in ranks.items():
        if not is_missing(rank):
            groups.setdefault(_read_rank(name, rank), []).append(name)
    return [groups[rank] for rank in sorted(groups)]


def _read_rank(name: Any, rank: Any) -> float:
    try:
        value = float(rank)
    except (TypeError, ValueError):
        value = float("nan")
    if not 1 <= value < float("inf"):
        raise InputError(
            f"the rank of {quoted(name)} is {quoted(rank)}; ranks are numbers from 1, the best, "
            "and a candidate without a rank is left out."
        )
    return value


def dense_places(values: np.ndarray) -> np.ndarray:
    """The place of each value in its row, the lowest first, equal values tied.

    Args:
        values: ``[ballots, candidates]``, NaN where a candidate is left out.

    Returns:
        ``[ballots, candidates]``, 0, 1, 2 … and -1 where left out.
    """
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, 1)
    rises = np.zeros(values.shape, np.int32)
    np.greater(ordered[:, 1:], ordered[:, :-1], out=rises[:, 1:], casting="unsafe")
    place = np.empty(values.shape, np.int32)
    np.put_along_axis(place, order, np.cumsum(rises, axis=1, dtype=np.int32), 1)
    place[np.isnan(values)] = -1
    return place


def read_orders(orders: Sequence[Any], candidates: int) -> np.ndarray:
    """Places ``[orders, candidates]`` of orders of indices, best first; a nested sequence is a tie.

    Raises:
        InputError: for what is no index, one that is out of range or negative, or a repeated one.
    """
    if isinstance(orders, str | Mapping) or not isinstance(orders, Sequence | np.ndarray):
        raise InputError("Give a list of orders of indices, such as [[0, 1], [1, 0]].")
    place = np.full((len(orders), candidates), -1, np.int32)
    for row, order in enumerate(orders):
        if not isinstance(order, Iterable):
            raise InputError(f"Order {row + 1} is {quoted(order)}; give indices, best first.")
        taken: set[int] = set()
        for rank, tied in enumerate(order):
            is_tie = isinstance(tied, list | tuple | set | frozenset | np.ndarray | range)
            for candidate in np.ravel(list(tied)) if is_tie else (tied,):
                is_index = isinstance(candidate, int | np.integer)
                if not is_index or not 0 <= candidate < candidates:
                    raise InputError(
                        f"Order {row + 1} holds {quoted(candidate)}; give indices of the "
                        f"{candidates} candidates, from 0, or names to Profile.from_rankings."
                    )
                if candidate in taken:
                    raise InputError(
                        f"Order {row + 1} names candidate {candidate} twice; give each index once."
                    )
                taken.add(int(candidate))
                place[row, candidate] = rank
        if not taken:
            raise InputError(f"Order {row + 1} ranks nobody; leave it out.")
    return place


def read_ranks(names: Sequence[str], ranks: Any, best: float = 1) -> np.ndarray:
    """Places ``[ballots, candidates]`` of an array of ranks of that shape.

    Args:
        names: of the candidates.
        ranks: the lowest is best, equal ranks are ties; None, NaN or a masked value where a
            candidate is left out.
        best: the least rank that may occur.

    Raises:
        InputError: for another shape, or a rank that is infinite or below ``best``.
    """
    values = number_array(ranks, len(names), "ranks")
    wrong = np.argwhere(~np.isnan(values) & ~((values >= best) & (values < np.inf)))
    if len(wrong):
        ballot, candidate = wrong[0]
        rank = values[ballot, candidate]
        raise InputError(
            f"Ballot {ballot + 1} ranks {quoted(names[candidate])} {rank:g}, and the best rank is "
            f"{best:g}; say best=0 if 0 is the best, and give None for a candidate left out."
        )
    return dense_places(values)


def number_array(values: Any, candidates: int, what: str) -> np.ndarray:
    """``values [ballots, candidates]`` as floats, NaN where one is missing.

    Raises:
        InputError: for what is no such array of numbers.
    """
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(float), np.nan)
    try:
        array = np.asarray(values, float)
    except (TypeError, ValueError):
        raise InputError(f"The {what} are no array of numbers [ballots, candidates].") from None
    if array.ndim != 2 or array.shape[1] != candidates or not len(array):
        shape = ", ".join(map(str, array.shape))
        raise InputError(
            f"The {what} have the shape [{shape}]; with {candidates} candidates it is [ballots, "
            f"{candidates}]."
        )
    return array


def distinct_rows(place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows of places, in lexicographic order.

    Args:
        place: ``[ballots, candidates]``, from -1 to the number of candidates less 1.

    Returns:
        The first ballot of each distinct row ``[rows]``, and the row of each ballot ``[ballots]``.
    """
    n, m = place.shape
    if not n or not m:
        return np.arange(min(n, 1)), np.zeros(n, np.intp)
    # As many columns as fit are read as the digits of one number; a sort of numbers takes a tenth
    # of the time of a sort of rows.
    base = m + 1
    width = max(1, int(62 / np.log2(base + 1)))
    words = [
        (place[:, i : i + width] + 1) @ base ** np.arange(min(width, m - i), dtype=np.int64)[::-1]
        for i in range(0, m, width)
    ]
    order = np.lexsort(words[::-1])
    is_new = np.ones(n, bool)
    is_new[1:] = np.any([word[order[1:]] != word[order[:-1]] for word in words], axis=0)
    row = np.empty(n, np.intp)
    row[order] = np.cumsum(is_new) - 1
    return order[is_new], row


def whole_places(place: ArrayLike) -> np.ndarray:
    """Places as whole numbers from -1, a candidate left out.

    Raises:
        InputError: for other numbers.
    """
    try:
        found = np.asarray(place)
    except ValueError:
        raise InputError("Places are of unequal length; give one a candidate.") from None
    is_number = found.dtype.kind in "iufb"
    if not is_number or not (found % 1 == 0).all() or (found < -1).any():
        raise InputError("Places are whole numbers: 0 is the best, and -1 is a candidate left out.")
    return found


def checked_weights(weight: ArrayLike, ballots: int, is_written: bool = True) -> np.ndarray:
    """``weight`` as read-only numbers ``[ballots]``.

    Args:
        is_written: whether each is the weight of a ballot as somebody wrote it, and not that of
            many equal ballots, or a share.

    Raises:
        InputError: for another number of weights, or one that is no number, or neither 0 nor within
            the limits of ``scrl.data.limits``.
    """
    try:
        found = frozen(weight, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError("A weight is not a number; give the number of voters.") from None
    if found.shape != (ballots,):
        given = found.size if found.ndim == 1 else f"an array of shape {found.shape} as"
        raise InputError(f"There are {given} weights for {ballots} ballots; give one each.")
    least, most = (MIN_WEIGHT, MAX_WEIGHT) if is_written else (MIN_SHARE, MAX_TOTAL_WEIGHT)
    wrong = np.flatnonzero(~((found == 0) | ((found >= least) & (found <= most))))
    if len(wrong):
        raise InputError(
            f"The weight of ballot {wrong[0] + 1} is {found[wrong[0]]:g}; give a number from "
            f"{least:g} to {most:g}, or 0."
        )
    return found
