"""Tables with a row for each completion on a ballot."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence

import numpy as np

from scrl.data.files import quoted
from scrl.data.layouts import FEATURES, KEYS, RATER_FEATURE, TEXTS, VALUES, Layout
from scrl.data.limits import MAX_WEIGHT, MIN_WEIGHT, WEIGHT
from scrl.data.number_cells import number_advice
from scrl.data.rank_checks import check_ranks
from scrl.data.rows import Rows
from scrl.data.short_names import short_names, with_own_texts
from scrl.data.spreadsheets import unescaped
from scrl.data.table import (
    MAX_FEATURE,
    Coder,
    Column,
    Table,
    check_characters,
    check_counts,
    check_rater_features,
    constant_column,
    rows_left_out,
    stripped,
    without_missing,
)
from scrl.data.times import column_times
from scrl.types import InputError

#: Words that stand for numbers, where a column holds no other words.
_SCALES = (
    {"true": 1.0, "false": 0.0},
    {"yes": 1.0, "unsure": 0.5, "no": 0.0},
    {"agree": 1.0, "pass": 0.0, "disagree": -1.0},
)


def read_long(rows: Rows, layout: Layout, name: str) -> Table:
    """The rows of a table.

    Args:
        name: of the prompt, where no column names prompts.

    Raises:
        InputError: naming the file and the line.
    """
    columns = {n: cleaned(rows, column, n) for n, column in _read_columns(rows, layout).items()}
    value = layout.columns[layout.value]
    count = len(columns[value].codes)
    columns[value] = without_missing(columns[value])
    get = {role: columns[name] for role, name in layout.columns.items()}
    completion, own_text = short_names(get["completion"])
    prompt, own_prompt = short_names(get.get("prompt") or constant_column(name, count))
    texts = {role: get[role] for role in TEXTS if role in get}
    if layout.text_of:
        texts["completion_text"] = _joined([columns[n] for n in layout.text_of])
    for role, own in (("prompt_text", own_prompt), ("completion_text", own_text)):
        text = with_own_texts(texts.get(role), own)
        if text is not None:
            texts[role] = text
    table = Table(
        rows.file, rows.line_of, get.get("rater") or constant_column("", count), prompt, completion,
        get["ballot"].codes if "ballot" in get else None, np.zeros(count), texts=texts,
        unit=rows.unit, individuals="rater" in get, lenient=layout.lenient,
    )  # fmt: skip
    filled = _filled_rows(table, get, layout)
    table.value = VALUES[layout.value] * numbers(
        table, get[layout.value], value, blank=True, words=True, comma=rows.decimal_comma
    )
    if layout.value == "rank" and (table.value < 0).any():
        row = int(np.flatnonzero(table.value < 0)[0])
        table.fail(f"{value} is {get['rank'].name(row)}; a rank is 1 for the best, 2 for the next "
                   "and so on.", row)  # fmt: skip
    _read_numbers(table, columns, get, layout, rows.decimal_comma)
    table.notes += [layout.note] if layout.note else []
    table.notes += ignored_note(rows.header, _used_columns(rows.header, layout))
    if not filled.all():
        if not filled.any():
            raise InputError(f"{rows.file}: no row has a completion and a {layout.value}.")
        table = table.select(filled)
    table = table if table.individuals else with_anonymous_raters(table)
    if layout.value == "rank":
        check_ranks(table)
    return table


def _read_columns(rows: Rows, layout: Layout) -> dict[str, Column]:
    """The columns that are used."""
    used = _used_columns(rows.header, layout)
    coders = {name: Coder() for name in used}
    chunks: dict[str, list[np.ndarray]] = {name: [] for name in used}
    rater = coders.get(layout.columns.get("rater", ""), Coder())
    count = 0
    for chunk in rows.chunks:
        size = len(chunk[0])
        for name, i in used.items():
            chunks[name].append(coders[name].codes(rows.texts(chunk[i], count, name), size))
        count += size
        check_counts(rows.file, count, len(rater), 0, rows.most_raters)
    if not count:
        raise InputError(f"{rows.file}: there is a header but no row; give at least one rating.")
    return {n: Column(np.concatenate(chunks[n]), list(coders[n])) for n in used}


def _used_columns(header: Sequence[str], layout: Layout) -> dict[str, int]:
    """Name -> number of the columns that are used."""
    wanted = {*layout.columns.values(), *layout.one_hot, *layout.text_of}
    found: dict[str, int] = {}
    for i, name in enumerate(header):
        if name in wanted or name.casefold().startswith((*FEATURES, RATER_FEATURE)):
            found.setdefault(name, i)
    return found


def cleaned(rows: Rows, column: Column, name: str) -> Column:
    """The column without white space around its texts and without a spreadsheet's apostrophes."""
    for text in column.values:
        problem = check_characters(text)
        if problem:
            row = int(np.flatnonzero(column.codes == column.values.index(text))[0])
            raise InputError(
                f"{rows.file}: {rows.unit} {rows.line_of(row)}: {quoted(name)[1:-1]} is "
                f"{quoted(text)}, which {problem}."
            )
    if rows.escaped:
        column = Column(column.codes, unescaped(column.values))
    return stripped(column)


def _joined(columns: Sequence[Column]) -> Column:
    """Columns of texts, joined row by row."""
    joined = columns[0]
    for column in columns[1:]:
        key = joined.codes.astype(np.int64) * len(column.values) + column.codes
        pairs, codes = np.unique(key, return_inverse=True)
        values = [
            "\n\n".join(t for t in (joined.values[one], column.values[two]) if t)
            for one, two in (divmod(int(pair), len(column.values)) for pair in pairs)
        ]
        joined = Column(codes.astype(np.int32), values)
    return joined


def _filled_rows(table: Table, get: dict[str, Column], layout: Layout) -> np.ndarray:
    """Which rows have a completion and a value ``[rows]``; a note counts the others."""
    for role in KEYS[:2]:
        if role in get and not (given := get[role].given()).all():
            row = int(np.flatnonzero(~given)[0])
            table.fail(f"{role} is empty; give every row a {role}.", row)
    named, valued = get["completion"].given(), get[layout.value].given()
    table.notes += rows_left_out(int((~named).sum()), "the completion is empty")
    table.notes += rows_left_out(int((named & ~valued).sum()), f"the {layout.value} is empty")
    return named & valued


def _read_numbers(
    table: Table, columns: dict[str, Column], get: dict[str, Column], layout: Layout, comma: bool
) -> None:
    """Weights, times and features of a table."""
    if "weight" in get:
        name = layout.columns["weight"]
        table.weight = weights(table, get["weight"], name, comma)
    if "time" in get:
        table.time = column_times(table, get["time"], layout.columns["time"], comma)
        if table.ballot is None:
            table.ballot = _ballots_by_time(table, get["time"].codes)
    for prefix in FEATURES:
        names = [n for n in columns if n.casefold().startswith(prefix)]
        if names:
            table.features[prefix] = np.stack(
                [numbers(table, columns[n], n, MAX_FEATURE, comma=comma) for n in names], axis=1
            )
    stated = [name for name in columns if name.casefold().startswith(RATER_FEATURE)]
    check_rater_features(table.file, len(stated))
    for name in stated:
        values = numbers(table, columns[name], name, MAX_FEATURE, blank=True, comma=comma)
        at = np.flatnonzero(~np.isnan(values))
        table.rater_features[name] = at, values[at]
    for name in layout.one_hot:
        _, first = np.unique(table.rater.codes, return_index=True)
        codes, words = columns[name].codes[first], columns[name].values
        check_rater_features(table.file, len(table.rater_features) + len(words) - 1)
        for code, word in enumerate(words):
            if word:
                table.rater_features[f"{name}={word}"] = first, (codes == code).astype(float)


def _ballots_by_time(table: Table, moment: np.ndarray) -> np.ndarray | None:
    """Labels of ballots by time ``[rows]`` where a rater ranks a completion of a prompt again at
    another time; else None.

    Args:
        moment: a number for each distinct time ``[rows]``.
    """
    contest = _pair_numbers(table.rater.codes.astype(np.int64), table.prompt.codes)
    place = _pair_numbers(contest, table.completion.codes)
    apart = len(np.unique(_pair_numbers(place, moment))) > len(np.unique(place))
    return moment if apart else None


def numbers(
    table: Table,
    column: Column,
    field: str,
    most: float = math.inf,
    blank: bool = False,
    words: bool = False,
    comma: bool = False,
) -> np.ndarray:
    """The column as finite numbers ``[rows]``.

    Args:
        blank: whether a cell may be empty, which is NaN then.
        words: whether words such as "yes" and "no" may stand for numbers.
        comma: whether a comma may be the decimal point.
    """
    scale = scale_of_words(column.values) if words else {}
    values = np.array([number_of_text(text, scale, comma) for text in column.values])
    bad = ~np.isfinite(values) | (np.abs(values) > most)
    bad &= ~np.array([blank and not text.strip() for text in column.values])
    if bad.any():
        row = int(np.flatnonzero(bad[column.codes])[0])
        text = column.values[column.codes[row]]
        advice = " (1 = best)" if field == "rank" else ""
        advice += f", {most:g} at most" if most < math.inf else ""
        advice += ", or leave it empty where it is unknown" if blank and not words else ""
        found = quoted(text) if text.strip() else "empty"
        advice = number_advice(text) or f"give a finite number{advice}"
        table.fail(f"{quoted(field)[1:-1]} is {found}; {advice}.", row)
    return values[column.codes]


def weights(table: Table, column: Column, field: str, comma: bool) -> np.ndarray:
    """The column as weights of ballots ``[rows]``."""
    values = np.array([number_of_text(text, {}, comma) for text in column.values])
    bad = ~((values >= MIN_WEIGHT) & (values <= MAX_WEIGHT))
    if bad.any():
        row = int(np.flatnonzero(bad[column.codes])[0])
        text = column.values[column.codes[row]]
        advice = number_advice(text) or f"give {WEIGHT}"
        table.fail(f"{quoted(field)[1:-1]} is {quoted(text) if text else 'empty'}; {advice}.", row)
    return values[column.codes]


def scale_of_words(values: Sequence[str]) -> dict[str, float]:
    """The scale whose words are all that a column holds; empty where none is."""
    found = {text.casefold() for text in values if text}
    return next((scale for scale in _SCALES if found and found <= scale.keys()), {})


def number_of_text(text: str, scale: dict[str, float], comma: bool) -> float:
    if scale:
        return scale.get(text.casefold(), math.nan)
    if comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def ignored_note(header: Sequence[str], used: Container[str]) -> list[str]:
    """A note on the columns that are not used; none where all are."""
    ignored = [name or "(unnamed)" for name in header if name not in used]
    if not ignored:
        return []
    shown = ", ".join(quoted(name)[1:-1] for name in ignored[:10])
    more = f" and {len(ignored) - 10} more" if len(ignored) > 10 else ""
    return [f"Ignored columns: {shown}{more}."]


def with_anonymous_raters(table: Table) -> Table:
    """The table with a rater for each ballot, since nobody knows who gave which.

    Rows of one prompt (and one label, where a column names ballots) are one ballot. A completion
    that stands there again is on the next ballot. Rows that repeat another one are left out, unless
    most rows do: then they are votes.
    """
    prompt, completion = table.prompt.codes.astype(np.int64), table.completion.codes
    label = np.zeros(len(prompt), np.int64) if table.ballot is None else table.ballot
    contest = _pair_numbers(prompt, label)
    place = _pair_numbers(contest, completion)
    if table.ballot is None:
        again = (
            _occurrence(_pair_numbers(place, np.unique(table.value, return_inverse=True)[1])) > 0
        )
        if again.any() and again.sum() <= len(again) / 2:
            table.notes += rows_left_out(int(again.sum()), "they repeat another row")
            return with_anonymous_raters(table.select(~again))
    rater = _pair_numbers(contest, _occurrence(place))
    first = np.sort(np.unique(rater, return_index=True)[1])
    number = np.empty(len(first), np.int32)
    number[rater[first]] = np.arange(len(first))
    table.rater = Column(number[rater], [f"anonymous {i + 1}" for i in range(len(first))])
    table.ballot = None
    return table


def _pair_numbers(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Pairs of whole numbers from 0 ``[rows]`` as one number each."""
    return np.unique(one * (int(two.max(initial=0)) + 1) + two, return_inverse=True)[1]


def _occurrence(keys: np.ndarray) -> np.ndarray:
    """How often each row's key stood before ``[rows]``."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    turn = np.arange(len(keys)) - np.repeat(starts, np.diff(np.r_[starts, len(keys)]))
    out = np.empty(len(keys), np.int64)
    out[order] = turn
    return out
