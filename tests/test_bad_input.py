"""Whatever a person hands in, the answer is ratings, a scenario, or one sentence that helps."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.data import load_ratings, parse_ratings, readers, save_ratings, table
from scrl.scenarios import gallery, load_scenario, parse_scenario
from scrl.types import InputError

HEAD = "rater,prompt,completion,rank\n"
ROW = "r,p,a,1\n"


def refusal(read, *args) -> str:
    """The one sentence with which ``read`` refuses its input."""
    with pytest.raises(InputError) as caught:
        read(*args)
    message = str(caught.value)
    assert "\n" not in message
    assert message.isprintable()
    assert message.endswith(".")
    assert len(message) < 500
    return message


def refused(data: str | bytes, name="bad.csv", missing=None) -> str:
    message = refusal(
        parse_ratings, data if isinstance(data, bytes) else data.encode(), name, missing
    )
    assert message.startswith(f"{name}: ")
    return message


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [load_ratings, load_scenario])
def test_what_is_not_a_readable_file(load, tmp_path, monkeypatch):
    assert "no such file" in refusal(load, tmp_path / "none.csv")
    assert "none.csv" in refusal(load, tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "folder" in refusal(load, tmp_path / "folder.csv")
    refusal(load, "nul\0byte.csv")
    refusal(load, tmp_path / ("x" * 5000 + ".csv"))
    refusal(load, tmp_path / "two\nlines.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    assert "ordinary file" in refusal(load, tmp_path / "pipe.csv")
    (tmp_path / "empty.csv").touch()
    assert "empty" in refusal(load, tmp_path / "empty.csv")


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(10**12)  # a sparse file: reading it would take all memory
    assert "limit of 200 MB" in refusal(load_ratings, path)
    assert "limit of 1 MB" in refusal(load_scenario, path)


def test_a_file_that_cannot_be_written(tmp_path):
    r = parse_ratings((HEAD + ROW).encode(), "a.csv")
    assert "cannot be written" in refusal(save_ratings, r, tmp_path / "no" / "folder.csv")


def test_names_of_formats():
    assert ".jsonl" in refused(HEAD, "ratings.docx")
    assert "suffix" in refused(HEAD, "ratings")
    assert "'unseen' or 'last'" in refused(HEAD + ROW, missing="Last")
    assert len(parse_ratings((HEAD + ROW).encode(), "UPPER.CSV").rank) == 1


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.csv", b"PK\x03\x04rest", "Excel workbook"),
        ("a.csv", b"PAR1rest", "name it .parquet"),
        ("a.jsonl", b"%PDF-1.7", "a PDF"),
        ("a.tsv", b"\x89PNG\r\n", "a picture"),
        ("a.csv", b"<!DOCTYPE html><html>", "web page"),
        ("a.soc", b"\x1f\x8b\x08", "add .gz to its name"),
        ("a.csv", b'{"rater": "r"}', "this is JSON; name the file .jsonl"),
        ("a.json", b'{"rows": [{"rater": "r", "completion": "a", "rank": 1}]}', "under 'rows'"),
        ("a.csv", b"rater,tea,coffee\nann,1,2\nbob,x,3\n", "column 'tea' has 'x'"),
        ("a.csv", b"r,p,a,1\nr,p,b,2\n", "names of the columns in the first line"),
        ("a.csv", b"# comment\nrater,completion,rank\n", "names of the columns in the first line"),
        ("a.csv", b"rater,prompt,completion,rank\nr;p;a;1\n", "commas between its names and this "
         "row semicolons"),
        ("a.csv", b"rater,completion,rank\nr,a,-1\n", "line 2: rank is '-1'; a rank is 1 for"),
        ("a.jsonl", b'{"ranking": "a>b"}', """'a>b'; give a list"""),
    ],
)  # fmt: skip
def test_what_a_file_is_instead_of_ratings(name, data, says):
    assert says in refused(data, name)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("80%", "leave the sign % out (80)"), ('"1,5"', "decimal point (1.5)"),
        ('"1,500"', "(1500)"), ("2024-05-01", "this is a date"), ("€5", "(5)"), ("3rd", "(3)"),
        ("4/5", "(4)"), ("1-2", "a range"), ("#DIV/0!", "spreadsheet"), ("good", "a word"),
        ("1e999", "finite"), ("[1]", "finite"),
    ],
)  # fmt: skip
def test_the_advice_on_a_number_fits_the_cell(cell, says):
    assert says in refused(f"rater,completion,score\nr,a,1\nr,b,{cell}\n")
    if not cell.startswith('"'):
        assert says in refused(
            f'{{"prompt": "p", "responses": ["a"], "scores": ["{cell}"]}}', "a.json"
        )


def test_lists_in_the_cells_of_a_rating_and_sheets_that_are_not_read(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    openpyxl = pytest.importorskip("openpyxl")
    from pyarrow import table as arrow_table

    path = tmp_path / "a.parquet"
    parquet.write_table(arrow_table({"completion": ["a"], "score": [[1]]}), path)
    assert "row 1: score is '[1]', a list" in refusal(load_ratings, path)
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("Later")):
        sheet.append(["rater", "completion", "rank"])
        sheet.append(["r", "a", 1])
    book.save(tmp_path / "a.xlsx")
    notes = load_ratings(tmp_path / "a.xlsx").notes
    assert any("Later" in note and "the first with rows is read" in note for note in notes)


# -- CSV ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ["empty"]),
        ("\ufeff", ["empty"]),
        (" \n\n", ["empty"]),
        (",,,\n,,,\n", ["empty"]),
        (HEAD, ["header", "no row"]),
        (HEAD + ",,,\n", ["header", "no row"]),
        ("rater,completion,rank\n", ["header", "no row"]),
        ("a,b\n1,2\n", ["line 1", "completion, rank", "found a, b", "name the columns"]),
        ("rater,prompt,completion\nr,p,a\n", ["line 1", "rank (or score, or penalty)"]),
        ("rater,prompt,completion,rank,score\n", ["line 1", "rank and score", "keep one"]),
        ("rater,rater,prompt,completion,rank\n", ["line 1", "'rater' stands twice"]),
        ("rater\tprompt\tcompletion\trank\n", ["header", "no row"]),
        ("rater;prompt;completion;rank\nr;p;a\n", ["line 2", "3 fields", "3 semicolons"]),
        (HEAD + "r,p,b,\nr,p,,1\n", ["no row has a completion and a rank"]),
        (HEAD + ROW + "r,p,b,first\n", ["line 3", "rank is 'first'"]),
        (HEAD + ROW + "r,p,b,inf\n", ["line 3", "rank is 'inf'", "finite"]),
        (HEAD + ROW + "r,p,b,-inf\n", ["line 3", "'-inf'"]),
        (HEAD + ROW + "r,p,b,1e999\n", ["line 3", "'1e999'"]),
        (HEAD + ROW + 'r,p,b,"1,5"\n', ["line 3", "'1,5'"]),
        (HEAD + ROW + f"r,p,b,{'9' * 400}x\n", ["line 3", "…'"]),
        (HEAD + ROW + ",p,b,2\n", ["line 3", "rater is empty"]),
        (HEAD + ROW + "r, ,b,2\n", ["line 3", "prompt is empty"]),
        (HEAD + ROW + "r,p,b\n", ["line 3", "3 fields", "has 4", "3 commas"]),
        (HEAD + ROW + "lonely\n", ["line 3", "is 1 field", "has 4", "3 commas"]),
        (HEAD + ROW + "r,p,a, so it is,2\n", ["line 3", "5 fields", "quotes"]),
        (HEAD + ROW + "r,p,a,2\n", ["line 3", "line 2", "'a'"]),
        (HEAD + ROW + "s,p,a,1\nr,p,b,2\nr,p,a,2\n", ["line 5", "line 2", "'a'", "'r'"]),
        (HEAD + 'r,"p\n\nq",a,1\n\nr,p,b,x\n', ["line 6", "'x'"]),
        (HEAD + 'r,"p\n\nq",a,1\n\nr,p,"b\n",x\n', ["line 6", "'x'"]),
        (HEAD.replace("\n", "\r\n") + "r,p,a,1\r\nr,p,b,x\r\n", ["line 3", "'x'"]),
        (HEAD + ROW + 'r,"p,b,2\n', ["line 3", "quotation mark"]),
        (HEAD + ROW + 'r,"p"x,b,2\n', ["line 3", "quotation mark"]),
        (HEAD + ROW + 'r,"' + "long" * 50_000 + "\n" * 3, ["quotation mark"]),
        (HEAD + ROW + "r,p\0,b,2\n", ["line 3", "NUL"]),
        ("rater,prompt,completion,rank,weight\nr,p,a,1,2\nr,p,b,2,3\n",
         ["line 3", "line 2", "weight"]),
        ("rater,prompt,completion,rank,weight\nr,p,a,1,0\n", ["weight is '0'", "from 1e-12"]),
        ("rater,prompt,completion,rank,weight\nr,p,a,1,-1\n", ["line 2", "weight is '-1'"]),
        ("rater,prompt,completion,rank,weight\nr,p,a,1,\n", ["line 2", "weight is empty"]),
        ("rater,prompt,completion,rank,weight\nr,p,a,1,inf\n", ["line 2", "weight is 'inf'"]),
        ("rater,prompt,completion,rank,rater_group\nr,p,a,1,x\nr,q,a,1,\nr,q,b,1,y\n",
         ["line 4", "line 2", "rater_group", "'r'"]),
        ("rater,prompt,completion,rank,prompt_text\nr,p,a,1,x\nr,p,b,1,y\n",
         ["line 3", "line 2", "prompt_text", "'p'"]),
        ("rater,prompt,completion,rank,completion_text\nr,p,a,1,x\ns,p,a,1,\nt,p,a,1,y\n",
         ["line 4", "line 2", "completion_text", "'a'", "'p'"]),
        ("rater,prompt,completion,rank,feature_x\nr,p,a,1,1\nr,p,b,1,\n",
         ["line 3", "feature_x is empty"]),
        ("rater,prompt,completion,rank,feature_x\nr,p,a,1,1\nr,p,b,1,1e39\n",
         ["line 3", "feature_x is '1e39'"]),
        ("rater,prompt,completion,rank,feature_x\nr,p,a,1,1\nr,q,a,1,2\n",
         ["line 3", "line 2", "feature_", "'a'"]),
        ("rater,prompt,completion,rank,prompt_feature_x\nr,p,a,1,1\nr,p,b,1,2\n",
         ["line 3", "line 2", "prompt_feature_", "'p'"]),
        ("rater,prompt,completion,rank,rater_feature_x\nr,p,a,1,1\nr,p,b,1,\nr,q,b,1,2\n",
         ["line 4", "line 2", "rater_feature_x of rater 'r'"]),
        ("rater,prompt,completion,rank,rater_feature_x\nr,p,a,1,\nr,p,b,1,nan\n",
         ["line 3", "rater_feature_x is 'nan'", "empty where it is unknown"]),
        ("rater,prompt,completion,rank,rater_feature_x\nr,p,a,1,1e39\n",
         ["line 2", "rater_feature_x is '1e39'", "1e+38 at most"]),
    ],
)  # fmt: skip
def test_bad_csv(text, says):
    message = refused(text)
    for word in says:
        assert word in message


def test_a_csv_in_another_encoding():
    text = HEAD + ROW + "r,p,Müsli,2\n"
    assert "UTF-16" in refused(text.encode("utf-16"))
    assert "UTF-16" in refused(text.encode("utf-16-le"))
    assert "UTF-16" in refused(text.encode("utf-16-be"))
    message = refused(text.encode("latin-1"))
    assert "line 3" in message
    assert "0xfc" in message
    assert "save the file as UTF-8" in message
    late = (HEAD + "".join(f"r{i},p,a,1\n" for i in range(50_000))).encode() + b"r,p,\xff,1\n"
    assert "line 50002" in refused(late)


def test_long_names_are_cut_in_messages():
    name = "so " * 5000
    message = refused(f"{HEAD}r,{name},{name},1\nr,{name},{name},2\n")
    assert "…" in message
    assert "line 3" in message
    long = "x" * 300 + ".csv"
    assert len(refusal(parse_ratings, b"", long)) < 300


def test_limits(monkeypatch):
    def rows(n, make):
        return HEAD + "".join(make(i) for i in range(n))

    monkeypatch.setattr(table, "MAX_ROWS", 10)
    assert "10 rows" in refused(rows(11, lambda i: f"r{i},p,a,1\n"))
    monkeypatch.setattr(table, "MAX_ROWS", 10**6)
    monkeypatch.setattr(readers, "MAX_BYTES", 1000)
    assert "limit of" in refused(" " * 1001)
    assert len(refused("1: 1\n" * 300, "e.soi")) < 200
    monkeypatch.setattr(readers, "MAX_BYTES", 10**7)
    assert "100,000 raters" in refused(rows(100_001, lambda i: f"r{i},p,a,1\n"))
    assert "10,000 completions" in refused(rows(10_001, lambda i: f"r,p,c{i},1\n"))
    # So many may be rated in all, as pairs of texts are.
    head = "rater,prompt,completion,rank,completion_text\n"
    text = head + "".join(f"r,p{i},a,1,t{i}\n" for i in range(10_001))
    assert len(parse_ratings(text.encode(), "x.csv").catalogue.completions) == 10_001
    many = "".join(f'{{"rater":"r","prompt":"p","ranking":["c{i}"]}}\n' for i in range(10_001))
    assert "10,000 completions" in refused(many, "bad.jsonl")
    assert "10,000 completions" in refused("# NUMBER ALTERNATIVES: 999999999\n1: 1\n", "e.soi")


# -- JSON lines -----------------------------------------------------------------------------------

GOOD = '{"rater": "r", "prompt": "p", "chosen": "a", "rejected": "b"}\n'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", ["not JSON"]),
        ("[1]", ["not a JSON object"]),
        ("[" * 100_000, ["not JSON"]),
        ('{"prompt": "p", "chosen": "a", "rejected": "b"}', ["no 'rater'"]),
        ('{"rater": "r", "chosen": "a", "rejected": "b"}', ["no 'prompt'"]),
        ('{"rater": "r", "prompt": "p", "chosen": "a"}', ["no 'rejected'"]),
        ('{"rater": "r", "prompt": "p"}', ["'ranking'"]),
        ('{"rater": "r", "prompt": "p", "chosen": "a", "ranking": ["a"]}', ["either"]),
        ('{"rater": "r", "prompt": "p", "chosen": [{"voice": "x"}], "rejected": "b"}', ["chosen"]),
        ('{"rater": "r", "prompt": "p", "chosen": "a", "rejected": "\\ud800"}', ["rejected"]),
        ('{"rater": "r", "prompt": "p\\u0000", "chosen": "a", "rejected": "b"}', ["prompt"]),
        ('{"rater": true, "prompt": "p", "chosen": "a", "rejected": "b"}', ["rater is 'True'"]),
        ('{"rater": "r", "rater": "s", "prompt": "p"}', ["'rater' stands twice"]),
        ('{"rater": "r", "prompt": "p", "ranking": []}', ["ranking"]),
        ('{"rater": "r", "prompt": "p", "ranking": ["a", []]}', ["ranking", "empty list"]),
        ('{"rater": "r", "prompt": "p", "ranking": ["a", ["b", "a"]]}', ["'a'"]),
        ('{"rater": "r", "prompt": "p", "ranking": "a"}', ["ranking"]),
        ('{"rater": "r", "prompt": "p", "ranking": ["a"], "weight": 0}', ["weight is '0'"]),
        ('{"rater": "r", "prompt": "p", "ranking": ["a"], "weight": "2"}', ["weight is '2'"]),
        ('{"rater": "r", "prompt": "p", "ranking": ["a"], "weight": NaN}', ["NaN"]),
        ('{"rater": "r", "prompt": "p", "ranking": ["a"], "weight": 1e999}', ["weight"]),
        (f'{{"rater": "r", "prompt": "p", "ranking": ["a"], "weight": {"9" * 5000}}}', ["JSON"]),
        ('{"rater": {"a": [' + "1," * 900 + '1]}, "prompt": "p"}', ["rater", "…"]),
        (
            '{"rater": "r", "prompt": "p", "ranking": ["a"], "rater_features": [1]}',
            ["rater_features is '[1]'", "{name: number}"],
        ),
        (
            '{"rater": "r", "prompt": "p", "ranking": ["a"], "rater_features": {"x": "1"}}',
            ["rater_features 'x' is '1'", "null"],
        ),
        (
            '{"rater": "r", "prompt": "p", "ranking": ["a"], "rater_features": {"x": true}}',
            ["rater_features 'x' is 'True'"],
        ),
        (
            '{"rater": "r", "prompt": "p", "ranking": ["a"], "rater_features": {"x": 1e39}}',
            ["rater_features 'x' is '1e+39'"],
        ),
        (
            '{"rater": "r", "prompt": "p", "ranking": ["a"], "rater_features": {"": 1}}',
            ["rater_features is empty"],
        ),
    ],
)
def test_bad_json_lines(line, says):
    message = refused(GOOD + line + "\n" + GOOD, "bad.jsonl")
    for word in ["line 2", *says]:
        assert word in message


def test_json_lines_disagree():
    text = '{"rater": "r", "prompt": "p", "ranking": ["a"], "rater_group": "%s"}\n'
    message = refused(text % "x" + "\n" + text % "y", "bad.jsonl")
    assert "line 3" in message
    assert "line 1" in message
    text = '{"rater": "r", "prompt": "p", "ranking": ["a"], "rater_features": {"age": %s}}\n'
    message = refused(text % 1 + text % "null" + text % 2, "bad.jsonl")
    for word in ("line 3", "line 1", "rater_features.age of rater 'r'"):
        assert word in message


def test_too_many_features_of_raters(monkeypatch):
    monkeypatch.setattr(table, "MAX_RATER_FEATURES", 2)
    columns = ",".join(f"rater_feature_{i}" for i in range(3))
    text = f"rater,prompt,completion,rank,{columns}\nr,p,a,1,1,1,1\n"
    assert "features of raters than the limit of 2" in refused(text)
    line = '{"rater": "r", "prompt": "p", "ranking": ["a"], "rater_features": {"%s": 1}}\n'
    assert "limit of 2" in refused("".join(line % i for i in range(3)), "bad.jsonl")


# -- PrefLib --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "suffix", "says"),
    [
        ("", ".soc", ["empty"]),
        ("# TITLE: x\n", ".soc", ["no order"]),
        ("# X: 1\n1: 1,2\nhello\n", ".soc", ["line 3", "'hello'"]),
        ("# X: 1\n1: 1,{2\n", ".toc", ["line 2", "'1: 1,{2'"]),
        ("# X: 1\n1: 1,,2\n", ".soi", ["line 2"]),
        ("# X: 1\n0: 1,2\n", ".soi", ["line 2", "count is 0"]),
        ("# X: 1\n-1: 1,2\n", ".soi", ["line 2"]),
        ("# X: 1\n1: 1,2,1\n", ".soi", ["line 2", "alternative 1", "twice"]),
        ("# NUMBER ALTERNATIVES: 2\n1: 1,3\n", ".soi", ["line 2", "alternative 3", "1 to 2"]),
        ("# NUMBER ALTERNATIVES: 2\n1: 0,1\n", ".soi", ["line 2", "alternative 0"]),
        ("# NUMBER ALTERNATIVES: two\n1: 1\n", ".soi", ["NUMBER ALTERNATIVES", "'two'"]),
        ("# NUMBER ALTERNATIVES: 3\n1: 1,2\n", ".soc", ["line 2", "2 of 3", ".soi"]),
        ("# NUMBER ALTERNATIVES: 2\n1: {1,2}\n", ".soc", ["line 2", "tie", ".toc"]),
        ("# NUMBER ALTERNATIVES: 3\n1: {1,2}\n", ".soi", ["line 2", "tie", ".toi"]),
        ("4\n1,Branden\n2,Bdale\n", ".soi", ["line 1", "present format"]),
        ("# X: 1\n1: " + "1," * 5000 + "1\n", ".soi", ["line 2", "twice"]),
    ],
)
def test_bad_preflib(text, suffix, says):
    message = refused(text, "bad" + suffix)
    for word in says:
        assert word in message


# -- scenarios ------------------------------------------------------------------------------------

TENNESSEE = """name: Tennessee
completions: [Memphis, Nashville, Knoxville]
prompts: {best: {text: Capital}, worst: {completions: [Memphis, Nashville]}}
types:
  M:
    share: 0.6
    rankings: {best: [Memphis, Nashville, Knoxville], worst: [Nashville, Memphis]}
    answers: {worst: 0.5}
    includes: {best: {Knoxville: 0.5}}
  N:
    share: 0.4
    utilities: {best: {Memphis: 0, Nashville: 2, Knoxville: 1}}
    rankings: {worst: [[Nashville, Memphis]]}
raters: 100
noise: 0.0
"""


def refused_scenario(text) -> str:
    message = refusal(parse_scenario, text, "t.yaml")
    assert message.startswith("t.yaml: ")
    return message


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("share: 0.6", "share: 0.5", ["types", "0.9", "add up to 1"]),
        ("share: 0.6", "share: 1.6", ["types.M.share", "between 0 and 1", "1.6"]),
        ("share: 0.6", "share: .nan", ["types.M.share", "nan"]),
        ("share: 0.6", "share: yes", ["types.M.share", "True"]),
        ("share: 0.6", "share: most", ["types.M.share", "'most'"]),
        ("share: 0.6", "shaer: 0.6", ["types.M.shaer", "unknown key", "'share'"]),
        ("    share: 0.6\n", "", ["types.M.share", "missing"]),
        ("best: [Memphis", "best: [Memhpis",
         ["types.M.rankings.best", "'Memhpis'", "mean 'Memphis'"]),
        ("best: [Memphis, ", "best: [",
         ["types.M.rankings.best", "'Memphis' is missing", "includes"]),
        ("best: [Memphis", "best: [Memphis, Nashville",
         ["types.M.rankings.best", "'Nashville' stands twice"]),
        ("best: [Memphis, Nashville", "best: [Memphis, [], Nashville",
         ["types.M.rankings.best", "empty list"]),
        ("best: [Memphis, Nashville, Knoxville],", "best: Memphis,",
         ["types.M.rankings.best", "list"]),
        ("best: [Memphis, Nashville, Knoxville], ", "",
         ["types.M.rankings", "'best'", "no ranking"]),
        ("{worst: [[Nash", "{best: [Nashville, Memphis, Knoxville], worst: [[Nash",
         ["types.N", "'best'", "keep one"]),
        ("{worst: [[Nash", "{worse: [[Nash", ["types.N.rankings", "'worse'", "mean 'worst'"]),
        ("Knoxville: 1}", "Paris: 1}", ["types.N.utilities.best", "'Paris'"]),
        ("Knoxville: 1}", "}", ["types.N.utilities.best", "'Knoxville' is missing"]),
        ("Knoxville: 1}", "Knoxville: .inf}", ["types.N.utilities.best.Knoxville", "inf"]),
        ("worst: 0.5", "worst: 1.5", ["types.M.answers.worst", "between 0 and 1", "1.5"]),
        ("worst: 0.5", "wrost: 0.5", ["types.M.answers", "'wrost'", "mean 'worst'"]),
        ("{Knoxville: 0.5}", "{Knoxville: -0.1}", ["types.M.includes.best.Knoxville", "-0.1"]),
        ("{Knoxville: 0.5}", "{Knoxvile: 1}",
         ["types.M.includes.best", "'Knoxvile'", "mean 'Knoxville'"]),
        ("{Knoxville: 0.5}", "0.5", ["types.M.includes.best", "mapping"]),
        ("raters: 100", "raters: 0", ["raters", "1 to 100,000", "'0'"]),
        ("raters: 100", "raters: 10000000", ["raters", "10000000", "limit of 100,000"]),
        ("raters: 100", "raters: 1.5", ["raters", "whole number", "1.5"]),
        ("raters: 100", "raters: .inf", ["raters", "whole number", "inf"]),
        ("raters: 100", "raters: many", ["raters", "whole number", "'many'"]),
        ("raters: 100", "raters: 1" + "0" * 5000, ["t.yaml"]),
        ("raters: 100", "raters: 1\nraters: 2", ["line 15", "'raters'", "twice"]),
        ("noise: 0.0", "noise: -1", ["noise", "a number from 0 to 1e+06", "not '-1'"]),
        ("noise: 0.0", "noise: .nan", ["noise", "nan"]),
        ("noise: 0.0", "nois: 1", ["nois:", "unknown key", "'noise'"]),
        ("noise: 0.0", "zebra: 1", ["zebra:", "unknown key", "name, summary"]),
        ("noise: 0.0", "sampling: all", ["sampling", "'quota' or 'iid'", "'all'"]),
        ("noise: 0.0", "source: 20240101", ["source", "'20240101'", "quotes"]),
        ("noise: 0.0", "source: !!python/object/apply:os.getcwd []", ["line 15", "tags"]),
        ("noise: 0.0", "source: &a x", ["line 15", "anchors"]),
        ("noise: 0.0", "source: " + "[" * 20 + "]" * 20, ["line 15", "12 levels"]),
        ("noise: 0.0", 'source: "\\0"', ["source", "character"]),
        ("noise: 0.0", "source: {", ["line 16", "YAML"]),
        ("noise: 0.0", "source: \x01", ["line 15", "'\\x01'"]),
        ("[Memphis, Nashville, Knoxville]\nprompts", "[Memphis, no]\nprompts",
         ["completions", "bare yes, no", "quotes"]),
        ("[Memphis, Nashville, Knoxville]\nprompts", "[Memphis, 7]\nprompts",
         ["completions", "'7'", "quotes"]),
        ("[Memphis, Nashville, Knoxville]\nprompts", "[Memphis, Memphis]\nprompts",
         ["completions", "'Memphis' stands twice"]),
        ("[Memphis, Nashville, Knoxville]\nprompts", "[Memphis]\nprompts",
         ["completions", "two"]),
        ("[Memphis, Nashville, Knoxville]\nprompts", "{Memphis: {txt: a}, B: }\nprompts",
         ["completions.Memphis.txt", "unknown key", "'text'"]),
        ("[Memphis, Nashville, Knoxville]\nprompts",
         "{Memphis: {features: [1]}, Nashville: , Knoxville: }\nprompts",
         ["completions.Nashville", "0 features", "1"]),
        ("completions: [Memphis, Nashville]}", "completions: [Memphis]}",
         ["prompts.worst.completions", "two"]),
        ("completions: [Memphis, Nashville]}", "completions: [Memphis, Paris]}",
         ["prompts.worst.completions", "'Paris'"]),
        ("{text: Capital}", "{text: 5}", ["prompts.best.text", "'5'", "quotes"]),
        ("{best: {text: Capital}", "{yes: {text: Capital}", ["prompts", "bare yes, no", "quotes"]),
        ("  M:\n", "  12:\n", ["types", "'12'", "quotes"]),
        ("  M:\n", '  "":\n', ["types", "name is empty"]),
        ("  M:\n", "  ? [a, b]\n  :\n", ["line 5", "key"]),
        ("name: Tennessee\n", "", ["name", "missing"]),
        ("name: Tennessee", "name: [a]", ["name", "not text"]),
        (TENNESSEE, "", ["empty"]),
        (TENNESSEE, "just words", ["mapping", "'just words'"]),
        (TENNESSEE, "- a\n- b\n", ["mapping"]),
        (TENNESSEE, "a: 1\n---\nb: 1\n", ["line 2", "second"]),
        (TENNESSEE, "#" * 1_000_001, ["limit of 1 MB"]),
        ("types:", "types: {}\nsummary:", ["summary", "not text"]),
    ],
)  # fmt: skip
def test_bad_scenario(old, new, says):
    assert TENNESSEE.count(old) == 1
    message = refused_scenario(TENNESSEE.replace(old, new))
    for word in says:
        assert word in message, message


def test_the_good_scenario_is_good():
    assert parse_scenario(TENNESSEE, "t.yaml").raters == 100


def test_the_example_of_a_good_message():
    assert refused_scenario(TENNESSEE.replace("best: [Memphis", "best: [Memhpis")) == (
        "t.yaml: types.M.rankings.best: 'Memhpis' is not one of this prompt's completions "
        "(did you mean 'Memphis'?)."
    )


def test_scenarios_too_large_to_sample():
    names = ", ".join(f"c{i}" for i in range(2000))
    text = (
        f"name: a\ncompletions: [{names}]\nprompts: {{p: }}\n"
        f"types: {{x: {{share: 1, rankings: {{p: [{names}]}}}}}}\nraters: %d\n"
    )
    assert parse_scenario(text % 2000, "t.yaml").raters == 2000
    assert "limit is 5,000,000" in refused_scenario(text % 4000)
    assert "limit of 100,000,000" in refused_scenario(text % 60_000)
    many = ", ".join(f"c{i}" for i in range(10_001))
    text = text.replace(names, many)
    assert "10,000 completions" in refused_scenario(text % 1)


def test_a_yaml_bomb_is_refused_at_once():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    assert "anchors" in refused_scenario(bomb)
    assert "levels" in refused_scenario("[" * 900_000)
    assert "levels" in refused_scenario("- " * 400_000)


def test_scenario_bytes_in_another_encoding():
    assert "0xfc" in refused_scenario(TENNESSEE.replace("Capital", "Müsli").encode("latin-1"))
    assert "UTF-16" in refused_scenario(TENNESSEE.encode("utf-16"))


# -- anything at all ------------------------------------------------------------------------------


def outcome(read, data, name):
    """What ``read`` makes of the data; None where it refuses in a sentence that names the file."""
    try:
        return read(data, name)
    except InputError as error:
        sentence = str(error)
    assert re.fullmatch(re.escape(name) + r": .+\.", sentence)
    assert sentence.isprintable()
    return None


SUFFIXES = (".csv", ".jsonl", ".soc", ".soi", ".toc", ".toi")
WORDS = [
    *("rater", "prompt", "completion", "rank", "score", "weight", "ballot", "feature_x", "chosen"),
    *(",", ",", ",", "\n", "\n", "\r\n", '"', '""', ":", "{", "}", "[", "]", " ", "#", "1", "2"),
    *("nan", "1e999", "-", ".", "\0", "\ufeff", "é", "\x85", "# ALTERNATIVE NAME 1: a\n", "1: 1,2"),
    *(HEAD, ROW, GOOD, '{"rater": "r", "prompt": "p", "ranking": ', "&a ", "*a", "!!", "? ", "- "),
]


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(WORDS)).map("".join)),
    st.sampled_from(SUFFIXES),
)
def test_any_bytes_are_ratings_or_a_sentence(data, suffix):
    data = data if isinstance(data, bytes) else data.encode()
    r = outcome(parse_ratings, data, "any" + suffix)
    if r is not None:
        assert r.offsets[-1] == len(r.rank) == len(r.completion) > 0
        assert (np.diff(r.offsets) > 0).all()


@st.composite
def mutated(draw, text):
    """``text`` with pieces cut out, doubled, moved or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        a, b = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        b = min(b, a + draw(st.sampled_from([0, 1, 3, 30])))
        at = draw(st.integers(0, len(text)))
        piece = draw(st.one_of(st.just(text[at : at + 8]), st.sampled_from(WORDS), st.text()))
        text = text[:a] + piece + text[b:]
    return text


@settings(max_examples=300, deadline=None)
@given(mutated(TENNESSEE))
def test_any_mutation_is_a_scenario_or_a_sentence(text):
    scenario = outcome(parse_scenario, text, "any.yaml")
    if scenario is not None:
        assert parse_scenario(scenario.to_yaml(), "again.yaml") == scenario


@settings(max_examples=200, deadline=None)
@given(mutated("rater,prompt,completion,rank,weight,ballot\n" + "r,p,a,1,2,x\nr,p,b,1.0,2,x\n" * 2))
def test_any_mutated_csv_is_ratings_or_a_sentence(text):
    outcome(parse_ratings, text.encode("utf-8", "surrogatepass"), "any.csv")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_no_crash_as_a_scenario(data):
    refusal(parse_scenario, data, "any.yaml")


def test_shipped_scenarios_are_sound_files():
    assert gallery()
    for path in gallery().values():
        load_scenario(path)
