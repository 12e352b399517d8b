"""The first screen and its five steps: what they say is what the stored run holds."""

import json
import math
import re

import pytest

from scrl.scenarios import STORIES, preview
from scrl.studies import load_baked
from ui.shared import glossary
from ui.start.path import STEPS

STORY = STORIES[0]
ENTRY = load_baked(STORY.stem)["result"]["prompts"][STORY.prompt]


def words(app) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.info)
    return "\n".join(element.value for kind in kinds for element in kind)


def figures(app) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def button(app, key):
    return next(b for b in app.button if b.key == key)


def step(open_page, number: int, **parameters):
    app = open_page(step=str(number), **parameters)
    assert not app.exception
    assert not app.error
    return app


def test_the_first_screen_is_one_sentence_one_picture_and_one_button(open_page):
    app = open_page()
    assert not app.exception
    least = round(100 * sum(
        kind.share for kind in STORY.scenario().types.values()
        if kind.rankings[STORY.prompt][-1] == (STORY.completion,)
    ))  # fmt: skip
    assert f"{least} of 100 people like the clinical answer least" in words(app)
    pictures = "".join(html.proto.body for html in app.get("html"))
    for name in (ENTRY["vanilla"]["order"][0][0], ENTRY["truth"]["borda"]["order"][0][0]):
        assert f"<b>{name}</b>" in pictures
    assert [b.key for b in app.button] == ["next"]


def test_next_leads_through_all_steps_and_back(open_page):
    app = open_page(present="true")
    titles = [app.title[0].value]
    for number in range(1, len(STEPS) + 1):
        button(app, "next").click().run()
        assert not app.exception
        assert app.query_params["step"] in (str(number), [str(number)])
        titles.append(app.title[0].value)
    assert len(set(titles)) == len(STEPS) + 1
    assert "next" not in {b.key for b in app.button}
    for _ in STEPS:
        button(app, "back").click().run()
    assert app.title[0].value == titles[0]


@pytest.mark.parametrize("value", ["7", "-1", "x", ""])
def test_a_step_that_does_not_exist_is_the_first_screen_and_says_so(open_page, value):
    app = open_page(step=value, rated=value)
    assert not app.exception
    assert app.title[0].value == "Who decides what the assistant says?"
    assert "a step that does not exist" in app.info[0].value
    assert not open_page().info


def test_a_percentage_that_the_slider_does_not_have_is_said(open_page):
    assert "does not have. 10 %" in step(open_page, 2, rated="abc").info[0].value
    assert not step(open_page, 2, rated="50").info


def test_a_guess_gets_its_reason_and_none_is_given_before(open_page):
    app = step(open_page, 1)
    assert "Not quite" not in words(app)
    assert "Right" not in words(app)
    verdicts = []
    for option in app.radio[0].options:
        app.radio[0].set_value(app.radio[0].options.index(option)).run()
        verdicts.append("**Right.**" in words(app))
    assert verdicts == [False, True, False]


def test_the_second_step_says_who_rates_and_what_comes_first_at_every_rate(open_page):
    turning = load_baked(STORY.stem)["silence"]["turning"]
    for rate in (0, 10, turning - 1, turning, 60, 100):
        entry = preview(STORY.with_rate(rate / 100), ["borda"])[STORY.prompt]
        text = words(step(open_page, 2, rated=str(rate)))
        assert f"puts **{entry['vanilla']['order'][0][0]}** first" in text
        # 32 clinicians of a hundred people, and this share of the other 68.
        assert f"**{round(100 * 32 / (32 + 0.68 * rate))}** are clinicians" in text
    first = {r: preview(STORY.with_rate(r / 100), [])[STORY.prompt]["vanilla"]["order"][0][0]
             for r in (turning - 1, turning)}  # fmt: skip
    assert first == {turning - 1: "Clinical", turning: "Plain"}


def test_the_rate_of_the_second_step_reaches_the_third(open_page):
    app = step(open_page, 2, rated="35")
    button(app, "next").click().run()
    assert not app.exception
    assert "not trained yet" in words(app)
    assert "train" in {b.key for b in app.button}


def test_the_stored_run_is_shown_at_once_and_the_social_model_is_right(open_page):
    app = step(open_page, 3)
    assert "train" not in {b.key for b in app.button}
    assert len(figures(app)) == 2
    assert "social model puts **Plain** first, as everyone’s complete ballots do" in words(app)


def test_a_hundred_people_stand_for_all(open_page):
    app = step(open_page, 4)
    for figure in figures(app):
        assert len(figure["data"][0]["x"]) == 100
    usual, picked = (figure["data"][0]["text"] for figure in figures(app))
    assert usual.count("5") == 68
    assert set(picked) == {"2"}
    assert "Everybody puts it second." in words(app)


def test_each_rule_gives_the_winner_of_the_stored_run(open_page):
    app = step(open_page, 5)
    winners = set()
    for rule in ("plurality", "borda", "instant-runoff", "copeland"):
        app.button_group(key="path_rule").set_value(rule).run()
        assert not app.exception
        winner = ENTRY["social"][rule]["order"][0][0]
        assert f"**{winner}**" in words(app)
        winners.add(winner)
    assert len(winners) == 3, "rules give different answers"


# -- the words ------------------------------------------------------------------------------------

#: Terms of the field that a school-leaver does not know; each needs a glossary entry where it
#: stands. (Words of everyday language, such as group or training, do not.)
TERMS = ("Borda", "Bradley–Terry", "rater", "completion", "prompt", "reward model", "social model",
         "voting rule", "reward", "ballot", "plurality", "Copeland", "instant runoff", "latent",
         "vanilla", "KL", "principal component")  # fmt: skip


def sentences(text: str) -> list[str]:
    plain = re.sub(r"[*_\\]", "", text)
    return [
        s.strip()
        for line in plain.split("\n")
        for s in re.split(r"(?<=[.?!:])\s+", line)
        if s.strip()
    ]


def lix(text: str) -> float:
    """Björnsson's readability index (1968): mean words of a sentence plus the percentage of words
    above six letters. Below 40 a text is easy, as fiction and magazines are; above 50 it is hard.
    """
    found = re.findall(r"[A-Za-z’'–-]+|\d+", text)
    return len(found) / len(sentences(text)) + 100 * sum(len(w) > 6 for w in found) / len(found)


def test_lix_of_known_texts():
    assert lix("The cat sat on the mat. It was warm.") == pytest.approx(4.5)
    assert (
        lix("Considerable uncertainty characterises contemporary institutional arrangements.") > 90
    )
    assert math.isclose(lix("We measure everything."), 3 + 200 / 3)


@pytest.mark.parametrize("number", range(len(STEPS) + 1))
def test_a_school_leaver_can_read_every_sentence(open_page, number):
    """LIX of a step at most 40, and no sentence of more than 25 words."""
    text = words(step(open_page, number))
    assert lix(text) <= 40, lix(text)
    for sentence in sentences(text):
        assert len(sentence.split()) <= 25, sentence


@pytest.mark.parametrize("number", range(len(STEPS) + 1))
def test_no_term_stands_without_its_entry(open_page, number):
    app = step(open_page, number)
    for element in (*app.markdown, *app.caption):
        for term in TERMS:
            if re.search(rf"\b{term}", element.value, re.IGNORECASE):
                help_ = element.proto.help
                assert help_, f"{term}: {element.value}"
                assert glossary.found_in(element.value) == help_
