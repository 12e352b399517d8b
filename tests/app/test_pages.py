"""Every page, its widgets and its faults."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scrl.runs import JobQueue
from scrl.scenarios import scenario_from_link
from scrl.types import Progress
from ui.shared import run_store, viewer

ROOT = Path(__file__).resolve().parents[2]
RATINGS = b"""rater,prompt,completion,rank
ann,snack,apple,1
ann,snack,bread,2
ann,snack,cake,3
bob,snack,cake,1
bob,snack,apple,2
cem,snack,bread,1
cem,snack,cake,1
"""


def words(app) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.info, app.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def widget(kind, key):
    return next(element for element in kind if element.key == key)


def figures(app) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def parameter(app, key: str) -> str:
    value = app.query_params[key]
    return value if isinstance(value, str) else value[0]


def live(app) -> dict:
    """What the browser is given to draw sliders, and orders where it computes them."""
    (component,) = (c for c in app.get("bidi_component") if "live" in c.proto.component_name)
    return json.loads(component.proto.json)


def move(app, **values: float):
    """Release sliders of shares and response rates at these values."""
    for key, value in values.items():
        app.query_params[key] = str(value)
    return app.run()


def line(figure: dict, name: str) -> list[float]:
    """The places of a completion in a chart of orders, as drawn."""
    marks = next(t for t in figure["data"] if t.get("name") == name and "markers" in t["mode"])
    return [int(text.rstrip("=")) for text in marks["text"]]


def test_the_classic_story_shows_the_finding(open_page):
    app = open_page("finding")
    assert not app.exception
    assert "Morristown is **fourth**" in words(app)
    assert "usual reward model, Bradley–Terry, it is **last**" in words(app)
    assert "The social model puts it **fourth**" in words(app)
    orders, latent = figures(app)
    assert line(orders, "Morristown") == [4, 5, 4]
    assert any("left out" in trace["name"] for trace in latent["data"])
    assert [b.proto.label for b in app.get("download_button")] == ["Result (JSON)", "Orders (CSV)"]


def test_the_first_screen_needs_no_jax():
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; "
        "app = AppTest.from_file('app.py', default_timeout=60).run(); "
        "assert not app.exception and app.title[0].value.startswith('Who decides'); "
        "heavy = {'jax', 'flax', 'sklearn', 'optax'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_reader_who_guesses_first_sees_the_answer_after(open_page):
    app = open_page("finding", predict="true")
    assert "The social model puts it" not in words(app)
    assert line(figures(app)[0], "Morristown") == [4, 5]
    app.button_group(key="guess_finding").set_value("fourth").run()
    assert "Right. The social model puts it **fourth**" in words(app)
    assert line(figures(app)[0], "Morristown") == [4, 5, 4]


def test_presenter_mode_hides_the_numbers_and_stands_in_the_url(open_page):
    app = open_page("finding", present="true")
    assert widget(app.toggle, "present").value
    assert not app.expander
    small, large = (
        figures(a)[0]["layout"]["template"]["layout"]["font"]["size"]
        for a in (open_page("finding"), app)
    )
    assert large > small


def test_the_lab_shows_truth_and_vanilla_before_training(open_page):
    app = open_page("lab")
    assert not app.exception
    assert not figures(app), "the browser draws both orders"
    assert live(app)["figure"]
    assert live(app)["focus"] == "Morristown"
    app = app.button_group(key="rule").set_value("copeland").run()
    assert not live(app)["figure"]
    assert line(figures(app)[0], "Morristown") == [4, 5]
    assert "Before training" in words(app)
    assert widget(app.button, "train").label == "Train"


def test_a_slider_moves_the_preview(open_page):
    app = open_page("lab", rule="Copeland")
    move(app, says2=100, says3=100, says4=100)
    assert line(figures(app)[0], "Morristown") == [4, 4]  # everyone ranks it
    move(app, share1=0, share2=36, share3=21, share4=43)
    assert not app.exception
    assert "share of all raters 0 % (was 30 %)" in words(app).replace("\\", "")


def test_the_story_of_a_scenario_is_not_told_of_another(open_page, training):
    """Neither on the page nor in the file that a run keeps."""
    told = "Few raters outside Memphis"
    assert told in words(open_page("lab"))
    for changes in ({"says1": 50}, {"share2": 70}, {"raters": 900}, {"noise": 0.5}):
        app = open_page("lab", **{key: str(value) for key, value in changes.items()})
        assert told not in words(app)
        assert "Changed from ‘Tennessee capital with Morristown’" in words(app).replace("\\", "")
        widget(app.button, "train").click().run()
        yaml = run_store.job_queue().wait(parameter(app, "run"), 20).result["yaml"]
        assert told not in yaml
        assert "Changed from" in yaml


def test_a_slider_says_what_share_is_used(open_page):
    """Also where a link has shares that do not add up to 100."""
    for shares in ((40, 25, 15, 30), (0, 0, 0, 7), (100, 100, 100, 100), (33, 33, 33, 1)):
        app = open_page("lab", **{f"share{i}": str(s) for i, s in enumerate(shares, 1)})
        values = live(app)["values"]
        shown = [values[f"share{i}"] for i in range(1, 5)]
        assert sum(shown) == 100
        next(b for b in app.button if b.key == "edit").click().run()
        used = scenario_from_link(parameter(app, "scenario")).type_shares
        assert [100 * s for s in used] == pytest.approx(shown)


def test_shares_of_nothing_are_those_of_the_scenario(open_page):
    app = open_page("lab", **{f"share{i}": "0" for i in range(1, 5)})
    assert not app.exception
    assert [live(app)["values"][f"share{i}"] for i in range(1, 5)] == [30, 25, 15, 30]


def test_the_url_restores_the_choices(open_page):
    app = open_page("lab", scenario="tennessee-four", raters="5000", share1="50", seed="7")
    assert app.selectbox(key="scenario").value == "tennessee-four"
    assert app.slider(key="raters").value == 5000
    assert live(app)["values"]["share1"] == 46  # 50 of 50 + 26 + 15 + 17
    assert app.number_input(key="seed").value == 7


def test_another_scenario_sets_the_sliders_to_its_own_numbers(open_page):
    app = open_page("lab", share1="77")
    app.selectbox(key="scenario").set_value("tennessee-four").run()
    assert not app.exception
    assert [live(app)["values"][f"share{i}"] for i in range(1, 5)] == [42, 26, 15, 17]
    assert "share1" not in app.query_params


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"scenario": "atlantis"}, "There is no scenario named"),
        ({"scenario": "file-0123456789abcdef"}, "no longer kept on the server; choose it again"),
    ],
)
def test_a_url_that_names_nothing_gets_a_sentence_and_a_working_page(
    open_page, parameters, sentence
):
    app = open_page("lab", **parameters)
    assert not app.exception
    assert sentence in words(app)
    assert live(app)["figure"]


@pytest.mark.parametrize("value", ["-3", "1e400", "abc", "nan"])
def test_numbers_out_of_range_in_the_url_are_ignored(open_page, value):
    app = open_page("lab", raters=value, share1=value, noise=value, seed=value)
    assert not app.exception
    assert app.slider(key="raters").value == 10_000
    assert live(app)["figure"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bad.yaml", b"name: x\ncompletions: [a"),
        ("bad.csv", b"rater,prompt\n"),
        ("empty.csv", b""),
        ("bad.jsonl", b"{"),
        ("utf16.csv", "rater,prompt".encode("utf-16")),
    ],
)
def test_a_bad_upload_gets_one_sentence_and_leaves_the_page_as_it_was(open_page, name, data):
    app = open_page("lab", share1="50")
    before = live(app)
    app.get("file_uploader")[0].set_value((name, data, "text/plain")).run()
    assert not app.exception
    assert len(app.error) == 1
    assert name in app.error[0].value
    assert "\n" not in app.error[0].value
    assert live(app) == before


def test_uploaded_ratings_have_no_truth(open_page):
    app = open_page("lab")
    app.get("file_uploader")[0].set_value(("snacks.csv", RATINGS, "text/csv")).run()
    assert not app.exception
    assert not app.error
    assert "3 raters" in words(app)
    assert len(line(figures(app)[0], "apple")) == 1
    assert parameter(app, "scenario").startswith("file-")


@pytest.mark.slow
def test_a_rule_that_cannot_count_so_many_gets_a_sentence(open_page):
    names = [f"c{i}" for i in range(20)]
    orders = (names, names[7:] + names[:7], names[14:] + names[:14])  # a cycle of all
    types = "".join(
        f"  {t}: {{share: {s}, rankings: {{best: [{', '.join(order)}]}}}}\n"
        for t, s, order in zip("ABC", (0.34, 0.33, 0.33), orders, strict=True)
    )
    text = (
        f"name: Tangle\ncompletions: [{', '.join(names)}]\nprompts: {{best: {{text: x}}}}\n"
        f"types:\n{types}raters: 500\n"
    )
    app = open_page("lab")
    app.get("file_uploader")[0].set_value(("big.yaml", text.encode(), "text/plain")).run()
    assert not app.error
    assert "Nash welfare" not in app.multiselect(key="rules").options
    app.multiselect(key="rules").set_value(["borda", "dodgson"]).run()
    assert not app.exception
    assert ["Dodgson" in e.value for e in app.error] == [True]
    app.multiselect(key="rules").set_value(["borda"]).run()
    assert not app.error
    assert live(app)["figure"]


class FakeRun:
    """What trains, in a moment: the result is the baked one."""

    def __init__(self, wait: bool = False):
        self.wait, self.calls, self.result = wait, 0, {}

    def __call__(self, source, rules, seed, on_progress, seeds=1):
        from scrl.runs import merge_seeds
        from scrl.studies import load_baked

        self.calls += 1
        while self.wait:
            on_progress(Progress("individual", 0.4, curves={"loss": ([1, 2], [2.0, 1.0])}))
            time.sleep(0.01)
        baked = load_baked("tennessee-morristown")
        results = [baked["result"] | self.result | {"seed": seed + i} for i in range(seeds)]
        return {"result": merge_seeds(results), "latent": baked["latent"]}


@pytest.fixture
def training(monkeypatch):
    queue = JobQueue()
    monkeypatch.setattr(run_store, "job_queue", lambda: queue)
    run = FakeRun()
    monkeypatch.setattr("scrl.runs.train", run)
    yield run
    run.wait = False
    queue.close()


def trained(app):
    widget(app.button, "train").click().run()
    id = parameter(app, "run")
    assert run_store.job_queue().wait(id, 20).state == "done"
    return app.run()


def test_training_fills_in_the_social_order(open_page, training):
    app = trained(open_page("lab"))
    assert not app.exception
    assert line(figures(app)[0], "Morristown") == [4, 5, 4]
    assert "The social model puts Morristown **fourth**" in words(app)
    assert [tab.label for tab in app.tabs] == ["Every rule", "The raters", "The numbers", "Files"]
    assert [b.proto.label for b in app.get("download_button")][-1] == "Scenario (YAML)"


def test_a_result_says_whether_the_electorate_reproduces_the_ballots(open_page, training):
    share = {"prompt": "best", "completion": "Memphis", "observed": 0.3, "simulated": 0.5,
             "raters": 900.0, "error": 0.02, "failed": True}  # fmt: skip
    check = {"reproduces": False, "tested": 15, "failed": 1, "mean": 0.01, "largest": 0.2,
             "message": "It does not.", "shares": [share]}  # fmt: skip
    training.result = {"check": check}
    app = trained(open_page("lab"))
    assert not app.exception
    assert [w.value for w in app.warning] == ["It does not."]


def test_several_seeds_are_one_run_and_have_a_part_of_their_own(open_page, training):
    app = trained(open_page("lab", seed="4", seeds="3"))
    assert not app.exception
    assert "Over 3 seeds" in [tab.label for tab in app.tabs]
    assert "in **3 of 3** runs, Bradley–Terry in **0**" in words(app)
    assert run_store.find(parameter(app, "run")).label.endswith("seeds 4–6")
    strips = figures(app)[-2]
    assert [trace["text"] for trace in strips["data"] if "text" in trace] == [["3"]] * 4
    app.number_input(key="seeds").set_value(1.0).run()
    assert "Your last result" in words(app), "one seed is another run"


def test_a_reload_finds_the_run_and_another_choice_keeps_its_result(open_page, training):
    app = trained(open_page("lab"))
    again = open_page("lab", run=parameter(app, "run"))
    assert line(figures(again)[0], "Morristown") == [4, 5, 4]
    move(again, share1=60)
    assert not again.exception
    assert len(figures(again)) < len(figures(app))
    assert "Your last result" in words(again)


def test_a_run_shows_its_progress_and_can_be_cancelled(open_page, training):
    app = trained(open_page("lab"))
    training.wait = True
    app.number_input(key="seed").set_value(1).run()
    widget(app.button, "train").click().run()
    while run_store.job_queue().get(parameter(app, "run")).progress is None:
        time.sleep(0.01)
    app.run()
    assert "40%" in app.get("progress")[0].proto.text
    widget(app.button, "cancel").click().run()
    run_store.job_queue().wait(parameter(app, "run"), 5)
    app.run()
    assert not app.exception
    assert "The run was cancelled." in words(app)
    assert "Your last result" in words(app)


@pytest.mark.parametrize("name", ["lab", "gap"])
def test_a_link_to_a_run_that_is_gone_shows_nothing_else_and_leads_on(open_page, name):
    app = open_page(name, run="nonsense", scenario="tennessee-four")
    assert not app.exception
    assert "run of this link is not kept" in words(app)
    assert not figures(app)
    assert not app.selectbox
    widget(app.button, "without_run").click().run()
    assert not app.exception
    assert live(app)
    assert "run" not in app.query_params
    assert app.selectbox(key="scenario").value == "tennessee-four"


def test_only_whoever_started_a_run_can_cancel_it(open_page, training, monkeypatch):
    training.wait = True
    monkeypatch.setattr(viewer, "token", lambda: "the-owner-of-this-run")
    app = open_page("lab")
    widget(app.button, "train").click().run()
    id = parameter(app, "run")
    monkeypatch.setattr(viewer, "token", lambda: "somebody-with-the-link")
    other = open_page("lab", run=id)
    assert not other.exception
    assert "Only they can cancel it" in words(other)
    assert not [button for button in other.button if button.key == "cancel"]
    assert not run_store.cancel(id)
    assert not run_store.delete(id, "somebody-with-the-link")
    assert not run_store.archive().rename(id, "somebody-with-the-link", "Mine")
    assert run_store.job_queue().get(id).active
    assert not run_store.job_queue().get(id).cancelling
    monkeypatch.setattr(viewer, "token", lambda: "the-owner-of-this-run")
    assert run_store.cancel(id)
    assert run_store.job_queue().wait(id, 5).state == "cancelled"


def test_two_viewers_train_at_once_and_neither_loses_its_run(open_page, training):
    first, second = open_page("lab"), open_page("lab", seed="3")
    widget(first.button, "train").click().run()
    widget(second.button, "train").click().run()
    ids = [parameter(app, "run") for app in (first, second)]
    assert ids[0] != ids[1]
    for app, id in zip((first, second), ids, strict=True):
        assert run_store.job_queue().wait(id, 20).state == "done"
        assert line(figures(app.run())[0], "Morristown") == [4, 5, 4]
    assert training.calls == 2


def test_the_lab_shows_the_texts_of_a_file_beside_its_ids(open_page):
    rows = [("ann", "c1", 1), ("ann", "c2", 2), ("bob", "c2", 1), ("bob", "c1", 2)]
    texts = {"c1": "Drink tea, then sleep.", "c2": "Call a doctor today."}
    lines = [f'{r},p1,{c},{rank},How do I get well?,"{texts[c]}"' for r, c, rank in rows]
    head = "rater,prompt,completion,rank,prompt_text,completion_text"
    for name in ("lab", "gap"):
        app = open_page(name)
        data = "\n".join([head, *lines]).encode()
        app.get("file_uploader")[0].set_value((f"{name}.csv", data, "text/csv")).run()
        assert not app.exception
        for text in ("How do I get well?", *texts.values()):
            assert text in words(app).replace("\\", ""), name
