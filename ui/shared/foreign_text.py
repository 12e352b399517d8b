"""Text that a person brought (names, texts of a file, messages about a file) on a page."""

from __future__ import annotations

import re

#: What a backslash keeps from acting as Markdown.
_SYNTAX = re.compile(r"([\\`*_{}\[\]()#+!|$<>~:&])")
#: One character each of addresses, of codes of emoji and icons, and of arrows.
_REPLACED_LATER = re.compile(
    r"(?<=http):(?=//)|(?<=https):(?=//)|(?<=www)\.|@|:(?=[\w+\-]+:|material/)|[-<>~](?=[-=>])",
    re.IGNORECASE,
)
#: The mark of a list, or of the line under a heading, at the start of a line.
_BLOCK_START = re.compile(r"^(\d*)([-.=])")


def escaped(text: str) -> str:
    """Text that a person brought, as Markdown that shows exactly this text on one line.

    A backslash keeps most of Markdown from acting. It does not keep addresses from becoming
    links, nor codes of emoji, icons and arrows from being replaced: the browser looks for those
    after it has resolved the backslashes. A span around one of their characters does.
    Runs of white space become one space.
    """
    text = re.sub(r"[ \t-\r]+", " ", text).strip()
    parts, end = [], 0
    for found in _REPLACED_LATER.finditer(text):
        parts += [_SYNTAX.sub(r"\\\1", text[end : found.start()]), rf":color[\{found.group()}]"]
        end = found.end()
    line = "".join(parts) + _SYNTAX.sub(r"\\\1", text[end:])
    return _BLOCK_START.sub(r"\1\\\2", line)
