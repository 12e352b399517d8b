"""The page on scenarios: chosen, built, silenced, placed on a map, shared."""

import json
import random

import pytest

from scrl.scenarios import (
    gallery,
    load_scenario,
    scenario_from_link,
    scenario_of,
    scenario_to_link,
    with_overrides,
)
from tests.app.test_pages import figures, line, live, parameter, widget, words
from ui.scenario.gallery import THEMES, themes
from ui.shared import uploads

INVERTED = "tennessee-inverted-full"


def shipped(stem):
    return load_scenario(gallery()[stem])


def in_hand(app):
    """The scenario that the URL says."""
    id = parameter(app, "scenario")
    return shipped(id) if id in gallery() else scenario_from_link(id)


def press(app, key):
    return widget(app.button, key).click().run()


def part(app, name):
    return app.button_group(key="part").set_value(name).run()


# -- the gallery ----------------------------------------------------------------------------------


def test_every_scenario_stands_in_the_gallery_under_a_theme(open_page):
    assert sorted(s for stems in THEMES.values() for s in stems) == sorted(gallery())
    assert sorted(s for stems in themes().values() for s in stems) == sorted(gallery())
    app = open_page("scenario")
    assert not app.exception
    for stem in gallery():
        assert shipped(stem).name in words(app).replace("\\", "")
        assert widget(app.button, f"open-{stem}")


def test_one_click_opens_a_story_in_the_builder(open_page):
    app = press(open_page("scenario"), "open-pets")
    assert not app.exception
    assert in_hand(app) == shipped("pets")
    assert app.button_group(key="part").value == "Raters"
    assert app.text_input(key="f-name").value == "Pets"
    assert [app.text_input(key=f"types-name-{i}").value for i in (0, 1)] == [
        "Dog people", "Cat people"
    ]  # fmt: skip
    again = open_page("scenario", **{k: parameter(app, k) for k in ("scenario", "part")})
    assert again.text_input(key="f-name").value == "Pets"


def test_a_new_scenario_is_valid_at_once_and_undo_brings_the_old_one_back(open_page):
    app = press(open_page("scenario", scenario="pets"), "new")
    assert not app.exception
    assert not app.error
    assert app.button_group(key="part").value == "Raters"
    found = in_hand(app)
    assert (found.name, len(found.completions), len(found.types)) == ("My scenario", 3, 2)
    assert live(app)["names"] == ["Answer A", "Answer B", "Answer C"]
    app.text_input(key="completions-name-0").set_value("Tea").run()
    assert list(in_hand(app).completions) == ["Tea", "Answer B", "Answer C"]
    for _ in range(2):
        press(app, "undo")
    assert in_hand(app) == shipped("pets")


def test_a_story_goes_where_it_holds_no_longer_and_comes_back(open_page):
    app = open_page("scenario", scenario="pets", part="Raters")
    told = shipped("pets").summary
    app.number_input(key="f-raters").set_value(777).run()
    assert in_hand(app).summary == "A changed version of ‘Pets’."
    assert told not in in_hand(app).to_yaml()
    app.number_input(key="f-raters").set_value(float(shipped("pets").raters)).run()
    assert in_hand(app) == shipped("pets")
    app.number_input(key="f-raters").set_value(777).run()
    app.text_input(key="f-summary").set_value("My own story.").run()
    app.number_input(key="f-raters").set_value(778).run()
    assert in_hand(app).summary == "My own story."
    app.text_input(key="f-name").set_value("Renamed").run()
    assert in_hand(app).summary == "My own story."


# -- the builder ----------------------------------------------------------------------------------


def test_fields_edit_the_scenario_and_undo_takes_it_back(open_page):
    app = open_page("scenario", scenario=INVERTED, part="Raters")
    app.text_input(key="types-name-0").set_value("West").run()
    app.number_input(key="f-raters").set_value(5_000).run()
    app.number_input(key="f-noise").set_value(0.5).run()
    app.text_input(key="prompts-text-0").set_value("Seat the capital in").run()
    app.button_group(key="f-sampling").set_value("iid").run()
    assert not app.exception
    found = in_hand(app)
    assert found.type_names[0] == "West"
    assert (found.raters, found.noise, found.sampling) == (5_000, 0.5, "iid")
    assert found.prompts["best"].text == "Seat the capital in"
    assert found.types["West"].rankings == shipped(INVERTED).types["Memphis"].rankings
    for _ in range(5):
        press(app, "undo")
    assert in_hand(app) == shipped(INVERTED)
    assert app.text_input(key="types-name-0").value == "Memphis"


@pytest.mark.slow
def test_ten_visitors_at_once_see_only_their_own_unsaved_work(open_page):
    """Each edits one field, all before anybody's page is drawn again."""
    apps = [open_page("scenario", scenario=INVERTED, part="Raters") for _ in range(10)]
    for i, app in enumerate(apps):
        app.text_input(key="types-name-0").set_value(f"West {i}").run()
    for i, app in enumerate(apps):
        app.number_input(key="f-raters").set_value(1_000 * (i + 1)).run()
    for i, app in enumerate(apps):
        found = in_hand(app.run())
        assert (found.type_names[0], found.raters) == (f"West {i}", 1_000 * (i + 1))
    assert in_hand(open_page("scenario", scenario=INVERTED)) == shipped(INVERTED)


def test_shares_may_be_wrong_for_a_while_and_are_scaled_at_a_click(open_page):
    app = open_page("scenario", scenario=INVERTED, part="Raters")
    before = figures(app)
    app.number_input(key="share-0").set_value(60.0).run()
    assert [e.value.replace("\\", "") for e in app.error] == [
        "Tennessee inverted, everyone answers both: types: the shares add up to 1.2; they should "
        "add up to 1. The scenario before this change is shown."
    ]
    assert app.number_input(key="share-0").value == 60.0
    assert figures(app) == before
    assert parameter(app, "scenario") == INVERTED
    press(app, "evened")
    assert not app.error
    assert in_hand(app).types["Memphis"].share == pytest.approx(0.5)


def test_a_refused_name_stays_typed_and_the_rest_goes_on(open_page):
    app = open_page("scenario", scenario=INVERTED, part="Raters")
    app.text_input(key="types-name-0").set_value("Knoxville").run()
    assert "already a type of rater called 'Knoxville'" in app.error[0].value
    assert app.text_input(key="types-name-0").value == "Knoxville"
    app.text_input(key="f-name").set_value("Mine").run()
    assert app.text_input(key="types-name-0").value == "Knoxville"
    assert in_hand(app).name == "Mine"
    app.text_input(key="types-name-0").set_value("West").run()
    assert not app.error
    assert in_hand(app).type_names[0] == "West"


def test_a_renamed_prompt_stays_the_one_that_is_shown(open_page):
    app = open_page("scenario", scenario=INVERTED, part="Raters", prompt="worst")
    app.text_input(key="prompts-name-1").set_value("the worst").run()
    assert not app.exception
    assert list(in_hand(app).prompts) == ["best", "the worst"]
    assert app.button_group(key="prompt").value == "the worst"
    assert live(app)["utilities"][0] == [0, 1, 2, 3]
    app.text_input(key="completions-name-1").set_value("Music City").run()
    assert in_hand(app).offered("the worst")[1] == "Music City"
    press(app, "undo")
    press(app, "undo")
    assert in_hand(app) == shipped(INVERTED)


def test_a_long_name_is_taken_and_one_too_long_gets_a_sentence(open_page):
    app = open_page("scenario", scenario=INVERTED, part="Raters")
    long = "A type of rater with a name of more than sixty letters, pasted from elsewhere"
    app.text_input(key="types-name-0").set_value(long).run()
    assert in_hand(app).type_names[0] == long
    for key in ("types-name-0", "completions-name-1", "prompts-name-0", "f-name"):
        app.text_input(key=key).set_value("x" * 201).run()
        assert "has at most 200 letters; this one has 201" in app.error[0].value
        assert app.text_input(key=key).value == "x" * 201
        app.text_input(key=key).set_value(f"{key} now").run()
        assert not app.error


@pytest.mark.slow
def test_completions_prompts_and_types_come_and_go(open_page):
    app = open_page("scenario", scenario=INVERTED, part="Raters")
    for what in ("types", "completions", "prompts"):
        press(app, f"add-{what}")
        assert not app.exception
        assert not app.error
    found = in_hand(app)
    assert (len(found.types), len(found.completions), len(found.prompts)) == (5, 5, 3)
    assert found.types["Memphis"].rankings["best"][-1] == ("Completion 5",)
    next(m for m in app.multiselect if m.key.startswith("offer-2")).set_value(
        ["Memphis", "Knoxville"]
    ).run()
    assert in_hand(app).offered("prompt 3") == ("Memphis", "Knoxville")
    for what, i in (("types", 4), ("completions", 4), ("prompts", 2)):
        press(app, f"bin-{what}-{i}")
    assert in_hand(app) == shipped(INVERTED)


def test_orders_are_written(open_page):
    app = open_page("scenario", scenario="tennessee-four", part="Raters")
    app.button_group(key="views").set_value("Write").run()
    box = app.text_area(key="write-best")
    assert box.value.splitlines()[0] == "Memphis: Memphis > Nashville > Chattanooga > Knoxville"
    box.set_value("Memphis: Memphis > Nashville").run()
    assert "'Chattanooga' is missing" in app.error[0].value
    assert app.text_area(key="write-best").value == "Memphis: Memphis > Nashville"
    assert in_hand(app) == shipped("tennessee-four")
    app.text_area(key="write-best").set_value(
        "Memphis: Knoxville > Nashville = Memphis > Chattanooga"
    ).run()
    assert not app.error
    assert in_hand(app).types["Memphis"].rankings["best"] == (
        ("Knoxville",), ("Nashville", "Memphis"), ("Chattanooga",)
    )  # fmt: skip


def cells(app, key: str, edits: dict) -> None:
    """Edit cells of the table whose key begins so, as a browser does."""
    table = next(t for t in app.data_editor if t.key.startswith(key))
    states = app._tree.get_widget_states()
    said = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    states.widgets.add(id=table.proto.id, string_value=json.dumps(said))
    app._run(states)


def test_utilities_are_numbers_in_a_table(open_page):
    app = open_page("scenario", scenario="distortion-minority", part="Raters")
    assert app.button_group(key="views").value == "Numbers"
    assert "worth −0.5996 to a rater on average" in words(app)
    (table,) = app.data_editor
    assert table.value.iloc[0, 1:].tolist() == [1, 0.9999, 0.9998, 0.9997, 0.9996]
    cells(app, "numbers-best", {0: {"4": None}})
    assert "Hardly care\\: E has no number" in app.error[0].value
    assert in_hand(app) == shipped("distortion-minority")
    cells(app, "numbers-best", {0: {"4": -2.0}})
    assert not app.exception
    assert not app.error
    found = in_hand(app).types
    assert found["Hardly care"].utilities["best"]["E"] == -2
    assert found["Care"] == shipped("distortion-minority").types["Care"]
    # Numbers in place of an order: of the type that was touched alone.
    app = open_page("scenario", scenario="tennessee-four", part="Raters")
    app.button_group(key="views").set_value("Numbers").run()
    cells(app, "numbers-best", {1: {"0": 9.5}})
    found = in_hand(app).types
    assert found["Nashville"].utilities["best"] == {
        "Memphis": 9.5, "Nashville": 3, "Chattanooga": 2, "Knoxville": 1
    }  # fmt: skip
    assert not found["Memphis"].utilities


# -- silence --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "answers", "includes"),
    [
        ("some-completion", {}, {"worst": {"Knoxville": 0.2}}),
        ("some-prompt", {"worst": 0.2}, {}),
        ("no-completion", {}, {"worst": {"Knoxville": 0.0}}),
        ("no-prompt", {"worst": 0.0}, {}),
    ],
)
def test_each_way_of_losing_ratings_is_one_click(open_page, kind, answers, includes):
    app = open_page(
        "scenario", scenario=INVERTED, part="Missing ratings", prompt="worst", who="Nashville",
        about="Knoxville", some="20",
    )  # fmt: skip
    assert "Everyone rates everything" in words(app)
    press(app, kind)
    assert not app.exception
    found = in_hand(app)
    assert found.types["Nashville"].answers == answers
    assert {p: own for p, own in found.types["Nashville"].includes.items() if own} == includes
    assert app.selectbox(key="who").value == "Nashville"
    assert app.selectbox(key="about").value == "Knoxville"
    press(app, "heard")
    assert in_hand(app) == shipped(INVERTED)


def test_the_effect_is_there_at_once_and_what_it_costs(open_page):
    app = open_page(
        "scenario", scenario=INVERTED, part="Missing ratings", prompt="worst", who="Nashville"
    )
    assert "puts no pair the wrong way round" in words(app)
    press(app, "no-prompt")
    assert "Nashville** is last with complete ballots and **second** in Bradley–Terry" in words(app)
    assert "missing ratings cause it" in words(app)
    orders, cover = figures(app)
    assert line(orders, "Nashville") == [4, 4, 2]
    assert sum(t == "0" for t in cover["data"][0]["text"]) == 4


def test_the_reader_predicts_first_and_a_new_edit_asks_again(open_page):
    app = open_page("scenario", scenario=INVERTED, part="Missing ratings", prompt="worst",
                    predict="true", who="Nashville")  # fmt: skip
    assert "Bradley–Terry puts" not in words(app)
    assert len(figures(app)) == 1
    guess = next(b for b in app.button_group if str(b.key).startswith("guess_effect"))
    guess.set_value("Yes").run()
    assert "Right. Bradley–Terry puts no pair" in words(app)
    press(app, "no-prompt")
    assert "Bradley–Terry puts" not in words(app)
    guess = next(b for b in app.button_group if str(b.key).startswith("guess_effect"))
    guess.set_value("Yes").run()
    assert "Not quite. **Nashville** is last" in words(app)


def test_chances_are_edited_in_the_table(open_page):
    app = open_page("scenario", scenario="tennessee-morristown", part="Missing ratings")
    cells(app, "chances-best", {1: {"0": 50.0, "5": 100.0}, 0: {"5": None}})
    assert not app.exception
    found = in_hand(app)
    assert found.types["Nashville"].answers == {"best": 0.5}
    assert found.types["Nashville"].includes["best"] == {}
    assert found.types["Memphis"].includes["best"] == {}
    assert found.types["Knoxville"].includes["best"] == {"Morristown": 0.1}


# -- the map --------------------------------------------------------------------------------------


def test_a_map_becomes_the_scenario_and_stands_in_the_url(open_page):
    app = open_page("scenario", part="Map")
    assert not app.exception
    orders = next(d.value for d in app.dataframe if "order" in d.value)["order"].tolist()
    assert orders[2] == "Chattanooga ≻ Knoxville ≻ Nashville ≻ Morristown ≻ Memphis"
    press(app, "use-map")
    assert in_hand(app).name == "Tennessee on the map"
    assert app.button_group(key="part").value == "Raters"
    assert in_hand(app).types["Nashville"].utilities["best"]["Memphis"] == -3.161


def test_a_map_is_edited_and_its_link_restores_it(open_page):
    app = open_page("scenario", part="Map", map="line")
    cells(app, "places", {0: {"share": 40.0}, 3: {"share": 30.0, "x": 2.5}})
    assert not app.exception
    assert not app.error
    id = parameter(app, "map")
    assert id.startswith("z-")
    again = open_page("scenario", part="Map", map=id)
    press(again, "use-map")
    assert in_hand(again).types["Left"].share == pytest.approx(0.4)
    cells(app, "places", {0: {"share": 90.0}, 3: {"share": 30.0}})
    assert "add up to 1.5" in app.error[0].value.replace("\\", "")
    assert parameter(app, "map") == id


# -- sharing --------------------------------------------------------------------------------------


def test_the_link_holds_all_of_it_and_the_lab_takes_it(open_page):
    scenario = with_overrides(
        shipped(INVERTED), answers={"Nashville": {"worst": 0.0}}, raters=4_000
    )
    id = scenario_to_link(scenario)
    app = open_page("scenario", scenario=id, part="Silence")  # a link of an earlier version
    assert in_hand(app) == scenario
    assert app.button_group(key="part").value == "Missing ratings"
    link = next(c.value for c in app.code if "scenario=" in c.value)
    assert id in link
    lab = open_page("lab", scenario=id)
    assert not lab.exception
    assert not lab.warning
    assert lab.selectbox(key="scenario").value == id
    assert lab.slider(key="raters").value == 4_000
    assert live(lab)["values"]["says2"] == 0
    story = open_page("strategy", part="Lying to a reward model", scenario=id)
    assert not story.exception
    assert story.selectbox(key="story").value.endswith("(yours)")


def test_the_file_comes_back_as_it_was_saved(open_page):
    app = open_page("scenario", part="Raters")
    scenario = with_overrides(shipped("pets"), raters=777)
    data = scenario.to_yaml().encode()
    app.get("file_uploader")[0].set_value(("mine.yaml", data, "application/yaml")).run()
    assert not app.exception
    assert in_hand(app) == scenario
    app.get("file_uploader")[0].set_value(("bad.yaml", b"name: [", "application/yaml")).run()
    assert "bad.yaml" in app.error[0].value
    assert in_hand(app) == scenario


@pytest.mark.slow
def test_what_is_too_large_for_a_link_says_so_and_still_goes_to_the_lab(open_page):
    names, draw = [f"c{i}" for i in range(60)], random.Random(0)
    large = scenario_of({
        "name": "Large", "completions": names, "prompts": {"p": {}, "q": {}}, "raters": 100,
        "types": {f"t{i}": {"share": 0.1, "rankings": {p: draw.sample(names, 60) for p in "pq"}}
                  for i in range(10)},
    })  # fmt: skip
    app = open_page("scenario", part="Raters")
    data = large.to_yaml().encode()
    app.get("file_uploader")[0].set_value(("large.yaml", data, "application/yaml")).run()
    assert not app.exception
    assert scenario_to_link(large) is None
    assert "too large for a link" in words(app)
    assert "larger than what is edited here" in words(app)
    press(app, "to-lab")
    assert not app.exception
    assert parameter(app, "scenario").startswith("file-")


@pytest.mark.parametrize("name", ["scenario", "lab", "strategy"])
@pytest.mark.parametrize(
    ("id", "sentence"),
    [
        ("z-AAAA", "The link is damaged"),
        ("z-" + "A" * 9_000, "longer than 8,000 letters"),
        ("file-0123456789abcdef", "no longer kept on the server"),
        ("atlantis", "There is no scenario named"),
    ],
)
def test_a_bad_id_gets_one_sentence_on_every_page(open_page, name, id, sentence):
    more = {"part": "Lying to a reward model"} if name == "strategy" else {}
    app = open_page(name, scenario=id, **more)
    assert not app.exception
    (warning,) = app.warning
    assert sentence in warning.value.replace("\\", "")
    assert "\n" not in warning.value


def test_a_visit_leaves_ratings_in_the_lab(open_page):
    app = open_page("lab")
    data = b"rater,prompt,completion,rank\nann,snack,apple,1\nann,snack,bread,2\n"
    app.get("file_uploader")[0].set_value(("snacks.csv", data, "text/csv")).run()
    id = app.session_state["last"]
    assert id.startswith("file-")
    app.query_params.clear()
    app.switch_page("pages/scenario.py").run()
    assert not app.exception
    assert not app.warning
    app.query_params.clear()
    app.switch_page("pages/lab.py").run()
    assert "1 rater, " in words(app)


def test_a_file_of_the_lab_is_linked_whole_once_it_is_edited_here(open_page):
    scenario = with_overrides(shipped("pets"), raters=778)
    id = uploads.cache().add(scenario.to_yaml().encode(), "mine.yaml")
    app = open_page("scenario", scenario=id, part="Raters")
    assert parameter(app, "scenario") == scenario_to_link(scenario)


def test_the_lab_sends_its_sliders_to_the_builder(open_page):
    app = open_page("lab", scenario="tennessee-four", share1="50", raters="3000")
    next(b for b in app.button if b.key == "edit").click().run()
    assert not app.exception
    found = in_hand(app)
    assert found.raters == 3_000
    assert found.types["Memphis"].share > 0.42


def test_presenter_mode_hides_fields_of_no_use_to_a_class(open_page):
    app = open_page("scenario", scenario=INVERTED, part="Missing ratings", present="true")
    assert not app.exception
    assert not app.expander
    assert not app.data_editor
    large, small = (
        json.loads(a.get("plotly_chart")[0].proto.spec)["layout"]["template"]["layout"]["font"][
            "size"
        ]
        for a in (app, open_page("scenario", scenario=INVERTED, part="Missing ratings"))
    )
    assert large > small
