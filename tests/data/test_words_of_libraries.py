"""Messages on damaged files are in words of the person who wrote the file, on one line; and empty
lines are refused before they take long."""

from __future__ import annotations

import io
import re
import time
import zipfile

import pytest

from scrl.config import Config
from scrl.data import limits, parse_ratings
from scrl.data.dataclass_json import from_plain, to_plain
from scrl.types import InputError

OF_CODE = re.compile(r"<class|object at|Traceback|attribute|argument|could not convert|\(\)")
HEAD = "rater,prompt,completion,rank\na,p,x,1\n"


def refusal(data, name):
    with pytest.raises(InputError) as found:
        parse_ratings(data if isinstance(data, bytes) else data.encode(), name)
    message = str(found.value)
    assert message.startswith(f"{name}: ")
    assert message.isprintable()
    assert not OF_CODE.search(message)
    return message


@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_a_field_after_a_quotation_mark_is_told_in_plain_words(mark):
    message = refusal(
        mark.join(("rater", "completion", "rank")) + f'\na{mark}"x"y{mark}1\n', "a.csv"
    )
    assert message.startswith("a.csv: line 2: ")
    assert "text follows a closing quotation mark" in message


def test_quotation_marks_that_never_close_are_told_in_plain_words():
    assert "ends inside quotation marks" in refusal(HEAD + 'a,p,"y,2\n', "a.csv")


@pytest.mark.parametrize(
    ("member", "old", "new"),
    [
        ("xl/worksheets/sheet1.xml", b'r="1"', b'r="x"'),
        ("xl/workbook.xml", b'sheetId="1"', b'sheetId="x"'),
        ("xl/styles.xml", b'numFmtId="0"', b'numFmtId="x"'),
        ("xl/worksheets/sheet1.xml", b"<v>1</v>", b"<v>1"),
        ("xl/styles.xml", b"<styleSheet", b"<cellXfs"),
    ],
)
def test_damaged_workbooks_are_told_in_plain_words(member, old, new):
    openpyxl = pytest.importorskip("openpyxl")
    book, file, damaged = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    for row in (("rater", "completion", "rank"), ("a", "x", 1), ("a", "y", 2)):
        book.active.append(row)
    book.save(file)
    with zipfile.ZipFile(file) as read, zipfile.ZipFile(damaged, "w") as write:
        assert old in read.read(member)
        for name in read.namelist():
            data = read.read(name)
            write.writestr(name, data.replace(old, new) if name == member else data)
    assert "save it as .xlsx again" in refusal(damaged.getvalue(), "a.xlsx")


@pytest.mark.parametrize(
    ("name", "head", "empty"),
    [
        ("a.csv", HEAD, "\n"),
        ("a.csv", HEAD, ",,,\n"),
        ("a.csv", "", "\n"),
        ("a.jsonl", '{"rater": "a", "prompt": "p", "completion": "x", "rank": 1}\n', "\n"),
    ],
)
def test_very_many_empty_lines_are_refused(name, head, empty):
    whole = head + empty * (limits.MAX_EMPTY + 2) + (head or HEAD)
    assert "lines before it are empty; delete empty lines" in refusal(whole, name)
    begin = time.process_time()
    refusal(head + empty * 8_000_000, name)
    assert time.process_time() - begin < 3


def test_as_many_empty_rows_as_a_sheet_has_are_no_fault():
    whole = HEAD + ",,,\n" * limits.MAX_EMPTY + "a,p,y,2\n"
    assert parse_ratings(whole.encode(), "a.csv").ballots == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("voters", "x", "'voters' is 'x' and should be a valid integer"),
        ("voters", [1, 2], "'voters' is a list or an object and should be a valid integer"),
        ("rules", 3, "'rules' is '3' and should be a valid tuple"),
    ],
)
def test_a_stored_value_of_another_kind_is_named_with_its_field(field, value, said):
    with pytest.raises(ValueError, match=said) as found:
        from_plain(Config, {**to_plain(Config()), field: value})
    assert "\n" not in str(found.value)
