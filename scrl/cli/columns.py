"""Arguments that name the columns of a table, and what they say."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

#: Option -> what its help says.
_OPTIONS = {
    "rater": "column of the raters",
    "prompt": "column of the prompts; one prompt without it",
    "completion": "column of the completions",
    "score": "column where higher is better",
    "rank": "column where 1 is best",
    "penalty": "column where lower is better",
    "weight": "column of a ballot's weight",
    "group": "column of a rater's group",
    "ballot": "column that separates ballots of one rater on one prompt",
    "time": "column of a ballot's time: a number or a date such as 2026-11-30",
    "chosen": "column of the preferred completion",
    "rejected": "column of the other completion",
    "items": "columns that are completions, with commas between: a row is a person",
}


def add_columns(parser: ArgumentParser) -> None:
    """Add an option for each role of a column."""
    group = parser.add_argument_group(
        "columns of a table", "where they are not called as docs/files.md has it"
    )
    for name, help in _OPTIONS.items():
        metavar = "COLUMNS" if name == "items" else "COLUMN"
        group.add_argument(f"--{name}", dest=f"column_{name}", metavar=metavar, help=help)
    group.add_argument(
        "--values", dest="column_values", choices=("score", "rank", "penalty", "choices"),
        help="what the cells are where a row is a person (default: score, or rank where all "
        "cells are 1, 2, 3 …)",
    )  # fmt: skip


def stated_columns(chosen: Namespace) -> dict[str, object]:
    """The columns that the arguments name, as ``load_ratings`` takes them."""
    found = {name: getattr(chosen, f"column_{name}", None) for name in (*_OPTIONS, "values")}
    return {name: column for name, column in found.items() if column}
