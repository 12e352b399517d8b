"""The page on the gap: its parts, its counterfactual orders, its faults."""

import pytest

from tests.app.test_pages import figures, line, move, widget, words


def test_morristown_by_borda_is_silence_alone(open_page):
    app = open_page("gap", scenario="tennessee-morristown")
    assert not app.exception
    shown = words(app)
    assert (
        "puts 2 pairs the wrong way round. 1 because of **who leaves ratings out** and 1 because "
        "of **ratings missing by chance**." in shown
    )
    path, parts, social = figures(app)
    assert line(social, "Morristown")[-1] == 4
    assert line(path, "Morristown") == [5, 5, 4, 4, 4]
    assert line(path, "Knoxville") == [3, 3, 3, 2, 2]
    assert parts["data"][0]["x"] == [2, 0, 1, 1, 0]
    assert "The social model** puts" in shown, "the stored run is there at once"


def test_the_page_opens_on_the_story_and_its_stored_run(open_page):
    app = open_page("gap")
    assert not app.exception
    assert app.selectbox(key="scenario").value == "blood-pressure"
    assert "Clinical" in str(figures(app)[0]["data"])
    assert len(figures(app)) == 3
    other = move(app, share1=50)
    assert "Train it to see how many pairs stay wrong" in words(other)
    app = open_page("lab", scenario="pets")
    app.query_params.clear()
    app.switch_page("pages/gap.py").run()
    assert app.selectbox(key="scenario").value == "pets", "the scenario that the reader works with"


def test_a_file_of_ratings_shows_what_ballots_tell_and_a_way_on(open_page):
    app = open_page("gap")
    rows = [("ann", "abc"), ("bob", "acb"), ("cem", "bac"), ("dan", "ba")]
    lines = [f"{r},snack,{c},{i}" for r, order in rows for i, c in enumerate(order)]
    data = "\n".join(["rater,prompt,completion,rank", *lines]).encode()
    app.get("file_uploader")[0].set_value(("snacks.csv", data, "text/csv")).run()
    assert not app.exception
    assert "Nobody knows what these raters would say" in words(app)
    assert "only 75% of ballots rate **c**" in words(app)
    (chart,) = figures(app)
    assert {t["name"] for t in chart["data"]} == {"a", "b", "c"}
    way_on = next(b for b in app.button if b.key == "go-pages/lab.py")
    assert "fills in" in way_on.label


def test_the_url_says_which_rule_and_seed(open_page):
    app = open_page("gap", scenario="tennessee-morristown", rule="Copeland", seed="7")
    assert not app.exception
    assert widget(app.selectbox, "rule").value == "copeland"
    assert app.number_input(key="seed").value == 7
    assert "2 because of **the way of counting**" in words(app)


def test_a_guess_comes_first_where_it_is_asked_for(open_page):
    app = open_page("gap", predict="true")
    assert not figures(app)
    app.button_group(key="cause").set_value("the way of counting").run()
    assert "Not quite." in words(app)
    assert len(figures(app)) == 3


def test_a_second_prompt_can_be_asked_about(open_page):
    app = open_page("gap", scenario="tennessee-inverted-missing", prompt="worst")
    assert not app.exception
    assert "who leaves ratings out" in words(app)


def test_more_samples_say_whether_this_one_is_typical(open_page):
    app = open_page("gap", raters="500")
    widget(app.toggle, "typical").set_value(True).run()
    assert not app.exception
    assert "50 more groups of 500" in words(app)


def test_nonsense_in_the_url_is_no_fault(open_page):
    for parameters in (
        {"rule": "nonsense", "prompt": "nowhere", "seed": "inf"},
        {"scenario": "nonsense"},
    ):
        app = open_page("gap", **parameters)
        assert not app.exception, parameters
        assert figures(app)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0, 0, 0], ""),
        ([0, 1, 0], "This is because of **b**."),
        ([2, 0, 0], "Both are because of **a**."),
        ([0, 0, 4], "All 4 are because of **c**."),
        ([1, 2, 0.5], "1 because of **a**, 2 because of **b** and 0.5 because of **c**."),
        ([3, -1, 0], "3 because of **a**. But **b** puts 1 right again."),
        ([3, -1, -2], "3 because of **a**. But **b** puts 1 right again and **c** puts 2 right "
         "again."),
    ],
)  # fmt: skip
def test_causes_are_a_sentence_that_adds_up(values, said):
    from ui.lab import vanilla_gap

    assert vanilla_gap.cause_sentence(["a", "b", "c"], values) == said
