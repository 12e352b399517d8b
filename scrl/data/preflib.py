"""PrefLib's own file format (.soc, .soi, .toc, .toi), read without its GPL tools.

The format: lines of metadata ``# KEY: value``, then one line for each different order,
``count: 1,2,{3,4}`` with alternatives by number, best first, and braces around ties.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scrl.data.files import decode
from scrl.data.limits import MAX_NAME_LENGTH, MAX_WEIGHT, MIN_WEIGHT, WEIGHT
from scrl.data.table import check_counts
from scrl.types import Catalogue, InputError, Ratings

#: File suffix -> (whether every order ranks every alternative, whether ties are allowed).
FORMATS = {
    ".soc": (True, False),
    ".soi": (False, False),
    ".toc": (True, True),
    ".toi": (False, True),
}

_LINE = re.compile(r"([0-9]{1,17}):(.*)")
_PLACE = r"(?:[0-9]{1,9}|\{[0-9]{1,9}(?:,[0-9]{1,9})*\})"
_ORDER = re.compile(rf"{_PLACE}(?:,{_PLACE})*")
_PLACES = re.compile(r"\{([0-9,]+)\}|([0-9]+)")

#: The key by which ``voting.to_preflib`` says that weights were multiplied to be whole.
WEIGHT_KEY = "VOTERS PER UNIT OF WEIGHT"
#: Lines of metadata that are read, and notes on names that recur.
MAX_META, MAX_NOTES = 100_000, 20
#: Letters of linked elections as rows.
MAX_LINKED = 500_000_000
#: Up to so many voters and entries, each voter is a rater.
MAX_VOTERS, MAX_ENTRIES = 100_000, 5_000_000


def parse_preflib(
    text: str, file: str, suffix: str, missing: str | None, name: str, max_alternatives: int
) -> Ratings:
    """The election in ``text`` as ratings of one prompt, named by the election's title.

    Each voter is a rater, so that raters can be told apart and resampled. In an election too large
    for that, each different order is a rater with its count as weight. All alternatives are on
    offer, also those that nobody ranks.

    Args:
        file: what to call the file in messages; ``name`` stands for a title it does not give.
        suffix: a key of ``FORMATS``, which says what orders the file may hold.
        missing: what an absent alternative means; None for the format's own "last" (complete
            orders: "unseen", as in other complete data).

    Raises:
        InputError: naming ``file`` and the line.
    """
    meta, orders = _read_lines(text, file)
    names, notes = _alternatives(meta, orders, file, max_alternatives)
    for order in orders:
        _check_order(order.places, len(names), suffix, f"{file}: line {order.line}:")
    count = np.array([order.voters for order in orders], np.int64)
    sizes = np.array([sum(map(len, order.places)) for order in orders])
    starts = np.cumsum(sizes) - sizes
    completion, rank = np.array(
        [(a - 1, i) for order in orders for i, place in enumerate(order.places) for a in place]
    ).T
    scale = _weight_scale(meta, file)
    outside = np.flatnonzero(~((count / scale >= MIN_WEIGHT) & (count / scale <= MAX_WEIGHT)))
    if len(outside):
        order = orders[outside[0]]
        raise InputError(
            f"{file}: line {order.line}: the weight is {order.voters / scale:g}; give {WEIGHT}."
        )
    which, weight, raters = _raters(count, sizes, meta.get("NUMBER VOTERS", ""), notes, scale)
    offsets = np.concatenate([[0], np.cumsum(sizes[which])])
    entries = np.repeat(starts[which] - offsets[:-1], sizes[which]) + np.arange(offsets[-1])
    title = meta.get("TITLE") or name
    return Ratings(
        Catalogue((title,), names, np.arange(len(names)), np.array([0, len(names)])),
        raters, np.arange(len(raters)), np.zeros(len(raters)), weight, offsets,
        completion[entries], rank[entries], missing or ("unseen" if FORMATS[suffix][0] else "last"),
        notes=tuple(notes), name=title,
    )  # fmt: skip


def _weight_scale(meta: dict[str, str], file: str) -> float:
    """By what weights were multiplied to be whole numbers of voters."""
    stated = meta.get(WEIGHT_KEY, "1")
    if not re.fullmatch("[0-9]{1,99}", stated) or int(stated) == 0:
        raise InputError(f"{file}: {WEIGHT_KEY} is {stated[:60]!r}; it is a whole number above 0.")
    return float(stated)


class _Order(NamedTuple):
    """One line: how many voters cast the order, and its places, best first."""

    line: int
    voters: int
    places: list[list[int]]


def _read_lines(text: str, file: str) -> tuple[dict[str, str], list[_Order]]:
    """The metadata and the orders."""
    meta: dict[str, str] = {}
    orders = []
    entries = 0
    for number, line in enumerate(io.StringIO(text, newline="\n"), start=1):
        line = line.strip()
        if line.startswith("#"):
            key, _, value = line[1:].partition(":")
            meta[key.strip().upper()] = value.strip()
            if len(meta) > MAX_META:
                raise InputError(f"{file}: there are more than {MAX_META:,} lines of metadata.")
        elif line:
            orders.append(_Order(number, *_parse_order(line, number, file, bool(meta))))
            entries += sum(map(len, orders[-1].places))
            check_counts(file, entries, 0, 0)
    if not orders:
        raise InputError(
            f"{file}: there is no order in this file; PrefLib orders look like '12: 1,2,{{3,4}}'."
        )
    return meta, orders


def _raters(
    count: np.ndarray, sizes: np.ndarray, announced: str, notes: list[str], scale: float
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """The order of each rater ``[raters]``, their weights and names; may add to ``notes``.

    Args:
        count: voters of each order ``[orders]``; sizes: alternatives it ranks ``[orders]``.
        announced: the number of voters by the metadata.
        scale: voters per unit of weight; where it is not 1 each order is a rater.
    """
    voters = sum(count.tolist())  # may be beyond 64 bits
    announced = announced[:18]
    if announced.isdecimal() and int(announced) != voters:
        notes.append(f"The file announces {announced} voters and holds the orders of {voters}.")
    order_names = tuple(f"order {i + 1}" for i in range(len(count)))
    if scale != 1:
        return np.arange(len(count)), count / scale, order_names
    if voters <= MAX_VOTERS and float((count.astype(float) * sizes).sum()) <= MAX_ENTRIES:
        names = tuple(f"voter {i + 1}" for i in range(voters))
        return np.repeat(np.arange(len(count)), count), np.ones(voters), names
    notes.append(
        f"{voters:,} voters are held as {len(count):,} different orders, each with its weight."
    )
    return np.arange(len(count)), count, order_names


def is_linked(data: bytes) -> bool:
    """Whether a CSV is PrefLib's table of linked elections, by its first line."""
    first = data[: data.find(b"\n") + 1].strip()
    suffixes = tuple(suffix.encode() for suffix in FORMATS)
    return bool(first) and all(
        cell.strip().lower().endswith(suffixes) for cell in first.split(b";")
    )


def linked_orders_to_csv(data: bytes, file: str) -> bytes:
    """PrefLib's table of linked elections as CSV ``rater,prompt,completion,rank``; any other CSV
    unchanged.

    The table states each person's orders in several elections. Its first line names the elections'
    files, the second their titles; then comes a line a person, ``1,2,{3,4};2,1,…``, all separated
    by semicolons. Alternatives are named by their numbers, since their names are in those files.

    Raises:
        InputError: naming ``file`` and the line.
    """
    if not is_linked(data):
        return data
    first_line, *people = decode(data.partition(b"\n")[2], file).splitlines()
    titles = [title.strip()[:MAX_NAME_LENGTH] for title in first_line.split(";")]
    out = io.StringIO()
    rows = 0
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rater", "prompt", "completion", "rank"])
    for number, line in enumerate(people, 3):
        cells = line.split(";") if line.strip() else []
        if cells and len(cells) != len(titles):
            raise InputError(
                f"{file}: line {number} holds {len(cells)} orders for {len(titles)} elections; "
                "leave the place of a missing one empty."
            )
        for title, cell in zip(titles, cells, strict=False):
            if not cell.strip():
                continue
            _, places = _parse_order(f"1: {cell}", number, file, True)
            rows += sum(map(len, places))
            check_counts(file, rows, 0, 0)
            if out.tell() > MAX_LINKED:
                raise InputError(f"{file}: the orders are too many; give fewer people.")
            for rank, place in enumerate(places, 1):
                for alternative in place:
                    writer.writerow([f"person {number - 2}", title, alternative, rank])
    return out.getvalue().encode()


def _check_order(places: list[list[int]], alternatives: int, suffix: str, where: str) -> None:
    complete, tied = FORMATS[suffix]
    flat = [a for place in places for a in place]
    outside = [a for a in flat if not 1 <= a <= alternatives]
    if outside:
        raise InputError(
            f"{where} there is no alternative {outside[0]}; "
            f"the file names alternatives 1 to {alternatives}."
        )
    if len(set(flat)) < len(flat):
        seen: set[int] = set()
        twice = next(a for a in flat if a in seen or seen.add(a))  # type: ignore[func-returns-value]
        raise InputError(f"{where} alternative {twice} is ranked twice; rank it once.")
    if complete and len(flat) < alternatives:
        raise InputError(
            f"{where} the order ranks {len(flat)} of {alternatives} alternatives but a {suffix} "
            f"file is complete; name it {'.toi' if tied else '.soi'}."
        )
    if not tied and len(places) < len(flat):
        raise InputError(
            f"{where} the order holds a tie but a {suffix} file has none; "
            f"name it {'.toc' if complete else '.toi'}."
        )


def _parse_order(line: str, number: int, file: str, headed: bool) -> tuple[int, list[list[int]]]:
    """``'5: 1,{2,3}'`` as ``(5, [[1], [2, 3]])``."""
    match = _LINE.fullmatch(line.replace(" ", "").replace("\t", ""))
    if not match or not _ORDER.fullmatch(match[2]):
        if not headed and number == 1:
            raise InputError(
                f"{file}: line 1: {line[:60]!r} is not PrefLib's present format, in which the file "
                "begins with '# FILE NAME: …'; download the file again from preflib.org."
            )
        raise InputError(
            f"{file}: line {number}: {line[:60]!r} is not an order; "
            "write it as 'count: 1,2,{3,4}' with alternatives by number."
        )
    if int(match[1]) == 0:
        raise InputError(f"{file}: line {number}: the count is 0; give it at least one voter.")
    return int(match[1]), [
        [int(a) for a in (tie or one).split(",")] for tie, one in _PLACES.findall(match[2])
    ]


def _alternatives(
    meta: dict[str, str], orders: Sequence[_Order], file: str, most: int
) -> tuple[tuple[str, ...], list[str]]:
    """The names of alternatives 1, 2, … and a note where two had the same."""
    declared = meta.get("NUMBER ALTERNATIVES", "")
    if declared and not re.fullmatch("[0-9]{1,9}", declared):
        raise InputError(
            f"{file}: NUMBER ALTERNATIVES is {declared[:60]!r}; it should be a whole number."
        )
    number = int(declared or max(a for order in orders for place in order.places for a in place))
    if number > most:
        raise InputError(
            f"{file}: {number:,} alternatives are more than the limit of {most:,} completions."
        )
    names: dict[str, None] = {}
    notes: list[str] = []
    for i in range(1, number + 1):
        name = meta.get(f"ALTERNATIVE NAME {i}") or f"alternative {i}"
        if name in names:
            name = f"{name} ({i})"
            while name in names:
                name = f"{name} ({i})"
            if len(notes) < MAX_NOTES:
                notes.append(
                    f"Alternative {i} has the name of another; it is called {name[:60]!r}."
                )
        if len(name) > MAX_NAME_LENGTH:
            raise InputError(
                f"{file}: the name of alternative {i} is longer than the limit of "
                f"{MAX_NAME_LENGTH:,} characters."
            )
        names[name] = None
    return tuple(names), notes
