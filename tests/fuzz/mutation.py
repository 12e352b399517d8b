"""Valid inputs made bad: by bytes, by tokens, and by the structure of their format.

Every mutation is drawn from a ``random.Random``, so that an input is known by its seed.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from random import Random
from typing import Any

import numpy as np
import yaml

NUMBERS = (
    "0", "-1", "1", "2", "0.5", "1e39", "1e308", "1e999", "-1e999", "NaN", "Infinity", "-Infinity",
    "inf", "1e-320", "9" * 25, "9" * 5000, "4294967296", "2147483648", "-2147483649", "1e9",
    "1000000", "1.0000000001", "1,5", "1_000", "0x10", "-0", "+3", "²", "٣", "１", "1e", ".", "1/3",
)  # fmt: skip
TEXTS = (
    "", " ", "\0", "\ufeff", "\u202e", "\x85", "\u2028", "\r", "\n", "\t", "a" * 3000, "'", '"',
    '""', "=1+1", "null", "true", "[]", "{}", "[", "{", "[" * 2000, "(" * 2000, "-", "--", ",", ";",
    ":", ">", "> >", "A > A", "!!bool x", "!!timestamp x", '!!int ""', "&a [*a, *a]", "*a", "<<: x",
    "? [a]", "%TAG", "---", "...", "#", "# TITLE: x", "\ud800", "é", "e\u0301", "x" * 70_000,
    "../x", "C:\\x", "rater", "weight", "rank", "prompt", "completion", "<b>", "$x^2$", "&amp;",
    "&lol;", "<!DOCTYPE x>", "]]>", "{array}", "__proto__", "1970-01-01", "9999-99-99", "24:61",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1e12, 1e39, 1e308, 2**31, 2**53 + 1, 2**63, 2**64,
    -(2**63), float("nan"), float("inf"), float("-inf"), "", " ", "x", "é", "\ud800", "\0", "1",
    "NaN", "a" * 3000, [], {}, [[]], [None], [{}], {"": None}, {"x": []}, ["x", "x"], [0, 0],
    {"array": "x"}, [[["x"]]],
)  # fmt: skip
_TOKEN = re.compile(r"(\d+(?:\.\d+)?|\w+|\s+|[^\w\s])")
#: Stands in JSON for what no JSON library writes, and is replaced in its text.
_RAW = "@@raw@@"
#: Values of JSON that Python's own library cannot write.
RAW = ("9" * 5000, "1e999", "-1e999", "NaN", "[" * 5000, "{" * 3000, '"\\ud800"', '"\\u0000"',
       "01", "1.", '{"a":1,"a":2}', "+1", "'x'", "undefined", '"\n"')  # fmt: skip
MAX_BYTES = 400_000
Mutation = Callable[[bytes, Random], bytes]


def mutated(data: bytes, kind: str, rng: Random, others: Sequence[bytes] = ()) -> bytes:
    """One to four mutations of an input.

    Args:
        kind: a key of ``KINDS``, the format.
        others: inputs of the same format, with which it may be spliced.
    """
    for _ in range(1 + int(rng.random() ** 2 * 4)):
        choice = rng.random()
        if choice < 0.15:
            data = _bytes(data, rng)
        elif choice < 0.2 and others:
            other = rng.choice(others)
            data = data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
        else:
            data = KINDS[kind](data, rng)
        data = data[:MAX_BYTES]
    return data


def _bytes(data: bytes, rng: Random) -> bytes:
    """A change of bytes that knows no format."""
    start = rng.randrange(len(data) + 1)
    stop = min(len(data), start + 1 + int(rng.expovariate(0.1)))
    choice = rng.randrange(8)
    if choice == 0:
        return data[:start]
    if choice == 1:
        return data[:start] + data[stop:]
    if choice == 2:
        return data[:stop] + data[start:stop] * rng.choice((1, 2, 50)) + data[stop:]
    if choice == 3:
        return data[:start] + rng.randbytes(rng.choice((1, 2, 8))) + data[start:]
    if choice == 4:
        return data[:start] + rng.randbytes(stop - start) + data[stop:]
    if choice == 5 and data:
        changed = bytearray(data)
        changed[min(start, len(data) - 1)] ^= 1 << rng.randrange(8)
        return bytes(changed)
    if choice == 6:
        return data[:start] + rng.choice((b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80",
                                          b"\r\n", b"\r")) + data[start:]  # fmt: skip
    return data[:start] + _encoded(rng.choice(TEXTS)) + data[start:]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _from_text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass" if "\ud800" in text else "surrogateescape")


def tokens(data: bytes, rng: Random) -> bytes:
    """Numbers become extreme; words are replaced, dropped or doubled; lines move or recur."""
    text = _text(data)
    if rng.random() < 0.3:
        lines = text.splitlines(keepends=True) or [""]
        i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
        choice = rng.randrange(5)
        if choice == 0:
            del lines[i]
        elif choice == 1:
            lines.insert(j, lines[i])
        elif choice == 2:
            lines[i], lines[j] = lines[j], lines[i]
        elif choice == 3:
            lines[i:i] = [lines[j]] * rng.choice((3, 300))
        else:
            lines[i] = rng.choice(TEXTS) + "\n"
        return _from_text("".join(lines))
    parts = _TOKEN.findall(text) or [""]
    i = rng.randrange(len(parts))
    numbers = [k for k, part in enumerate(parts) if part[:1].isdigit()]
    choice = rng.random()
    if choice < 0.4 and numbers:
        parts[rng.choice(numbers)] = rng.choice(NUMBERS)
    elif choice < 0.6:
        parts[i] = rng.choice(TEXTS)
    elif choice < 0.7:
        parts[i] = ""
    elif choice < 0.8:
        parts.insert(i, parts[rng.randrange(len(parts))])
    elif choice < 0.9:
        parts[i] = parts[rng.randrange(len(parts))]
    else:
        parts[i] = rng.choice((*NUMBERS, *TEXTS))
    return _from_text("".join(parts))


def table(data: bytes, rng: Random) -> bytes:
    """Cells, columns and rows of a table with commas, or its tokens."""
    if rng.random() < 0.3:
        return tokens(data, rng)
    try:
        text = io.StringIO(_text(data).replace("\0", ""), newline="")
        rows = [row for row in csv.reader(text) if row]
    except csv.Error:
        rows = []
    if not rows:
        return tokens(data, rng)
    row, column = rng.choice(rows), rng.randrange(len(rows[0]))
    choice = rng.randrange(8)
    if choice in (0, 1, 2):
        row[rng.randrange(len(row))] = rng.choice((*NUMBERS, *TEXTS))
    elif choice == 3:
        rows = [[c for i, c in enumerate(r) if i != column] for r in rows]
    elif choice == 4:
        rows = [r + r[column : column + 1] for r in rows]
    elif choice == 5:
        rows[0][column] = rng.choice((*rows[0], "score", "weight", "ballot", "rank", "chosen", ""))
    elif choice == 6:
        rows = [r * rng.choice((2, 40)) for r in rows]
    else:
        rows = rows[:1] + rows[1:] * rng.choice((0, 2, 30))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return _from_text(out.getvalue())


def tree_mutated(tree: Any, rng: Random) -> Any:
    """Plain data with a value replaced, dropped, doubled or put elsewhere."""
    places: list[tuple[Any, Any]] = []

    def collect(node: Any) -> None:
        keys = node.keys() if isinstance(node, dict) else range(len(node))
        for key in list(keys)[:200]:
            places.append((node, key))
            if isinstance(node[key], dict | list):
                collect(node[key])

    if not isinstance(tree, dict | list) or not tree:
        return rng.choice(VALUES)
    collect(tree)
    node, key = rng.choice(places)
    choice, value = rng.random(), rng.choice(VALUES)
    if choice < 0.5:
        node[key] = value
    elif choice < 0.6:
        del node[key]
    elif choice < 0.7:
        other, place = rng.choice(places)
        node[key] = json.loads(json.dumps(other.get(place) if isinstance(other, dict) else value))
    elif choice < 0.8 and isinstance(node, dict):
        node[rng.choice(("x", "", "é", "\ud800", str(key).upper(), f"{key} "))] = node.pop(key)
    elif choice < 0.9 and isinstance(node, list):
        node[key:key] = [node[key]] * rng.choice((1, 2, 500))
    elif isinstance(node[key], str):
        node[key] = _text(tokens(_encoded(node[key]), rng))
    else:
        node[key] = _RAW
    return tree


def json_text(tree: Any, rng: Random) -> str:
    """Plain data as JSON, also such as no JSON may be."""
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.5)
    while f'"{_RAW}"' in text:
        text = text.replace(f'"{_RAW}"', rng.choice(RAW), 1)
    if rng.random() < 0.1 and '": ' in text:  # a key that stands twice
        at = text.index('"', rng.randrange(max(1, len(text) // 2)))
        match = re.compile(r'"[^"]*": [^,{}\[\]]+').search(text, at)
        text = (
            text if match is None else text[: match.end()] + ", " + match[0] + text[match.end() :]
        )
    return text


def json_tree(data: bytes, rng: Random) -> bytes:
    """The values of a JSON text, or of one line of JSON lines."""
    try:
        return _from_text(json_text(tree_mutated(json.loads(data), rng), rng))
    except (ValueError, RecursionError, TypeError):
        pass
    lines = data.splitlines()
    if len(lines) < 2:
        return tokens(data, rng)
    i = rng.randrange(len(lines))
    try:
        lines[i] = _from_text(json_text(tree_mutated(json.loads(lines[i]), rng), rng))
    except (ValueError, RecursionError, TypeError):
        return tokens(data, rng)
    return b"\n".join(lines)


def yaml_tree(data: bytes, rng: Random) -> bytes:
    """The values of a YAML text, or its tokens."""
    if rng.random() < 0.4:
        return tokens(data, rng)
    try:
        tree = tree_mutated(yaml.safe_load(data), rng)
        return _from_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False))
    except Exception:  # PyYAML raises errors of many kinds
        return tokens(data, rng)


def members(data: bytes, rng: Random) -> bytes:
    """A member of a ZIP archive by its own format, or the list of members."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    except Exception:
        return _bytes(data, rng)
    if not files:
        return _bytes(data, rng)
    i, choice = rng.randrange(len(files)), rng.random()
    name, content = files[i]
    if choice < 0.85:
        files[i] = name, KINDS[SUFFIXES.get(PurePosixPath(name).suffix, "lines")](content, rng)
    elif choice < 0.9:
        del files[i]
    elif choice < 0.93:
        files.append(files[i])
    elif choice < 0.96:
        files[i] = rng.choice(("../" + name, "/" + name, name + "\0", "x" * 300, "é")), content
    else:
        files[i] = name, content * 20
    return zipped(files)


def zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    """A ZIP archive of these files, names also twice."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name.replace("\0", "_"))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with warnings.catch_warnings():  # of a name that stands twice
                warnings.simplefilter("ignore")
                archive.writestr(entry, content)
    return out.getvalue()


def safetensors(data: bytes, rng: Random) -> bytes:
    """The header, the manifest in it, or a number of an array."""
    length = int.from_bytes(data[:8], "little")
    try:
        header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
        names = [name for name in header if name != "__metadata__"]
        choice = rng.random()
        if choice < 0.35:
            manifest = header["__metadata__"]
            key = rng.choice(list(manifest))
            manifest[key] = _text(json_tree(_encoded(manifest[key]), rng))
        elif choice < 0.55:
            header = tree_mutated(header, rng)
        elif names:
            body = _with_number(body, header[rng.choice(names)], rng)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return _bytes(data, rng)
    text = _from_text(json_text(header, rng))
    return struct.pack("<Q", len(text)) + text + body


_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "BOOL": "<u1",
           "U8": "<u1"}  # fmt: skip


def _with_number(body: bytes, entry: dict[str, Any], rng: Random) -> bytes:
    start, stop = entry["data_offsets"]
    values = np.frombuffer(body[start:stop], _DTYPES[entry["dtype"]]).copy()
    if not len(values):
        return body
    number = rng.choice((np.nan, np.inf, -np.inf, -1, -5, 0, 1, 2, 255, 10**6, 2**40, 1e30, 1e300))
    with np.errstate(all="ignore"):
        new = np.array(number).astype(values.dtype)
    values[rng.randrange(len(values))] = new
    if rng.random() < 0.2:
        values[:] = new
    return body[:start] + values.tobytes() + body[stop:]


def packed_text(data: bytes, rng: Random) -> bytes:
    """A compressed text, as of a link or of gzip, by its content."""
    if data[:2] == b"\x1f\x8b":
        try:
            return gzip.compress(table(gzip.decompress(data), rng), 1)
        except Exception:
            return _bytes(data, rng)
    from scrl.scenarios.links import pack_text, unpack_text

    try:
        text = _encoded(unpack_text(data.decode()))
        changed = (json_tree if text[:1] == b"{" else yaml_tree)(text, rng)
        return pack_text(changed.decode("utf-8", "replace")).encode()
    except ValueError:
        return _bytes(data, rng)


KINDS: dict[str, Mutation] = {
    "lines": tokens, "table": table, "json": json_tree, "yaml": yaml_tree, "zip": members,
    "safetensors": safetensors, "binary": _bytes, "packed": packed_text,
}  # fmt: skip
#: The format of a member of an archive, by its suffix.
SUFFIXES = {".json": "json", ".jsonl": "json", ".yaml": "yaml", ".csv": "table", ".xml": "lines",
            ".safetensors": "safetensors", ".npy": "binary", ".bin": "binary"}  # fmt: skip
