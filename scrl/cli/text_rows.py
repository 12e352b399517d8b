"""Rows of prompts and completions that ``scrl score`` reads, and the table that it prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scrl.cli.printing import MAX_PROMPTS
from scrl.data.files import decode, printable
from scrl.data.streams import file_content
from scrl.data.table import check_characters
from scrl.social import TextReward, as_texts
from scrl.types import InputError

#: Bytes of a file, and letters of a text that are printed.
MAX_BYTES, SHOWN = 200_000_000, 70
Row = tuple[Any, list[Any]]


def read_text_rows(path: Path) -> list[Row] | None:
    """The prompt and the completions of each row of a file of JSON lines; None where its rows are
    ratings or it is of another format.

    Raises:
        InputError: where the file is missing or a row is damaged.
    """
    if Path(path.name.lower().removesuffix(".gz")).suffix not in (".jsonl", ".ndjson"):
        return None
    content, rows = file_content(path, MAX_BYTES), list[Row]()
    file = content.file
    for number, line in enumerate(decode(content.read(), file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise InputError(f"{file}: line {number} is not JSON.") from None
        if isinstance(row, dict):
            row = {key.strip().casefold(): value for key, value in row.items()}
        if not isinstance(row, dict) or not {"completion", "completions"} & row.keys():
            if not rows:
                return None
            raise InputError(f"{file}: line {number} has no 'completion' and no 'completions'.")
        several = row.get("completions", [row.get("completion")])
        if not isinstance(several, list) or not several:
            raise InputError(f"{file}: line {number}: 'completions' is a list of texts.")
        rows.append(_checked(row.get("prompt", ""), several, f"{file}: line {number}"))
    return rows


def _checked(prompt: Any, several: list[Any], where: str) -> Row:
    """A row's prompt and completions as texts."""
    try:
        prompts, completions = as_texts([prompt] * len(several), several)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    for text in (prompts[0], *completions):
        if problem := check_characters(text):
            raise InputError(f"{where}: a text {problem}.")
    return prompts[0], completions


def score_rows(model: TextReward, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """For each row the prompt, and of each completion its reward, its uncertainty and its distance
    from the rated texts (None without an encoder), best first."""
    prompts, completions = as_texts(
        [prompt for prompt, several in rows for _ in several],
        [completion for _, several in rows for completion in several],
    )
    found = zip(
        prompts, completions, model(prompts, completions), model.uncertainty(prompts, completions),
        model.distance(prompts, completions), strict=True,
    )  # fmt: skip
    result: list[dict[str, Any]] = []
    for _, several in rows:
        entries = [next(found) for _ in several]
        scored: list[dict[str, Any]] = [
            {
                "completion": text,
                "reward": round(reward, 6),
                "uncertainty": round(sd, 6),
                "distance": None if distance != distance else round(distance, 6),
            }
            for _, text, reward, sd, distance in entries
        ]
        result.append(
            {"prompt": entries[0][0], "completions": sorted(scored, key=lambda s: -s["reward"])}
        )
    return result


def print_rows(result: Sequence[dict[str, Any]]) -> None:
    """Print rewards with their standard deviations; texts are cut to one line."""
    before = None
    for row in result[:MAX_PROMPTS]:
        if row["prompt"] != before:
            print(f"\n{_line(row['prompt'])}")
        before = row["prompt"]
        for c in row["completions"]:
            print(f"  {c['reward']:8.3f} ± {c['uncertainty']:.3f}  {_line(c['completion'])}")
    if len(result) > MAX_PROMPTS:
        print(f"\n{len(result) - MAX_PROMPTS:,} more rows are not shown; --out writes all.")


def _line(text: str) -> str:
    short = printable(" ".join(text.split()))
    return short if len(short) <= SHOWN else short[: SHOWN - 1] + "…"
