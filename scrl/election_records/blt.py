"""BLT files, as of the electoral reform societies, OpaVote and OpenSTV.

``4 2`` (candidates and seats), ``-3`` (withdrawn), ballots ``5 1 2=4 0`` (weight, candidates by
number, 0), a ``0``, the candidates' names and the title. ``=`` ties, ``-`` skips a rank, ``#``
begins a comment, ``(7)`` before a ballot is its name. Of the options of the program Droop,
``[nick …]`` (other names of the candidates in ballots) and ``[withdrawn …]`` are read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import islice

from scrl.data.files import quoted
from scrl.data.limits import WEIGHT, is_weight
from scrl.election_records.cast_ballots import MAX_CONTEST_CANDIDATES, CastContest
from scrl.types import InputError

_TOKEN = re.compile(r'"([^"\n]*)"|(\([^()\n]*\))|\[([^\]\n]*)\]|([^\s"()\[\]]+)|(["\[])')
_END = r"[ \t]*(?:#[^\n]*)?\r?"
_HEAD = re.compile(rf"(?:{_END}\n)*[ \t]*[0-9]{{1,5}}[ \t]+[0-9]{{1,5}}{_END}\n")
_LAST = re.compile(rf"(?m)^[ \t]*0{_END}$")

#: A token: its line, its text, and whether it stands in quotes.
Token = tuple[int, str, bool]


def begins_as_blt(text: str) -> bool:
    """Whether the text begins with two whole numbers on a line."""
    return _HEAD.match(text) is not None


def ends_as_blt(text: str) -> bool:
    """Whether the text has a line 0, which ends ballots."""
    return _LAST.search(text) is not None


def read_blt(text: str, file: str, name: str) -> CastContest:
    """The election in a file.

    Raises:
        InputError: naming the line.
    """
    options: dict[str, list[str]] = {}
    tokens = _tokens(text, file, options)
    candidates = _whole(next(tokens, None), file, "number of candidates", MAX_CONTEST_CANDIDATES)
    seats = _whole(next(tokens, None), file, "number of seats", MAX_CONTEST_CANDIDATES)
    contest = CastContest(name, ties=True, seats=seats or None)
    withdrawn = _read_ballots(tokens, _Numbers(candidates, options), contest, file)
    rest = list(islice(tokens, candidates + 1))
    if len(rest) < candidates:
        raise InputError(
            f"{file}: {candidates} candidates are announced and the names of {len(rest)} follow "
            "the ballots."
        )
    for number, (line, word, _) in enumerate(rest[:candidates], start=1):
        shown = word.strip() or f"candidate {number}"
        taken = contest.has(shown)
        contest.candidate(f"{shown} ({number})" if taken else shown, f"{file}: line {line}")
    if len(rest) > candidates:
        contest.title = rest[candidates][1].strip()
        contest.name = contest.title or name
    contest.withdrawn = withdrawn
    ignored = sorted(set(options) - {"nick", "withdrawn"})
    if ignored:
        contest.notes.append(f"Options of this file that are not read: {', '.join(ignored)[:200]}.")
    if withdrawn:
        names = ", ".join(contest.candidates[i] for i in sorted(withdrawn))
        contest.notes.append(f"Withdrawn, and left out of every ballot: {names[:200]}.")
    return contest


class _Numbers:
    """The numbers of candidates, from 0, by what stands in ballots."""

    def __init__(self, candidates: int, options: dict[str, list[str]]) -> None:
        self.candidates = candidates
        self.options = options  # filled while tokens are read
        self._nicks: dict[str, int] = {}
        self._known = 0

    def of(self, text: str, where: str) -> int:
        """The number of a candidate.

        Raises:
            InputError: where there is none.
        """
        nicks = self.options.get("nick", [])
        if len(nicks) != self._known:
            self._known = len(nicks)
            self._nicks = {}
            for i, nick in enumerate(nicks[: self.candidates]):
                self._nicks.setdefault(nick, i)
        if text in self._nicks:
            return self._nicks[text]
        number = int(text) if text.isdecimal() and text.isascii() and len(text) < 7 else 0
        if not 1 <= number <= self.candidates:
            raise InputError(f"{where}: {quoted(text)} is not a candidate, 1 to {self.candidates}.")
        return number - 1

    def withdrawn(self, where: str) -> set[int]:
        """Those whom the options call withdrawn."""
        return {self.of(text, where) for text in self.options.get("withdrawn", [])}


def _tokens(text: str, file: str, options: dict[str, list[str]]) -> Iterator[Token]:
    """The tokens; options in brackets go to ``options``, names of ballots are left out."""
    for number, line in enumerate(io.StringIO(text, newline="\n"), start=1):
        is_name = line.lstrip().startswith('"')
        plain = line if is_name else line.partition("#")[0]
        for match in _TOKEN.finditer(plain):
            name, ballot, option, word, broken = match.groups()
            if broken:
                raise InputError(f"{file}: line {number}: {broken} is not closed on its line.")
            if option is not None:
                key, *words = option.split() or [""]
                options.setdefault(key, []).extend(words)
            elif name is not None:
                yield number, name, True
            elif ballot is None and word.startswith("#"):
                break
            elif ballot is None:
                yield number, word, False


def _whole(token: Token | None, file: str, what: str, most: int) -> int:
    text = token[1] if token else ""
    if not (text.isdecimal() and text.isascii() and len(text) < 7 and int(text) <= most):
        line = f"line {token[0]}: " if token else ""
        raise InputError(
            f"{file}: {line}the {what} is {quoted(text)}; it should be a whole number, {most:,} "
            "at most."
        )
    return int(text)


def _read_ballots(
    tokens: Iterator[Token], numbers: _Numbers, contest: CastContest, file: str
) -> set[int]:
    """Add the ballots to the contest; the numbers of the withdrawn candidates."""
    withdrawn: set[int] = set()
    for line, word, is_name in tokens:
        where = f"{file}: line {line}"
        if word == "0" and not is_name:
            return withdrawn | numbers.withdrawn(where)
        if not contest.ballots and re.fullmatch(r"-[0-9]{1,5}", word):
            withdrawn.add(numbers.of(word[1:], where))
            continue
        weight = _weight(word, where)
        contest.add(_ranks(tokens, line, numbers, file), weight)
    raise InputError(f"{file}: the line '0' that ends the ballots is missing.")


def _ranks(
    tokens: Iterator[Token], line: int, numbers: _Numbers, file: str
) -> list[tuple[int, ...]]:
    """The ranks of a ballot that begins on ``line``."""
    marks: list[tuple[int, ...]] = []
    for number, word, _ in tokens:
        where = f"{file}: line {number}"
        if number != line:
            break
        if word == "0":
            return marks
        if len(marks) > 2 * numbers.candidates + 10:
            raise InputError(f"{where}: the ballot has more ranks than twice the candidates.")
        tied = set() if word == "-" else {numbers.of(part, where) for part in word.split("=")}
        marks.append(tuple(sorted(tied)))
    raise InputError(f"{file}: line {line}: the ballot does not end with 0.")


def _weight(text: str, where: str) -> float:
    plain = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)(?:/([0-9]{1,15}))?[xX]?", text)
    share = float(plain[2]) if plain and plain[2] else 1.0
    weight = float(plain[1]) / share if plain and share else 0.0
    if not is_weight(weight):
        raise InputError(f"{where}: the weight of the ballot is {quoted(text)}; give {WEIGHT}.")
    return weight
