"""What can be tracked, and what is refused in a sentence."""

import json
import sqlite3

import pytest

from scrl.cli import main
from scrl.runs import Archive, export_run, measure_title, measures_of, pack_source
from scrl.scenarios import gallery, load_scenario
from scrl.tracking import curves_of, tracked
from scrl.types import InputError


def one(what, **named):
    (run,) = tracked(what, **named)
    return run


def test_a_result_file_and_the_exported_run_say_the_same(content, tmp_path):
    result = tmp_path / "result.json"
    result.write_text(json.dumps(content["result"]), "utf-8")
    archive = Archive(tmp_path / "runs.sqlite")
    source = pack_source(load_scenario(gallery()["tennessee-morristown"]))
    archive.begin("x", owner="o", name="Mine", spec="s", scenario="T", seed=0, rules=["borda"],
                  source=source, created=5.0)  # fmt: skip
    archive.finish("x", content)
    (tmp_path / "run.zip").write_bytes(export_run(archive, "x"))
    archive.close()
    runs = [one(tmp_path / name) for name in ("result.json", "run.zip", "runs.sqlite")]
    assert [run.name for run in runs] == ["result", "Mine", "Mine"]
    assert runs[0].measures == runs[1].measures == runs[2].measures
    assert runs[0].files["orders.csv"] == runs[1].files["orders.csv"]
    assert "latent.json" in runs[1].files
    assert "latent.json" not in runs[0].files
    assert runs[2].started == 5.0


def test_measures_are_means_over_prompts(content):
    entry = content["result"]["prompts"]["best"]
    other = json.loads(json.dumps(entry))
    other["agreement"]["borda"]["social"]["tau"] = 0.0
    found = measures_of({"prompts": {"a": entry, "b": other}, "latent": {}})
    tau = entry["agreement"]["borda"]["social"]["tau"]
    assert found["agreement/borda/social/tau"] == pytest.approx(tau / 2)
    assert found["prompt/a/agreement/borda/social/tau"] == tau
    assert found["prompt/b/agreement/borda/social/tau"] == 0.0
    many = {f"p{i}": entry for i in range(21)}
    assert not any(name.startswith("prompt/") for name in measures_of({"prompts": many}))


def test_every_measure_of_a_run_has_a_title_in_words(content):
    names = measures_of(content["result"])
    titles = [measure_title(name) for name in names]
    assert len(set(titles)) == len(titles)
    assert not [title for title in titles if "/" in title or "_" in title]


def test_an_evaluation_has_accuracies():
    interval = {"mean": 0.7, "low": 0.6, "high": 0.8}
    result = {"raters": 5, "pairs": 20, "accuracy": {"individual": interval, "chance": 0.5},
              "rivals": {"knn": {"accuracy": interval, "difference": interval}}}  # fmt: skip
    found = measures_of(result)
    assert found["accuracy/individual/low"] == 0.6
    assert found["accuracy/chance"] == 0.5
    assert found["difference/knn"] == 0.7


def test_training_curves_go_by_their_own_steps():
    found = curves_of({"result": {}, "curves": {"step": [0, 100], "loss": [2.0, 1.0]}})
    assert found == {"curve/loss": [(0, 2.0), (100, 1.0)]}


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[]", "3", "{}", '{"prompts": []}', '{"prompts": {"a": 3}}', '{"a": 1, "a": 2}',
     '{"prompts": {"a": {"vanilla": {}}}}', '{"accuracy": 3}', '{"result": null}',
     '{"prompts": {"a": {"agreement": {"borda": {"social": {"tau": "x"}}}}}}',
     '{"accuracy": {"x": {"mean": NaN}}}', "[" * 100_000],
)  # fmt: skip
def test_other_files_are_refused_in_a_sentence(text, tmp_path, capsys):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"other\.json: .*give a result file"):
        one(path)
    assert main(["track", str(path), "--mlflow", str(tmp_path / "m")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "m").exists()


def test_other_databases_and_folders_are_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (a)")
    before = path.read_bytes()
    with pytest.raises(InputError, match="another program wrote this database"):
        one(path)
    assert path.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"other.db"}
    with pytest.raises(InputError, match="this folder is no sweep"):
        one(tmp_path)
    with pytest.raises(InputError, match=r"nothing\.json: there is no such file or folder"):
        one(tmp_path / "nothing.json")


def test_run_is_for_the_file_of_stored_runs(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("{}")
    with pytest.raises(InputError, match="--run names a run of the file of stored runs"):
        one(path, run="x")
