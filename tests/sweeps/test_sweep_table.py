"""The folder of a sweep, read while it fills."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest

from scrl.cli.sweeping import _print_table
from scrl.sweeps import SweepStore, read_result, read_sweep
from scrl.types import InputError
from tests.sweeps.sample_store import AXES, write_sample


@pytest.fixture
def folder(tmp_path):
    write_sample(tmp_path)
    return tmp_path


def test_a_sweep_is_read_as_far_as_it_is_done(folder):
    table = read_sweep(folder)
    assert [row.state for row in table.rows] == [
        "done", "done", "done", "failed", "done", "done", "missing", "missing"
    ]  # fmt: skip
    assert (table.missing, len(table.failed)) == (2, 1)
    assert table.axes == AXES
    assert table.measures == ["agreement/borda/social/tau"]
    first, fourth = table.rows[0], table.rows[3]
    assert first.settings == {"scenario": "pets", "scenario.noise": 0.0, "rules": ["borda"]}
    assert first.measures == {"agreement/borda/social/tau": 1.0}
    assert fourth.error == "The rule is unknown; give another."
    assert read_result(folder, first) == {"seed": 0}
    assert read_result(folder, fourth) is None
    assert read_result(folder, table.rows[7]) is None


def test_the_printed_table_says_what_stands_after_the_mean(folder, capsys):
    table = read_sweep(folder)
    _print_table(table, None)
    assert capsys.readouterr().out.endswith("\n  ± is the standard error of the mean over seeds.\n")
    _print_table(replace(table, rows=[row for row in table.rows if row.seed == 0]), None)
    assert "±" not in capsys.readouterr().out


def test_a_damaged_result_counts_as_missing(folder):
    path = folder / "results" / f"{read_sweep(folder).rows[0].id}.json"
    for content in ("", "{", "[]", '{"state": "done"}', '{"state": "x", "task": {}}', "\0"):
        path.write_text(content)
        assert read_sweep(folder).rows[0].state == "missing", content


def test_what_is_no_sweep_is_told(folder, tmp_path_factory):
    with pytest.raises(InputError, match=r"there is no sweep\.json"):
        read_sweep(tmp_path_factory.mktemp("empty"))
    for name in ("sweep.json", "tasks.json"):
        content = (folder / name).read_text()
        for bad in ("", "[1, 2]", '{"axes": {}}', '{"settings": 3, "tasks": [[]]}', "null"):
            (folder / name).write_text(bad)
            with pytest.raises(InputError, match=name.replace(".", r"\.")):
                read_sweep(folder)
        (folder / name).write_text(content)
    tasks = json.loads((folder / "tasks.json").read_text())
    tasks["tasks"][0][0] = "../../secret"
    (folder / "tasks.json").write_text(json.dumps(tasks))
    with pytest.raises(InputError, match="no file that scrl sweep has written"):
        read_sweep(folder)


def test_a_begun_sweep_keeps_its_results_and_its_beginning(folder):
    before = read_sweep(folder)
    tasks = write_sample(folder)
    SweepStore(folder).begin("sample", {}, AXES, tasks[:3], {})
    after = read_sweep(folder)
    assert after.created == before.created
    assert [row.state for row in after.rows] == ["done"] * 3


def test_tables_hold_a_row_for_each_task(folder, tmp_path):
    table = read_sweep(folder)
    table.to_csv(tmp_path / "table.csv")
    rows = list(csv.DictReader((tmp_path / "table.csv").open()))
    assert len(rows) == 8
    assert rows[1]["scenario.noise"] == "0.0"
    assert json.loads(rows[2]["rules"]) == ["plurality"]
    assert rows[2]["agreement/borda/social/tau"] == "0.8"
    assert rows[2]["order/walk/borda/social"] == "Cat > Dog"
    assert rows[7]["agreement/borda/social/tau"] == ""


def test_parquet_and_csv_hold_the_same(folder, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = read_sweep(folder)
    table.to_parquet(tmp_path / "table.parquet")
    assert parquet.read_table(tmp_path / "table.parquet").to_pydict() == table.columns()
