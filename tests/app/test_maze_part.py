"""The part on the maze: shown at once, its guess, its links."""

import base64
import json

import numpy as np
import pytest

from scrl.studies import load_baked, maze_world
from scrl.studies import maze as mazes


def maze_page():
    from ui.models import maze
    from ui.shared import predict_first

    predict_first.switch()
    maze.show()


def words(app) -> str:
    return " ".join(m.value for m in app.markdown)


def figure(app, key: str) -> dict:
    (found,) = [c for c in app.get("plotly_chart") if c.proto.id.endswith(key)]
    return json.loads(found.proto.spec)


def decoded(values) -> np.ndarray:
    if isinstance(values, list):
        return np.array(values)
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])


def arrows(app) -> int:
    notes = figure(app, "chart-maze")["layout"]["annotations"]
    return sum(bool(a.get("showarrow") and a.get("arrowhead")) for a in notes)


def test_the_maze_is_there_at_once(open_part):
    app = open_part(maze_page)
    assert not app.exception
    assert "Bradley–Terry sends everybody" in words(app)
    assert f"No single reward can have more than {maze_world.pooled_ceiling():.1%}" in words(app)
    assert "both maps are the same" in words(app)
    drawn = figure(app, "chart-maze")
    assert sum(t["type"] == "heatmap" for t in drawn["data"]) == 10, "a row each, five columns"
    assert arrows(app) == 4, "of two users two pairs each"
    names = [t["name"] for t in figure(app, "chart-maze-right")["data"] if t["mode"] == "lines"]
    assert names == [
        "Bradley–Terry", "VPL", "Individual raters", "VPL, penalty too high", "One reward, at most",
    ]  # fmt: skip
    assert len(app.get("download_button")) == 2


def test_the_more_is_said_the_more_is_known(open_part):
    vpl = mazes.accuracy(load_baked("maze")["result"], "vpl")[0]
    for n in (0, 16):
        app = open_part(maze_page, said=str(n))
        assert not app.exception
        assert arrows(app) == 2 * n
        assert any(f"VPL {vpl[n]:.1%}" in c.value for c in app.caption)
        marks = [t for t in figure(app, "chart-maze-right")["data"] if t["mode"] == "markers"]
        assert [decoded(t["x"]).tolist() for t in marks] == [[n]] * 5
    (rings,) = [t for t in figure(app, "chart-maze")["data"] if t.get("name") == "best cell"]
    x, y = decoded(rings["x"]), decoded(rings["y"])
    assert (x[0], y[0]) == (1, 7), "the left user's goal, on the first map"


def test_a_guess_comes_first_where_that_is_wanted(open_part):
    app = open_part(maze_page, predict="true")
    assert not app.get("plotly_chart")
    next(b for b in app.button_group if b.key == "guess_maze").set_value("to a place between").run()
    assert "Right. Bradley–Terry sends everybody" in words(app)
    assert app.get("plotly_chart")


def test_for_a_class_there_are_no_tables(open_part):
    app = open_part(maze_page, present="true")
    assert not app.exception
    assert not app.dataframe
    assert not app.get("download_button")


@pytest.mark.parametrize("bad", ["nan", "-1", "3", "x"])
def test_nonsense_in_the_url_is_ignored(open_part, bad):
    app = open_part(maze_page, said=bad)
    assert not app.exception
    assert arrows(app) == 4


def test_the_page_has_the_part(open_page):
    app = open_page("models", part="The maze", said="1")
    assert not app.exception
    assert "Bradley–Terry sends everybody" in words(app)
    assert arrows(app) == 2
