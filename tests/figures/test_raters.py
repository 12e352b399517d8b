"""The map of raters: colours and marks of types, labels, packed points."""

from scrl import figures

LATENT = {
    "x": [0, 0.1, 1, 1.1], "y": [0, 0.1, 1, 0.9], "type": [0, 0, 1, 1], "types": ["A", "B<b>"],
    "marked": [True, False, True, True], "marked_label": "M on the ballot",
    "unmarked_label": "M left out", "explained": [0.6, 0.2],
}  # fmt: skip


def labels(figure):
    return [a.text for a in figure.layout.annotations]


def test_a_type_keeps_its_colour_and_those_who_left_it_out_are_open():
    figure = figures.latent_map(LATENT)
    by_name = {t.name: t for t in figure.data}
    full, left_out = by_name["A, M on the ballot"], by_name["A, M left out"]
    assert full.marker.color == left_out.marker.color == figures.colour(0)
    assert (full.marker.symbol, left_out.marker.symbol) == ("circle", "circle-open")
    assert all(t.type == "scatter" for t in figure.data)  # SVG: pages run out of WebGL contexts
    assert "<b>A</b>" in labels(figure)


def test_types_that_overlap_get_a_legend_in_place_of_labels():
    payload = {**LATENT, "x": [0, 1, 0.1, 0.9], "y": [0, 1, 0.1, 0.8]}
    figure = figures.latent_map(payload)
    assert figure.layout.showlegend
    assert "<b>A</b>" not in labels(figure)
    assert [t.name for t in figure.data if t.showlegend] == ["A", "B<b>"]


def test_raters_at_one_point_are_packed_around_it():
    one = {**LATENT, "x": [0.0] * 5, "y": [0.0] * 5, "type": [0] * 5, "marked": [True] * 5}
    trace = figures.latent_map(one).data[0]
    assert len(set(zip(trace.x, trace.y, strict=True))) == 5


def test_names_from_files_are_escaped():
    assert "<b>B&lt;b&gt;</b>" in labels(figures.latent_map(LATENT))


def test_raters_of_unknown_type_are_drawn_without_labels():
    payload = {**LATENT, "type": [-1] * 4, "types": [], "marked_label": "", "unmarked_label": ""}
    figure = figures.latent_map(payload)
    assert sum(len(t.x) for t in figure.data) == 4
    assert labels(figure) == []
