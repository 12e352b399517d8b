"""The parts on new people, on few pairs and on models without individuals, shown at once."""

import pytest


@pytest.mark.parametrize(
    ("part", "settings", "charts"),
    [
        ("New people", {"tastes": "Mixtures of five"}, 4),
        ("Few pairs", {"population": "The maze"}, 3),
        ("Without individuals", {}, 1),
        ("Without ids", {"people": "People waver"}, 1),
    ],
)
def test_stored_results_are_there_at_once(open_page, part, settings, charts):
    app = open_page("models", part=part, **settings)
    assert not app.exception
    assert len(app.get("plotly_chart")) == charts
    assert not app.warning
