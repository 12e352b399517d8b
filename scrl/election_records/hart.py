"""Hart's cast-vote records: a folder or archive with an XML file for each sheet."""

from __future__ import annotations

from collections.abc import Iterable

from scrl.data.files import quoted
from scrl.election_records.cast_ballots import WRITE_IN, CastContest, Labels, Wanted
from scrl.election_records.plain_xml import Element
from scrl.types import InputError

ROOTS = ("Cvr", "CastVoteRecord")


def read_hart(
    sheets: Iterable[tuple[str, Element]], wanted: Wanted, labels: Labels
) -> list[CastContest]:
    """The contests of sheets, pairs of what to call them in messages and their root elements.

    A candidate's ``Value`` has a digit for each rank, 1 where that rank is marked.

    Raises:
        InputError: naming the file and the field.
    """
    contests: dict[str, CastContest] = {}
    names: set[str] = set()
    for where, root in sheets:
        listed = root.first("Contests")
        for cast in listed.all("Contest") if listed is not None else ():
            key, name = cast.value("Id"), cast.value("Name")
            if not key and not name:
                raise InputError(f"{where}: a contest has neither a Name nor an Id.")
            contest = contests.get(key or name)
            if contest is None:
                shown = f"{name} ({key})" if name in names else name or key
                names.add(shown)
                contest = contests[key or name] = CastContest(shown, key)
            if wanted(contest.name, key):
                contest.add_pairs(_pairs(contest, cast, labels, where), where)
    if not contests:
        raise InputError("There is no contest in these files of cast-vote records.")
    return list(contests.values())


def _pairs(
    contest: CastContest, cast: Element, labels: Labels, where: str
) -> list[tuple[int, int]]:
    options = cast.first("Options")
    pairs = []
    for option in options.all("Option") if options is not None else ():
        value = option.value("Value")
        if set(value) - {"0", "1"}:
            raise InputError(
                f"{where}: the Value {quoted(value)} in contest {quoted(contest.name)} should be "
                "a digit, 0 or 1, for each rank."
            )
        for mark in _mark(contest, option, labels, where) if "1" in value else ():
            pairs += [(rank, mark) for rank, digit in enumerate(value, 1) if digit == "1"]
    return pairs


def _mark(contest: CastContest, option: Element, labels: Labels, where: str) -> tuple[int, ...]:
    key, name = option.value("Id"), option.value("Name")
    known = labels.candidates
    if known is not None and key in known:
        return contest.cell(key, labels, where)
    if labels.write_in and key in labels.write_in:
        return (WRITE_IN,)
    if option.first("WriteInData") is not None or not name:
        return (WRITE_IN,)
    return contest.cell(name, labels, where)
