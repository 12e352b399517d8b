"""The work of reading grows no faster than the file, counted in calls and not in seconds, and every
limit is checked before the work that it bounds."""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile

import pytest

from scrl import Profile, load_ratings, read_election
from scrl.data import most_ranked, parse_ratings
from scrl.data.json_format import json_records
from scrl.data.limits import MAX_COLUMNS, MAX_LINE, MAX_WEIGHT, MIN_WEIGHT
from scrl.data.record_values import places_of
from scrl.data.short_names import short_name
from scrl.data.streams import bytes_content
from scrl.data.wide_layouts import values_of_cells
from scrl.election_records import parse_contests, parse_election
from scrl.scenarios import gallery, parse_scenario
from scrl.types import InputError
from scrl.voting import count_ratings

HEAD = "rater,prompt,completion,rank\n"


def steps(read) -> int:
    """How many lines of Python a call runs, within a limit."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += 1
        return trace

    sys.settrace(trace)
    try:
        read()
    except InputError:
        pass
    finally:
        sys.settrace(None)
    return count


def rows(n: int) -> str:
    return HEAD + "".join(f"r{i},p,c{j},{j + 1}\n" for i in range(n) for j in range(2))


def xml_contests(n: int) -> str:
    some = "".join(f"<Contest><Id>{i}</Id><Name>n{i}</Name></Contest>" for i in range(n))
    return f"<Cvr><Contests>{some}</Contests></Cvr>"


def common_data(n: int) -> str:
    contests = [{"@id": f"c{i}", "Name": f"n{i % 7}"} for i in range(n)]
    return json.dumps({"@type": "CVR.CastVoteRecordReport", "Election": [{"Contest": contests}]})


def tie_rows(n: int) -> str:
    return json.dumps({"prompt": "p", "completions": [f"c{i}" for i in range(n)],
                       "scores": [*range(n)]})  # fmt: skip


def table_of(n: int) -> str:
    cells = [",".join(str((i * r) % 9) for i in range(n)) for r in range(1, 4)]
    head = ",".join(f"c{i}" for i in range(n))
    return f"id,{head}\n" + "".join(f"p{r},{line}\n" for r, line in enumerate(cells))


RATINGS = {
    "rows.csv": rows,
    "columns.csv": table_of,
    "choices.csv": lambda n: (
        (",".join(f"choice_{i + 1}" for i in range(n)) + "\n")
        + (",".join(f"x{i}" for i in range(n)) + "\n") * 2
    ),
    "keys.jsonl": lambda n: "{" + ",".join(f'"k{i}": {i}' for i in range(n)) + ', "k1": 1}',
    "pairs.jsonl": lambda n: "".join(
        json.dumps({"prompt": f"p{i}", "chosen": f"a{i}", "rejected": f"b{i}"}) + "\n"
        for i in range(n)
    ),
    "scores.jsonl": tie_rows,
    "array.json": lambda n: json.dumps(
        [{"prompt": f"p{i}", "chosen": "a", "rejected": "b"} for i in range(n)]
    ),
    "commas.json": lambda n: "[" + "," * n,
    "orders.soi": lambda n: "# FILE NAME: o.soi\n" + "1: 1,2\n" * n,
    "names.toi": lambda n: (
        f"# NUMBER ALTERNATIVES: {n}\n"
        + "".join(f"# ALTERNATIVE NAME {i + 1}: c\n" for i in range(n))
        + "1: 1,2\n"
    ),
    "twice.soi": lambda n: "1: " + ",".join(str(i + 1) for i in range(n)) + f",{n}\n",
    "edges.wmd": lambda n: "".join(f"{i % 97},{i % 89},{i % 7}\n" for i in range(n)),
    "people.csv": lambda n: "x.soc;y.soc\nt;u\n" + "1,2;2,1\n" * n,
}
ELECTIONS = {
    "sheets.xml": xml_contests,
    "report.json": common_data,
    "choices.csv": lambda n: "choice_1,choice_2\n" + "A,B\n" * n,
    "ballots.blt": lambda n: "2 1\n" + "1 1 2 0\n" * n + '0\n"a"\n"b"\n"t"\n',
    "tail.blt": lambda n: "2 1\n1 1 2 0\n0\n" + "x " * n,
    "tally.txt": lambda n: "V: 12  a\n" * n,
}


@pytest.mark.parametrize("name", RATINGS)
def test_ratings_are_read_in_linear_work(name):
    few, many = (RATINGS[name](n).encode() for n in (400, 1600))
    once = steps(lambda: parse_ratings(few, name))
    assert steps(lambda: parse_ratings(many, name)) < 5 * once


@pytest.mark.parametrize("name", ELECTIONS)
def test_elections_are_read_in_linear_work(name):
    few, many = (ELECTIONS[name](n).encode() for n in (400, 1600))
    once = steps(lambda: parse_contests(few, name))
    assert steps(lambda: parse_contests(many, name)) < 5 * once


class Counted(float):
    """A number that counts how often it is compared."""

    compared = 0

    def __eq__(self, other):
        Counted.compared += 1
        return float(self) == float(other)

    def __hash__(self):
        return hash(float(self))


@pytest.mark.parametrize("n", [500, 2000])
def test_values_are_compared_a_few_times_each(n):
    Counted.compared = 0
    places = places_of({f"c{i}": Counted(i % 50) for i in range(n)})
    assert [len(place) for place in places] == [n // 50] * 50
    assert Counted.compared < 4 * n


def test_a_row_of_many_ranks_is_told_from_scores():
    ranks = {f"c{i}": [str(i + 1), str(3000 - i)] for i in range(3000)}
    assert values_of_cells([*ranks], ranks) == "rank"
    scores = {f"c{i}": [str(i % 9 - 4), str(i % 7)] for i in range(3000)}
    assert values_of_cells([*scores], scores) == "score"


# -- limits, before the work ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.csv", b"," * (MAX_LINE + 200_000) + b"\n1,2\n", "line 1: the line is longer"),
        ("a.csv", HEAD.encode() + b"r,p,a,1\n" + b"x" * (MAX_LINE + 1), "line 3: the line is"),
        ("a.csv", b"," * MAX_COLUMNS + b"a\n", "more columns than the limit of 20,000"),
        ("a.jsonl", b'{"a": "' + b"x" * MAX_LINE + b'"}', "line 1: the line is longer"),
        ("a.json", b'[{"a": "' + b"x" * (2 * MAX_LINE), "row 1: the row is longer"),
        ("a.soc", b"1: " + b"1," * MAX_LINE, "line 1: the line is longer"),
        ("a.csv", HEAD.encode() + b"x" * 20_000 + b",p,a,1\n", "longer than the limit of 10,000"),
    ],
    ids=["commas", "a field", "columns", "a JSON line", "an element", "an order", "a name"],
)
def test_a_limit_is_said(name, data, says):
    with pytest.raises(InputError, match=rf"^{name}: .*{says}.*\.$"):
        parse_ratings(data, name)


def test_keys_that_differ_in_every_row_are_refused_early():
    many = "".join(f'{{"rater": "r{i}", "k{i % 4000}": 1}}\n' for i in range(9000)).encode()
    with pytest.raises(InputError, match="are missing in most rows"):
        parse_ratings(many, "a.jsonl")
    every = "".join(f'{{"k{i}": 1}}\n' for i in range(MAX_COLUMNS + 1)).encode()
    with pytest.raises(InputError, match=r"different keys than the limit|are missing"):
        parse_ratings(every, "a.jsonl")


def test_rows_much_shorter_than_the_header_are_refused_early():
    head = ",".join(f"c{i} choice_1" for i in range(3000))
    with pytest.raises(InputError, match=r"line \d+: most rows are much shorter"):
        parse_contests(f"{head}\n".encode() + b"1\n" * 5000, "a.csv")


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return out.getvalue()


def test_an_archive_that_unfolds_without_measure_is_refused_unread():
    with pytest.raises(InputError, match="200 times as large"):
        parse_election(packed(a_csv=b"choice_1,choice_2\n" + b"A,B\n" * 10_000_000), "a.zip")


def sheet(rows_: bytes) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.save(out)
    body = (b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            b"<sheetData>" + rows_ + b"</sheetData></worksheet>")  # fmt: skip
    again = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml"
            new.writestr(name, body if is_sheet else old.read(name))
    return again.getvalue()


@pytest.mark.parametrize("read", [parse_ratings, parse_election])
def test_a_sheet_that_says_it_is_vast_is_refused(read):
    far = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="900000000"><c r="A2"><v>1</v></c></row>'
    for rows_, says in (
        (far, "rows"),
        (b"<row/>" * 60_000, "empty"),
        (b"<row/>" * 4_000_000, "unpacked|larger"),
    ):
        with pytest.raises(InputError, match=says):
            read(sheet(rows_), "a.xlsx")


def test_a_text_that_recurs_stands_in_memory_once():
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows_, text = 3000, "x" * 1_000_000
    codes = pyarrow.array([0] * rows_)
    table = pyarrow.table({
        "rater": [f"r{i}" for i in range(rows_)],
        "completion": pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array([text])),
        "score": [1.0] * rows_,
    })  # fmt: skip
    out = io.BytesIO()
    parquet.write_table(table, out)
    before = pyarrow.total_allocated_bytes()
    ratings = parse_ratings(out.getvalue(), "a.parquet")
    assert ratings.catalogue.completion_texts == (text,)
    assert ratings.ballots == rows_
    assert pyarrow.total_allocated_bytes() - before < 100 * len(text)


def test_names_that_take_every_hash_of_a_text_do_not_stop_the_reader():
    text = "a\nb"
    taken = [short_name(text, digits) for digits in range(8, 65, 8)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["rater", "prompt", "completion", "rank"])
    writer.writerows(["r", "p", name, i] for i, name in enumerate([*taken, text], 1))
    names = parse_ratings(out.getvalue().encode(), "a.csv").catalogue.completions
    assert len(set(names)) == len(taken) + 1


def test_a_key_that_stands_twice_among_many_is_named():
    line = "{" + ",".join(f'"k{i}":{i}' for i in range(5000)) + ',"k7":1}'
    records, _ = json_records(bytes_content(line.encode(), "a.jsonl", 10**9))
    with pytest.raises(InputError, match=r"line 1: key 'k7' stands twice"):
        next(records)


# -- weights, noise and utilities -----------------------------------------------------------------

WRONG = [1e39, 1.1e12, 1e300, 9e-13, 1e-320, -1, float("nan"), float("inf")]


def weighted(weight: float) -> dict:
    return {
        "csv": lambda: parse_ratings(f"{HEAD[:-1]},weight\nr,p,a,1,{weight}\n".encode(), "a.csv"),
        "jsonl": lambda: parse_ratings(
            f'{{"prompt": "p", "chosen": "a", "rejected": "b", "weight": {weight}}}'.encode(),
            "a.jsonl",
        ),
        "wide": lambda: parse_ratings(f"id,x,y,weight\na,1,0,{weight}\n".encode(), "a.csv"),
        "text": lambda: Profile.from_text(f"{weight}: A > B"),
        "counts": lambda: Profile.from_counts({"A > B": weight}),
        "orders": lambda: Profile.from_orders("ab", [[0, 1]], [weight]),
        "choices": lambda: parse_election(f"count,choice_1\n{weight},A\n".encode(), "a.csv"),
        "blt": lambda: parse_election(f'2 1\n{weight} 1 0\n0\n"a"\n"b"\n'.encode(), "a.blt"),
    }


@pytest.mark.parametrize("weight", WRONG)
@pytest.mark.parametrize("entry", weighted(1.0))
def test_every_weight_has_one_limit(entry, weight):
    if entry == "blt" and weight == -1:
        return  # in that format, a withdrawn candidate
    with pytest.raises(InputError, match=r"\.$") as caught:
        weighted(weight)[entry]()
    if 0 < weight < float("inf") and entry not in ("jsonl", "text"):
        assert "1e-12 to 1e+12" in str(caught.value)


@pytest.mark.parametrize("weight", [MIN_WEIGHT, 1.0, MAX_WEIGHT])
def test_weights_at_the_limits_are_counted_and_merged(weight):
    for profile in (Profile.from_counts({"A > B": weight, "B > A": 1.0}),
                    Profile.from_text(f"{weight:.12f}: A > B\n1: B > A")):  # fmt: skip
        assert profile.winners("borda") == (["B"] if weight < 1 else ["A"] if weight > 1 else
                                            ["A", "B"])  # fmt: skip
    many = Profile.from_orders("ab", [[0, 1]] * 200, [weight] * 200).merged()
    assert many.voters == pytest.approx(200 * weight)
    assert many.scores("plurality") == {"a": 1.0, "b": 0.0}


@pytest.mark.parametrize(
    ("change", "says"),
    [("noise: 1e+9", "noise: should be a number from 0 to 1e+06, not '1e+9'"),
     ("noise: .inf", "noise: should be a number from 0 to 1e+06, not 'inf'"),
     ("raters: 1.0e+300", "raters")],
)  # fmt: skip
def test_a_scenario_says_its_limits(change, says):
    text = gallery()["tennessee-four"].read_text() + f"\n{change}\n"
    text = text.replace("\nraters: 10000\n", "\n") if change.startswith("raters") else text
    with pytest.raises(InputError) as caught:
        parse_scenario(text, "t.yaml")
    assert says in str(caught.value)


def test_a_share_too_small_for_any_population_is_none():
    text = (
        "name: n\ncompletions: [a, b]\nprompts: {p: {}}\ntypes:\n"
        "  x: {share: 1, rankings: {p: [a, b]}}\n  y: {share: 1.0e-320, rankings: {p: [b, a]}}\n"
    )
    assert parse_scenario(text, "t.yaml").types["y"].share == 0


# -- what is too large to count -------------------------------------------------------------------


def test_a_prompt_of_too_many_completions_is_named_with_a_way_on():
    text = HEAD + "".join(f"r{i % 3},capital,c{i},{i % 5 + 1}\n" for i in range(2500))
    ratings = parse_ratings((text + "s,capital,c7,1\n").encode(), "cities.csv")
    with pytest.raises(InputError, match=r"^cities: the prompt 'capital' has 2,500 .*most-ranked"):
        count_ratings(ratings, ["borda"])
    few = most_ranked(ratings, 20)
    assert len(few.catalogue.names(0)) == 20
    assert "c7" in few.catalogue.completions[few.catalogue.members[0] : 2500]
    assert count_ratings(few, ["borda"])["capital"]["borda"].place.shape == (20,)


def test_an_election_may_have_more_raters_than_a_training_set(tmp_path, monkeypatch):
    path = tmp_path / "many.csv"
    path.write_text(rows(60_000))
    with pytest.raises(InputError, match="raters"):
        load_ratings(path, most_raters=50_000)
    assert len(load_ratings(path, most_raters=10**6).raters) == 60_000


@pytest.mark.parametrize("nothing", [None, 7, [], b"a"])
def test_what_is_no_path_and_no_text_gets_a_sentence(nothing):
    for read in (load_ratings, read_election, Profile.from_file, Profile.from_text):
        with pytest.raises(InputError, match=r"\.$"):
            read(nothing)
