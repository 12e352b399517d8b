"""Figures of ballots and counts keep long names, and many, apart."""

import re
from functools import cache

import numpy as np
import pytest

from scrl import figures
from scrl.figures.tiles import MAX_NAMED
from scrl.voting import Profile
from scrl.voting.explain import Bars, Fit, Graph, Matrix, Rounds, explain

DRAW = {
    Bars: figures.score_bars,
    Matrix: figures.matrix_heatmap,
    Graph: figures.majority_graph,
    Rounds: figures.elimination_rounds,
    Fit: figures.fitted_duels,
}
ENDS = "joke poem refusal recipe question song story list letter table map plan riddle toast note"
PROFILES = {
    "five": [f"The assistant answers with a {end}" for end in ENDS.split()[:5]],
    "fifteen": [f"The assistant answers with a {end}" for end in ENDS.split()],
}


@cache
def profile(key: str) -> Profile:
    names, rng = PROFILES[key], np.random.default_rng(0)
    orders = [rng.permutation(len(names)) for _ in range(4)]
    return Profile.from_orders(names, orders, [4, 3, 2, 2])


def plain(text: str) -> str:
    return re.sub(r"<[^>]+>", "", str(text)).strip()


def labels(figure) -> list[str]:
    """Texts of annotations and ticks that stand for a name: a part of it, or its number."""
    texts = [note.text for note in figure.layout.annotations]
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        texts += list(axis.ticktext or ())
    numbers = [t for t in figure.layout.xaxis.ticktext or () if str(t).isdigit()]
    return [plain(t) for t in texts if "…" in str(t)] + numbers


@pytest.mark.parametrize("key", PROFILES)
@pytest.mark.parametrize("rule", ["plurality", "borda", "schulze", "copeland", "instant-runoff"])
def test_steps_of_a_count_label_every_candidate_differently(key, rule):
    ballots = profile(key)
    for step in explain(rule, ballots).steps:
        figure = DRAW[type(step)](step, ballots.names)
        if isinstance(step, Rounds | Fit):
            continue  # these label only who is left, and nobody
        found = labels(figure)
        rows = isinstance(step, Matrix) and not step.rows
        assert len(set(found)) >= len(ballots.names), (rule, found)
        assert len(found) == len(ballots.names) * (2 if rows else 1)
        assert max(map(len, found)) <= 18


@pytest.mark.parametrize("key", PROFILES)
def test_upright_names_or_numbers_stand_where_columns_are_narrow(key):
    (step,) = (s for s in explain("plurality", profile(key)).steps if isinstance(s, Matrix))
    names = profile(key).names
    axis = figures.matrix_heatmap(step, names).layout.xaxis
    if len(names) > MAX_NAMED:  # by the numbers that tiles and the key of candidates show
        assert axis.ticktext == tuple(str(i) for i in range(1, len(names) + 1))
        assert axis.tickangle == 0
    else:
        assert axis.tickangle == -90
    assert figures.matrix_heatmap(step, [*"ABCDEFGHIJKLMNO"]).layout.xaxis.tickangle == 0


@pytest.mark.parametrize("key", PROFILES)
def test_tiles_of_one_width_bear_different_texts_or_none(key):
    ballots = profile(key)
    drawn = figures.ballot_tiles(ballots.names, ballots.place, ballots.weight)
    texts = {trace.name: set(filter(None, trace.text[:1])) for trace in drawn.data}
    flat = [text for own in texts.values() for text in own]
    assert len(flat) == len(set(flat)) == len(ballots.names)


def test_candidates_beyond_the_palette_keep_their_colour_under_stripes():
    drawn = figures.ballot_tiles(PROFILES["fifteen"], np.arange(15)[None], np.ones(1))
    for trace in drawn.data[8:]:
        assert trace.marker.pattern.fillmode == "overlay"
        assert trace.marker.color


def test_text_that_does_not_fit_a_phone_goes():
    ballots = profile("five")
    assert figures.ballot_tiles(
        ballots.names, ballots.place, ballots.weight
    ).layout.uniformtext.mode
