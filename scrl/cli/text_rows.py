"""Rows of prompts and completions that ``scrl score`` reads, and the table that it prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from scrl.cli.printing import MAX_PROMPTS
from scrl.data.files import printable, quoted
from scrl.data.layouts import ALIASES, CANDIDATES, find_layout
from scrl.data.messages import cell_text, is_messages, plain_list
from scrl.data.readers import JSON, TABLES, opened
from scrl.data.rows import Rows
from scrl.data.streams import file_content
from scrl.data.table import MAX_BYTES, check_characters
from scrl.social import NamedReward, TextReward, as_texts
from scrl.types import InputError

#: Letters of a text that are printed.
SHOWN = 70
#: Names of the key or column of a prompt, of a completion and of a list of completions.
_PROMPT = ("prompt", *ALIASES["prompt"])
_ONE, _LIST = ("completion", *ALIASES["completion"]), CANDIDATES
_SHAPE = "give 'completion', a text, or 'completions', a list of texts"


class TextRow(NamedTuple):
    """A prompt and its completions, as texts."""

    prompt: str
    completions: list[str]


def read_text_rows(path: Path, columns: Mapping[str, object] | None = None) -> list[TextRow] | None:
    """The prompt and the completions of each row of a table or of JSON; None where the rows are
    ratings, or the file is of another format.

    Args:
        columns: role -> column, as ``stated_columns`` gives it.

    Raises:
        InputError: where the file is missing or a row is damaged.
    """
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if suffix not in (*TABLES, *JSON) or path.is_dir():
        return None
    content = file_content(path, MAX_BYTES)
    rows, unit, header = opened(content), "", None
    if isinstance(rows, Rows):
        unit, header, place = rows.unit, rows.header, rows.line_of
        records: Iterator[tuple[int, Mapping[str, Any]]] = (
            (row, {name: _cell(value) for name, value in record.items()})
            for row, record in rows.records()
        )
    else:
        unit, place = rows[1], int
        records = ((number, record) for number, record, _ in rows[0])
    first = next(records, None)
    if first is None:
        what = "there is a header but no row" if header else "the file is empty"
        raise InputError(f"{content.file}: {what}; give at least one completion.")
    if _are_ratings(header or list(first[1]), first[1], columns, content.file):
        return None
    stated = {str(role): str(name).strip().casefold() for role, name in (columns or {}).items()}
    _check_stand_once(header or [], stated, content.file)
    found = []
    for number, record in chain([first], records):
        try:
            found.append(_row(record, stated))
        except InputError as error:
            where = f"{content.file}: {unit} {place(number)}"
            raise InputError(f"{where}: {error}") from None
    return found


def _are_ratings(
    header: Sequence[str], first: Mapping[str, Any], columns: Mapping[str, object] | None, file: str
) -> bool:
    """Whether rows state preferences between completions, or name no completion at all."""
    keys = [name.strip().casefold() for name in header]
    names = set(keys)
    if not names & {*_ONE, *_LIST, "messages"} and "completion" not in (columns or {}):
        return True
    try:
        layout = find_layout([name.strip() for name in header], columns, file)
    except InputError:
        return bool(names & {"chosen", "rejected"})
    if layout is None:
        return False
    if layout.kind != "candidates" or layout.columns.keys() & {"scores", "ranks", "attribute"}:
        return True
    listed = plain_list(first.get(layout.columns["candidates"]))
    return isinstance(listed, list) and any(
        isinstance(c, Mapping) and not c.keys() & {"content", "value"} for c in listed
    )


def _check_stand_once(header: Sequence[str], stated: Mapping[str, str], file: str) -> None:
    used = {*_PROMPT, *_ONE, *_LIST, *stated.values()}
    keys = [name.casefold() for name in header]
    twice = next((n for n, k in zip(header, keys, strict=True) if k in used and keys.count(k) > 1),
                 None)  # fmt: skip
    if twice is not None:
        raise InputError(f"{file}: column {quoted(twice)} stands twice; keep one.")


def _row(record: Mapping[str, Any], stated: Mapping[str, str]) -> TextRow:
    values = {key.strip().casefold(): value for key, value in record.items()}

    def key_of(role: str, names: Iterable[str]) -> str:
        """The key of a role: the first with a value, else the first; "" where there is none."""
        there = [n for n in ([stated[role]] if role in stated else names) if n in values]
        return next((n for n in there if values[n] is not None), there[0] if there else "")

    prompt = values.get(key_of("prompt", _PROMPT), "")
    one, several = key_of("completion", _ONE), key_of("", _LIST)
    chat = plain_list(values.get("messages"))
    if one and not (several and values[one] is None):
        listed = [values[one]]
    elif several:
        listed = plain_list(values[several])
    elif is_messages(chat):
        prompt, listed = prompt or chat[:-1] or "", [chat[-1:]]
    else:
        raise InputError(f"there is no completion; {_SHAPE}.")
    if not isinstance(listed, list) or not listed:
        raise InputError(f"'{several}' is {quoted(listed)}; {_SHAPE}.")
    return _checked(prompt, listed)


def _cell(value: Any) -> Any:
    """A cell of a table that is a number as its digits, other values as they are."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return cell_text(value) if is_number else value


def _checked(prompt: Any, several: list[Any]) -> TextRow:
    """A row's prompt and completions as texts."""
    prompts, completions = as_texts([prompt] * len(several), several)
    for text in (prompts[0], *completions):
        if problem := check_characters(text):
            raise InputError(f"a text {problem}.")
    if not all(text.strip() for text in completions):
        raise InputError("a completion is empty; give text, or leave the row out.")
    return TextRow(prompts[0], completions)


def score_rows(
    model: NamedReward | TextReward, rows: Sequence[TextRow], file: str
) -> list[dict[str, Any]]:
    """For each row the prompt, and of each completion its reward, its uncertainty and its distance
    from the rated texts (None where the model has none), best first.

    Raises:
        InputError: for a completion that a model of names was not trained on.
    """
    prompts = [prompt for prompt, several in rows for _ in several]
    completions = [completion for _, several in rows for completion in several]
    unknown = [None] * len(completions)
    try:
        rewards = model(prompts, completions)
    except InputError as error:
        raise InputError(f"{printable(file)}: {error}") from None
    spread, far = unknown, unknown
    if isinstance(model, TextReward):
        spread = model.uncertainty(prompts, completions)
        far = model.distance(prompts, completions)
    found = iter(zip(completions, rewards, spread, far, strict=True))
    result = []
    for prompt, several in rows:
        entries = [next(found) for _ in several]
        scored: list[dict[str, Any]] = [
            {
                "completion": text,
                "reward": round(reward, 6),
                "uncertainty": _rounded(sd),
                "distance": _rounded(distance),
            }
            for text, reward, sd, distance in entries
        ]
        scored.sort(key=lambda s: -s["reward"])
        result.append({"prompt": prompt, "completions": scored})
    return result


def _rounded(value: float | None) -> float | None:
    return None if value is None or value != value else round(value, 6)


def print_rows(result: Sequence[dict[str, Any]]) -> None:
    """Print rewards with their standard deviations; texts are cut to one line."""
    before = None
    for row in result[:MAX_PROMPTS]:
        if row["prompt"] != before:
            print(f"\n{_line(row['prompt'])}")
        before = row["prompt"]
        for c in row["completions"]:
            spread = "" if c["uncertainty"] is None else f" ± {c['uncertainty']:.3f}"
            print(f"  {c['reward']:8.3f}{spread}  {_line(c['completion'])}")
    if len(result) > MAX_PROMPTS:
        print(f"\n{len(result) - MAX_PROMPTS:,} more rows are not shown; --out writes all.")


def _line(text: str) -> str:
    short = printable(" ".join(text.split()))
    return short if len(short) <= SHOWN else short[: SHOWN - 1] + "…"
