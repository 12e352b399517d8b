"""Every figure by its template: themes, sizes, escaped names, no side effects on import."""

import json
import subprocess
import sys
from functools import cache

import plotly.graph_objects as go
import plotly.io
import pytest

from scrl import figures
from scrl.figures import base
from scrl.figures.template import DARK, LIGHT, Theme
from tests import lanes
from tests.figures.samples import SAMPLES


@cache
def drawn(name: str, dark: bool, scale: float) -> go.Figure:
    """A sample that several tests look at."""
    return SAMPLES[name](dark=dark, scale=scale)


def test_every_figure_has_a_sample():
    constants = {"COLOURS", "DASHES", "MAX_LINES", "SYMBOLS"}
    helpers = {"colour", "mean_ranks", "rank_labels", "short_labels"}
    sampled = {name.split(",")[0] for name in SAMPLES}
    assert sampled == set(figures.__all__) - constants - helpers


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    ("dark", "scale"), lanes.deep([(False, 1.3)], [(False, 1.0), (True, 1.0), (False, 1.3)])
)
def test_fonts_axes_and_background_come_from_the_template(name, dark, scale):
    figure = drawn(name, dark, scale)
    assert figure.data
    layout = figure.layout
    assert layout.template == Theme(dark, scale).template
    assert layout.font.family is layout.font.size is layout.font.color is None
    assert layout.paper_bgcolor is layout.plot_bgcolor is layout.hoverlabel.bgcolor is None
    for axis in (layout[key] for key in layout if key[1:5] == "axis"):
        assert axis.gridcolor is axis.linecolor is axis.fixedrange is None
        assert axis.title.font.size is axis.title.font.color is None


@pytest.mark.parametrize("name", SAMPLES)
def test_no_colour_of_the_other_theme_is_left(name):
    """Text and lines; colours that both themes share may appear in either."""
    light, dark = (drawn(name, dark, 1.0).to_json().upper() for dark in (False, True))
    for key in ("text", "muted", "grid"):
        assert DARK[key].upper() not in light
        assert LIGHT[key].upper() not in dark


@pytest.mark.parametrize("name", SAMPLES)
def test_presenter_mode_enlarges_text(name):
    usual, large = (drawn(name, False, scale) for scale in (1.0, 1.3))
    sizes = [f.layout.template.layout.font.size for f in (usual, large)]
    assert sizes[1] == pytest.approx(1.3 * sizes[0])
    assert large.layout.height > usual.layout.height
    for small, big in zip(usual.layout.annotations, large.layout.annotations, strict=False):
        if small.font.size is not None:
            assert big.font.size == pytest.approx(1.3 * small.font.size)


def test_the_templates_are_registered_and_the_default_stays():
    assert plotly.io.templates["scrl_light"] == Theme(dark=False).template
    assert plotly.io.templates["scrl_dark"] == Theme(dark=True).template
    code = (
        "import sys, plotly.io as io; before = io.templates.default; import scrl.figures; "
        "assert 'jax' not in sys.modules and 'streamlit' not in sys.modules; "
        "assert io.templates.default == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", list(SAMPLES)[:: lanes.deep(3, 1)])
def test_annotations_that_are_added_together_are_those_that_are_added_one_by_one(name, monkeypatch):
    together = drawn(name, False, 1.3).to_json()
    monkeypatch.setattr(base, "_Figure", go.Figure)
    assert json.loads(together) == json.loads(SAMPLES[name](dark=False, scale=1.3).to_json())
