"""Populations on a map: distances, the orders they give, scenarios and links made of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.figures import spatial_map
from scrl.scenarios import (
    SPATIAL_MODELS,
    Location,
    SpatialModel,
    distance_orders,
    distances,
    gallery,
    load_scenario,
    missing_data_effect,
    scenario_of_spatial_model,
    spatial_model_from_link,
    spatial_model_to_link,
)
from scrl.scenarios.links import pack_text
from scrl.scenarios.spatial import EARTH_RADIUS_KM
from scrl.types import InputError

TENNESSEE = SPATIAL_MODELS["tennessee"]


def by_cosines(a: Location, b: Location) -> float:
    """Great-circle distance by the law of cosines."""
    ya, yb = math.radians(a.y), math.radians(b.y)
    c = math.sin(ya) * math.sin(yb) + math.cos(ya) * math.cos(yb) * math.cos(
        math.radians(a.x - b.x)
    )
    return EARTH_RADIUS_KM * math.acos(min(1.0, c))


def test_tennessee_gives_the_posts_orders_but_one():
    post = load_scenario(gallery()["tennessee-morristown"])
    found = dict(zip((p.name for p in TENNESSEE.raters), distance_orders(TENNESSEE), strict=True))
    for name, own in post.types.items():
        stated = [list(place) for place in own.rankings["best"]]
        if name == "Chattanooga":
            assert stated == [[c] for c in ("Chattanooga", "Knoxville", "Morristown", "Nashville",
                                            "Memphis")]  # fmt: skip
            stated[2:4] = [["Nashville"], ["Morristown"]]
        assert found[name] == stated


def test_tennessees_distances_are_the_published_ones():
    km = distances(TENNESSEE)
    row = {p.name: i for i, p in enumerate(TENNESSEE.raters)}
    column = {p.name: i for i, p in enumerate(TENNESSEE.completions)}
    for a, b, published in (
        ("Chattanooga", "Nashville", 182), ("Chattanooga", "Morristown", 224),
        ("Nashville", "Morristown", 313), ("Nashville", "Memphis", 316),
    ):  # fmt: skip
        assert km[row[a], column[b]] == pytest.approx(published, abs=1)
    for i, a in enumerate(TENNESSEE.raters):
        for j, b in enumerate(TENNESSEE.completions):
            if a.name != b.name:
                assert km[i, j] == pytest.approx(by_cosines(a, b), rel=1e-9)
            else:
                assert km[i, j] == 0


def test_known_distances_on_the_earth_and_on_a_plane():
    pole, equator = Location("pole", 30, 90, 1.0), Location("here", -120, 0)
    there = Location("there", 60, 0)
    earth = SpatialModel((pole, replace(equator, share=0.0)), (equator, there), "earth")
    quarter = EARTH_RADIUS_KM * math.pi / 2
    np.testing.assert_allclose(distances(earth), [[quarter, quarter], [0, 2 * quarter]], rtol=1e-12)
    plane = SpatialModel((Location("o", 0, 0, 1.0),), (Location("a", 3, 4), Location("b", -5, 0)))
    np.testing.assert_allclose(distances(plane), [[5, 5]])
    assert distance_orders(plane) == [[["a", "b"]]]


def test_utilities_are_minus_distance_in_the_unit_and_say_the_same_order():
    for unit in (1.0, 50.0, 100.0):
        made = scenario_of_spatial_model(replace(TENNESSEE, unit=unit))
        np.testing.assert_allclose(made.type_utilities, -distances(TENNESSEE) / unit, atol=5.1e-4)
    ranked = scenario_of_spatial_model(replace(TENNESSEE, states="orders"))
    assert (np.argsort(-ranked.type_utilities) == np.argsort(distances(TENNESSEE))).all()


def test_on_a_line_the_median_raters_favourite_beats_everything():
    """Single-peaked preferences (Black 1948)."""
    line = SPATIAL_MODELS["line"]
    raters = sorted(line.raters, key=lambda p: p.x)
    middle = next(p for i, p in enumerate(raters) if sum(q.share for q in raters[: i + 1]) >= 0.5)
    favourite = min(line.completions, key=lambda c: abs(c.x - middle.x)).name
    entry = missing_data_effect(scenario_of_spatial_model(line), "copeland")["best"]
    assert entry["truth"]["copeland"]["scores"][favourite] == len(line.completions) - 1


def test_round_a_lake_there_is_a_cycle():
    entry = missing_data_effect(scenario_of_spatial_model(SPATIAL_MODELS["lake"]), "copeland")[
        "best"
    ]
    assert entry["truth"]["copeland"]["order"] == [["A", "B", "C"]]
    firsts = [order[0] for order in distance_orders(SPATIAL_MODELS["lake"])]
    assert firsts == [["A"], ["B"], ["C"]]
    assert not any(
        len(place) > 1 for order in distance_orders(SPATIAL_MODELS["lake"]) for place in order
    )


names = st.text(min_size=1, max_size=12).filter(lambda s: s.strip())
reals = st.floats(-1e6, 1e6, allow_nan=False)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(names, reals, reals), min_size=1, max_size=6, unique_by=lambda p: p[0]))
def test_a_map_survives_its_link(places):
    made = SpatialModel(
        tuple(Location(n, x, y, 1 / len(places)) for n, x, y in places),
        tuple(Location(n, y, x) for n, x, y in places),
    )
    assert spatial_model_from_link(spatial_model_to_link(made)) == made


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"raters": (Location("", 0, 0, 1.0),)}, "has no name"),
        ({"raters": (Location("a", 0, 0, 1.0), Location("a", 1, 1, 0.0))}, "'a' stands twice"),
        ({"raters": (Location("a", None, 0, 1.0),)}, "'a' has no place"),
        ({"completions": (Location("a", math.inf, 0),)}, "'a' has no place"),
        ({"metric": "earth", "completions": (Location("a", 0, 91),)}, "off the earth"),
        ({"unit": 0.0}, "a length above 0"),
        ({"metric": "torus"}, "'plane' or 'earth'"),
        ({"completions": tuple(Location(str(i), i, 0) for i in range(41))}, "at most 40"),
    ],
)
def test_a_faulty_map_gets_one_sentence(change, sentence):
    with pytest.raises(InputError, match=sentence):
        replace(SPATIAL_MODELS["line"], **change)


def test_shares_on_a_map_add_up_as_in_a_file():
    half = replace(SPATIAL_MODELS["line"], raters=(Location("a", 0, 0, 0.5),))
    with pytest.raises(InputError, match=r"add up to 0\.5"):
        scenario_of_spatial_model(half)


@pytest.mark.parametrize(
    "id",
    [
        "atlantis", "z-", "z-!", pack_text("[]"), pack_text("{}"),
        pack_text('{"raters": [[1]], "completions": []}'),
        pack_text('{"raters": [], "completions": [], "colour": 1}'),
    ],
)  # fmt: skip
def test_a_link_that_holds_no_map_gets_one_sentence(id):
    with pytest.raises(InputError, match=r"^[^\n]+$"):
        spatial_model_from_link(id)


@pytest.mark.parametrize("name", SPATIAL_MODELS)
def test_the_picture_keeps_labels_of_near_places_apart(name):
    space = SPATIAL_MODELS[name]
    figure = spatial_map(
        [(p.name, p.x, p.y, p.share) for p in space.raters],
        [(p.name, p.x, p.y) for p in space.completions], space.metric == "earth",
    )  # fmt: skip
    notes = {note.text: note for note in figure.layout.annotations}
    for c in space.completions:
        assert notes[f"<b>{c.name}</b>"].x == c.x
    if name == "tennessee":
        near = [notes[f"<b>{c}</b>"].yshift > 0 for c in ("Knoxville", "Morristown")]
        assert near == [False, True]
        assert figure.layout.yaxis.scaleratio == pytest.approx(1 / math.cos(math.radians(35.7)),
                                                               rel=0.01)  # fmt: skip
