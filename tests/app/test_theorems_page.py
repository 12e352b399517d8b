"""The page of theorems: cards, sliders, links."""

import json

import pytest

from ui.voting.theorem_cards import CARDS


def words(app) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.info, app.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_every_card_is_there_with_its_figure_and_numbers(open_page):
    app = open_page("theorems")
    assert not app.exception
    assert [s.value for s in app.subheader] == [card.title for card in CARDS.values()]
    assert len(app.get("plotly_chart")) == len(CARDS)
    assert len(app.expander) == len(app.get("download_button")) == len(CARDS)
    said = words(app)
    for published in (
        "R 0.617, G -0.929, B 0.312", "Rewards by Bradley–Terry: 0, 0, 0", "33.3%, 33.3%, 33.3%",
        "66.7%", "**0.900** to **0.475**", "pairs are the same. **0 of", "0.2591 x + 0.0240 y",
        "**-0.0021**",
    ):  # fmt: skip
        assert published in said, published


@pytest.mark.parametrize("key", CARDS)
def test_a_card_stands_alone_in_presenter_mode(open_page, key):
    app = open_page("theorems", card=key, present="true")
    assert not app.exception
    assert app.title[0].value == CARDS[key].title
    assert len(app.get("plotly_chart")) == 1
    assert not app.expander


def test_a_card_is_opened_and_closed_and_stands_in_the_url(open_page):
    app = open_page("theorems")
    app.slider(key="abc").set_value(2.5).run()
    app.button(key="open-cycle").click().run()
    assert app.slider(key="one_abc").value == 2.5
    assert "cycle" in app.query_params["card"]
    assert app.title[0].value == CARDS["cycle"].title
    app.button(key="close").click().run()
    assert "card" not in app.query_params
    assert len(app.subheader) == len(CARDS)


def test_an_unknown_card_gets_a_sentence(open_page):
    app = open_page("theorems", card="<nonsense>")
    assert not app.exception
    assert "There is no card named" in app.warning[0].value
    assert len(app.subheader) == len(CARDS)


def test_links_restore_sliders(open_page):
    app = open_page("theorems", card="borda", one_left_out="90.0")
    assert not app.exception
    assert "Chattanooga ≻ Nashville ≻ Knoxville ≻ Memphis ≻ Morristown, **not Borda" in words(app)
    app = open_page("theorems", card="unanimity", one_epsilon="0.1")
    assert "**+0.0396**: as everybody wants" in words(app)


@pytest.mark.parametrize(
    ("card", "key", "value", "expected"),
    [
        ("irrelevant", "offered", 0.0, "**B wins**"),
        ("irrelevant", "offered", 50.0, "**R and B tie**"),
        ("cycle", "abc", 2.5, "**A** loses to nobody"),
        ("cycle", "abc", 0.0, "**B and C** lose to nobody"),
        ("intransitive", "steady", 60.0, "**86.7%**"),
        ("hidden", "chance", 95.0, "from **0.810** to **0.770**"),
        ("blind", "second", 0.0, "**100%** in the second"),
        ("bounds", "beta", 10.0, "at most **10.00**"),
    ],
)
def test_a_slider_moves_its_card(open_page, card, key, value, expected):
    app = open_page("theorems", card=card)
    app.slider(key=f"one_{key}").set_value(value).run()
    assert not app.exception
    assert expected in words(app)


def test_a_reader_who_guesses_sees_the_answer_after(open_page):
    app = open_page("theorems", card="irrelevant", predict="true")
    assert not app.get("plotly_chart")
    assert "wins**" not in words(app)
    app.button_group(key="guess_irrelevant").set_value("R").run()
    assert "Not quite. If G is compared 100%" in words(app)
    assert len(app.get("plotly_chart")) == 1


def test_one_colour_a_candidate(open_page):
    spec = json.loads(open_page("theorems", card="borda").get("plotly_chart")[0].proto.spec)
    lines = [t["line"]["color"] for t in spec["data"] if t["mode"] == "lines"]
    assert len(set(lines)) == 5


def test_every_slider_is_named_by_its_card(open_page):
    app = open_page("theorems")
    assert {s.key for s in app.slider} == {key for card in CARDS.values() for key in card.sliders}
