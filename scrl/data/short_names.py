"""Short, distinct names of long texts, so that no table prints a whole text."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import numpy as np

from scrl.data.table import Column
from scrl.types import Catalogue

#: Characters of a name; a longer text, or one of several lines, gets a name of its own.
MAX_NAME = 80
#: Characters of the text that begin its name, and digits of its hash that end it.
_START, _DIGITS = 40, 8
#: Digits of a whole hash.
_ALL_DIGITS = 64
#: Characters that break a line or control a terminal.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def is_name(text: str) -> bool:
    """Whether a text can stand in a table as it is: one short line."""
    return len(text) <= MAX_NAME and not _CONTROL.search(text)


def short_name(text: str, digits: int = _DIGITS) -> str:
    """The first words of a text and digits of its hash.

    >>> short_name("The sky is blue because air scatters short waves of light more than long ones.")
    'The sky is blue because air scatters … #15db685e'

    Args:
        digits: hexadecimal digits of the SHA-256 hash.
    """
    start = " ".join(_CONTROL.sub(" ", text[: 4 * _START]).split())
    if len(start) > _START:
        start = start[:_START].rpartition(" ")[0] or start[:_START]
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{start} … #{digest[:digits]}".lstrip()


def short_names(column: Column) -> tuple[Column, Column | None]:
    """A column of texts as names, and the texts of those that got one.

    Returns:
        The names, distinct as the texts are, and the texts, which are empty where the text is its
        own name; None where all are.
    """
    if all(map(is_name, column.values)):
        return column, None
    names: dict[str, None] = {}
    taken = {text for text in column.values if is_name(text)}
    texts = []
    for text in column.values:
        name, digits = text, _DIGITS
        if not is_name(text):
            name = short_name(text)
            while name in taken:
                digits += _DIGITS
                # A file may hold every name that a hash gives; then numbers tell names apart.
                number = f" ({digits})" if digits > _ALL_DIGITS else ""
                name = short_name(text, digits) + number
            taken.add(name)
        names[name] = None
        texts.append("" if name == text else text)
    return Column(column.codes, list(names)), Column(column.codes, texts)


def with_short_names(catalogue: Catalogue) -> Catalogue:
    """The catalogue with short names for long ones, which become texts."""

    def shortened(names: tuple[str, ...], texts: tuple[str, ...]) -> tuple[list[str], list[str]]:
        return short_names(Column(np.arange(len(names)), list(names)))[0].values, list(texts)

    prompts, prompt_texts = shortened(catalogue.prompts, catalogue.prompt_texts)
    completions, completion_texts = shortened(catalogue.completions, catalogue.completion_texts)
    return replace(
        catalogue, prompts=tuple(prompts), completions=tuple(completions),
        prompt_texts=tuple(prompt_texts), completion_texts=tuple(completion_texts),
    )  # fmt: skip


def with_own_texts(given: Column | None, own: Column | None) -> Column | None:
    """Texts as given, and the names' ``own`` where none is given; None without any."""
    if given is None or own is None:
        return given if own is None else own
    use = given.given()
    codes = np.where(use, given.codes, own.codes + len(given.values))
    return Column(codes.astype(np.int32), [*given.values, *own.values])
