"""What is said of scores of which only the order is read."""

from __future__ import annotations

import json

import pytest

from scrl.cli import main
from scrl.data.score_columns import note_on_scores

ROWS = [("a", "x", 5), ("a", "y", 2), ("b", "x", 1), ("b", "y", 2)]


def written(tmp_path, name, value):
    path = tmp_path / name
    if name.endswith(".jsonl"):
        rows = [{"rater": r, "completion": c, value: v} for r, c, v in ROWS]
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        rows = [f"{r},{c},{v}" for r, c, v in ROWS]
        path.write_text("\n".join([f"rater,completion,{value}", *rows]) + "\n")
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize(("value", "columns"), [("score", None), ("stars", {"score": "stars"})])
def test_scores_are_said_to_count_as_orders(tmp_path, name, value, columns):
    (note,) = note_on_scores(written(tmp_path, name, value), columns)
    assert note.startswith(f"Of the column '{value}' only the order counts")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_ranks_and_files_of_other_kinds_have_no_note(tmp_path, name):
    assert note_on_scores(written(tmp_path, name, "rank")) == []
    assert note_on_scores("tests/golden/ties.csv") == []
    assert note_on_scores(tmp_path / "none.csv") == []
    assert note_on_scores("tests/election_records/published/gpus_2005.blt") == []


def test_the_command_that_counts_says_so(tmp_path, capsys):
    main(["vote", str(written(tmp_path, "a.csv", "score")), "--rule", "borda"])
    assert "only the order counts" in capsys.readouterr().out
