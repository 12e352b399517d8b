"""Tells the format of published elections by the first bytes of their files."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from scrl.data.files import check_text, decode, quoted
from scrl.election_records import (
    blt,
    choice_columns,
    clear_ballot,
    debian,
    dominion,
    dominion_csv,
    hart,
    preflib_records,
    rctab,
)
from scrl.election_records.election_files import HEAD, ElectionFiles
from scrl.election_records.plain_json import parse_json
from scrl.election_records.plain_tables import head_rows
from scrl.types import InputError

#: Suffixes of tables, and of all files that are looked at.
TABLES = (".csv", ".tsv", ".txt", ".tab", ".xlsx")
_SUFFIXES = (*TABLES, ".json", ".xml", ".blt", *preflib_records.SUFFIXES, "")


def recognise(files: ElectionFiles) -> str | None:
    """The format of an election's files; None where they are none.

    Raises:
        InputError: where they are of several formats.
    """
    if dominion.is_dominion(files):
        return "Dominion" if not _has_configuration(files) else "RCTab configuration"
    if _has_configuration(files):
        return "RCTab configuration"
    formats = {format_of(files, name) for name in files.names[:1_000]} - {None}
    if len(formats) > 1:
        raise InputError(
            f"{files.file}: the files are of several formats, "
            f"{', '.join(sorted(map(str, formats)))}; give one election at a time."
        )
    return formats.pop() if formats else None


def _has_configuration(files: ElectionFiles) -> bool:
    return any(_looks_configured(files, name) for name in files.ending(".json")[:1_000])


def _looks_configured(files: ElectionFiles, name: str) -> bool:
    if name.rpartition("/")[2].lower().startswith("cvrexport"):
        return False
    return b'"cvrFileSources"' in files.head(name)


def configuration(files: ElectionFiles) -> tuple[str, dict[str, Any]]:
    """The name and the content of RCTab's configuration among the files.

    Raises:
        InputError: where there are several, or its JSON cannot be read.
    """
    found = [name for name in files.ending(".json") if _looks_configured(files, name)]
    if len(found) > 1:
        raise InputError(
            f"{files.file}: there are {len(found)} configurations, such as {quoted(found[0])} and "
            f"{quoted(found[1])}; give one at a time."
        )
    content = parse_json(files.load(found[0]), files.where(found[0]))
    if not rctab.is_configuration(content):
        raise InputError(f"{files.where(found[0])}: the configuration states no 'rules'.")
    return found[0], content


def may_hold_ballots(name: str) -> bool:
    """Whether a file of this name is looked at."""
    return PurePosixPath(name).suffix.lower() in _SUFFIXES


def format_of(files: ElectionFiles, name: str) -> str | None:
    """The format of one file, or None; only PrefLib's and BLT are told by a name alone."""
    suffix = PurePosixPath(name).suffix.lower()
    if not may_hold_ballots(name):
        return None
    head = files.head(name)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if head.startswith(b"PK"):
        return _table_format(files.load(name), files.where(name)) if suffix == ".xlsx" else None
    if start == b"{":
        is_report = b"CastVoteRecordReport" in head or b'"CVR"' in head
        return "Common Data Format" if is_report else None
    if start == b"<":
        return _xml_format(head)
    return _text_format(files, name, suffix, head)


def _text_format(files: ElectionFiles, name: str, suffix: str, head: bytes) -> str | None:
    try:
        check_text(head, files.where(name))
    except InputError:
        return None
    text = head.decode("utf-8-sig", "ignore")
    if preflib_records.is_preflib(name, text):
        return "PrefLib"
    if debian.is_debian(text):
        return "Debian tally"
    if suffix == ".blt" or (blt.begins_as_blt(text) and blt.ends_as_blt(_text(files, name))):
        return "BLT"
    if suffix not in (*TABLES, ""):
        return None
    lines = head if len(head) < HEAD else head[: head.rfind(b"\n") + 1] or files.load(name)
    return _table_format(lines, files.where(name))


def _text(files: ElectionFiles, name: str) -> str:
    return decode(files.load(name), files.where(name))


def _xml_format(head: bytes) -> str | None:
    if b"CastVoteRecordReport" in head:
        return "Common Data Format"
    is_hart = any(f"<{root}".encode() in head for root in hart.ROOTS)
    return "Hart" if is_hart else None


def _table_format(data: bytes, where: str) -> str | None:
    head = head_rows(data, where, choice_columns.HEAD_ROWS)
    if clear_ballot.is_clear_ballot(head):
        return "Clear Ballot"
    if dominion_csv.is_dominion_csv(head):
        return "Dominion CSV"
    return "choice columns" if choice_columns.find_columns(head, where) else None
