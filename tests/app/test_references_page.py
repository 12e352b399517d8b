"""The page on references: who writes, whose outcome, and what is learnt."""

import pytest


@pytest.mark.parametrize(
    ("settings", "charts"),
    [
        ({}, 2),
        ({"writers": "One person", "kind": "Warm"}, 2),
        ({"part": "Whose outcome?", "people": "Opposites, 60 and 40 %"}, 3),
        ({"part": "Does it learn?"}, 4),
    ],
)
def test_stored_results_are_there_at_once(open_page, settings, charts):
    app = open_page("references", **settings)
    assert not app.exception
    assert len(app.get("plotly_chart")) == charts
    assert not app.warning


def test_a_guess_is_answered(open_page):
    app = open_page("references", predict="true")
    assert not app.get("plotly_chart")
    app.button_group(key="guess_reference").set_value("nobody’s favourite").run()
    assert any("Right." in m.value for m in app.markdown)
