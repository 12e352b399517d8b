"""Names of candidates: in one spelling, told apart, and written as text that can be read again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from scrl.data.files import quoted
from scrl.types import InputError

#: Characters that separate names, or that people write for the separators, in ballots as text.
SPECIAL = ">=;:,#*×<≺~∼|≻≽≥→»＞＝"
_MUST_QUOTE = re.compile(rf'[{SPECIAL}"]|^\d+(?:[.,]\d+)?\s|\sx\s*\d|-$')
#: Joiners, which letters and emoji need, and the selector of an emoji's look.
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
_ONLY_LOOK = re.compile(rf"[\s{_JOINERS}]+")


def plain_name(text: str) -> str:
    """A name in one spelling: composed Unicode (NFC), single spaces inside, none at its ends, and
    no invisible characters such as zero-width spaces, byte-order marks and soft hyphens."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    unseen = ("Cf", "Cc", "Cs")  # formats, controls and halves of surrogate pairs
    kept = "".join(
        ch for ch in text
        if ch in _JOINERS or ch.isspace() or unicodedata.category(ch) not in unseen
    )  # fmt: skip
    return " ".join(unicodedata.normalize("NFC", kept).split())


def look(name: str) -> str:
    """What a reader sees of a name, without spaces: two names with the same look are meant as one.
    Letters and digits of compatible form (full width, ligatures) look alike."""
    if name.isascii():
        return "".join(name.split())
    return _ONLY_LOOK.sub("", unicodedata.normalize("NFKC", name))


class Looks:
    """Finds names that a reader takes for another name."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names: dict[str, str] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Add a name.

        Raises:
            InputError: where another name has the same look.
        """
        other = self._names.setdefault(look(name), name)
        if other != name:
            raise InputError(
                f"{quoted(other)} and {quoted(name)} differ only in spaces or in the form of "
                "letters; write one candidate in one way."
            )


def check_distinct(names: Iterable[str]) -> None:
    """Raise ``InputError`` where two names are equal."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"Two candidates are called {quoted(name)}; name each differently.")
        seen.add(name)


def quoted_name(name: str) -> str:
    """A name as it stands in ballots as text: in double quotes where it holds a character that
    separates names or begins with a number and a space; a double quote inside is doubled."""
    name = " ".join(name.split())
    if not _MUST_QUOTE.search(name):
        return name
    return '"' + name.replace('"', '""') + '"'
