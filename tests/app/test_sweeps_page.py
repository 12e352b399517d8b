"""The page of sweeps: the example, a sweep that fills, its failures, and what a link restores."""

import copy
import hashlib
import itertools
import json
import os
import time
from pathlib import Path

import pytest

from scrl.runs import JobQueue, measures_of
from scrl.sweeps import SweepStore
from scrl.sweeps.store import ListedTask
from tests.app.test_pages import figures, parameter, widget, words
from ui.shared import run_store
from ui.sweeps import chosen_sweep, expiry

ROOT = Path(__file__).resolve().parents[2]
RESULT = json.loads(
    (ROOT / "scenarios" / "baked" / "tennessee-morristown.json").read_text("utf-8")
)["result"]
AXES = {"raters": [30, 1000], "noise": [0.0, 1.0], "rules": [["borda"], ["borda", "copeland"]]}
SEEDS = (0, 1, 2)


def record(settings, seed, error=""):
    """A task that has ended; the more raters, the nearer to the truth."""
    result = copy.deepcopy(RESULT)
    tau = 0.9 if settings["raters"] == 1000 else 0.3 + 0.1 * seed
    for by_source in result["prompts"]["best"]["agreement"].values():
        by_source["social"]["tau"] = tau
    task = {"scenario": "tennessee-morristown", "settings": settings, "seed": seed}
    return {
        "task": task, "state": "failed" if error else "done", "error": error, "details": "",
        "measures": {} if error else measures_of(result), "orders": {}, "seconds": 1.0,
        "result": None if error else result, "evaluation": None,
    }  # fmt: skip


@pytest.fixture
def sweep(monkeypatch, tmp_path):
    """``fill(done, failed)`` writes the first tasks of a sweep of 24."""
    monkeypatch.setenv("SCRL_SWEEPS", str(tmp_path / "sweeps"))
    chosen_sweep._read.clear()
    store = SweepStore(tmp_path / "sweeps" / "mine")
    tasks = []
    for values in itertools.product(*AXES.values()):
        settings = dict(zip(AXES, values, strict=True))
        for seed in SEEDS:
            id = hashlib.sha256(repr((settings, seed)).encode()).hexdigest()
            tasks.append(ListedTask(id, "tennessee-morristown", settings, seed))
    axes = {"scenario": ["tennessee-morristown"], **AXES}
    store.begin("Raters <b>and</b> noise", {"seeds": 3}, axes, tasks, {"scrl": "0"})

    def fill(done, failed=()):
        for i, task in enumerate(tasks[:done]):
            error = "No *rater* of <i>ratings.csv</i> has two ballots." if i in failed else ""
            store.write(task.id, record(task.settings, task.seed, error))

    return fill


def test_a_sweep_of_which_every_run_failed_says_so(open_page, sweep):
    sweep(24, failed=range(24))
    app = open_page("sweeps", sweep="mine")
    assert not app.exception
    assert [e.label for e in app.expander if "failed" in e.label] == ["24 runs failed"]
    assert any("Every run has failed" in info.value for info in app.info)


def test_at_the_first_opening_there_is_an_example(open_page, monkeypatch, tmp_path):
    monkeypatch.setenv("SCRL_SWEEPS", str(tmp_path))
    app = open_page("sweeps")
    assert not app.exception
    assert app.title[0].value.endswith("?")
    assert len(figures(app)) >= 2
    assert not app.error
    assert not app.warning
    assert "The numbers" in [e.label for e in app.expander]
    assert "sweep" not in app.query_params


def test_a_sweep_is_shown_as_it_fills(open_page, sweep):
    sweep(7, failed={1})
    app = open_page("sweeps")
    assert not app.exception
    assert parameter(app, "sweep") == "mine"
    assert "Raters &lt;b&gt;and" in app.subheader[0].value or "\\<b" in app.subheader[0].value
    (bar,) = app.get("progress")
    assert "6 of 24 runs are there, 1 failed" in bar.proto.text
    assert "One run failed; the others go on" in [e.label for e in app.expander]
    failures = next(e for e in app.expander if e.label.startswith("One run failed"))
    assert "ratings.csv" in failures.markdown[0].value
    assert "<i>" not in failures.markdown[0].value
    heat = figures(app)[0]["data"][0]
    assert heat["type"] == "heatmap"
    sweep(24)
    app.run()
    assert not app.get("progress")
    assert "24 of 24 runs are there." in words(app)
    assert not [e for e in app.expander if "failed" in e.label]


def test_means_and_intervals_are_over_seeds(open_page, sweep):
    sweep(24)
    app = open_page("sweeps")
    plots = figures(app)[:2]  # a panel for each list of rules
    for plot in plots:
        heat = plot["data"][0]
        assert [text.split("<br>")[0] for text in heat["text"][0]] == ["0.40", "0.90"]
        assert [text.split("<br>")[1] for text in heat["text"][0]] == ["±0.25", "±0.00"]
    app.button_group(key="kind").set_value("Lines").run()
    assert not app.exception
    traces = figures(app)[0]["data"]
    assert [trace["name"] for trace in traces[:2]] == ["0", "1"]
    assert traces[0]["y"] == pytest.approx([0.4, 0.9])


def test_a_link_restores_the_cell_and_its_run(open_page, sweep):
    sweep(24)
    app = open_page("sweeps")
    boxes = {box.key: box for box in app.selectbox}
    options = boxes["cell"].options
    assert len(options) == 8
    boxes["cell"].set_value(options[5]).run()
    assert not app.exception
    again = open_page("sweeps", sweep="mine", cell=options[5])
    assert not again.exception
    assert {box.key: box.value for box in again.selectbox}["cell"] == options[5]
    assert len([f for f in figures(again) if "heatmap" not in str(f["data"][0].get("type"))]) == 1
    shown = [frame.value for frame in again.dataframe]
    assert any("tennessee-morristown" in frame.to_string() for frame in shown)


def test_a_guess_comes_first_where_it_is_asked_for(open_page, sweep):
    sweep(24)
    app = open_page("sweeps", predict="true")
    assert not figures(app)
    app.button_group(key="guess_raters").set_value("30").run()
    assert "Not quite. It is greatest for **1,000**" in words(app)
    assert figures(app)


def test_no_link_leads_out_of_the_folder_and_nonsense_is_no_fault(open_page, sweep, tmp_path):
    sweep(2)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "sweep.json").write_text('{"name": "secret", "axes": {}}')
    app = open_page(
        "sweeps", sweep="../secret", measure="?", across="nonsense", down="x", panels="-1",
        kind="?", cell="nonsense",
    )  # fmt: skip
    assert not app.exception
    assert "The sweep of this link is not on this server" in words(app)
    assert "secret" not in app.subheader[0].value


def test_a_damaged_sweep_is_a_sentence(open_page, sweep, tmp_path):
    (tmp_path / "sweeps" / "mine" / "tasks.json").write_text("{")
    app = open_page("sweeps")
    assert not app.exception
    assert "this is no file that scrl sweep has written" in words(app)


def test_a_visitor_starts_a_small_sweep_and_only_they_see_it(open_page, sweep, monkeypatch):
    queue, asked = JobQueue(), []
    monkeypatch.setattr(run_store, "job_queue", lambda: queue)

    def fake(spec, folder, engine, on_progress):
        asked.append((spec, engine))
        store = SweepStore(folder)
        task = ListedTask("0" * 64, spec["scenarios"][0], {"scenario.noise": 0.0}, 0)
        axes = {"scenario": spec["scenarios"], **spec["settings"]}
        store.begin(spec["name"], dict(spec), axes, [task], {})
        store.write(task.id, record({"raters": 30}, 0))

    monkeypatch.setattr("scrl.sweeps.sweep", fake)
    sweep(24)
    app = open_page("sweeps")
    app.selectbox(key="own_scenario").set_value("pets").run()
    widget(app.button, "own_run").click().run()
    assert not app.exception
    ((spec, engine),) = asked
    assert (spec["scenarios"], engine, spec["seeds"]) == (["pets"], "serial", 3)
    assert spec["settings"]["scenario.raters"] == [30, 300]
    app.run()
    assert parameter(app, "sweep").startswith("own-")
    link = parameter(app, "sweep")
    assert "(yours, " in "".join(next(b for b in app.selectbox if b.key == "sweep").options)
    other = open_page("sweeps")
    assert parameter(other, "sweep") == "mine"
    assert "yours" not in str([box.options for box in other.selectbox if box.key == "sweep"])
    assert parameter(open_page("sweeps", sweep=link), "sweep") == link
    queue.close()


def test_presenter_mode_hides_tables_and_downloads(open_page, sweep):
    sweep(24)
    app = open_page("sweeps", present="true")
    assert not app.exception
    assert not app.expander
    assert not app.get("download_button")
    assert widget(app.toggle, "present").value


def test_a_visitors_sweep_that_nobody_opens_is_deleted_and_others_never_are(tmp_path):
    long_ago = time.time() - 31 * 86_400
    names = {"own-" + "a" * 16: True, "own-" + "b" * 16: False, "own-" + "c" * 16: False,
             "mine": False, "own-ed": False}  # fmt: skip
    for name in names:
        (tmp_path / name / "results").mkdir(parents=True)
        (tmp_path / name / "sweep.json").write_text("{}")
        for path in (tmp_path / name / "results", tmp_path / name):
            os.utime(path, (long_ago, long_ago))
    expiry.mark_opened(tmp_path / ("own-" + "b" * 16))
    (tmp_path / ("own-" + "c" * 16) / "results" / "new.json").write_text("{}")
    assert expiry.delete_old(tmp_path) == 2
    assert {path.name for path in tmp_path.iterdir()} == {n for n, old in names.items() if not old}
    assert expiry.delete_old(tmp_path / "none") == 0
