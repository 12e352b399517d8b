"""Reading and decoding of untrusted files, quoting for messages, and YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from scrl.types import InputError

MAX_DEPTH = 12
#: How files begin that are no text -> what they are, and what to do.
_KINDS = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; unpack it, or name it .xlsx",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as .xlsx or .csv",
    b"PAR1": "a Parquet file; name it .parquet",
    b"\x1f\x8b": "packed by gzip; add .gz to its name",
    b"%PDF": "a PDF; give the table as .csv or .xlsx",
    b"\x89PNG": "a picture; give the table as .csv or .xlsx",
    b"\xff\xd8\xff": "a picture; give the table as .csv or .xlsx",
}


def quoted(value: object) -> str:
    """``value`` in quotes on one line, at most 60 characters of it, for a message."""
    try:
        text = value if isinstance(value, str) else str(value)
    except (RecursionError, ValueError):  # nested too deep, or a number of very many digits
        text = type(value).__name__
    return repr(text if len(text) <= 60 else text[:59] + "…")


def printable(value: object) -> str:
    """``value`` unquoted on one line, at most its last 200 characters: a path for a message."""
    text = "".join(ch if ch.isprintable() else "?" for ch in str(value)[-200:])
    return text or "(no name)"


def read_file(path: str | Path, limit: int) -> bytes:
    """The bytes of a file.

    Raises:
        InputError: where it cannot be read or is larger than ``limit`` bytes.
    """
    check_file(path, limit)
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"{printable(path)}: the file cannot be read ({error.strerror})."
        ) from None


def check_file(path: str | Path, limit: int) -> None:
    """Raise ``InputError`` for what is no ordinary file, or is larger than ``limit`` bytes."""
    file = printable(path)
    try:
        path = Path(path)
        if path.is_dir():
            raise InputError(f"{file}: this is a folder; give a file.")
        if not path.exists():
            raise InputError(f"{file}: there is no such file.")
        if not path.is_file():
            raise InputError(f"{file}: this is not an ordinary file.")
        size = path.stat().st_size
        if size > limit:
            raise InputError(too_large(file, size, limit))
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{file}: the file cannot be read ({reason}).") from error


def decode(data: bytes, file: str) -> str:
    """UTF-8 text without its byte-order mark.

    Raises:
        InputError: where it is something else, naming the byte and line.
    """
    check_text(data, file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file}: line {line}: byte 0x{data[error.start]:02x} at position {error.start:,} is "
            "not UTF-8; save the file as UTF-8."
        ) from None


def check_text(data: bytes, file: str) -> None:
    """Raise ``InputError`` for an empty file, UTF-16 and NUL bytes."""
    if not data or data.isspace() or data == b"\xef\xbb\xbf":
        raise InputError(f"{file}: the file is empty.")
    check_kind(data, file)
    zero = data.find(b"\0")
    if zero >= 0:
        line = data.count(b"\n", 0, zero) + 1
        raise InputError(
            f"{file}: line {line}: there is a NUL byte at position {zero:,}, so this is not a text "
            "file in UTF-8; save it as UTF-8."
        )


def check_kind(data: bytes, file: str) -> None:
    """Raise ``InputError`` where the first bytes of a file of text show that it is another one."""
    # Without a byte-order mark, UTF-16 of Latin letters has a zero in every second byte.
    halves = data[:64:2], data[1:64:2]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (
        len(data) > 3 and any(not any(one) and all(two) for one, two in (halves, halves[::-1]))
    ):
        raise InputError(f"{file}: the file is UTF-16; save it as UTF-8.")
    kind = next((kind for start, kind in _KINDS.items() if data.startswith(start)), "")
    if not kind and data.lstrip()[:14].lower().startswith((b"<html", b"<!doctype html")):
        kind = "a web page; download the file itself"
    if kind:
        raise InputError(f"{file}: this is no text but {kind}.")


def too_large(file: str, size: int, limit: int) -> str:
    """The message for a file above the limit; sizes are in bytes."""
    return (
        f"{file}: {size / 1e6:,.0f} MB are more than the limit of {limit / 1e6:,.0f} MB a file; "
        "give fewer ballots."
    )


_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BaseLoader):
    """The safe loader, which refuses a repeated key (YAML would silently keep the last)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {quoted(key.value)} stands twice; keep one",
                        key.start_mark,
                    )  # fmt: skip
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def read_yaml(text: str, file: str) -> Any:
    """Plain values from YAML.

    Raises:
        InputError: where it is not YAML, or holds aliases, repeated keys or deep nesting.
    """
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_BaseLoader):
            # Aliases can blow a small file up without bound, and nesting can exhaust the stack.
            if getattr(event, "anchor", None):
                raise InputError(
                    f"{file}: line {event.start_mark.line + 1}: anchors and aliases (& and *) are "
                    "not read; write the value out."
                )
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise InputError(
                    f"{file}: line {event.start_mark.line + 1}: nesting is deeper than the limit "
                    f"of {MAX_DEPTH} levels."
                )
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        if "stands twice" not in problem:
            problem = f"this is not readable as YAML ({quoted(problem)[1:-1]})"
        raise InputError(f"{file}: {line}{problem}.") from None
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file}: a value cannot be read ({quoted(error)[1:-1]}).") from None


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        # Other styles would turn unusual line ends, such as U+0085, into ordinary ones.
        style = None if data.isprintable() else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Dumper.add_representer(str, _Dumper.represent_str)


def write_yaml(content: object) -> str:
    """Plain values as YAML that ``read_yaml`` reads to the same values, keys in their order."""
    return yaml.dump(
        content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None,
        width=100,
    )  # fmt: skip
