"""YAML of texts, numbers, truth values, null, lists and mappings, and of nothing else.

A file from a stranger may hold whatever YAML can say: tags that build dates, sets or binary data,
merge keys, aliases that unfold without bound. Only the parser's events are used here, and values
are made from them by the few rules below, so that nothing of that is ever built.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from scrl.data.files import quoted
from scrl.types import InputError

MAX_DEPTH = 12
#: Characters of a number that is written without quotes.
MAX_DIGITS = 400
#: The plain scalars of YAML 1.1 that are no text, without its times, base 60, octal and hexadecimal
#: numbers. What is written here as text is quoted by ``write_yaml`` where it looks like one.
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"yes|Yes|YES|true|True|TRUE|on|On|ON")
_FALSE = re.compile(r"no|No|NO|false|False|FALSE|off|Off|OFF")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
#: Characters that YAML does not allow.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"
)
_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str, file: str) -> Any:
    """Plain values from YAML: str, int, float, bool, None, list and dict.

    >>> read_yaml("a: [1, .5, yes, ~, 2025-01-31]", "a.yaml")
    {'a': [1, 0.5, True, None, '2025-01-31']}

    Args:
        file: what to call it in messages.

    Raises:
        InputError: naming the line, where it is not YAML, or holds tags, aliases, repeated keys,
            keys that are lists or mappings, several documents or deep nesting.
    """
    bad = _FORBIDDEN.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        raise InputError(
            f"{file}: line {line}: the character {bad[0]!a} cannot stand in a text file; remove it."
        )
    try:
        return _value_of(yaml.parse(text, Loader=_BaseLoader), file)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}: line {mark.line + 1}" if mark else file
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        raise InputError(
            f"{where}: this is not readable as YAML ({quoted(problem)[1:-1]})."
        ) from None


class _Part:
    """A list or mapping that is being read, with the key that waits for its value."""

    def __init__(self, content: Any) -> None:
        self.content = content
        self.waits = False
        self.key: Any = None


def _value_of(events: Any, file: str) -> Any:
    """The value that the events of one document describe."""
    root: list[Any] = []
    parts, documents = [_Part(root)], 0
    for event in events:
        where = f"{file}: line {event.start_mark.line + 1}"
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise InputError(f"{where}: a second document begins here; give one only.")
        elif isinstance(event, yaml.CollectionEndEvent):
            parts.pop()
        elif isinstance(event, yaml.NodeEvent):
            _check_is_plain(event, where)
            if not isinstance(event, yaml.CollectionStartEvent):
                _add(parts[-1], _scalar(event, where), where)
                continue
            if len(parts) > MAX_DEPTH:
                raise InputError(
                    f"{where}: nesting is deeper than the limit of {MAX_DEPTH} levels."
                )
            part = _Part({} if isinstance(event, yaml.MappingStartEvent) else [])
            _add(parts[-1], part.content, where)
            parts.append(part)
    return root[0] if root else None


def _check_is_plain(event: Any, where: str) -> None:
    """Raise ``InputError`` for an anchor, an alias or a tag."""
    if event.anchor is not None:
        raise InputError(
            f"{where}: anchors and aliases (& and *) are not read; write the value out."
        )
    if event.tag is not None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        raise InputError(
            f"{where}: tags such as {quoted(tag)[1:-1]} are not read; write the value without it."
        )


def _add(part: _Part, value: Any, where: str) -> None:
    """Put a value into the list or mapping that is being read."""
    if isinstance(part.content, list):
        part.content.append(value)
    elif part.waits:
        part.content[part.key] = value
        part.waits = False
    elif isinstance(value, list | dict):
        raise InputError(f"{where}: a key is a list or a mapping; give a text.")
    elif value in part.content:
        raise InputError(f"{where}: the key {quoted(value)} stands twice; keep one.")
    else:
        part.key, part.waits = value, True


def _scalar(event: Any, where: str) -> str | int | float | bool | None:
    """The value of a scalar: a text, unless it is written without quotes as something else."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return _TRUE.fullmatch(text) is not None
    is_int = _INT.fullmatch(text)
    if not is_int and not _FLOAT.fullmatch(text):
        return text
    if len(text) > MAX_DIGITS:
        raise InputError(
            f"{where}: a number has more than {MAX_DIGITS} digits; put quotes around it if it is a "
            "text."
        )
    plain = text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan")
    return int(plain) if is_int else float(plain)


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
