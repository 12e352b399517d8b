"""Ratings from data frames of pandas, polars or Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from scrl.data.files import quoted
from scrl.data.layouts import repeated_name
from scrl.data.readers import ratings_from_rows
from scrl.data.rows import CHUNK, Rows
from scrl.types import InputError, Ratings


def ratings_from_frame(
    frame: Any,
    *,
    rater: str | int | None = None,
    prompt: str | int | None = None,
    completion: str | int | None = None,
    score: str | int | None = None,
    rank: str | int | None = None,
    penalty: str | int | None = None,
    weight: str | int | None = None,
    group: str | int | None = None,
    ballot: str | int | None = None,
    time: str | int | None = None,
    chosen: str | int | None = None,
    rejected: str | int | None = None,
    items: Sequence[str | int] | None = None,
    values: str | None = None,
    missing: str | None = None,
    name: str = "ratings",
) -> Ratings:
    """Ratings from a data frame of pandas, polars or Arrow, or of any library narwhals knows.

    >>> import pandas
    >>> stars = pandas.DataFrame({
    ...     "user": ["ann", "ann", "ben", "ben"],
    ...     "film": ["Alien", "Brazil", "Alien", "Brazil"],
    ...     "stars": [5, 3, 2, 4],
    ... })
    >>> ratings = ratings_from_frame(stars, rater="user", completion="film", score="stars")
    >>> ratings.raters, ratings.catalogue.completions, ratings.rank.tolist()
    (('ann', 'ben'), ('Alien', 'Brazil'), [0, 1, 1, 0])

    Columns that are named as in a ratings file, or as in a published data set, need no argument.

    Args:
        frame: a row a rated completion, a pair (``chosen`` and ``rejected``) or a person
            (``items``). A lazy frame is collected.
        rater: column of the raters; without one, individuals cannot be told apart.
        prompt: column of the prompts; one prompt without it.
        completion: column of the completions.
        score, rank, penalty: one of them: a column where higher, lower (1 = best), or lower is
            better.
        weight, group, ballot: columns of the ballot's weight, the rater's group, and a label that
            separates ballots of one rater on one prompt.
        time: column of the ballot's time, numbers or dates.
        chosen, rejected: columns of the preferred and of the other completion, as text or as lists
            of chat messages.
        items: columns that are completions, in a frame with a row a person.
        values: what the cells of ``items`` are: "score" (the default), "rank", "penalty", or
            "choices" for names of completions, the first choice first.
        missing: what a completion left off a ballot means, "unseen" (the default) or "last".
        name: of the ratings.

    Raises:
        InputError: where a column is missing or holds what it should not, naming the row from 1.
    """
    table, header = open_frame(frame)
    rows = Rows("data frame", header, _chunks(table), lambda row: row + 1, "row", text=False)
    stated = {
        "rater": rater, "prompt": prompt, "completion": completion, "score": score, "rank": rank,
        "penalty": penalty, "weight": weight, "group": group, "ballot": ballot, "chosen": chosen,
        "rejected": rejected, "values": values, "time": time,
    }  # fmt: skip
    # A name may be a number, which may be 0.
    columns: dict[str, object] = {k: str(v) for k, v in stated.items() if v is not None}
    if items is not None:
        several = not isinstance(items, str) and isinstance(items, Iterable)
        columns["items"] = [str(item) for item in items] if several else items
    return ratings_from_rows(rows, columns, missing, name)


def open_frame(
    frame: Any, advice: str = "give one of pandas, polars or Arrow"
) -> tuple[Any, list[str]]:
    """A data frame as narwhals reads it, a lazy one collected, and the names of its columns.

    Args:
        advice: the end of the message where it is none.

    Raises:
        InputError: for what is no data frame, or has no columns or two of one name.
    """
    try:
        import narwhals
    except ImportError:
        raise InputError("Data frames need narwhals; run pip install 'scrl[tables]'.") from None
    try:
        table = narwhals.from_native(frame)
    except narwhals.exceptions.DuplicateError:
        _check_distinct([str(column).strip() for column in getattr(frame, "columns", ())])
        raise InputError("Two columns of the data frame have one name; keep one.") from None
    except TypeError:
        raise InputError(f"A {type(frame).__name__} is no data frame; {advice}.") from None
    if isinstance(table, narwhals.LazyFrame):
        table = table.collect()
    if not isinstance(table, narwhals.DataFrame):
        raise InputError("This is a column; give a data frame.")
    header = [str(column).strip() for column in table.columns]
    if not header:
        raise InputError("The data frame has no columns.")
    _check_distinct(header)
    return table, header


def _check_distinct(header: Sequence[str]) -> None:
    """Raise ``InputError`` where two columns have one name."""
    twice = repeated_name(header)
    if twice is not None:
        raise InputError(f"The data frame has two columns {quoted(twice)}; keep one.")


def _chunks(table: Any) -> Iterator[Sequence[Sequence[Any]]]:
    for start in range(0, len(table), CHUNK):
        part = table[start : start + CHUNK]
        yield [part[:, i].to_list() for i in range(part.shape[1])]
