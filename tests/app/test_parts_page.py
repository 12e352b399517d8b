"""The page on the parts of an answer."""

import json

import pytest

from scrl.studies import load_baked, text_parts


def words(app) -> str:
    return "\n".join(e.value for kind in (app.markdown, app.caption) for e in kind)


def figure(app, key: str) -> dict:
    (found,) = [c for c in app.get("plotly_chart") if c.proto.id.endswith(key)]
    return json.loads(found.proto.spec)


def test_the_page_opens_on_the_marked_answer_of_the_slides(open_page):
    app = open_page("parts")
    assert not app.exception
    assert "The atmosphere of Earth is a layer of gases" in words(app)
    assert "orange-badge[unverifiable" in words(app)
    totals = figure(app, "chart-segments")["data"][3]["text"]
    assert totals == ["<b> +0.2</b>", "<b> +0.8</b>", "<b> +0.8</b>", "<b> −0.5</b>"]


def test_the_vote_over_weights_changes_the_answer(open_page):
    app = open_page("parts", part="Whose weights?")
    assert not app.exception
    assert "Best answer: Short, one gas missing" in words(app)
    app.button_group(key="procedure").set_value("Borda over answers").run()
    assert "Best answer: Complete, but it rambles" in words(app)
    app = open_page("parts", part="Whose weights?", procedure="Largest type", s1="90")
    assert "Best answer: Complete, one claim without support" in words(app), "busy readers"


@pytest.mark.parametrize("part", ["Does it help?", "Where it fails"])
def test_the_studies_are_there_at_once(open_page, part):
    app = open_page("parts", part=part)
    assert not app.exception
    assert not app.warning
    assert len(app.get("plotly_chart")) == 2


def test_a_guess_comes_first_where_that_is_wanted(open_page):
    app = open_page("parts", part="Does it help?", predict="true")
    assert not app.get("plotly_chart")
    app.button_group(key="guess_parts").set_value("comparisons of whole texts").run()
    assert "Right. " in words(app)


def test_the_stored_study_says_what_the_page_says():
    result = load_baked(text_parts.STUDY.name)["result"]
    low = result["updates"]["growth"]["end"][1]
    assert low > 0, "the advantage of credit by segment grows with the number of segments"
    at = result["bits"]["segments"].index(text_parts.COMPARED_SEGMENTS)
    comparisons, marks = (result["bits"]["needed"][f][at] for f in ("comparisons", "marks"))
    assert comparisons[2] < marks[1], "intervals do not overlap"
    for row in result["votes"]:
        if row["procedure"] == "mean":
            assert row["welfare"][0] == pytest.approx(1)
        assert row["loss"][0] < 0.03
