"""The files of an election: one file, a folder, or a ZIP archive."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scrl.data.files import check_file, library_words, printable, quoted, read_file
from scrl.types import InputError

MAX_BYTES = 200_000_000
#: Of all files of an election together, unpacked.
MAX_TOTAL = 1_000_000_000
MAX_FILES = 200_000
#: Bytes by which a format is told.
HEAD = 65_536

_ZIP, _ENTRY = b"PK\x03\x04", b"PK\x01\x02"
#: A member larger than this that unfolds to more than so many times its size is refused.
_SMALL, _MOST_TIMES = 20_000_000, 200
_IGNORED = ("__MACOSX",)


@dataclass(frozen=True)
class ElectionFiles:
    """Files by name, read one at a time.

    Attributes:
        file: what to call them in messages.
        names: of the files, in order; folders separated by a slash.
        load: reads the file of a name.
        head: reads its first ``HEAD`` bytes.
    """

    file: str
    names: tuple[str, ...]
    load: Callable[[str], bytes]
    head: Callable[[str], bytes]

    def where(self, name: str) -> str:
        """What to call one of the files in messages."""
        is_itself = PurePosixPath(self.file).name == name
        return self.file if is_itself else f"{self.file}: {printable(name)}"

    def named(self, base: str) -> list[str]:
        """The files whose own name, without folders and capitals, is ``base``."""
        return [name for name in self.names if _base(name).lower() == base.lower()]

    def ending(self, *suffixes: str) -> list[str]:
        """The files with one of the suffixes."""
        return [name for name in self.names if PurePosixPath(name).suffix.lower() in suffixes]

    def only(self, names: Iterable[str]) -> ElectionFiles:
        """Some of the files."""
        return ElectionFiles(self.file, tuple(names), self.load, self.head)


def _base(name: str) -> str:
    return PurePosixPath(name).name


def files_at(path: str | Path) -> ElectionFiles:
    """The file, the folder or the archive at ``path``.

    Raises:
        InputError: where it cannot be read or is too large.
    """
    if not isinstance(path, str | Path):
        raise InputError(f"{quoted(path)} is no path of a file; give one as text.")
    file = printable(path)
    try:
        is_folder = Path(path).is_dir()
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: the file cannot be read ({quoted(error)[1:-1]}).") from None
    if is_folder:
        return _folder(Path(path), file)
    check_file(path, MAX_BYTES)
    head = _head_of(Path(path), file)
    if head.startswith(_ZIP):
        archive = _opened(Path(path), file)
        if not _is_workbook(archive):
            return _archive(archive, file)
        archive.close()
    return ElectionFiles(
        file, (PurePosixPath(file).name,), lambda _: read_file(path, MAX_BYTES), lambda _: head
    )


def files_in(data: bytes, name: str, file: str = "") -> ElectionFiles:
    """The file of this content, or the files of the archive that it is.

    Args:
        name: of the file.
        file: what to call it in messages; its name where empty.

    Raises:
        InputError: where it is too large, or a damaged archive.
    """
    file = file or printable(name)
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{file}: {len(data) / 1e6:,.0f} MB are more than the limit of {MAX_BYTES / 1e6:,.0f} "
            "MB a file; pack the parts of the election in one ZIP archive."
        )
    if data.startswith(_ZIP):
        archive = _opened(io.BytesIO(data), file)
        if not _is_workbook(archive):
            return _archive(archive, file)
    return ElectionFiles(file, (PurePosixPath(file).name,), lambda _: data, lambda _: data[:HEAD])


def _head_of(path: Path, file: str) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD)
    except OSError as error:
        raise InputError(f"{file}: the file cannot be read ({error.strerror}).") from None


def _opened(source: Path | io.BytesIO, file: str) -> zipfile.ZipFile:
    """An archive, whose list of files is read once."""
    _check_entries(source, file)
    try:
        return zipfile.ZipFile(source)
    except Exception as error:  # a damaged archive raises errors of many kinds
        raise InputError(
            f"{file}: this ZIP archive is damaged{library_words(error)}; pack it again."
        ) from None


def _is_workbook(archive: zipfile.ZipFile) -> bool:
    return "[Content_Types].xml" in archive.NameToInfo


def _folder(folder: Path, file: str) -> ElectionFiles:
    names: list[str] = []
    total = 0
    try:
        device = folder.stat().st_dev
        for root, folders, files in os.walk(folder):
            # Folders of other file systems, such as those that show the machine, hold no ballots.
            folders[:] = sorted(f for f in folders if _device(Path(root, f)) == device)
            for own in sorted(files):
                path = Path(root, own)
                name = path.relative_to(folder).as_posix()
                if path.is_symlink() or not path.is_file() or _is_hidden(name):
                    continue
                names.append(name)
                total += path.stat().st_size
                _check_sizes(file, len(names), total)
    except OSError as error:
        raise InputError(f"{file}: the folder cannot be read ({error.strerror}).") from None
    if not names:
        raise InputError(f"{file}: the folder holds no file.")

    return ElectionFiles(
        file,
        tuple(names),
        lambda name: read_file(folder / name, MAX_BYTES),
        lambda name: _head_of(folder / name, f"{file}: {printable(name)}"),
    )


def _device(folder: Path) -> int:
    """The file system of a folder; -1 where it cannot be told."""
    try:
        return folder.lstat().st_dev
    except OSError:
        return -1


def _check_entries(source: Path | io.BytesIO, file: str) -> None:
    """Raise ``InputError`` for an archive of too many files, before all of them are listed."""
    entries = 0
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source.getbuffer()) as data:
        tail = b""
        while block := data.read(1 << 22):
            entries += (tail + block).count(_ENTRY)
            tail = block[-3:]
    # A packed file may hold the mark of an entry by chance.
    if entries > MAX_FILES + 1_000:
        raise InputError(f"{file}: there are more than {MAX_FILES:,} files in it.")


def _archive(archive: zipfile.ZipFile, file: str) -> ElectionFiles:
    members = [m for m in archive.infolist() if not m.is_dir() and not _is_hidden(m.filename)]
    _check_sizes(file, len(members), sum(member.file_size for member in members))
    sizes = {member.filename: member for member in members}
    if not sizes:
        raise InputError(f"{file}: the archive holds no file.")

    def read(name: str, limit: int) -> bytes:
        member = sizes[name]
        where = f"{file}: {printable(name)}"
        if member.flag_bits & 1:
            raise InputError(f"{where}: the file is encrypted; pack it without a password.")
        if member.file_size > MAX_BYTES:
            raise InputError(
                f"{where}: unpacked it is larger than the limit of {MAX_BYTES / 1e6:,.0f} MB."
            )
        if member.file_size > max(_SMALL, _MOST_TIMES * member.compress_size):
            raise InputError(
                f"{where}: unpacked it is more than {_MOST_TIMES} times as large, so it is no "
                "usual file of ballots; pack it again."
            )
        try:
            with archive.open(member) as stream:
                return stream.read(limit)
        except Exception as error:  # a damaged member raises errors of many kinds
            raise InputError(
                f"{where}: the file cannot be unpacked{library_words(error)}; pack it again."
            ) from None

    return ElectionFiles(
        file, tuple(sizes), lambda name: read(name, MAX_BYTES), lambda name: read(name, HEAD)
    )


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part in _IGNORED for part in parts)


def _check_sizes(file: str, number: int, total: int) -> None:
    if number > MAX_FILES:
        raise InputError(f"{file}: there are more than {MAX_FILES:,} files in it.")
    if total > MAX_TOTAL:
        raise InputError(
            f"{file}: its files are larger than the limit of {MAX_TOTAL / 1e6:,.0f} MB together, "
            "unpacked; give a part of them."
        )
