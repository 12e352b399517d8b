"""A sweep's folder, as it fills, in MLflow."""

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from scrl.runs import measures_of
from scrl.sweeps import SweepStore, read_sweep
from scrl.tracking import to_mlflow, tracked
from tests.sweeps.sample_store import write_sample


@pytest.fixture
def folder(tmp_path, content):
    """The sample sweep with results as a run writes them."""
    store = SweepStore(tmp_path / "sweep")
    for task in write_sample(store.folder):
        record = store.record(task.id)
        if record is not None and record["state"] == "done":
            result = {**content["result"], "seed": task.seed}
            store.write(task.id, {**record, "result": result, "measures": measures_of(result)})
    return store.folder


def test_a_sweep_is_a_run_with_a_nested_run_a_task_and_goes_on(client, mlflow_folder, folder):
    found = to_mlflow(folder, mlflow_folder, experiment="a sweep")
    table = read_sweep(folder)
    ended = [row for row in table.rows if row.state != "missing"]
    assert (found.added, len(ended)) == (1 + 6, 6)
    experiment = client.get_experiment_by_name("a sweep")
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert parent.info.run_name == "sample"
    assert parent.info.status == "RUNNING"
    assert parent.data.metrics == {"tasks": 8, "done": 5, "failed": 1}
    tasks = {run.info.run_name: run for run in runs if run is not parent}
    assert {run.data.tags["mlflow.parentRunId"] for run in tasks.values()} == {parent.info.run_id}
    row = next(row for row in table.rows if row.state == "done")
    name = f'scenario.noise {row.settings["scenario.noise"]}, rules ["borda"], seed {row.seed}'
    run = tasks[name]
    assert run.data.metrics == pytest.approx(dict(row.measures))
    assert run.data.params["scenario.noise"] == str(row.settings["scenario.noise"])
    assert json.loads(run.data.params["rules"]) == row.settings["rules"]
    (failed,) = [run for run in tasks.values() if run.info.status == "FAILED"]
    assert failed.data.tags["error"] == "The rule is unknown; give another."
    csv = Path(unquote(urlsplit(parent.info.artifact_uri).path)) / "table.csv"
    assert len(csv.read_text("utf-8").splitlines()) == 1 + 8

    store = SweepStore(folder)  # two tasks come later
    tasks = store.tasks()
    whole = store.record(tasks[0].id)
    for task in tasks[6:]:
        store.write(task.id, whole)
    found = to_mlflow(folder, mlflow_folder, experiment="a sweep")
    assert (found.added, found.replaced, found.kept) == (2, 1, 6)
    (parent,) = client.search_runs([experiment.experiment_id], "tags.`scrl.role` = 'sweep'")
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["done"] == 7


def test_a_formula_in_a_setting_is_text_in_the_table(folder):
    described = SweepStore(folder).described()
    tasks = json.loads((folder / "tasks.json").read_text("utf-8"))
    for row in tasks["tasks"]:
        row[2][0] = "=cmd()"
    (folder / "tasks.json").write_text(json.dumps(tasks))
    (group,) = tracked(folder)
    assert ",'=cmd()," in group.parent.files["table.csv"]
    assert described["name"] == group.parent.name
