"""The page on drift."""

from scrl.drift import example_csv
from ui.shared import uploads


def words(app) -> str:
    return "\n".join(e.value for kind in (app.markdown, app.caption) for e in kind)


def test_the_page_opens_on_the_stored_figure_and_time_moves_it(open_page):
    app = open_page("drift")
    assert not app.exception
    assert not app.warning
    charts = app.get("plotly_chart")
    assert len(charts) == 2
    assert "after 1296 answers" in words(app)
    before = charts[0].proto.spec
    app.slider(key="time").set_value(1_440.0).run()
    assert not app.exception
    assert "after 1440 answers" in words(app)
    assert app.get("plotly_chart")[0].proto.spec != before
    app.button_group(key="judged").set_value("The minority").run()
    assert "which people a model serves matters more" in words(app)


def test_the_influence_is_guessed_first(open_page):
    app = open_page("drift", part="Moved by the policy")
    assert not app.get("plotly_chart")
    app.button_group(key="guess_influence").set_value("worse").run()
    assert not app.exception
    assert "Right. " in words(app)
    assert app.get("plotly_chart")


def test_the_winner_at_a_time(open_page):
    app = open_page("drift", part="Who would win when", winners="They stay")
    assert not app.exception
    assert "winner *at a time*" in words(app)


def test_a_file_with_times_is_predicted_and_one_without_is_a_sentence(open_page, monkeypatch):
    app = open_page("drift", part="Your file")
    assert not app.exception
    assert "Clearly better than the stationary model" in words(app)
    names = {}
    for text, name in ((example_csv(), "own.csv"), (example_csv().replace("time", "x"), "no.csv")):
        names[uploads.cache().add(text.encode(), name)] = name
    monkeypatch.setattr(type(uploads.cache()), "own_names", lambda self: names)
    for id, wanted in zip(names, ("1,200 answers", "No ballot has a time"), strict=True):
        app.run()
        app.selectbox(key="drift_file").set_value(id).run()
        assert not app.exception
        assert wanted in words(app) + "".join(e.value for e in app.info)


def test_a_short_file_after_a_long_one(open_page, monkeypatch):
    """Its last answer is earlier than where the slider stood, and its blocks are few."""
    rows = "".join(f"r{i},p,{'ab'[i % 2]},{'ba'[i % 2]},{i}\n" for i in range(20))
    id = uploads.cache().add(f"rater,prompt,chosen,rejected,time\n{rows}".encode(), "short.csv")
    app = open_page("drift", part="Your file")
    monkeypatch.setattr(type(uploads.cache()), "own_names", lambda self: {id: "short.csv"})
    app.run()
    app.selectbox(key="drift_file").set_value(id).run()
    assert not app.exception
    assert "Of 20 answers" in words(app)
    assert app.slider(key="file_time").value == 15
