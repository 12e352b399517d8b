"""Inputs drawn by the shape of a format, which no valid input stands behind."""

from __future__ import annotations

import json
import struct

import yaml
from hypothesis import strategies as st

from tests.fuzz.mutation import NUMBERS, TEXTS, zipped

_CELLS = st.one_of(st.sampled_from(NUMBERS + TEXTS[:40]), st.text(max_size=8), st.just("a"))
_PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
_KEYS = st.one_of(
    _PLAIN,
    st.sampled_from((
        "rater", "prompt", "chosen", "rejected", "ranking", "completion", "completions", "weight",
        "types", "prompts", "raters", "share", "rankings", "utilities", "name", "noise", "format",
        "config", "rules", "seed", "room", "phone", "order", "question", "round", "CVR", "Election",
        "rules", "candidates", "cvrFileSources", "__metadata__", "dtype", "shape", "data_offsets",
    )),
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=12,
)
_BINARY = st.binary(max_size=200)


def _table(rows: list[list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")


def _tensors(header: object, body: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


_HEAD = st.lists(
    st.sampled_from(("rater", "prompt", "completion", "rank", "score", "weight", "choice_1", "x")),
    min_size=1, max_size=6,
)  # fmt: skip
_TABLES = st.builds(
    lambda head, rows: _table([head, *rows]), _HEAD,
    st.lists(st.lists(_CELLS, max_size=7), max_size=5),
)  # fmt: skip
_JSON = _VALUES.map(lambda value: json.dumps(value).encode())
#: Kind of mutation -> inputs of its format.
STRATEGIES: dict[str, st.SearchStrategy[bytes]] = {
    "table": _TABLES | _BINARY,
    "lines": st.lists(_CELLS, max_size=30).map(lambda c: " ".join(c).encode("utf-8", "replace")),
    "json": _JSON | _BINARY,
    "yaml": st.dictionaries(_KEYS, _VALUES, max_size=6).map(lambda v: yaml.safe_dump(v).encode()),
    "zip": st.lists(st.tuples(st.sampled_from(("manifest.json", "result.json", "config.json",
                                               "0.csv", "x")), _JSON | _TABLES), max_size=4)
    .map(zipped) | _BINARY,
    "safetensors": st.builds(_tensors, _VALUES, _BINARY) | _BINARY,
    "binary": _BINARY,
    "packed": _BINARY | st.text(max_size=40).map(lambda t: b"z-" + t.encode()),
}  # fmt: skip
