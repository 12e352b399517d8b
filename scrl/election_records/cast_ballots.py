"""Ballots as they were marked, before any setting decides what becomes of their faults."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from scrl.data.files import quoted
from scrl.data.limits import MAX_NAME_LENGTH
from scrl.types import InputError

#: Marks that are no candidate.
OVERVOTE, WRITE_IN = -1, -2

#: What stands at each rank: numbers of candidates, ``OVERVOTE`` where a file says only that there
#: were several, ``WRITE_IN`` for undeclared write-ins; empty where nothing is marked.
Marks = tuple[tuple[int, ...], ...]

MAX_RANKS = 1_000
MAX_CONTEST_CANDIDATES = 2_000
#: Ranks of the different ballots of a contest, blank ranks beside 19 for each that is marked, and
#: notes on a contest.
MAX_MARKS, MAX_BLANK, MAX_NOTES = 20_000_000, 500_000, 100

_WRITE_IN = re.compile(r"(undeclared |unqualified |unresolved )?write[- _]?ins?\b.*|uwi", re.I)
_OVERVOTES = frozenset({"overvote", "over vote", "overvoted"})
_SKIPPED = frozenset({
    "", "undervote", "under vote", "skipped", "blank", "skip", "-", "none", "n/a", "null",
})  # fmt: skip


def one_spelling(text: str) -> str:
    """A name with single spaces and composed letters (NFC)."""
    return " ".join(unicodedata.normalize("NFC", text).split())


@dataclass(frozen=True)
class Labels:
    """What the words in a file stand for.

    Attributes:
        overvote, skipped, write_in: words for these marks; None for the usual ones.
        delimiter: stands between the candidates of one cell; empty where there is none.
        candidates: name or code in the file -> name of the candidate; None where any is.
        blank_is_write_in: whether an empty cell is an undeclared write-in.
    """

    overvote: frozenset[str] | None = None
    skipped: frozenset[str] | None = None
    write_in: frozenset[str] | None = None
    delimiter: str = ""
    candidates: Mapping[str, str] | None = None
    blank_is_write_in: bool = False

    def is_skipped(self, word: str) -> bool:
        """Whether the word says that nothing is marked."""
        if not word:
            return True
        return word.lower() in _SKIPPED if self.skipped is None else word in self.skipped

    def is_overvote(self, word: str) -> bool:
        """Whether the word says that several candidates are marked."""
        return word.lower() in _OVERVOTES if self.overvote is None else word in self.overvote

    def is_write_in(self, word: str) -> bool:
        """Whether the word says that an undeclared write-in is marked."""
        if self.write_in is None:
            return _WRITE_IN.fullmatch(word) is not None
        return word in self.write_in


USUAL = Labels()


@dataclass
class CastContest:
    """The ballots of one contest.

    Attributes:
        name: of the contest.
        identifier: another name by which it may be chosen.
        candidates: their names, by number.
        ballots: marks -> how many voters cast them.
        seats: how many are elected, where the file says it.
        title: of the election.
        ties: whether the file's format lets a voter rank candidates equally, so that equal ranks
            are no overvotes.
        gaps: whether blank ranks mean something; else ranks are only an order.
        notes: for the reader of the record.
        settings: that the file itself states.
        withdrawn: numbers of candidates who do not count.
    """

    name: str
    identifier: str = ""
    candidates: list[str] = field(default_factory=list)
    ballots: dict[Marks, float] = field(default_factory=dict)
    seats: int | None = None
    title: str = ""
    ties: bool = False
    gaps: bool = True
    notes: list[str] = field(default_factory=list)
    settings: dict[str, str | int | None] = field(default_factory=dict)
    withdrawn: set[int] = field(default_factory=set)
    _number: dict[str, int] = field(default_factory=dict, repr=False)
    _cells: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)
    _ranks: int = field(default=0, repr=False)
    _blank: int = field(default=0, repr=False)

    def has(self, name: str) -> bool:
        """Whether a candidate has this name."""
        return one_spelling(name) in self._number

    def candidate(self, name: str, where: str) -> int:
        """The number of a candidate; a new name is added, in one spelling.

        Raises:
            InputError: for too many candidates.
        """
        number = self._number.get(name)
        if number is None and len(name) > MAX_NAME_LENGTH:
            raise InputError(
                f"{where}: the name {quoted(name)} is longer than the limit of "
                f"{MAX_NAME_LENGTH:,} characters."
            )
        if number is None and (plain := one_spelling(name)) != name:
            number = self._number[name] = self.candidate(plain, where)
        if number is None:
            if len(self.candidates) >= MAX_CONTEST_CANDIDATES:
                raise InputError(
                    f"{where}: the contest {quoted(self.name)} has more than "
                    f"{MAX_CONTEST_CANDIDATES:,} candidates; are its columns choices?"
                )
            number = self._number[name] = len(self.candidates)
            self.candidates.append(name)
        return number

    def cell(self, text: str, labels: Labels, where: str) -> tuple[int, ...]:
        """The marks that one cell of a table, or one name, stands for.

        Raises:
            InputError: for a name that is not among the candidates that ``labels`` lists.
        """
        marks = self._cells.get(text)
        if marks is None:
            marks = self._cells[text] = self._read_cell(one_spelling(text), labels, where)
        return marks

    def _read_cell(self, text: str, labels: Labels, where: str) -> tuple[int, ...]:
        if not text and labels.blank_is_write_in:
            return (WRITE_IN,)
        words = text.split(labels.delimiter) if labels.delimiter else [text]
        marks = set()
        for word in map(str.strip, words):
            if labels.candidates is not None and word in labels.candidates:
                marks.add(self.candidate(labels.candidates[word], where))
            elif labels.is_skipped(word):
                continue
            elif labels.is_overvote(word):
                marks.add(OVERVOTE)
            elif labels.is_write_in(word):
                marks.add(WRITE_IN)
            elif labels.candidates is not None:
                raise InputError(
                    f"{where}: {quoted(word)} is not among the candidates of the configuration; "
                    "add it there, or state it as the label of write-ins."
                )
            else:
                marks.add(self.candidate(word, where))
        return tuple(sorted(marks))

    def add(self, marks: Iterable[tuple[int, ...]], weight: float = 1.0) -> None:
        """Count a ballot, the marks at rank 1, 2, …"""
        ranks = list(marks)
        while ranks and not ranks[-1]:
            ranks.pop()
        key = tuple(ranks)
        if key not in self.ballots:
            self._ranks += len(key)
            self._blank += key.count(())
            if self._ranks > MAX_MARKS or self._blank > MAX_BLANK + self._ranks * 0.95:
                raise InputError(
                    f"The different ballots of the contest {quoted(self.name)} have more ranks "
                    f"than the limit of {MAX_MARKS:,}, or leave nearly all of them blank."
                )
        self.ballots[key] = self.ballots.get(key, 0.0) + weight

    def add_pairs(self, pairs: Iterable[tuple[int, int]], where: str, weight: float = 1.0) -> None:
        """Count a ballot given as pairs of a rank, from 1, and a mark.

        Raises:
            InputError: for a rank below 1 or beyond the limit.
        """
        at: dict[int, set[int]] = {}
        for rank, mark in pairs:
            if not 1 <= rank <= MAX_RANKS:
                raise InputError(
                    f"{where}: the rank is {quoted(rank)}; ranks are 1 to {MAX_RANKS:,}."
                )
            at.setdefault(rank, set()).add(mark)
        ranks: list[tuple[int, ...]] = [()] * max(at, default=0)
        for rank, marks in at.items():
            ranks[rank - 1] = tuple(sorted(marks))
        self.add(ranks, weight)


#: Whether the ballots of a contest are wanted, by its name and its identifier.
Wanted = Callable[[str, str], bool]


def every_contest(name: str, identifier: str) -> bool:
    """All contests are wanted."""
    return True


def merged(contests: Iterable[CastContest], where: str) -> list[CastContest]:
    """Contests of several files, those of one name as one."""
    found: dict[str, CastContest] = {}
    notes: dict[str, dict[str, None]] = {}
    for part in contests:
        whole = found.setdefault(part.name, part)
        if whole is part:
            continue
        number = [whole.candidate(name, where) for name in part.candidates]
        number += [WRITE_IN, OVERVOTE]  # -2 and -1 stay what they are
        for marks, weight in part.ballots.items():
            whole.add((tuple(sorted(number[m] for m in rank)) for rank in marks), weight)
        whole.withdrawn |= {number[m] for m in part.withdrawn}
        said = notes.setdefault(part.name, dict.fromkeys(whole.notes))
        said.update(dict.fromkeys(part.notes))
        whole.notes = list(said) if len(said) <= MAX_NOTES else whole.notes
    return list(found.values())
