"""Whether a file's ballots are scores, for what reads their orders alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scrl.data.files import quoted
from scrl.data.layouts import find_layout
from scrl.data.readers import JSON, TABLES, opened
from scrl.data.rows import Rows
from scrl.data.streams import file_content
from scrl.data.table import MAX_BYTES
from scrl.types import InputError


def note_on_scores(path: str | Path, columns: Mapping[str, object] | None = None) -> list[str]:
    """A note where a table's ballots are scores, of which only the order is read; else nothing.

    Only the header is read. Tables with a row a person have a note of their own.

    Args:
        path: a file that ``load_ratings`` reads; columns: as there.
    """
    try:
        content = file_content(path, MAX_BYTES)
        if content.suffix not in (*TABLES, *JSON):
            return []
        found = opened(content)
        header = found.header if isinstance(found, Rows) else list(next(found[0], (0, {}, 0))[1])
        layout = find_layout([name.strip() for name in header], columns, content.file)
    except InputError:  # whoever reads the whole file says what is wrong
        return []
    if layout is None or layout.kind != "long" or layout.columns.keys() & {"rank", "penalty"}:
        return []
    if "score" not in layout.columns:
        return []
    return [
        f"Of the column {quoted(layout.columns['score'])} only the order counts: a higher score is "
        "a better place, however much higher."
    ]
