"""The page of kept runs, and links to them after the server has gone."""

import re
import time

import pytest

from scrl.runs import Archive, JobQueue
from scrl.types import InputError
from tests.app.test_pages import FakeRun, figures, line, live, parameter, trained, widget, words
from tests.runs.test_archive import rezipped
from ui.shared import run_store, viewer

ME = "a-token-of-more-than-twenty-letters"


class Server:
    """Queue and file as the app has them, and what a restart leaves of them."""

    def __init__(self, path):
        self.path, self.queue, self.kept = path, JobQueue(), Archive(path)

    def restart(self):
        self.stop()
        run_store.stored_content.clear()
        self.queue, self.kept = JobQueue(), Archive(self.path)

    def stop(self):
        self.queue.close()
        self.kept.close()


@pytest.fixture
def server(monkeypatch, tmp_path):
    server = Server(tmp_path / "runs.sqlite")
    monkeypatch.setattr(run_store, "job_queue", lambda: server.queue)
    monkeypatch.setattr(run_store, "archive", lambda: server.kept)
    monkeypatch.setattr("scrl.runs.train", FakeRun())
    yield server
    server.stop()
    run_store.stored_content.clear()


@pytest.fixture
def mine(monkeypatch):
    monkeypatch.setattr(viewer, "token", lambda: ME)


def listed(app) -> list[dict]:
    return app.dataframe[0].value.to_dict("records")


def test_without_runs_the_page_opens_with_an_example_and_ways_on(open_page, server, mine):
    app = open_page("runs")
    assert not app.exception
    assert "You have no run yet. Train one in the lab" in words(app)
    assert "Example: " in words(app)
    assert len(figures(app)) == 1
    widget(app.button, "to_lab").click().run()
    assert not app.exception
    assert app.title[0].value == "What if others had answered?"


def test_a_run_is_listed_named_and_opened_after_a_restart(open_page, server, mine):
    lab = trained(open_page("lab", seed="3"))
    id = parameter(lab, "run")
    server.restart()
    app = open_page("runs")
    assert not app.exception
    (row,) = listed(app)
    assert (row["seed"], row["state"]) == ("3", "done")
    assert row["Bradley–Terry"].endswith("Morristown")
    app.text_input(key=f"name-{id}").set_value("My first")
    widget(app.button, next(b.key for b in app.button if b.label == "Save")).click().run()
    assert listed(app)[0]["name"] == "My first"
    assert "Export (ZIP)" in [b.proto.label for b in app.get("download_button")]
    again = open_page("lab", run=id, seed="3")
    assert not again.exception
    assert line(figures(again)[0], "Morristown") == [4, 5, 4]
    assert widget(again.button, "train").label == "Trained"


def test_the_lab_opens_with_the_run_s_scenario_and_seed(open_page, server, mine):
    trained(open_page("lab", seed="3", share1="50"))
    server.restart()
    app = open_page("runs")
    widget(app.button, "open").click().run()
    assert not app.exception
    assert "What if others had answered?" in words(app)
    assert app.number_input(key="seed").value == 3
    assert live(app)["values"]["share1"] == 42  # 50 of 50 + 25 + 15 + 30
    assert widget(app.button, "train").label == "Trained"
    assert line(figures(app)[0], "Morristown") == [4, 5, 4]


def test_nobody_sees_another_s_runs(open_page, server, monkeypatch):
    monkeypatch.setattr(viewer, "token", lambda: ME)
    id = parameter(trained(open_page("lab")), "run")
    monkeypatch.setattr(viewer, "token", lambda: ME[::-1])
    app = open_page("runs", run=id)
    assert "You have no run yet" in words(app)
    assert not run_store.delete(id, ME[::-1])
    assert server.kept.get(id)


def test_deleting_asks_and_ends_the_link(open_page, server, mine):
    id = parameter(trained(open_page("lab")), "run")
    app = open_page("runs")
    assert "will be deleted for good" in words(app)
    widget(app.button, "delete").click().run()
    assert not app.exception
    assert "You have no run yet" in words(app)
    assert "is not kept on this server" in words(open_page("lab", run=id))
    assert server.kept.get(id) is None


def test_what_a_killed_server_left_is_run_again(open_page, server, mine):
    from scrl.runs import pack_source
    from scrl.scenarios import gallery, load_scenario

    scenario = load_scenario(gallery()["tennessee-four"])
    server.kept.begin(
        "cut", owner=ME, name="Cut short", spec="s", scenario=scenario.name, seed=5,
        rules=("borda",), source=pack_source(scenario), seeds=2,
    )  # fmt: skip
    app = open_page("runs")
    assert listed(app)[0]["state"] == "unfinished"
    assert "stopped before this run was done" in words(app)
    widget(app.button, "again").click().run()
    assert not app.exception
    id = parameter(app, "run")
    assert run_store.job_queue().wait(id, 20).state == "done"
    app.run()
    assert [(row["seed"], row["state"]) for row in listed(app)] == [("5", "done")]
    assert server.kept.get("cut") is None
    assert server.kept.get(id).seeds == 2


def test_two_runs_side_by_side_show_what_differs(open_page, server, mine):
    ids = [parameter(trained(open_page("lab", seed=seed)), "run") for seed in ("1", "2")]
    app = open_page("runs", compare=",".join([*ids, "nonsense"]))
    assert not app.exception
    settings = app.dataframe[1].value.to_dict("records")
    assert settings == [{"setting": "seed", "1": "1", "2": "2"}]  # in the order chosen
    assert "Every order is the same" in words(app)
    assert len(figures(app)) == 4


def test_what_a_setting_changes_may_be_guessed_before_the_orders_are_shown(open_page, server, mine):
    ids = [parameter(trained(open_page("lab", seed=seed)), "run") for seed in ("1", "2")]
    app = open_page("runs", compare=",".join(ids), predict="true")
    assert not app.exception
    assert app.dataframe[1].value.to_dict("records")[0]["setting"] == "seed"
    assert not figures(app)
    assert "orders is the same" not in words(app)
    app.button_group(key="guess_compare").set_value("Some differ").run()
    assert "Not quite. 5 orders of the social models can be compared, and **0** differ." in words(
        app
    )
    assert len(figures(app)) == 4


@pytest.mark.parametrize("bad", [{"run": "nonsense"}, {"compare": ",,x"}])
def test_a_url_that_names_nothing_still_shows_the_list(open_page, server, mine, bad):
    trained(open_page("lab"))
    app = open_page("runs", **bad)
    assert not app.exception
    assert len(listed(app)) == 1


def test_a_run_that_cannot_be_kept_says_so_and_is_shown(open_page, server, mine, monkeypatch):
    monkeypatch.setattr(server.kept, "max_run_bytes", 100_000)
    monkeypatch.setattr(server.kept, "max_bytes", 1000)
    app = trained(open_page("lab"))
    assert not app.exception
    assert "is full" in words(app)
    assert line(figures(app)[0], "Morristown") == [4, 5, 4]


def test_once_there_is_room_a_run_that_was_not_kept_is_kept_as_it_is(
    open_page, server, mine, monkeypatch
):
    """Asked for again it is neither trained anew nor lost."""
    finish = server.kept.finish

    def full(*_):
        raise InputError("The file is full, so this run is not kept.")

    monkeypatch.setattr(server.kept, "finish", full)
    id = parameter(trained(open_page("lab", seed="3")), "run")
    (kept,) = server.kept.runs_of(ME)
    assert (kept.id, kept.state) == (id, "failed")
    app = open_page("runs")
    widget(app.button, "again").click().run()  # there is still no room
    assert not app.exception
    assert "The file is full" in app.error[-1].value
    assert server.kept.get(id).state == "failed"
    monkeypatch.setattr(server.kept, "finish", finish)
    monkeypatch.setattr("scrl.runs.train", None)  # nothing is trained
    assert run_store.run_again(kept) == id
    assert [(k.id, k.state) for k in server.kept.runs_of(ME)] == [(id, "done")]
    assert "unkept" not in server.kept.content(id)
    server.restart()
    assert run_store.find(id).state == "done"


def test_the_latent_space_opens_on_the_run(open_page, server, mine):
    id = parameter(trained(open_page("lab")), "run")
    app = open_page("runs")
    widget(app.button, "open-latent").click().run()
    assert not app.exception
    assert parameter(app, "run") == id


def exported(server, id: str) -> bytes:
    from scrl.runs import export_run

    return export_run(server.kept, id)


@pytest.mark.parametrize("name", ["runs", "lab", "gap"])
def test_an_exported_run_is_brought_back_and_opened_in_the_lab(
    open_page, server, mine, tmp_path, name
):
    id = parameter(trained(open_page("lab", seed="3", share1="50")), "run")
    trained_on = time.time() - 400 * 24 * 3600
    with server.kept.database.transaction() as db:
        db.execute("UPDATE runs SET created = ?", (trained_on,))
    zipped = exported(server, id)
    assert run_store.delete(id, ME)
    app = open_page(name)
    app.get("file_uploader")[0].set_value(("run.zip", zipped, "application/zip")).run()
    assert not app.exception
    assert not app.error
    messages = [s.value for s in app.success]
    if name == "runs":
        assert [(r["seed"], r["state"]) for r in listed(app)] == [("3", "done")]
        widget(app.button, "open").click().run()
    (record,) = server.kept.runs_of(ME)
    assert record.created == trained_on
    assert ["was brought back. It was trained on 20" in said for said in messages] == [True]
    assert app.title[0].value == "What if others had answered?"
    assert parameter(app, "run") == record.id
    assert app.number_input(key="seed").value == 3
    assert live(app)["values"]["share1"] == 42
    assert widget(app.button, "train").label == "Trained"
    assert app.selectbox(key="scenario").value == parameter(app, "scenario")
    other = open_page("strategy")
    assert not other.exception


def test_a_run_whose_models_are_damaged_is_brought_back_without_them_and_says_why(
    open_page, server, mine
):
    id = parameter(trained(open_page("lab")), "run")
    damaged = rezipped(exported(server, id), **{"parameters.safetensors": b"x"})
    app = open_page("runs")
    app.get("file_uploader")[0].set_value(("run.zip", damaged, "application/zip")).run()
    assert not app.exception
    (said,) = [s.value for s in app.success if "was brought back" in s.value]
    assert re.search(r"models were left out\. \w.{20,}\.$", said)


@pytest.mark.parametrize("data", [b"", b"PK", b"a,b"])
def test_what_is_no_exported_run_gets_one_sentence(open_page, server, mine, data):
    app = open_page("runs")
    app.get("file_uploader")[0].set_value(("run.zip", data, "application/zip")).run()
    assert not app.exception
    (error,) = app.error
    assert error.value.startswith("This is not an archive of a run that scrl exported; give a zip")
    assert not server.kept.runs_of(ME)


def test_a_name_that_is_too_long_is_refused_with_the_limit(open_page, server, mine):
    id = parameter(trained(open_page("lab")), "run")
    app = open_page("runs")
    app.text_input(key=f"name-{id}").set_value("x" * 143)
    widget(app.button, next(b.key for b in app.button if b.label == "Save")).click().run()
    assert [e.value for e in app.error] == ["The name has 143 characters, and the limit is 120."]
    assert len(server.kept.get(id).name) < 120


def test_a_rerun_reads_the_list_only_where_something_has_changed(server, monkeypatch):
    from scrl.runs import pack_source
    from scrl.scenarios import gallery, load_scenario

    scenario = load_scenario(gallery()["tennessee-four"])
    server.kept.begin("one", owner=ME, name="A", spec="s", scenario="T", seed=5,
                      rules=("borda",), source=pack_source(scenario))  # fmt: skip
    assert [run.name for run in run_store.runs_of(ME)] == ["A"]
    read, asked = server.kept.runs_of, []
    monkeypatch.setattr(server.kept, "runs_of", lambda owner: asked.append(owner) or read(owner))
    assert [run.name for run in run_store.runs_of(ME)] == ["A"]
    assert not asked
    server.kept.rename("one", ME, "B")
    assert [run.name for run in run_store.runs_of(ME)] == ["B"]
    other = Archive(server.path)
    other.rename("one", ME, "C")
    other.close()
    assert [run.name for run in run_store.runs_of(ME)] == ["C"]
    assert len(asked) == 2


def test_a_link_to_somebody_else_s_run_says_that_another_is_chosen(open_page, server, mine):
    trained(open_page("lab"))
    app = open_page("runs", run="nonsense")
    assert "not in your list" in words(app)
    assert "not in your list" not in words(app.run())
