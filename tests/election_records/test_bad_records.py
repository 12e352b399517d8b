"""Bad files are refused in one sentence that says where; mutated ones never crash the reader."""

from __future__ import annotations

import io
import json
import time
import zipfile

import numpy as np
import pytest

from scrl.election_records import election_files as limits
from scrl.election_records import (
    list_contests,
    parse_election,
    read_election,
    record_format,
)
from scrl.types import InputError
from tests.election_records import record_builders as build
from tests.election_records.record_builders import PUBLISHED

HART = (PUBLISHED / "hart_sheet.xml").read_text("utf-8")
BLT = '3 1\n2 1 2 0\n1 3=2 0\n0\n"Ann"\n"Bob"\n"Cy"\n"Board"\n'
DEBIAN = "  Option 1--->: Ann\n/ Option 2-->: Bob\nV: 12\tab\nV: -1 cd\n"
CSV = "choice_1,choice_2\nAnn,Bob\nBob,\n"
DOMINION = "E\n,,M (Number of positions=1; Number of ranks=1)\n,,Ann(1)\nCvrNumber\n1,1,0\n"
CDF = build.common_data("x", [["A", "B"], ["B"]])


def refused(data: str | bytes, name: str, *said: str, **options) -> None:
    with pytest.raises(InputError) as caught:
        parse_election(data if isinstance(data, bytes) else data.encode(), name, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 700
    for part in said:
        assert part in message, message


def test_what_is_no_election_is_refused_with_what_is_read():
    refused("hello", "a.csv", "a.csv", "no election", "choice_1", "BLT")
    refused("rater,prompt,score\na,b,1\n", "ratings.csv", "no election")
    refused("", "a.csv", "no election")
    refused('{"a": 1}', "a.json", "no election")
    refused("%PDF-1.4", "a.csv", "no election")
    refused("<html></html>", "a.xml", "no election")


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("choice_1,choice_1\na,b\n", "a.csv", ("line 1", "two columns are rank 1")),
        ("choice_1,choice_3\na,b\n", "a.csv", ("line 1", "rank 2", "missing")),
        ("choice_1,count\na,-2\n", "a.csv", ("line 2", "number of ballots is '-2'")),
        ("choice_1,count\na,nan\n", "a.csv", ("line 2", "'nan'")),
        (BLT.replace("2 1 2 0", "2 1 9 0"), "a.blt", ("line 2", "'9' is not a candidate")),
        (BLT.replace("2 1 2 0", "x 1 2 0"), "a.blt", ("line 2", "weight", "'x'")),
        (BLT.replace("2 1 2 0", "2 1 2"), "a.blt", ("line 2", "does not end with 0")),
        (BLT.replace('"Cy"\n"Board"\n', ""), "a.blt", ("3 candidates", "names of 2")),
        (BLT.replace('"Ann"', '"Ann'), "a.blt", ("line 5", "not closed")),
        (BLT.replace("3 1", "x 1"), "a.blt", ("line 1", "number of candidates is 'x'")),
        (BLT.replace("\n0\n", "\n"), "a.blt", ("line",)),
        (DEBIAN + "V: 123 x\n", "t.txt", ("line 5", "ranks 3 options")),
        (DEBIAN + "V: 1+ x\n", "t.txt", ("line 5", "not a vote")),
        (DEBIAN + "V: 0- x\n", "t.txt", ("line 5", "rank is '0'")),
        (DEBIAN + " Option 7: Dee\n", "t.txt", ("option 7", "2 options")),
        (CDF[:-40], "a.json", ("line 1", "not JSON")),
        (CDF.replace('"Rank": 1', '"Rank": "x"', 1), "a.json", ("record 1", "'Rank' is 'x'")),
        (CDF.replace('"cs-A", "Sel', '"cs-Z", "Sel'), "a.json", ("record 1", "'cs-Z'")),
        (CDF.replace('"Rank": 1', '"Rank": 0', 1), "a.json", ("record 1", "rank is '0'")),
        (CDF.replace('"Rank": 1', '"Rank": NaN', 1), "a.json", ("not JSON", "NaN")),
        (DOMINION.replace("1,1,0", "1,1,x"), "a.csv", ("line 5", "mark is 'x'")),
        (DOMINION.replace("(1)", "(0)"), "a.csv", ("line 4", "'Ann(0)'")),
        (HART.replace("000001", "00x001"), "a.xml", ("'00x001'", "CEDAR PARK")),
        (HART[:-30], "a.xml", ("line", "XML")),
    ],
)
def test_each_fault_has_its_place(text, name, said):
    options = {"contest": "CEDAR PARK SCHOOL BOARD"} if name.endswith(".xml") else {}
    refused(text, name, *said, **options)


def test_faults_of_a_dominion_export():
    files = build.alaska_export()
    broken = dict(files)
    content = json.loads(files["CvrExport_1730.json"])
    content["Sessions"][2]["Original"]["Cards"][0]["Contests"][0]["Marks"][0]["Rank"] = "first"
    broken["CvrExport_1730.json"] = json.dumps(content)
    refused(build.packed(broken), "ak.zip", "CvrExport_1730.json: session 3", "'Rank'",
            contest="U.S. Representative")  # fmt: skip
    unknown = files["CvrExport_1730.json"].replace('"CandidateId": 518', '"CandidateId": 999', 1)
    refused(build.packed(files | {"CvrExport_1730.json": unknown}), "ak.zip", "session 1",
            "candidate 999", contest="U.S. Representative")  # fmt: skip
    refused(build.packed(files), "ak.zip", "2 contests", "'U.S. Representative'", "choose one")
    refused(build.packed(files), "ak.zip", "no contest 'Mayor'", contest="Mayor")
    refused(build.packed({"CvrExport.json": '{"Sessions": []}'}), "ak.zip", "no session")
    refused(build.packed({"CvrExport.json": "[]"}), "ak.zip", "CvrExport.json", "not a JSON object")


def test_faults_of_a_configuration():
    rules = {"overvoteRule": "exhaustImmediately", "maxSkippedRanksAllowed": "1"}
    source = {"filePath": "a.csv", "provider": "ess", "firstVoteColumnIndex": "1",
              "firstVoteRowIndex": "2"}  # fmt: skip
    csv = "one,two\nAnn,Bob\nZed,\n"
    good = build.configuration(rules, source, ["Ann", "Bob", "Zed"])
    record = parse_election(build.packed({"c.json": good, "a.csv": csv}), "x.zip")
    assert record.profile.names == ("Ann", "Bob", "Zed")
    for change, said in (
        (lambda: build.configuration(rules | {"overvoteRule": "maybe"}, source), "overvoteRule"),
        (lambda: build.configuration(rules, source | {"provider": "Acme"}), "'Acme'"),
        (lambda: build.configuration(rules, source | {"filePath": "../../etc/passwd"}),
         "not beside it"),
        (lambda: build.configuration(rules, source | {"firstVoteRowIndex": "x"}), "'x'"),
        (lambda: build.configuration(rules, source, ["Ann", "Bob"]), "line 3: 'Zed'"),
        (lambda: build.configuration(rules | {"maxRankingsAllowed": "0"}, source), "'0'"),
    ):  # fmt: skip
        refused(build.packed({"c.json": change(), "a.csv": csv}), "x.zip", said)
    refused(good, "c.json", "names its ballots in other files")


def test_entities_document_types_and_depth_are_refused():
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE Cvr [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Cvr>&b;</Cvr>'
    )
    refused(bomb, "a.xml", "document type or entities")
    outside = '<!DOCTYPE Cvr SYSTEM "file:///etc/passwd"><Cvr/>'
    refused(outside, "a.xml", "document type or entities")
    refused(f"<Cvr>{'<a>' * 5_000}{'</a>' * 5_000}</Cvr>", "a.xml", "deeper than 64")
    deep = '{"@type": "CVR.CastVoteRecordReport", "CVR": ' + "[" * 200_000
    refused(deep, "a.json", "nested too deep")
    long = '{"@type": "CVR.CastVoteRecordReport", "CVR": ' + "9" * 5_000 + "}"
    refused(long, "a.json", "not JSON")


def test_archives_are_measured_before_they_are_unpacked(monkeypatch):
    bomb = build.packed({"a.csv": "choice_1\n" + "Ann\n" * 500_000})
    assert len(bomb) < 20_000
    monkeypatch.setattr(limits, "MAX_BYTES", 1_000_000)
    refused(bomb, "a.zip", "unpacked it is larger")
    monkeypatch.setattr(limits, "MAX_TOTAL", 1_500_000)
    refused(bomb, "a.zip", "larger than the limit", "together")
    monkeypatch.setattr(limits, "MAX_FILES", 2)
    refused(build.packed(dict.fromkeys("abc", "x")), "a.zip", "more than 2 files")
    refused(b"PK\x03\x04 no archive", "a.zip", "damaged")
    refused(b"x" * 1_000_001, "a.csv", "1 MB a file")


def test_an_archive_of_several_formats_is_refused():
    data = build.packed({"a.csv": CSV, "b.blt": BLT})
    refused(data, "x.zip", "several formats", "BLT, choice columns")


def test_the_parts_of_an_election_are_one(tmp_path):
    """As New York City publishes it: workbooks with codes, and a table of the candidates."""
    openpyxl = pytest.importorskip("openpyxl")
    header = ["Cast Vote Record", *(f"DEM Mayor Choice {i} of 2 Citywide ({i}26916)"
                                    for i in (1, 2)), "REP Mayor Choice 1 of 1 (011)"]  # fmt: skip
    parts = {
        "2025P1V1.xlsx": [[1, 218, 219, ""], [2, 219, "undervote", ""]],
        "2025P2V1.xlsx": [[3, 219, 218, "undervote"], [4, "overvote", "", ""]],
    }
    for part, rows in parts.items():
        book = openpyxl.Workbook()
        for row in [header, *rows]:
            book.active.append(row)
        book.save(tmp_path / part)
    book = openpyxl.Workbook()
    for row in [["CandidacyID", "DefaultBallotName"], [218, "Ann Lee"], [219, "Bob Oh"]]:
        book.active.append(row)
    book.save(tmp_path / "CandidacyID_To_Name.xlsx")
    assert list_contests(tmp_path) == ("DEM Mayor Citywide", "REP Mayor")
    record = read_election(tmp_path, "dem mayor", preset="new_york_city")
    assert record.profile.names == ("Ann Lee", "Bob Oh")
    assert record.counts.cast == 4
    assert record.counts.overvotes == 1
    assert record.profile.orders()[0] in ([["Bob Oh"]], [["Ann Lee"], ["Bob Oh"]],
                                          [["Bob Oh"], ["Ann Lee"]])  # fmt: skip
    assert record_format(tmp_path) == "choice columns"
    assert not record_format(tmp_path / "CandidacyID_To_Name.xlsx")


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Bytes replaced, removed, repeated, or cut."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(0, len(out)))
        kind = rng.choice(5, p=[0.4, 0.2, 0.15, 0.2, 0.05])
        if kind == 0:
            out[at] = int(rng.integers(256))
        elif kind == 1:
            del out[at : at + int(rng.integers(1, 30))]
        elif kind == 2:
            out[at:at] = out[at : at + int(rng.integers(1, 200))]
        elif kind == 3:
            out[at:at] = bytes(rng.choice(list(b'0123456789,;:"[]{}<>=-\n\r\t\0\xff'), 3).tolist())
        elif len(out) > 10:
            del out[at:]
        if not out:
            return b" "
    return bytes(out)


SEEDS = {
    "a.csv": CSV.encode(), "a.blt": BLT.encode(), "a.txt": DEBIAN.encode(), "a.json": CDF.encode(),
    "a.xml": HART.encode(),
    "clear.csv": b"RowNumber,BoxID,BoxPosition,BallotID,Choice_1_1:Mayor:1:N:Ann:NON\n1,a,1,b,1\n",
    "dominion.csv": f"{DOMINION}2,2,1\n3,2,\n".encode(),
    "ak.zip": build.packed({
        "ContestManifest.json": '{"List": [{"Id": 7, "Description": "Mayor"}]}',
        "CandidateManifest.json": '{"List": [{"Id": 1, "ContestId": 7, "Description": "Ann"}]}',
        "CvrExport.json": '{"Sessions": [{"Original": {"IsCurrent": true, "Contests": '
        '[{"Id": 7, "Marks": [{"CandidateId": 1, "Rank": 1, "IsAmbiguous": false}]}]}}]}',
    }),
    "rctab.zip": build.packed({
        "c.json": (PUBLISHED / "generic_csv_test_config.json").read_text("utf-8"),
        "generic_csv_test_cvr.csv": (PUBLISHED / "generic_csv_test_cvr.csv").read_text("utf-8"),
    }),
    "a.soi": b"# NUMBER ALTERNATIVES: 2\n# ALTERNATIVE NAME 1: Ann\n2: 1,2\n1: 2\n",
}  # fmt: skip


@pytest.mark.parametrize("name", SEEDS)
def test_mutated_files_are_read_or_refused(name):
    rng = np.random.default_rng(len(name))
    read = 0
    for _ in range(80):
        data = inner_mutated(SEEDS[name], rng) if name.endswith(".zip") else mutated(
            SEEDS[name], rng)  # fmt: skip
        record = read_or_refused(data, name)
        if record is not None:
            read += 1
            assert (record.profile.weight > 0).all()
            assert record.counts.counted <= record.counts.cast
    assert read < 80


def read_or_refused(data: bytes, name: str):
    """The record, or None where an ``InputError`` of one line says why not."""
    try:
        return parse_election(data, name, "CEDAR PARK" if name.endswith(".xml") else None)
    except InputError as error:
        message = str(error)
    assert "\n" not in message
    assert message.endswith((".", "'.", "…'."))
    return None


def inner_mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """An archive, damaged as a whole or in one of its files."""
    if rng.random() < 0.3:
        return mutated(data, rng)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    chosen = str(rng.choice(list(files)))
    files[chosen] = mutated(files[chosen], rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


HOSTILE = {
    "empty lines": ("\n" * 300_000, "a.blt"),
    "blank lines": (" \n" * 150_000 + "x", "a.txt"),
    "comments": ("#\n" * 150_000, "a.blt"),
    "votes": ("V:" * 100_000, "a.txt"),
    "options": ("Option " * 60_000, "t.txt"),
    "parentheses": ("1 2\n" + "(" * 200_000, "a.blt"),
    "quotation marks": ("choice_1\n" + '"' * 200_000, "a.csv"),
    "zeros": ("0\n" * 100_000, "a.blt"),
    "choices": ("choice " * 40_000, "a.csv"),
    "a long element": ("<Cvr " + "a" * 200_000, "a.xml"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_linear_time(name):
    text, file = HOSTILE[name]
    start = time.process_time()
    read_or_refused(text.encode(), file)
    assert time.process_time() - start < 2


def test_an_export_whose_head_is_out_of_order():
    lines = build.alaska_csv().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("CvrNumber"))
    shuffled = [lines[first], *lines[:first], *lines[first:]]
    with pytest.raises(InputError, match="belong above 'CvrNumber'"):
        parse_election("\n".join(shuffled).encode(), "cvr.csv", "Court")
