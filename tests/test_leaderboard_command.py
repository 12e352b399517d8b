"""The command ``leaderboard``: what it prints and writes, and one line for bad input."""

from __future__ import annotations

import json

import pytest

import scrl
from scrl.cli import main
from tests.choice_models.test_leaderboards import battles

HEAD = "model_a,model_b,winner,rater,weight,longer"


@pytest.fixture
def table(tmp_path):
    """Comparisons as a CSV and as JSON lines."""
    data = battles(0, 60)
    rows = list(zip(*data.values(), strict=True))
    assert ",".join(data) == HEAD
    text = "\n".join([HEAD, *(",".join(map(str, row)) for row in rows)])
    (tmp_path / "votes.csv").write_text(text + "\n", "utf-8")
    lines = [json.dumps(dict(zip(data, row, strict=True))) for row in rows]
    (tmp_path / "votes.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path, data


@pytest.mark.parametrize("file", ["votes.csv", "votes.jsonl"])
def test_the_result_is_the_fit_of_the_library(table, file, capsys):
    folder, data = table
    options = ["--ties", "davidson", "--rater", "rater", "--weight", "weight", "--scale", "elo"]
    options += ["--anchor", "m1=1000", "--feature", "longer", "--side", "--held-out", "4"]
    options += ["--bootstrap", "40", "--seed", "3", "--out", str(folder / "out.json")]
    assert main(["leaderboard", str(folder / file), *options]) == 0
    if file.endswith("csv"):  # whose raters are texts, so that they are in another order
        data = {**data, "rater": list(map(str, data["rater"]))}
    board = scrl.fit_bradley_terry(
        data, ties="davidson", rater="rater", weight="weight", scale="elo", anchor={"m1": 1000},
        features=["longer"], side=True,
    ).bootstrap(40, 3)  # fmt: skip
    printed, written = capsys.readouterr().out, json.loads((folder / "out.json").read_text("utf-8"))
    assert board.to_text("percentile") in printed
    assert "shown first: " in printed
    assert "held-out log-likelihood a row" in printed
    found = {row["name"]: row for row in written["rows"]}
    for row in board.rows(method="percentile"):
        assert found[row["name"]] == pytest.approx(row)
    assert written["held_out"]["gain"] == pytest.approx(board.held_out(4, 3).gain)


def test_results_written_as_numbers_and_rankings_are_read(tmp_path, capsys):
    file = tmp_path / "scores.csv"
    file.write_text("model_a;model_b;winner\nx;y;1\ny;x;0.5\nx;y;0\n", "utf-8")
    assert main(["leaderboard", str(file)]) == 0
    assert "3 comparisons" in capsys.readouterr().out
    file.write_text("ballot,item,rank\n1,x,1\n1,y,2\n2,y,1\n2,x,2\n", "utf-8")
    assert main(["leaderboard", str(file)]) == 0
    assert "Plackett–Luce, 2 rankings" in capsys.readouterr().out
    file.write_text("model_a,model_b,winner\n1,2,1\n2,1,1\n2,1,2\n", "utf-8")
    assert main(["leaderboard", str(file)]) == 0  # items whose names are numbers
    assert capsys.readouterr().out.splitlines()[2].split()[2] == "1"


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("winner,loser\na,b\n", [], "never won"),
        ("winner,winner\na,b\n", [], "two columns 'winner'"),
        ("x,y\na,b\n", [], "There are: 'x', 'y'"),
        ("winner,loser\na,b\nb,a\n", ["--anchor", "a=high"], "NAME=SCORE"),
        ("winner,loser\na,b\nb,a\n", ["--item", "winner"], "need a column ranking"),
        ("winner,loser\na,b\nb,a\n", ["--item", "winner", "--side"], "are for comparisons"),
        ("winner,loser\na,b\nb,a\n", ["--feature", "a-b"], "no column 'a-b'"),
        ("winner,loser\na,b\nb,a\n", ["--bootstrap", "0"], "a whole number from 1"),
        ("", [], "is empty"),
    ],
)
def test_bad_input_gets_one_line(tmp_path, capsys, text, options, said):
    file = tmp_path / "votes.csv"
    file.write_text(text, "utf-8")
    assert main(["leaderboard", str(file), *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert said in error
