"""Published elections of any format: recognised by content, read to records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from scrl.data.files import decode, quoted
from scrl.election_records import (
    blt,
    choice_columns,
    clear_ballot,
    common_data,
    debian,
    dominion,
    dominion_csv,
    hart,
    preflib_records,
    rctab,
)
from scrl.election_records.ballot_settings import BallotSettings, preset_settings
from scrl.election_records.cast_ballots import (
    USUAL,
    CastContest,
    Labels,
    Wanted,
    every_contest,
    merged,
)
from scrl.election_records.election_files import ElectionFiles, files_at, files_in
from scrl.election_records.plain_json import parse_json
from scrl.election_records.plain_tables import Row, head_rows, table_rows
from scrl.election_records.plain_xml import Element, parse_xml
from scrl.election_records.recognition import (
    TABLES,
    configuration,
    format_of,
    may_hold_ballots,
    recognise,
)
from scrl.election_records.records import ElectionRecord, make_record
from scrl.types import InputError

#: How many names of contests a message lists.
_LISTED = 12
#: Most contests that are read at once.
MAX_CONTESTS = 500
#: Files of one election, where each holds a contest or a part of one.
MAX_PARTS = 5_000
_FORMATS = (
    "cast-vote records (RCTab's configuration, Dominion, Hart, Clear Ballot, NIST's Common Data "
    "Format, or a table with columns such as choice_1, choice_2), Debian's tally sheets, BLT and "
    "PrefLib"
)


def read_election(
    path: str | Path, contest: str | None = None, preset: str | None = None, **settings: Any
) -> ElectionRecord:
    """The contest of a published election: a file, a folder or a ZIP archive.

    >>> from scrl import read_election
    >>> record = read_election("tests/election_records/published/gpus_2005.blt")
    >>> record.contest, record.seats, record.profile.winners("borda")
    ('GPUS Steering Committee Election 2005-07-24', 4, ['Rebecca Rotzler'])

    The format is recognised by content. Faults of ballots are read by the settings: those given
    here, else those of the preset, else those that the file states (RCTab's configurations), else
    the defaults of ``BallotSettings``; formats in which a voter may rank candidates equally (BLT,
    Debian, PrefLib) know no overvotes. ``ElectionRecord.notes`` says which were used.

    Args:
        contest: which, where the file holds several: its name, its identifier, or a part of the
            name that no other has.
        preset: a key of ``PRESETS``, such as ``"maine"``.
        settings: of ``BallotSettings``, such as ``overvotes="skip"``.

    Raises:
        InputError: naming the file and the line or field.
    """
    return _record(files_at(path), contest, preset, settings)


def parse_election(
    data: bytes, name: str, contest: str | None = None, preset: str | None = None, **settings: Any
) -> ElectionRecord:
    """As ``read_election``, for the bytes of a file and its name, as of an upload."""
    return _record(files_in(data, name), contest, preset, settings)


def parse_contests(
    data: bytes, name: str, preset: str | None = None, **settings: Any
) -> tuple[ElectionRecord, ...]:
    """All contests of a file of this content, as ``parse_election`` reads each.

    Raises:
        InputError: as of ``read_election``, or for more than ``MAX_CONTESTS`` contests.
    """
    BallotSettings().changed(**settings)
    format, found = _read(files_in(data, name), every_contest, USUAL)
    if len(found) > MAX_CONTESTS:
        raise InputError(f"{name}: there are more than {MAX_CONTESTS} contests; name one.")
    return tuple(_made(cast, format, preset, settings) for cast in found)


def list_contests(source: str | Path | bytes, name: str = "") -> tuple[str, ...]:
    """The names of the contests of a file, a folder or an archive.

    Args:
        source: a path, or the bytes of a file.
        name: of the file where ``source`` is its bytes.

    Raises:
        InputError: as of ``read_election``.
    """
    files = files_in(source, name) if isinstance(source, bytes) else files_at(source)
    return tuple(cast.name for cast in _read(files, lambda *_: False, USUAL)[1])


def record_format(source: str | Path | bytes, name: str = "") -> str | None:
    """The format of a published election, told by the first bytes of its files; None where it is
    none, or cannot be read.

    Args:
        source: a path, or the bytes of a file.
        name: of the file where ``source`` is its bytes.
    """
    try:
        files = files_in(source, name) if isinstance(source, bytes) else files_at(source)
        return recognise(files)
    except InputError:
        return None


def _record(
    files: ElectionFiles, contest: str | None, preset: str | None, given: Mapping[str, Any]
) -> ElectionRecord:
    BallotSettings().changed(**given)  # an unknown setting fails before a large file is read
    if preset is not None:
        preset_settings(preset)
    wanted = every_contest if contest is None else _called(contest)
    format, found = _read(files, wanted, USUAL)
    return _made(_chosen(found, contest, files.file), format, preset, given)


def _made(
    cast: CastContest, format: str, preset: str | None, given: Mapping[str, Any]
) -> ElectionRecord:
    chosen = preset_settings(preset) if preset is not None else None
    settings = BallotSettings().changed(**cast.settings) if chosen is None else chosen
    record = make_record(cast, format, settings.changed(**given))
    if preset is not None:
        record = replace(record, notes=(*record.notes, f"Settings of the preset {preset!r}."))
    return record


def _called(contest: str) -> Wanted:
    """Contests that may be meant by a name."""
    text = contest.strip().lower()
    return lambda name, identifier: text in name.lower() or text == identifier.lower()


def _chosen(found: list[CastContest], contest: str | None, file: str) -> CastContest:
    listed = ", ".join(quoted(cast.name) for cast in found[:_LISTED])
    listed += f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    if contest is None:
        if len(found) == 1:
            return found[0]
        raise InputError(f"{file}: there are {len(found)} contests; choose one of {listed}.")
    text = contest.strip().lower()
    for matches in (
        [c for c in found if contest.strip() in (c.name, c.identifier)],
        [c for c in found if text in (c.name.lower(), c.identifier.lower())],
        [c for c in found if text and text in c.name.lower()],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InputError(
                f"{file}: {len(matches)} contests are called like {quoted(contest)}; choose one of "
                f"{', '.join(quoted(c.name) for c in matches[:_LISTED])}."
            )
    raise InputError(f"{file}: there is no contest {quoted(contest)}; there is {listed}.")


# -- formats ---------------------------------------------------------------------------------------


def _read(files: ElectionFiles, wanted: Wanted, labels: Labels) -> tuple[str, list[CastContest]]:
    """The format, and the contests."""
    format = recognise(files)
    if format is None:
        raise InputError(f"{files.file}: this is no election that is read here: {_FORMATS}.")
    return format, _contests(files, format, wanted, labels)


def _contests(
    files: ElectionFiles, format: str, wanted: Wanted, labels: Labels
) -> list[CastContest]:
    if format == "RCTab configuration":
        name, content = configuration(files)
        if len(files.names) == 1:
            raise InputError(
                f"{files.file}: this configuration names its ballots in other files; give the "
                "folder, or a ZIP archive with all of them."
            )
        return rctab.read_configured(content, name, files, _read_other)
    if format == "Dominion":
        return dominion.read_dominion(files, wanted, labels)
    if format == "Hart":
        return hart.read_hart(_sheets(files), wanted, labels)
    own = [name for name in files.names if may_hold_ballots(name)]
    if len(own) > MAX_PARTS:
        raise InputError(
            f"{files.file}: there are {len(own):,} files that may hold ballots, and of this format "
            f"at most {MAX_PARTS:,} are read together; pack fewer of them."
        )
    parts: list[CastContest] = []
    names = _candidate_names(files) if format == "choice columns" else {}
    for name in own:
        if format_of(files, name) == format:
            parts += _read_one(files, name, format, wanted, labels, names)
    return merged(parts, files.file)


def _read_other(files: ElectionFiles, wanted: Wanted, labels: Labels) -> list[CastContest]:
    return _read(files, wanted, labels)[1]


def _read_one(
    files: ElectionFiles, name: str, format: str, wanted: Wanted, labels: Labels,
    names: Mapping[str, str],
) -> list[CastContest]:  # fmt: skip
    """The contests of one file."""
    data, where = files.load(name), files.where(name)
    stem = PurePosixPath(name).stem or "election"
    if format == "Common Data Format":
        if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
            content = common_data.xml_content(parse_xml(data, where))
        else:
            content = parse_json(data, where)
        return common_data.read_common_data(content, where, wanted, labels)
    if format == "Clear Ballot":
        return clear_ballot.read_clear_ballot(table_rows(data, where), where, wanted, labels)
    if format == "Dominion CSV":
        return dominion_csv.read_dominion_csv(table_rows(data, where), where, wanted, labels)
    if format == "choice columns":
        head: list[Row] = head_rows(data, where, choice_columns.HEAD_ROWS)
        columns = choice_columns.find_columns(head, where)
        assert columns is not None
        rows = table_rows(data, where)
        title = PurePosixPath(files.file).stem if len(files.names) > 1 else stem
        return choice_columns.read_choices(rows, columns, title, where, wanted, labels, names)
    text = decode(data, where)
    if format == "PrefLib":
        return [preflib_records.read_preflib(data, text, name, where)]
    read = debian.read_debian if format == "Debian tally" else blt.read_blt
    return [read(text, where, stem)]


def _sheets(files: ElectionFiles) -> Iterator[tuple[str, Element]]:
    for name in files.ending(".xml"):
        where = files.where(name)
        root = parse_xml(files.load(name), where)
        if root.name not in hart.ROOTS:
            raise InputError(f"{where}: this is no sheet of a cast-vote record.")
        yield where, root


def _candidate_names(files: ElectionFiles) -> dict[str, str]:
    """Codes and names from a table of candidates beside the ballots."""
    names: dict[str, str] = {}
    for name in files.names if len(files.names) > 1 else ():
        if PurePosixPath(name).suffix.lower() not in TABLES:
            continue
        data, where = files.load(name), files.where(name)
        found = choice_columns.candidate_names(head_rows(data, where, 1))
        if found is None:
            continue
        code, own = found
        for number, row in table_rows(data, where):
            if number > 1 and len(row) > max(found) and row[code].strip():
                names.setdefault(row[code].strip(), row[own].strip() or row[code].strip())
    return names
