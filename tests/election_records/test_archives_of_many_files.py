"""Archives and tables made to take long or to fail are refused in plain words, before the work."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from scrl import read_election
from scrl.data import limits
from scrl.election_records import parse_election, reading
from scrl.types import InputError

BLT = '2 1\n3 1 2 0\n2 2 0\n0\n"A"\n"B"\n"T"\n'
OF_CODE = re.compile(r"<class|object at|Traceback|attribute|argument|could not convert|\(\)")


def packed(names, content=BLT):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return file.getvalue()


def refusal(data, name):
    with pytest.raises(InputError) as found:
        parse_election(data, name)
    message = str(found.value)
    assert message.startswith(f"{name}: ")
    assert message.isprintable()
    assert not OF_CODE.search(message)
    return message


def test_thousands_of_elections_in_one_archive_are_refused_before_the_second_is_read(monkeypatch):
    read = []
    monkeypatch.setattr(reading, "_read_one", lambda *arguments: read.append(arguments))
    message = refusal(packed(f"{i}.blt" for i in range(reading.MAX_PARTS + 1)), "a.zip")
    assert "5,001 files that may hold ballots" in message
    assert "at most 5,000" in message
    assert not read


def test_files_of_other_kinds_are_not_counted():
    names = ["a.blt", *(f"{i}.png" for i in range(reading.MAX_PARTS + 1))]
    assert parse_election(packed(names), "a.zip").profile.winners("borda") == ["A"]


def test_an_archive_is_listed_once(tmp_path, monkeypatch):
    opened, own = [], zipfile.ZipFile.__init__
    (tmp_path / "a.zip").write_bytes(packed(["a.blt"]))
    monkeypatch.setattr(
        zipfile.ZipFile, "__init__", lambda *a, **k: (opened.append(1), own(*a, **k))[1]
    )
    assert read_election(tmp_path / "a.zip").profile.winners("borda") == ["A"]
    assert len(opened) == 1


def test_a_damaged_archive_is_told_in_plain_words():
    data = packed(["a.blt", "b.blt"])
    assert "damaged" in refusal(data[:-30], "a.zip")
    assert "pack it again" in refusal(data.replace(b"PK\x01\x02", b"PK\x01\x09"), "a.zip")


def test_a_damaged_workbook_is_told_in_plain_words():
    openpyxl = pytest.importorskip("openpyxl")
    book, file, damaged = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    for row in (("choice_1", "choice_2"), ("A", "B"), ("B", "A")):
        book.active.append(row)
    book.save(file)
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(b'sheetId="1"', b'sheetId="x"'))
    assert "this workbook is damaged; save it as .xlsx again" in refusal(
        damaged.getvalue(), "a.xlsx"
    )


def test_very_many_empty_lines_are_refused():
    long = "choice_1,choice_2\nA,B\n" + "\n" * (limits.MAX_EMPTY + 2) + "B,A\n"
    assert "lines before it are empty; delete empty lines" in refusal(long.encode(), "a.csv")
