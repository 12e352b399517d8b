"""The page on the gap: its parts, its counterfactual orders, its faults."""

from tests.app.test_pages import figures, line, widget, words


def test_morristown_by_borda_is_silence_alone(open_page):
    app = open_page("gap")
    assert not app.exception
    shown = words(app)
    assert "Of 2 wrong pairs: silence that depends on the rater **1**" in shown
    assert "silence at random **1**." in shown
    path, parts = figures(app)
    assert line(path, "Morristown") == [5, 5, 4, 4, 4]
    assert line(path, "Knoxville") == [3, 3, 3, 2, 2]
    assert parts["data"][0]["x"] == [2, 0, 1, 1, 0]
    assert "Train it to see what is left" in shown


def test_the_url_says_which_rule_and_seed(open_page):
    app = open_page("gap", rule="Copeland", seed="7")
    assert not app.exception
    assert widget(app.selectbox, "rule").value == "copeland"
    assert "seed 7" in words(app)
    assert "the rule **2**" in words(app)


def test_a_guess_comes_first_where_it_is_asked_for(open_page):
    app = open_page("gap", predict="true")
    assert not figures(app)
    app.button_group(key="cause").set_value("the rule").run()
    assert "Not quite." in words(app)
    assert len(figures(app)) == 2


def test_a_second_prompt_can_be_asked_about(open_page):
    app = open_page("gap", scenario="tennessee-inverted-missing", prompt="worst")
    assert not app.exception
    assert "silence that depends on the rater" in words(app)


def test_more_samples_say_whether_this_one_is_typical(open_page):
    app = open_page("gap", raters="500")
    widget(app.toggle, "typical").set_value(True).run()
    assert not app.exception
    assert "50 further samples of 500" in words(app)


def test_nonsense_in_the_url_is_no_fault(open_page):
    for parameters in (
        {"rule": "nonsense", "prompt": "nowhere", "seed": "inf"},
        {"scenario": "nonsense"},
    ):
        app = open_page("gap", **parameters)
        assert not app.exception, parameters
        assert figures(app)
