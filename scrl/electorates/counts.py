"""Outcomes of many contests, kept in a file that grows by a line a contest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from scrl.data.files import printable, quoted
from scrl.file_locks import lock
from scrl.types import InputError, Outcome
from scrl.voting import RULES

FORMAT = "scrl electorate counts 1"
#: Bytes of a line of the file, and of the file.
_MAX_LINE, _MAX_BYTES = 10_000_000, 4_000_000_000


@dataclass(frozen=True, eq=False)
class ElectorateCounts:
    """Outcomes of contests.

    Attributes:
        rules: their names.
        offsets: where each contest's candidates begin ``[contests + 1]``.
        place: how many candidates stand strictly ahead, int32 ``[rules, items]``.
        scores: of each rule, probabilities of a lottery ``[rules, items]``.
        voters: how many voted.
    """

    rules: tuple[str, ...]
    offsets: np.ndarray
    place: np.ndarray
    scores: np.ndarray
    voters: int

    @property
    def contests(self) -> int:
        return len(self.offsets) - 1

    def outcome(self, contest: int, rule: str) -> Outcome:
        """The outcome of one contest by one of the rules."""
        row = self.rules.index(rule)
        own = slice(self.offsets[contest], self.offsets[contest + 1])
        return Outcome(rule, self.place[row, own], self.scores[row, own], RULES[rule].lottery)


class Line(NamedTuple):
    """Places and scores of a contest ``[rules, candidates]``."""

    contest: int
    place: np.ndarray
    scores: np.ndarray


class CountsFile:
    """A file of outcomes: a header, then a line a contest, each with a hash of its own.

    A line is on the disk before the next contest is counted. A line that was cut off, because the
    process was killed while it wrote, is dropped, and its contest is counted again.

    Args:
        path: the file; made where it is not there.
        header: what the electorate is; a file with another header is refused.

    Raises:
        InputError: where the file is that of another electorate, or damaged, or cannot be written,
            or another call counts into it.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self.path = path
        self._file: IO[bytes]
        try:
            path.touch()
            self._file = path.open("r+b")
        except ValueError as error:
            raise InputError(f"{printable(path)}: this is no name of a file.") from error
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            self._begin(path, header)
        except OSError as error:
            self._file.close()
            raise _unwritable(path, error) from error
        except BaseException:
            self._file.close()
            raise

    def _begin(self, path: Path, header: Mapping[str, Any]) -> None:
        """Read what is there, and stand at its end."""
        try:
            lock(self._file)
        except BlockingIOError:
            raise InputError(
                f"{printable(path)}: another call is counting into this file; wait until it has "
                "ended, or give another file."
            ) from None
        except OSError:
            pass  # a drive without locks
        self.lines: dict[int, Line] = {}
        end = 0
        if path.stat().st_size:
            found, self.lines, end = _read(path)
            if found != dict(header):
                raise InputError(_difference(path, found, header))
        self._file.truncate(end)
        self._file.seek(end)
        if not end:
            self._write(dict(header))

    def add(self, lines: Sequence[Line]) -> None:
        """Append contests; they are on the disk when this returns."""
        try:
            for line in lines:
                self._write({
                    "contest": line.contest, "place": line.place.tolist(),
                    "scores": line.scores.tolist(),
                })  # fmt: skip
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.lines.update({line.contest: line for line in lines})

    def _write(self, content: dict[str, Any]) -> None:
        self._file.write(_line(content))

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # of a full disk ``add`` has told
            self._file.close()


def header_of(
    rules: Sequence[str], sizes: Sequence[int], voters: int, about: Mapping[str, str]
) -> dict[str, Any]:
    """The header of a file of outcomes."""
    return {
        "format": FORMAT, "rules": list(rules), "candidates": [int(m) for m in sizes],
        "voters": int(voters), "about": {str(k): str(v) for k, v in about.items()},
    }  # fmt: skip


def read_counts(path: str | Path) -> tuple[ElectorateCounts, dict[str, str]]:
    """The outcomes in a file that is complete, and what it says the electorate is.

    Raises:
        InputError: where the file is missing, damaged or not finished.
    """
    path = Path(path)
    if not os.path.isfile(path):
        raise InputError(f"{printable(path)}: there is no such file.")
    header, lines, _ = _read(path)
    return assembled(header, lines, path), header["about"]


def assembled(
    header: Mapping[str, Any], lines: Mapping[int, Line], path: Path | None = None
) -> ElectorateCounts:
    """All contests as flat arrays."""
    sizes = header["candidates"]
    if len(lines) < len(sizes):
        raise InputError(
            f"{printable(path)}: {len(lines):,} of {len(sizes):,} contests are counted; count the "
            "electorate again with this file as checkpoint to finish it."
        )
    ordered = [lines[i] for i in range(len(sizes))]
    return ElectorateCounts(
        tuple(header["rules"]), np.concatenate([[0], np.cumsum(sizes)]),
        np.concatenate([line.place for line in ordered], axis=1).astype(np.int32),
        np.concatenate([line.scores for line in ordered], axis=1), header["voters"],
    )  # fmt: skip


def _line(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=True).encode()
    return hashlib.sha256(text).hexdigest()[:16].encode() + b" " + text + b"\n"


def _read(path: Path) -> tuple[dict[str, Any], dict[int, Line], int]:
    """The header, the contests, and where the last whole line ends."""
    name = printable(path)
    damaged = f"{name}: this is no file of an electorate's counts, or it is damaged; delete it."
    if path.stat().st_size > _MAX_BYTES:
        raise InputError(damaged)
    header: dict[str, Any] = {}
    lines: dict[int, Line] = {}
    end = 0
    with path.open("rb") as file:
        while raw := file.readline(_MAX_LINE):
            content = _parsed(raw)
            if content is None:
                # Only the last line may have been cut off.
                if not header or file.read(1):
                    raise InputError(damaged)
                break
            if not header:
                if not _is_header(content):
                    raise InputError(damaged)
                header = content
            else:
                line = _contest(content, header)
                if line is None:
                    raise InputError(damaged)
                lines[line.contest] = line
            end = file.tell()
    return header, lines, end


def _parsed(raw: bytes) -> dict[str, Any] | None:
    """The content of a line; None where it is not as it was written."""
    start, _, text = raw.rstrip(b"\n").partition(b" ")
    if not raw.endswith(b"\n") or hashlib.sha256(text).hexdigest()[:16].encode() != start:
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _is_header(content: Mapping[str, Any]) -> bool:
    rules, sizes, about = (content.get(name) for name in ("rules", "candidates", "about"))
    return (
        content.get("format") == FORMAT
        and isinstance(rules, list) and all(isinstance(r, str) and r in RULES for r in rules)
        and isinstance(sizes, list) and all(type(m) is int and 1 <= m <= 100_000 for m in sizes)
        and isinstance(about, dict) and all(isinstance(v, str) for v in about.values())
        and type(content.get("voters")) is int and 0 < content["voters"] < 1 << 53
    )  # fmt: skip


def _contest(content: Mapping[str, Any], header: Mapping[str, Any]) -> Line | None:
    """A contest of the file; None where it is none of the header's."""
    number, sizes = content.get("contest"), header["candidates"]
    if type(number) is not int or not 0 <= number < len(sizes):
        return None
    shape = len(header["rules"]), sizes[number]
    try:
        place = np.array(content["place"], float)
        scores = np.array(content["scores"], float)
    except (KeyError, TypeError, ValueError):
        return None
    fine = place.shape == scores.shape == shape and bool(
        ((place >= 0) & (place < shape[1]) & (place == np.floor(place))).all()
    )
    return Line(number, place.astype(np.int32), scores) if fine else None


def _difference(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    names = [name for name in wanted if found.get(name) != wanted[name]]
    if "about" in names:
        one, two = found["about"], wanted["about"]
        about = {key for key in one.keys() | two.keys() if one.get(key) != two.get(key)}
        names = [name for name in names if name != "about"] + sorted(about)
    what = quoted(", ".join(names))[1:-1]
    return (
        f"{printable(path)}: this file is of another electorate (it differs in {what}); give "
        "another file, or delete it to count anew."
    )


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{printable(path)}: the file cannot be written ({error.strerror or error}); the contests "
        "that are counted stay there."
    )
