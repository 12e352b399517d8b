"""The part on prompts: the stored study at once, and nothing computed before it is asked for."""


def test_stored_results_are_there_at_once(open_page):
    app = open_page("models", part="Prompts", prompt_method="Individuals and a vote")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert not app.warning
