"""What MLflow's own client reads after an export."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.cli import main
from scrl.runs import Archive, orders_csv
from scrl.tracking import TrackedGroup, TrackedRun, to_mlflow
from scrl.tracking.export import _export
from scrl.tracking.mlflow_store import CONTENT, ID, MlflowTracker, store_address
from scrl.tracking.records import key
from scrl.types import InputError
from tests import lanes

ROOT = Path(__file__).resolve().parents[2]


def runs_of(client, name):
    experiment = client.get_experiment_by_name(name)
    return client.search_runs([experiment.experiment_id])


def artifact(run, name):
    return Path(unquote(urlsplit(run.info.artifact_uri).path)) / name


def test_a_run_is_read_back_whole(content, client, mlflow_folder):
    result = content["result"]
    found = to_mlflow(content, mlflow_folder, experiment="whole")
    assert (found.added, found.replaced, found.kept) == (1, 0, 0)
    (run,) = runs_of(client, "whole")
    assert run.info.status == "FINISHED"
    assert run.info.run_name == result["scenario"]
    assert run.data.params["scenario"] == result["scenario"]
    assert run.data.params["rules"] == ", ".join(result["prompts"]["best"]["social"])
    assert run.data.tags["seed"] == str(result["seed"])
    agreement = result["prompts"]["best"]["agreement"]["borda"]["social"]
    for name in ("tau", "places", "reversed"):
        measured = run.data.metrics[f"agreement/borda/social/{name}"]
        assert measured == pytest.approx(agreement[name])
    welfare = result["prompts"]["best"]["welfare"]
    assert run.data.metrics["welfare/borda/social"] == welfare["social"]["borda"]["mean"]
    assert run.data.metrics["latent/components"] == result["latent"]["components"]
    assert json.loads(artifact(run, "result.json").read_text("utf-8")) == result
    assert artifact(run, "orders.csv").read_text("utf-8") == orders_csv(result)
    page = artifact(run, "figures.html").read_text("utf-8")
    assert page.count('class="plotly-graph-div"') == 2
    assert 'src="http' not in page
    assert artifact(run, "result.json").is_relative_to(mlflow_folder)


def test_a_second_export_adds_nothing(content, client, mlflow_folder):
    to_mlflow(content, mlflow_folder, experiment="twice")
    (before,) = runs_of(client, "twice")
    assert to_mlflow(content, mlflow_folder, experiment="twice").kept == 1
    (after,) = runs_of(client, "twice")
    assert after.info.run_id == before.info.run_id
    history = client.get_metric_history(after.info.run_id, "agreement/borda/social/tau")
    assert len(history) == 1


def test_another_seed_is_another_run(content, client, mlflow_folder):
    to_mlflow(content, mlflow_folder, experiment="seeds")
    content["result"]["seed"] = 1
    assert to_mlflow(content, mlflow_folder, experiment="seeds").added == 1
    assert {run.data.tags["seed"] for run in runs_of(client, "seeds")} == {"0", "1"}


def test_an_export_that_was_cut_off_is_written_again(content, client, mlflow_folder):
    to_mlflow(content, mlflow_folder, experiment="cut")
    (run,) = runs_of(client, "cut")
    client.delete_tag(run.info.run_id, CONTENT)
    assert to_mlflow(content, mlflow_folder, experiment="cut").replaced == 1
    (again,) = runs_of(client, "cut")
    assert again.info.run_id != run.info.run_id
    assert again.data.tags[ID] == run.data.tags[ID]


def test_several_seeds_are_curves_by_seed(content, client, mlflow_folder):
    result, seeds = content["result"], [0, 1, 2]
    agreement = result["prompts"]["best"]["agreement"]
    spread = {r: {s: {"tau": [0.5, 0.6, 0.7]} for s in found} for r, found in agreement.items()}
    result["seeds"] = {"seeds": seeds, "prompts": {"best": {"agreement": spread}},
                       "latent": {"components": [3, 4, 5]}}  # fmt: skip
    to_mlflow(content, mlflow_folder, experiment="by seed")
    (run,) = runs_of(client, "by seed")
    points = client.get_metric_history(run.info.run_id, "by seed/best/borda/social/tau")
    assert [(p.step, p.value) for p in points] == [(0, 0.5), (1, 0.6), (2, 0.7)]
    assert run.data.params["seeds"] == "3"


class Sweep:
    """A sweep that fills: ``tasks`` are (number, error)."""

    def __init__(self, *tasks, whole=2):
        self.tasks, self.whole = tasks, whole

    def group(self):
        done = float(len(self.tasks))
        parent = TrackedRun("sweep", "A sweep", measures={"done": done}, step=int(done),
                            unfinished=done < self.whole)  # fmt: skip
        tasks = [
            TrackedRun(f"task-{i}", f"task {i}", {"raters": str(i)}, {} if error else {"tau": i},
                       error=error)
            for i, error in self.tasks
        ]  # fmt: skip
        return TrackedGroup(parent, tasks)


def test_a_sweep_that_fills_gets_only_what_is_new(client, mlflow_folder):
    def export(*tasks):
        runs = iter([Sweep(*tasks).group()])
        found = _export(runs, lambda: MlflowTracker(mlflow_folder, "sweep"), None)
        return found.added, found.replaced, found.kept

    assert export((1, "")) == (2, 0, 0)
    (parent,) = [r for r in runs_of(client, "sweep") if r.data.tags["scrl.role"] == "sweep"]
    assert parent.info.status == "RUNNING"
    assert export((1, ""), (2, "It has no raters.")) == (1, 1, 1)
    assert export((1, ""), (2, "It has no raters.")) == (0, 0, 3)
    by_name = {run.info.run_name: run for run in runs_of(client, "sweep")}
    assert set(by_name) == {"A sweep", "task 1", "task 2"}
    assert by_name["A sweep"].info.run_id == parent.info.run_id
    assert by_name["A sweep"].info.status == "FINISHED"
    points = client.get_metric_history(parent.info.run_id, "done")
    assert [(p.step, p.value) for p in points] == [(1, 1.0), (2, 2.0)]
    assert by_name["task 2"].info.status == "FAILED"
    assert by_name["task 2"].data.tags["error"] == "It has no raters."
    for task in ("task 1", "task 2"):
        assert by_name[task].data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert export((1, ""), (2, "")) == (0, 1, 2)  # the failed task was tried again
    assert {run.info.status for run in runs_of(client, "sweep")} == {"FINISHED"}


def test_stored_runs_are_exported_without_their_owners(content, client, mlflow_folder, tmp_path):
    path = tmp_path / "runs.sqlite"
    archive = Archive(path)
    for id, done in (("first", True), ("second", True), ("third", False)):
        archive.begin(id, owner="SECRET-OWNER", name=f"Run {id}", spec="s", scenario="Tennessee",
                      seed=3, rules=["borda"], source=b"", versions={"jax": "0.1"},
                      created=1e9)  # fmt: skip
        if done:
            archive.finish(id, content)
    archive.close()
    found = to_mlflow(path, mlflow_folder, experiment="stored")
    assert (found.added, found.kept) == (2, 0)
    runs = {run.info.run_name: run for run in runs_of(client, "stored")}
    assert set(runs) == {"Run first", "Run second"}
    assert runs["Run first"].data.tags["version.jax"] == "0.1"
    assert runs["Run first"].info.start_time == 10**12
    assert b"SECRET-OWNER" not in (mlflow_folder / "mlflow.db").read_bytes()
    assert to_mlflow(path, mlflow_folder, experiment="stored", run="second").kept == 1
    with pytest.raises(InputError, match="this finished run is not among the stored runs"):
        to_mlflow(path, mlflow_folder, experiment="stored", run="third")


def test_names_from_files_are_names_that_mlflow_takes(content, client, mlflow_folder):
    entry = content["result"]["prompts"]["best"]
    content["result"]["prompts"] = {"a/../b?": entry, "a/../b!": entry, "日本 <b>": entry}
    to_mlflow(content, mlflow_folder, experiment="names")
    (run,) = runs_of(client, "names")
    own = [name for name in run.data.metrics if name.endswith("borda/social/tau")]
    assert len([name for name in own if name.startswith("prompt/")]) == 2
    assert "prompt/a_.._b_/agreement/borda/social/tau-2" in run.data.metrics


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=4))
def test_any_parts_make_a_name_of_mlflow(parts):
    validation = pytest.importorskip("mlflow.utils.validation")
    validation._validate_metric_name(key(*parts))
    validation._validate_param(key(*parts), "value")


def test_telemetry_is_switched_off(client):
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == os.environ["DO_NOT_TRACK"] == "true"


@lanes.deep_only
@pytest.mark.slow
def test_nothing_is_sent(mlflow_folder, client, tmp_path):
    """Every look-up of a host and every connection fails; the export does not need them."""
    code = f"""
import json, socket, sys
asked = []
def refuse(*arguments, **named):
    asked.append(str(arguments))
    raise OSError("no network")
socket.getaddrinfo = refuse
socket.socket.connect = socket.socket.connect_ex = refuse
from scrl.tracking import to_mlflow
baked = json.load(open({str(ROOT / "scenarios/baked/tennessee-morristown.json")!r}))
to_mlflow(baked, {str(mlflow_folder)!r}, experiment="unsent")
import time; time.sleep(0.5)
print("asked", asked)
"""
    # MLflow is silent by itself where it believes to be tested.
    outside = {k: v for k, v in os.environ.items() if "PYTEST" not in k and k != "CI"}
    outside.pop("MLFLOW_DISABLE_TELEMETRY", None)
    outside.pop("DO_NOT_TRACK", None)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True,
                          text=True, env={**outside, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert "asked []" in done.stdout, done.stderr
    assert not list(tmp_path.iterdir())
    assert len(runs_of(client, "unsent")) == 1


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("file:///tmp/mlruns", "no longer keeps runs as folders"),
        ("postgresql://localhost/x", "needs a server of MLflow"),
        ("sqlite:///", "give a folder"),
    ],
)
def test_addresses_that_cannot_be_used(address, message):
    with pytest.raises(InputError, match=message):
        store_address(address)


def test_the_command_says_what_it_added(content, mlflow_folder, tmp_path, capsys):
    file = tmp_path / "result.json"
    file.write_text(json.dumps(content["result"]))
    command = ["track", str(file), "--mlflow", str(mlflow_folder), "--name", "command"]
    assert [main(command), main(command)] == [0, 0]
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("1 run added, 0 replaced, 0 there already: sqlite:")
    assert second.startswith("0 runs added, 0 replaced, 1 there already: sqlite:")


def test_a_server_that_does_not_answer_is_told(content, mlflow_folder, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(InputError, match="1:1: no server answers there; start one"):
        to_mlflow(content, "http://127.0.0.1:1")


def test_without_mlflow_one_sentence_says_what_to_install(content, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(InputError, match=r"pip install 'scrl\[tracking\]'"):
        to_mlflow(content, tmp_path)
