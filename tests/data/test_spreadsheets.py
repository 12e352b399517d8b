"""No cell of a CSV is a spreadsheet's formula, and names are read back as they were."""

import csv
import io
from dataclasses import replace

import pytest

from scrl.data import escape_formula, load_ratings, parse_ratings, safe_csv, save_ratings, to_csv
from scrl.runs import orders_csv
from scrl.voting import Profile, count_all_rules
from ui.shared import data_tables
from ui.voting import rules

NAMES = ["=1+2", "+1", "-x", "@sum", "−5 %", "＝A1", "'=x", "''+y", " =z", "'plain", "plain", "-7"]
#: What a cell of a CSV must not begin with, from the advice of OWASP, and what Excel adds to it.
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "−", "＝", "＋", "－", "＠")


def cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def assert_harmless(text: str, *names: str) -> None:
    found = cells(text)
    assert not [c for c in found if c.lstrip(" ").startswith(STARTS) and not is_number(c)]
    for name in names:
        assert escape_formula(name) in found or is_number(name)


def rated() -> str:
    rows = [
        [f"{name} of r", f"{name} of p", ranked, f"{ranked} is text", f"{name} group", str(rank)]
        for name in NAMES
        for rank, ranked in ((1, name), (2, "other"))
    ]
    out = io.StringIO()
    header = ["rater", "prompt", "completion", "completion_text", "rater_group", "rank"]
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def test_ratings_are_written_without_formulas_and_read_back_to_the_same_names(tmp_path):
    first = parse_ratings(rated().encode(), "a.csv")
    text = to_csv(first)
    assert_harmless(text)
    save_ratings(first, tmp_path / "b.csv")
    for again in (parse_ratings(text.encode(), "b.csv"), load_ratings(tmp_path / "b.csv")):
        for name in ("prompts", "completions", "completion_texts", "prompt_texts"):
            assert getattr(again.catalogue, name) == getattr(first.catalogue, name), name
        assert (again.raters, again.types) == (first.raters, first.types)
        assert (again.rank == first.rank).all()
    assert "=1+2" in first.catalogue.completions
    assert to_csv(parse_ratings(text.encode(), "b.csv")) == text


def test_an_apostrophe_stays_where_two_names_would_become_one():
    ratings = parse_ratings(b"rater,prompt,completion,rank\na,p,'=x,1\na,p,=x,2\n", "a.csv")
    assert sorted(ratings.catalogue.completions) == ["'=x", "=x"]


@pytest.mark.parametrize("name", NAMES)
def test_every_table_and_its_header_are_harmless(name):
    assert_harmless(data_tables.rows_csv([{name: name, "number": -0.5, "place": 3}]), name)
    entry = {"vanilla": {"order": [[name]], "rewards": {name: -0.5}}}
    assert_harmless(orders_csv({"prompts": {name: entry}}), name)
    profile = replace(Profile.from_text("2: a > b\n1: b > a"), names=(name, "b"))
    assert_harmless(rules.orders_csv(profile, count_all_rules(profile)[0]), profile.names[0])


def test_numbers_and_line_ends_stay():
    assert safe_csv("a,b\r\n-1,-2.5e-3\r\n") == "a,b\r\n-1,-2.5e-3\r\n"
    assert safe_csv("a\n-1x\n") == "a\n'-1x\n"
