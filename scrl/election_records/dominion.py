"""Dominion's JSON export of cast-vote records: CvrExport.json and its manifests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from scrl.election_records.cast_ballots import WRITE_IN, CastContest, Labels, Wanted
from scrl.election_records.election_files import ElectionFiles
from scrl.election_records.plain_json import get, label, objects, parse_json
from scrl.types import InputError

_CANDIDATES, _CONTESTS = "CandidateManifest.json", "ContestManifest.json"


#: Files whose beginning is looked at.
MAX_HEADS = 1_000


class _Mark(NamedTuple):
    """A candidate of the manifest: the contest, and the number there or ``WRITE_IN``."""

    contest: str
    number: int


def is_dominion(files: ElectionFiles) -> bool:
    """Whether an export of cast-vote records is among the files."""
    return bool(_exports(files))


def _exports(files: ElectionFiles) -> list[str]:
    """By their names, or by the keys with which they begin; the keys of the first files only."""
    listed = files.ending(".json")
    named = [n for n in listed if n.rpartition("/")[2].lower().startswith("cvrexport")]
    if named:
        return named
    return [name for name in listed[:MAX_HEADS] if _is_export(files.head(name))]


def _is_export(head: bytes) -> bool:
    return b'"Sessions"' in head and b'"TabulatorId"' in head


def read_dominion(files: ElectionFiles, wanted: Wanted, labels: Labels) -> list[CastContest]:
    """The contests of an export.

    The adjudicated marks of a ballot (``Modified``) take the place of the original ones where
    these are no longer current; ambiguous marks are no marks. Overvoted marks count as marks.

    Raises:
        InputError: naming the file and the field.
    """
    contests = _contests(files)
    marks = _candidates(files, contests, labels)
    sessions = skipped = 0
    for name in _exports(files):
        where = files.where(name)
        export = parse_json(files.load(name), where)
        for number, session in enumerate(objects(export, "Sessions", where), start=1):
            at = f"{where}: session {number}"
            record = _current(session, at)
            sessions += 1
            if record is None:
                skipped += 1
                continue
            for cast in _cast_contests(record, at):
                key = label(cast.get("Id"), at, "contest's Id")
                contest = contests.get(key)
                if contest is None:
                    contest = contests[key] = CastContest(f"contest {key}", key)
                if wanted(contest.name, key):
                    _add_ballot(contest, cast, marks, at)
    if not sessions:
        raise InputError(f"{files.file}: there is no session in this export.")
    for contest in contests.values():
        if skipped:
            contest.notes.append(
                "Sheets that are neither current nor adjudicated are left out: "
                f"{skipped:,} of {sessions:,}."
            )
    return list(contests.values())


def _manifest(files: ElectionFiles, base: str) -> tuple[list[dict[str, Any]], str]:
    found = files.named(base)
    if len(found) > 1:
        raise InputError(
            f"{files.file}: there are {len(found)} files {base}; give one election at a time."
        )
    if not found:
        return [], files.file
    where = files.where(found[0])
    return objects(parse_json(files.load(found[0]), where), "List", where), where


def _contests(files: ElectionFiles) -> dict[str, CastContest]:
    entries, where = _manifest(files, _CONTESTS)
    contests: dict[str, CastContest] = {}
    names: set[str] = set()
    for entry in entries:
        key = label(entry.get("Id"), where, "contest's Id")
        name = get(entry, "Description", str, where, f"contest {key}").strip() or f"contest {key}"
        name = f"{name} ({key})" if name in names else name
        names.add(name)
        seats = get(entry, "VoteFor", int, where, 0)
        contests[key] = CastContest(name, key, seats=seats if seats > 0 else None)
    return contests


def _candidates(
    files: ElectionFiles, contests: dict[str, CastContest], labels: Labels
) -> dict[str, _Mark]:
    """The marks of the manifest's candidates, by Id."""
    entries, where = _manifest(files, _CANDIDATES)
    marks: dict[str, _Mark] = {}
    for entry in entries:
        key = label(entry.get("Id"), where, "candidate's Id")
        name = get(entry, "Description", str, where, f"candidate {key}").strip()
        own = label(entry.get("ContestId"), where, "candidate's ContestId")
        contest = contests.get(own)
        if contest is None:
            contest = contests[own] = CastContest(f"contest {own}", own)
        number = _number(contest, key, name, entry.get("Type") == "WriteIn", labels, where)
        if number is not None:
            marks[key] = _Mark(own, number)
    return marks


def _number(
    contest: CastContest, key: str, name: str, is_write_in: bool, labels: Labels, where: str
) -> int | None:
    """The number of a candidate; None where a configuration lists others only."""
    if labels.candidates is not None:
        for word in (key, name):
            if word in labels.candidates:
                return contest.candidate(labels.candidates[word], where)
            if labels.write_in and word in labels.write_in:
                return WRITE_IN
        return None
    if is_write_in or labels.is_write_in(name):
        return WRITE_IN
    unique = name or f"candidate {key}"
    unique = f"{unique} ({key})" if contest.has(unique) else unique
    return contest.candidate(unique, where)


def _current(session: dict[str, Any], where: str) -> dict[str, Any] | None:
    """The marks of a session that count; None where none do."""
    original = get(session, "Original", dict, where)
    if original.get("IsCurrent", True):
        return original
    modified = session.get("Modified")
    return get(session, "Modified", dict, where) if modified is not None else None


def _cast_contests(record: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    if "Cards" in record:
        for card in objects(record, "Cards", where):
            yield from objects(card, "Contests", where)
    else:
        yield from objects(record, "Contests", where)


def _add_ballot(
    contest: CastContest, cast: dict[str, Any], marks: dict[str, _Mark], where: str
) -> None:
    pairs = []
    for mark in objects(cast, "Marks", where):
        if mark.get("IsAmbiguous"):
            continue
        key = label(mark.get("CandidateId"), where, "mark's CandidateId")
        known = marks.get(key)
        if known is None and marks:
            raise InputError(
                f"{where}: the candidate {key} of contest {contest.identifier} is not among the "
                "candidates of the manifest or the configuration."
            )
        number = contest.candidate(f"candidate {key}", where) if known is None else known.number
        pairs.append((get(mark, "Rank", int, where, 1), number))
    contest.add_pairs(pairs, where)
