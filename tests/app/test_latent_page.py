"""The page on the latent space: its parts on a finished run, what the URL restores, and no run."""

import json

import pytest

from scrl.studies import example_runs
from tests import lanes
from ui.shared import run_store, viewer

PARTS = ("Map", "Part of a ballot", "Leaving one out", "From one to another",
         "Where am I?", "Can I trust it?")  # fmt: skip


def words(app) -> str:
    kinds = (app.title, app.markdown, app.caption, app.error, app.info, app.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def figures(app) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def number(app, label: str) -> str:
    return next(metric.value for metric in app.metric if metric.label == label)


@pytest.fixture(scope="module")
def run(experiment):
    """The id of a finished job whose result is the session's experiment."""
    result = {"result": {}, "latent": {}, "learnt": experiment.fitted_run, "yaml": ""}
    id = run_store.job_queue().submit(
        lambda on_progress: result, key="somebody:test", label="Tennessee"
    )
    assert run_store.job_queue().wait(id, 30).state == "done"
    return id


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_a_figure_that_says_what_refutes_it_and_its_numbers(open_page, run, part):
    app = open_page("latent", run=run, part=part)
    assert not app.exception
    assert not app.error
    assert figures(app)
    assert "refuted" in words(app) or "refutes" in words(app)
    assert app.get("download_button")
    shown = open_page("latent", run=run, part=part, present="true")
    assert not shown.exception
    assert figures(shown)
    assert not shown.get("download_button")


@pytest.mark.parametrize(
    ("part", "key", "right"),
    [
        ("Map", "guess_clusters", "Yes"),
        ("Part of a ballot", "guess_partial", "Yes"),
        ("Leaving one out", "guess_left_out", "No"),
        ("Can I trust it?", "guess_health", "Yes"),
    ],
)
def test_a_reader_may_guess_before_anything_is_shown(open_page, run, part, key, right):
    app = open_page("latent", run=run, part=part, predict="true")
    assert not app.exception
    assert not figures(app)
    app.button_group(key=key).set_value(right).run()
    assert not app.exception
    assert figures(app)
    assert "Right. " in words(app)


def test_types_lie_together_and_keep_their_colours(open_page, run):
    from scrl.figures import colour

    app = open_page("latent", run=run)
    assert float(number(app, "How clearly apart, 0 to 1")) > 0.8
    assert float(number(app, "Nearest to their own group").rstrip("%")) > 95
    assert "Raters of one group lie together." in words(app)
    (chart,) = figures(app)
    named = [trace for trace in chart["data"] if "marker" in trace]
    tone = {trace["name"]: trace["marker"]["color"] for trace in named}
    for i, name in enumerate(("Memphis", "Nashville", "Chattanooga", "Knoxville")):
        assert tone[name] == colour(i)
    # Raters of one type have one place, so their marks are drawn side by side.
    for trace in named:
        assert len(set(zip(trace["x"], trace["y"], strict=True))) == len(trace["x"])


def test_the_verdict_on_the_map_agrees_with_its_numbers():
    from ui.latent.clusters import separation_text

    assert separation_text(True, 1.0) == "**Raters of one group lie together.**"
    most = separation_text(True, 0.95)
    assert "Most raters of one group" in most
    assert "5 of 100" in most
    assert "few raters stand at their own" in separation_text(True, 0.4)
    assert "mix" in separation_text(False, 0.95)


@pytest.mark.parametrize("layout", ["Isomap", "Spectral"])
def test_other_layouts_and_three_dimensions_come_from_the_url(open_page, run, layout):
    app = open_page("latent", run=run, layout=layout)
    assert not app.exception
    assert f"{layout}, direction 1" in json.dumps(figures(app))
    assert not any(t["type"] == "scatter3d" for t in figures(app)[0]["data"])
    app = open_page("latent", run=run, three="true", voters="false")
    assert not app.exception
    assert any(t["type"] == "scatter3d" for t in figures(app)[0]["data"])
    assert "simulated voters" not in json.dumps(figures(app))


def test_one_prompt_has_no_contexts_to_compare(open_page, run):
    app = open_page("latent", run=run, part="Prompt by prompt")
    assert not app.exception
    assert "these answer one" in words(app)


def test_a_walk_is_animated_and_marks_its_changes(open_page, run):
    app = open_page(
        "latent", run=run, part="From one to another", **{"from": "Memphis", "to": "Nashville"}
    )
    walk = figures(app)[0]
    assert len(walk["frames"]) == 61
    marks = next(t for t in walk["data"] if t.get("name") == "change of rank")
    assert str(len(marks["text"])) == number(app, "Pairs that change places")
    assert "There is nobody halfway" in words(app)
    app.button(key="walk-Knoxville").click().run()
    ends = figures(app)[0]["layout"]["xaxis"]["ticktext"]
    assert ends == ["<b>Knoxville</b>", "<b>Chattanooga</b>"]
    assert len(figures(app)) == 1
    app.toggle(key="pairs").set_value(True).run()
    pairs = {trace.get("name") for trace in figures(app)[1]["data"]}
    assert pairs & {"Knoxvil… − Chattan…", "Chattan… − Knoxvil…"}


def test_the_visitor_is_placed_and_the_url_keeps_the_ballot(open_page, run):
    everybody = open_page("latent", run=run, part="Where am I?")
    assert number(everybody, "People who may vote as you did") == "100%"
    assert "Before you rank anything" in words(everybody)
    assert "The model would ask next" in words(everybody)
    box = everybody.multiselect(key="ballot1")
    box.set_value(["Memphis", "Knoxville"]).run()
    assert not everybody.exception
    assert "You are most like **Memphis**" in words(everybody)
    left = number(everybody, "People who may vote as you did")
    app = open_page("latent", run=run, part="Where am I?", ballot1=["Memphis", "Knoxville"])
    assert app.multiselect(key="ballot1").value == ["Memphis", "Knoxville"]
    assert number(app, "People who may vote as you did") == left


def test_a_ballot_that_nobody_would_cast_gets_a_word(open_page, run):
    for ballot, said in (
        (["Morristown", "Knoxville"], True),  # all types have it the other way round
        (["Nashville", "Memphis", "Chattanooga"], True),
        (["Knoxville", "Morristown"], False),
        (["Morristown"], False),
        (["Memphis", "Nashville", "Chattanooga", "Knoxville", "Morristown"], False),
    ):
        app = open_page("latent", run=run, part="Where am I?", ballot1=ballot)
        assert not app.exception
        assert figures(app)
        assert ("Hardly anybody whom the model holds possible" in words(app)) == said, ballot


def test_nonsense_in_the_url_is_no_fault(open_page, run):
    for parameters in (
        {"run": "nonsense"},
        {"part": "nonsense", "layout": "nonsense", "shown_as": "x"},
        {"part": "From one to another", "from": "nobody", "to": "nowhere", "prompt": "none"},
        {"part": "Where am I?", "ballot1": "Atlantis", "infer": "none"},
        {"part": "Part of a ballot", "type": "nobody"},
    ):
        app = open_page("latent", **{"run": run, **parameters})
        assert not app.exception, parameters


@pytest.fixture(scope="module")
def two_prompts():
    """A finished job on a scenario of two prompts."""
    return finished("tennessee-inverted-full", raters=600)


def finished(name: str, **overrides):
    """The id of a finished job on a shipped scenario, and its fitted models."""
    import scrl
    from scrl.scenarios import with_overrides

    scenario = with_overrides(scrl.load_scenario(scrl.gallery()[name]), **overrides)
    config = scrl.Config(voters=500, rules=("borda",))
    learnt = scrl.run(scenario, config, seed=1).fitted_run
    result = {"result": {}, "latent": {}, "learnt": learnt, "yaml": ""}
    id = run_store.job_queue().submit(
        lambda on_progress: result, key=f"somebody:{name}", label=name
    )
    assert run_store.job_queue().wait(id, 30).state == "done"
    return id, learnt


@pytest.mark.slow
def test_two_prompts_show_the_same_raters_by_prompt(open_page, two_prompts):
    from scrl.diagnostics import embed_by_prompt

    id, learnt = two_prompts
    app = open_page("latent", run=id, part="Prompt by prompt", predict="true")
    assert not app.exception
    assert not figures(app)
    app.button_group(key="guess_contexts").set_value("Yes").run()
    found = embed_by_prompt(learnt)
    assert ("Right. " in words(app)) == (found.ratio > 3)
    names = {trace["name"] for trace in figures(app)[0]["data"]}
    assert names == {f"{t}, {p}" for t in learnt.ratings.types for p in ("best", "worst")}
    assert number(app, "Group known from worst") == f"{found.accuracy[1]:.1%}"
    assert "refuted" in words(app) or "refutes" in words(app)
    assert app.get("download_button")


@pytest.mark.slow
def test_answers_on_two_prompts_place_the_visitor_together(open_page, two_prompts):
    id, _ = two_prompts
    both = {"ballot1": ["Memphis", "Knoxville"], "ballot2": ["Knoxville", "Memphis"]}
    app = open_page("latent", run=id, part="Where am I?", **both)
    assert not app.exception
    assert [box.value for box in app.multiselect] == list(both.values())
    assert "You are most like **Memphis**" in words(app)
    assert "Hardly anybody" not in words(app)
    # Without a word on the second prompt, what is inferred there can be looked at.
    app = open_page("latent", run=id, part="Where am I?", ballot1=both["ballot1"], infer="worst")
    assert widget_value(app, "infer") == "worst"
    heat = next(t for f in figures(app) for t in f["data"] if t["type"] == "heatmap")
    assert "Knoxville above Memphis" in json.dumps(heat["customdata"])
    # Memphis over Knoxville on both is what no type says.
    both["ballot2"] = both["ballot1"]
    app = open_page("latent", run=id, part="Where am I?", **both)
    assert "Hardly anybody whom the model holds possible" in words(app)


def widget_value(app, key: str):
    return next(box.value for box in app.selectbox if box.key == key)


@pytest.mark.slow
def test_t_sne_is_one_of_the_layouts(open_page, two_prompts):
    app = open_page("latent", run=two_prompts[0], layout="t-SNE")
    assert not app.exception
    assert "t-SNE, direction 1" in json.dumps(figures(app))
    assert "bends distances" in words(app)


@pytest.mark.slow
def test_types_that_the_ballots_do_not_tell_apart_do_not_lie_apart(open_page):
    id, learnt = finished("tennessee-morristown", raters=300, noise=2.0)
    app = open_page("latent", run=id)
    assert not app.exception
    assert float(number(app, "How clearly apart, 0 to 1")) < 0.25
    assert "Raters of different groups mix." in words(app)
    assert learnt.density.components < 4


def ratings_run(text: str, tmp_path):
    """The id of a finished job on a ratings file."""
    import scrl

    path = tmp_path / "ratings.csv"
    path.write_text("rater,prompt,completion,rank\n" + text)
    config = scrl.Config(voters=300, rules=("borda",))
    learnt = scrl.run(scrl.load_ratings(path), config, seed=0).fitted_run
    result = {"result": {}, "latent": {}, "learnt": learnt, "yaml": ""}
    id = run_store.job_queue().submit(lambda on_progress: result, key=f"somebody:{path}", label="x")
    assert run_store.job_queue().wait(id, 30).state == "done"
    return id


@lanes.deep_only
@pytest.mark.slow
@pytest.mark.parametrize("ranks", ["1111", "1234"])
def test_raters_who_all_say_the_same_are_one_place_on_every_part(open_page, tmp_path, ranks):
    id = ratings_run(
        "".join(f"r{r},p,{c},{n}\n" for r in range(30) for c, n in zip("abcd", ranks, strict=True)),
        tmp_path,
    )
    for part in (*PARTS, "Prompt by prompt"):
        app = open_page("latent", run=id, part=part)
        assert not app.exception, part
        assert not app.error, part
    assert "at one place" in words(open_page("latent", run=id, part="From one to another"))
    assert "one kind of rater" in words(open_page("latent", run=id, part="Can I trust it?"))
    for layout in ("t-SNE", "Isomap", "Spectral"):
        assert not open_page("latent", run=id, layout=layout).exception
    asked = open_page("ask", run=id)
    assert not asked.exception
    # One kind of rater: the page asks about the visitor's own order, which has a ballot's noise.
    assert "Question 1" in words(asked)


@pytest.mark.slow
def test_a_file_without_groups_shows_the_kinds_that_the_model_found(open_page, tmp_path):
    camps = ["abcd", "abdc"], ["dcba", "cdba"]
    id = ratings_run(
        "".join(
            f"r{i},p,{name},{place}\n"
            for i in range(80)
            for place, name in enumerate(camps[i % 2][i // 2 % 2][: 4 if i % 5 else 3])
        ),
        tmp_path,
    )
    app = open_page("latent", run=id)
    assert not app.exception
    assert "That they lie apart is no evidence" in words(app)
    assert "Raters of one group lie together" not in words(app)
    assert {t["name"][:6] for t in figures(app)[0]["data"]} >= {"Kind 1", "Kind 2"}
    for part in ("Part of a ballot", "Leaving one out"):
        app = open_page("latent", run=id, part=part)
        assert not app.exception, part
        assert not app.error, part
        assert "the kinds of rater that the model found" in words(app)
        assert figures(app)


@pytest.mark.parametrize("part", ["Prompt by prompt"])
def test_a_part_with_nothing_to_show_leads_to_those_that_have(open_page, run, part):
    app = open_page("latent", run=run, part=part)
    assert not figures(app)
    app.button(key="on-Map").click().run()
    assert not app.exception
    assert figures(app)


def test_runs_kept_in_the_file_are_offered_too(open_page, monkeypatch, tmp_path, experiment):
    from scrl.runs import Archive, latent_map, pack, pack_source, to_dict

    kept, me = Archive(tmp_path / "runs.sqlite"), "a-token-of-more-than-twenty-letters"
    monkeypatch.setattr(run_store, "archive", lambda: kept)
    monkeypatch.setattr(viewer, "token", lambda: me)
    content = {"result": to_dict(experiment), "latent": latent_map(experiment), "yaml": ""}
    packed, source = pack(experiment.fitted_run, with_source=False), pack_source(experiment.source)
    for id, owner, name in (("old", me, "My old run"), ("bare", me, "A bare run"),
                            ("foreign", me[::-1], "Not mine")):  # fmt: skip
        kept.begin(id, owner=owner, name=name, spec=id, scenario="Tennessee", seed=1,
                   rules=("borda",), source=source)  # fmt: skip
        kept.finish(id, content, None if id == "bare" else packed)
    app = open_page("latent")
    assert not app.exception
    options = app.selectbox(key="latent_run").options
    assert [o.split(" · ")[0] for o in options[:2]] == ["A bare run", "My old run"]
    # The latest cannot be asked: that is said, with ways on; the other can.
    assert "is not stored" in words(app)
    assert "go-pages/runs.py" in [b.key for b in app.button]
    app.selectbox(key="latent_run").set_value("old").run()
    assert not app.exception
    assert "Raters of one group lie together." in words(app)
    assert app.query_params["run"] in ("old", ["old"])
    run_store.stored_content.clear()
    kept.close()


@pytest.mark.parametrize("part", [*PARTS, "Prompt by prompt"])
def test_without_a_run_the_page_opens_on_a_stored_example(open_page, part):
    app = open_page("latent", part=part)
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="latent_run").value == f"example-{example_runs.SCENARIOS[0]}"
    assert figures(app) or "these answer one" in words(app)


def test_the_url_names_an_example_and_a_reader_may_choose_another(open_page):
    app = open_page("latent", example="tennessee-inverted-full", part="Prompt by prompt")
    assert not app.exception
    assert figures(app)
    app.selectbox(key="latent_run").set_value("example-tennessee-morristown").run()
    assert not app.exception
    assert app.query_params["example"] in ("tennessee-morristown", ["tennessee-morristown"])
    assert "run" not in app.query_params
    nonsense = open_page("latent", example="nonsense")
    assert not nonsense.exception
    assert figures(nonsense)


def test_a_link_to_a_run_that_is_gone_says_so_and_shows_another_model(open_page):
    app = open_page("latent", run="gone")
    assert "no longer kept" in words(app)
    assert figures(app)
    assert app.selectbox(key="latent_run").value.startswith("example-")


def test_a_finished_run_comes_before_the_examples(open_page, run):
    app = open_page("latent", run=run)
    options = app.selectbox(key="latent_run").options
    assert options[0] == "Tennessee"
    assert app.selectbox(key="latent_run").value == run
    assert sum(option.startswith("Example: ") for option in options) == len(example_runs.SCENARIOS)


def test_what_the_map_needs_is_loaded_before_it_is_asked_for():
    from ui.latent import fitted_run, warm_up
    from ui.shared import background, precompute

    warm_up.start()
    assert not background._started, "no server, no thread"
    warm_up.load()
    id, fitted = fitted_run.first_example()
    assert id == f"example-{example_runs.SCENARIOS[0]}"
    assert not precompute.ANSWERS.mark_started(
        id, (*precompute.INITIAL_QUESTIONS, *precompute.FOLLOW_UP_QUESTIONS)
    ), "begun already"
    assert precompute.ANSWERS.get(id, "clusters", fitted)["together"]
